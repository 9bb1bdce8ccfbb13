"""Engines run on simulated TensorRTs: the same boxes as ONNX Runtime's, and errors that say what they are."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import numpy as np
import pytest

from edge.errors import DeviceLost, EngineError, Incompatible, OutOfMemory
from edge.inference.backends import open_backend
from edge.inference.decoders import Floors
from edge.inference.network import Opened
from edge.inference.picture import Picture
from edge.inference.preprocess import Preprocessor
from tests.inference import networks
from tests.inference.tensorrt import engines
from tests.simulation.tensorrt.setting import VERSIONS, TensorRT

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

Make = Callable[[str, str], TensorRT]
BATCH = {"min": 1, "opt": 4, "max": 4}
#: The two ways of running: bindings with one profile for both slots, and names.
PATHS = ("8.2", "8.5", "10.3")


class Setting:
    """A double of one version in this process, and a network of open batch built for it."""

    def __init__(self, double: TensorRT, folder: Path) -> None:
        self.double = double
        self.model = networks.order(networks.brightness(folder / "bright.onnx"))
        self.options = engines.plan(double, self.model, folder / "plan", batch=BATCH)

    def open(self, **changes: Any) -> Any:
        return open_backend("tensorrt", self.model, {**self.options, **changes})


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> Iterator[ExitStack]:
    # A test that fails leaves its device open: the next one's double is another.
    monkeypatch.setattr("edge.inference.cuda.device._open", {})
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def setting(request: pytest.FixtureRequest, tensorrt: Make, tmp_path: Path, entered: ExitStack) -> Setting:
    version = getattr(request, "param", "8.5")
    made = Setting(tensorrt(version, engines.BOARDS[version]), tmp_path)
    entered.enter_context(made.double.here())
    return made


on_paths = pytest.mark.parametrize("setting", PATHS, indirect=True)


def grey(level: int) -> Picture:
    return Picture("gray8", 64, 48, [np.full((48, 64), level, np.uint8)], "bt709", True)


def run(backend: Any, slot: Any, preparer: Any, *levels: int) -> List[float]:
    """Each picture's brightness as the network sees it, in 0..255."""
    preparer.write([grey(level) for level in levels], slot)
    backend.enqueue(slot, len(levels))
    out = backend.wait(slot)
    assert out["boxes"].shape == (len(levels), 1, 4)
    return [float(score) * 255 for score in out["scores"].reshape(-1)]


def boxes(opened: Opened, pictures: List[Picture], floor: float, labels: int) -> List[np.ndarray]:
    """What the lane would send for each, without the way back to fractions of the picture."""
    found: List[np.ndarray] = []
    most = opened.backend.batch
    for start in range(0, len(pictures), most):
        part = pictures[start : start + most]
        slot = opened.batches[start // most % 2].slot
        opened.preparer.write(part, slot)
        opened.backend.enqueue(slot, len(part))
        found += opened.decoder(opened.backend.wait(slot), [Floors([floor] * labels)] * len(part))
    return found


def same(found: np.ndarray, expected: np.ndarray, floor: float, score: float, place: float) -> None:
    """The same boxes; one that is at the floor itself may be on one side alone."""
    for some, others in ((found, expected), (expected, found)):
        for row in some:
            if row[4] < floor + 2 * score:
                continue
            near = np.abs(others[:, :4] - row[:4]).max(axis=1, initial=0)
            match = (near < place) & (np.abs(others[:, 4] - row[4]) < score) & (others[:, 5] == row[5])
            assert match.any(), (row, others)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ["person", "fastestdet", "faces-320", "faces-640"])
def test_the_boxes_of_onnx_runtime(
    version: str, name: str, tensorrt: Make, shared: Path, tmp_path: Path, entered: ExitStack
) -> None:
    model = engines.model(name, shared)
    double = tensorrt(version, engines.BOARDS[version])
    options = engines.plan(double, model, tmp_path / "plan")
    pictures = engines.frames(shared, 50)
    entered.enter_context(double.here())
    opened, reference = Opened(model, options), Opened(model, {"threads": 1, "batch": 1})
    assert type(opened.preparer).__name__ == "CudaPreparer", opened.backend.note
    # The processor's own way to prepare, without OpenCV's rounding in between.
    on_processor = reference.preparer
    on_processor._preprocessor = Preprocessor(model["input"], reference.backend.size, use_cv2=False)
    floor = model["min_score"]
    labels = len(model["labels"])
    expected = boxes(reference, pictures, floor, labels)
    assert sum(map(len, expected)) > 3, "a test without boxes shows nothing"
    # The kernel's pixels are the same but for ties, which it may round to the other side.
    for found, wanted in zip(boxes(opened, pictures[:12], floor, labels), expected):
        same(found, wanted, floor, 1e-2, 5e-3)
    opened.preparer = on_processor
    for found, wanted in zip(boxes(opened, pictures, floor, labels), expected):
        same(found, wanted, floor, 1e-3, 1e-3)
    opened.backend.close()
    assert engines.live() == {"bytes": 0, "pinned": 0, "streams": 0}


@on_paths
def test_batches_of_any_size_in_both_slots(setting: Setting) -> None:
    backend = setting.open()
    assert (backend.input_shape, backend.batch, backend.size) == ((4, 1, 32, 32), 4, (32, 32))
    preparer = backend.preparer(setting.model["input"])
    slots = [backend.slot(), backend.slot()]
    for round_ in range(3):
        for count in (1, 4, 2, 3):
            sent = [[10 * round_ + 40 * s + i for i in range(count)] for s in range(2)]
            for slot, levels in zip(slots, sent):
                preparer.write([grey(level) for level in levels], slot)
                backend.enqueue(slot, count)
            for slot, levels in zip(slots, sent):
                found = backend.wait(slot)["scores"].reshape(-1) * 255
                assert found == pytest.approx(levels, abs=0.6) and slot.busy_ns > 0
    backend.close()


@on_paths
def test_contexts_have_a_profile_each_or_take_turns(setting: Setting) -> None:
    backend = setting.open()
    first, second = backend.slot(), backend.slot()
    # One profile in the plan: before TensorRT 10 no second context may use it at the same time.
    alone = setting.double.version in ("8.2", "8.5")
    assert (first.run is second.run) is alone and (first.stream is second.stream) is alone
    backend.close()


def test_the_processor_prepares_where_there_is_no_kernel(
    setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.inference.cuda.compiler._Nvcc.find", lambda: None)
    monkeypatch.setattr("edge.inference.cuda.nvrtc.find", lambda: None)
    backend = setting.open(kernels=str(tmp_path / "none"))
    preparer = backend.preparer(setting.model["input"])
    assert "python3 -m edge.inference.cuda" in backend.note and "7.2" in backend.note
    slot = backend.slot()
    for _ in range(2):
        assert run(backend, slot, preparer, 20, 200, 90) == pytest.approx([20, 200, 90], abs=0.6)
    backend.close()
    assert engines.live() == {"bytes": 0, "pinned": 0, "streams": 0}


def test_a_kernel_the_driver_refuses_is_compiled_anew(
    setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.inference.cuda.compiler._Nvcc.find", lambda: None)
    monkeypatch.setattr("edge.inference.cuda.nvrtc.find", lambda: None)
    folder = Path(engines.compiled(tmp_path / "damaged", setting.double.board))
    for file in folder.iterdir():
        file.write_bytes(b"what is this")
    backend = setting.open(kernels=str(folder))
    backend.preparer(setting.model["input"])
    assert "no compiled kernel" in backend.note and list(folder.iterdir()) == []
    backend.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"input": {"color": "bgr"}}, "channels of 1"),
        ({"input": {"color": "gray", "size": [32, 48]}}, "height of 32"),
        ({"input": {"color": "gray", "layout": "nhwc"}}, "layout"),
    ],
)
@on_paths
def test_an_engine_that_does_not_fit_its_model(setting: Setting, change: Dict[str, Any], words: str) -> None:
    setting.model.update(change)
    with pytest.raises(Incompatible, match=words) as caught:
        setting.open()
    assert "engine.plan" in str(caught.value) and "\n" not in str(caught.value)
    assert engines.live() == {"bytes": 0, "pinned": 0, "streams": 0}


@on_paths
def test_plans_that_are_not_the_ones(setting: Setting, tmp_path: Path) -> None:
    plan = Path(setting.options["plan"])
    whole = plan.read_bytes()
    with pytest.raises(Incompatible, match="the engine is gone"):
        setting.open(plan=str(tmp_path / "nothing"))
    plan.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(Incompatible, match="its hash is another"):
        setting.open()
    plan.write_bytes(b"no plan at all")
    with pytest.raises(Incompatible, match="does not load this engine"):
        setting.open(plan_sha256="")
    plan.write_bytes(whole)
    setting.double.order("deserialize none the version tag is another")
    with pytest.raises(Incompatible, match=r"TensorRT .* does not load this engine: .*version tag is another"):
        setting.open()
    setting.double.order("context none")
    backend = setting.open()
    with pytest.raises(EngineError, match="no execution context"):
        backend.slot()
    backend.close()


def test_a_plan_of_another_release_does_not_load(tensorrt: Make, tmp_path: Path, entered: ExitStack) -> None:
    old, new = tensorrt("8.5", "orin-nx"), tensorrt("8.6", "orin-nx")
    made = Setting(old, tmp_path)
    entered.enter_context(new.here())
    with pytest.raises(Incompatible, match="does not load this engine"):
        made.open()


def test_cores_that_are_not_there(setting: Setting) -> None:
    with pytest.raises(EngineError, match="dla:7 is asked for, and there are 2 DLA cores"):
        setting.open(device="dla:7")


@pytest.mark.parametrize("core", [0, 1])
def test_an_engine_on_the_dla(tensorrt: Make, tmp_path: Path, shared: Path, core: int, entered: ExitStack) -> None:
    double = tensorrt("8.5", "xavier-nx")
    model = engines.model("person", shared)
    changes = {"device": "dla", "core": core, "precision": "fp16", "batch": {"min": 1, "opt": 1, "max": 1}}
    options = engines.plan(double, model, tmp_path / "plan", **changes)
    entered.enter_context(double.here())
    opened = Opened(model, {**options, "device": f"dla:{core}"})
    found = boxes(opened, engines.frames(shared, 4), 0.3, 1)
    assert sum(map(len, found)) > 1
    opened.backend.close()


@on_paths
def test_memory_that_runs_out(setting: Setting) -> None:
    setting.double.order("memory free 0")
    with pytest.raises(OutOfMemory):
        backend = setting.open()
        backend.slot()
    setting.double.order()
    backend = setting.open()
    slot = backend.slot()
    setting.double.order("oom")
    with pytest.raises(OutOfMemory):
        backend.slot()
    preparer = backend.preparer(setting.model["input"])
    with pytest.raises(OutOfMemory):
        preparer.write([grey(1)], slot)
    setting.double.order()
    assert run(backend, slot, preparer, 30) == pytest.approx([30], abs=0.6), "and the next may succeed"
    backend.close()


@on_paths
def test_a_lost_device_says_so_and_closes_without_a_word(setting: Setting) -> None:
    backend = setting.open()
    slot = backend.slot()
    preparer = backend.preparer(setting.model["input"])
    preparer.write([grey(1)], slot)
    backend.enqueue(slot, 1)
    setting.double.order("device lost")
    with pytest.raises(DeviceLost):
        backend.wait(slot)
        preparer.write([grey(1)], slot)
    with pytest.raises(DeviceLost):
        preparer.write([grey(1)], slot)
    backend.close()


@on_paths
def test_a_run_that_is_refused(setting: Setting) -> None:
    backend = setting.open()
    slot = backend.slot()
    setting.double.order("execute false something is wrong inside")
    with pytest.raises(EngineError, match=r"the run fails: .*something is wrong inside"):
        backend.enqueue(slot, 1)
    setting.double.order()
    backend.close()


@on_paths
def test_a_thousand_batches_leave_nothing(setting: Setting) -> None:
    backend = setting.open()
    preparer = backend.preparer(setting.model["input"])
    slots = [backend.slot(), backend.slot()]
    held: Dict[str, int] = {}
    for number in range(1000):
        assert run(backend, slots[number % 2], preparer, number % 255) == pytest.approx([number % 255], abs=0.6)
        if number == 10:
            held = engines.live()
    assert engines.live() == held
    backend.close()
    assert engines.live() == {"bytes": 0, "pinned": 0, "streams": 0}


@on_paths
def test_queries_and_layers(setting: Setting) -> None:
    backend = setting.open()
    first, second = backend.queries(2)
    for query in (first, second, first):
        assert query.start() >= 0
        assert min(query.finish()) >= 0
    layers = backend.layers(3)
    assert layers and all(ms >= 0 for _name, ms in layers)
    assert len({name for name, _ms in layers}) == len(layers)
    backend.close()
    assert engines.live() == {"bytes": 0, "pinned": 0, "streams": 0}
