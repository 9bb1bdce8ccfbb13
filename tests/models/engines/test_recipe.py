"""The key of an engine: another for any other ingredient, and the same for everything that changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from edge.errors import ModelError
from edge.models.engines.platform import Platform
from edge.models.engines.recipe import Batch, DlaPools, Recipe, engine_key

PLATFORM = Platform(
    "8.5.2.2", "11.4", "7.2", "Xavier", 2, 7600, True, True, "tensorrt", "Jetson Xavier NX", "35.4.1"
)
WORDS = st.text(min_size=1, max_size=20)


def network(path: Path, weight: float = 1.0, external: bool = False) -> Path:
    """A network of one layer; its weights beside it where ``external``."""
    kernel = numpy_helper.from_array(np.full((8, 3, 1, 1), weight, np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ("n", 3, 8, 8))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ("n", 8, 8, 8))],
        [kernel],
    )
    model = helper.make_model(graph)
    if external:
        onnx.save(model, str(path), save_as_external_data=True, location="weights.bin", size_threshold=0)
    else:
        onnx.save(model, str(path))
    return path


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    plugin, ranges = tmp_path / "plugin.so", tmp_path / "ranges"
    plugin.write_bytes(b"plugin")
    ranges.write_bytes(b"ranges")
    return Recipe(
        "people", network(tmp_path / "net.onnx"), {"size": [8, 8], "color": "bgr", "layout": "nchw"}, "int8", "dla",
        Batch(1, 2, 4), (plugin,), ranges, 256, DlaPools(), 3, True,
    )  # fmt: skip


def key(recipe: Recipe, platform: Platform = PLATFORM) -> str:
    return engine_key(recipe.ingredients(platform))


OTHER: Dict[str, Callable[[Recipe], Any]] = {
    "onnx": lambda r: network(r.onnx.with_name("other.onnx"), weight=1.5),
    "input": lambda r: {**r.input, "size": [16, 8]},
    "precision": lambda r: "fp16",
    "device": lambda r: "gpu",
    "batch": lambda r: Batch(1, 1, 4),
    "plugins": lambda r: (),
    "calibration": lambda r: None,
    "workspace_mib": lambda r: None,
    "dla_pools": lambda r: DlaPools(sram_kib=512),
    "optimization_level": lambda r: None,
    "gpu_fallback": lambda r: False,
}


def test_every_field_is_looked_at() -> None:
    assert set(OTHER) | {"name"} == set(Recipe._fields)


@pytest.mark.parametrize("field", sorted(OTHER))
def test_another_ingredient_is_another_engine(recipe: Recipe, field: str) -> None:
    assert key(recipe._replace(**{field: OTHER[field](recipe)})) != key(recipe)


@pytest.mark.parametrize("part", ["min", "opt", "max"])
def test_each_end_of_the_profile_counts(recipe: Recipe, part: str) -> None:
    assert key(recipe._replace(batch=recipe.batch._replace(**{part: 3}))) != key(recipe)


@pytest.mark.parametrize("pool", DlaPools._fields)
def test_each_pool_counts_on_the_dla_alone(recipe: Recipe, pool: str) -> None:
    other = recipe._replace(dla_pools=recipe.dla_pools._replace(**{pool: 256}))
    assert key(other) != key(recipe)
    assert key(other._replace(device="gpu")) == key(recipe._replace(device="gpu"))


KEYED = ("tensorrt", "cuda", "compute_capability", "gpu", "module", "board", "l4t")


@pytest.mark.parametrize("field", Platform._fields)
def test_the_platform_counts_by_what_an_engine_depends_on(recipe: Recipe, field: str) -> None:
    value = getattr(PLATFORM, field)
    other = PLATFORM._replace(**{field: f"{value}0" if isinstance(value, str) else 4})
    assert (key(recipe, other) != key(recipe)) == (field in KEYED)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.tuples(*[WORDS] * 7), second=st.tuples(*[WORDS] * 7))
def test_any_two_platforms(recipe: Recipe, first: Any, second: Any) -> None:
    """What runs into each other in one field and its neighbour must not look the same."""
    a, b = (PLATFORM._replace(**dict(zip(KEYED, words))) for words in (first, second))
    assert (key(recipe, a) == key(recipe, b)) == (first == second)


def test_what_changes_nothing(recipe: Recipe, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere.onnx"
    moved.write_bytes(recipe.onnx.read_bytes())
    plugin = tmp_path / "renamed.so"
    plugin.write_bytes(recipe.plugins[0].read_bytes())
    prepared_otherwise = {**recipe.input, "mean": 3.0, "color": "rgb"}
    same = recipe._replace(name="cars", onnx=moved, plugins=(plugin,), input=prepared_otherwise)
    assert key(same) == key(recipe)


def test_weights_beside_the_file(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    outside = recipe._replace(onnx=network(tmp_path / "a" / "net.onnx", external=True))
    before = key(outside)
    data = bytearray((tmp_path / "a" / "weights.bin").read_bytes())
    data[5] ^= 1
    (tmp_path / "a" / "weights.bin").write_bytes(data)
    assert key(outside) != before
    (tmp_path / "a" / "weights.bin").unlink()
    with pytest.raises(ModelError, match=r"weights\.bin cannot be read: no such file"):
        key(outside)


def test_weights_that_point_elsewhere(recipe: Recipe, tmp_path: Path) -> None:
    path = network(tmp_path / "far.onnx", external=True)
    model = onnx.load(str(path), load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = "../secret"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="not in its folder"):
        key(recipe._replace(onnx=path))


def test_a_file_that_is_not_there(recipe: Recipe) -> None:
    with pytest.raises(ModelError, match=r"plugin\.so cannot be read"):
        recipe.plugins[0].unlink()
        key(recipe)
