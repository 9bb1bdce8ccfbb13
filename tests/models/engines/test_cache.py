"""What was built is found again; what is damaged never is; what was interrupted leaves nothing."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any, List, Tuple

import pytest

from edge.models.engines.cache import Cache
from edge.models.engines.recipe import engine_key
from edge.models.engines.sidecar import Sidecar
from edge.models.verify import sha256_of

INGREDIENTS = {"network": "ab", "tensorrt": "8.5.2.2", "profile": [[1, 3, 8, 8]]}
KEY = engine_key(INGREDIENTS)


@pytest.fixture
def aside() -> List[Tuple[str, str]]:
    return []


@pytest.fixture
def cache(tmp_path: Path, aside: List[Tuple[str, str]]) -> Cache:
    return Cache(tmp_path / "engines", lambda *what: aside.append(what))


def kept(cache: Cache, content: bytes = b"plan" * 1000, ingredients: Any = INGREDIENTS) -> Sidecar:
    key = engine_key(ingredients)
    lock = cache.try_lock(key)
    assert lock is not None
    place = cache.place_for(key)
    place.write_bytes(content)
    sidecar = Sidecar(
        key, ingredients, sha256_of(place), len(content), "people", "2026-01-01T00:00:00.000Z", 12.5, "0.1",
        layers=[{"name": "conv", "device": "DLA"}], placement={"dla": 1, "gpu": 0, "switches": 0},
    )  # fmt: skip
    cache.keep(place, sidecar)
    os.close(lock)
    return sidecar


def test_what_was_kept_is_found(cache: Cache) -> None:
    assert cache.find(KEY) is None and cache.all() == [] and cache.leftovers() == []
    sidecar = kept(cache)
    found = cache.find(KEY)
    assert found is not None and found.sidecar == sidecar
    assert found.plan.read_bytes() == b"plan" * 1000, "nothing is put into the plan itself"
    assert [engine.sidecar.key for engine in cache.all()] == [KEY]
    assert not list(cache.folder.glob("*.building")) and not list(cache.folder.glob("*.half"))


@pytest.mark.parametrize("suffix", [".plan", ".json"])
def test_no_damaged_byte_gets_through(cache: Cache, aside: Any, suffix: str) -> None:
    choice = random.Random(7)
    for _ in range(40):
        sidecar = kept(cache)
        path = cache.folder / (KEY + suffix)
        data = bytearray(path.read_bytes())
        kind = choice.choice(["flip", "cut", "longer", "empty"])
        at = choice.randrange(len(data))
        if kind == "flip":
            data[at] ^= 1 << choice.randrange(8)
        data = {"cut": data[:at], "longer": data + b"x", "empty": bytearray()}.get(kind, data)
        path.write_bytes(data)
        found = cache.find(KEY)
        if suffix == ".plan":
            assert found is None and not path.exists() and aside[-1][0] == KEY
        elif found is not None:
            # A changed byte in what is told to people alone, such as the seconds: the engine is what was built.
            assert found.sidecar.plan_sha256 == sidecar.plan_sha256 and found.sidecar.ingredients == INGREDIENTS
    assert 0 < len({path.stem for path in (cache.folder / "put-aside").iterdir()}) <= 4


def test_an_engine_under_another_name(cache: Cache, aside: Any) -> None:
    kept(cache)
    other = engine_key({**INGREDIENTS, "tensorrt": "8.6.1"})
    for suffix in (".plan", ".json"):
        (cache.folder / (KEY + suffix)).rename(cache.folder / (other + suffix))
    assert cache.find(other) is None
    assert aside == [(other, "its description is of another engine")]


def test_a_sidecar_that_claims_another_key(cache: Cache) -> None:
    kept(cache)
    path = cache.folder / f"{KEY}.json"
    values = json.loads(path.read_text())
    values["ingredients"]["tensorrt"] = "10.3"
    path.write_text(json.dumps(values))
    assert cache.find(KEY) is None


def test_one_builds_at_a_time(cache: Cache) -> None:
    first = cache.try_lock(KEY)
    assert first is not None and cache.try_lock(KEY) is None
    other = cache.try_lock("other")
    assert other is not None
    os.close(first)
    again = cache.try_lock(KEY)
    assert again is not None
    os.close(again)
    os.close(other)


def test_an_interrupted_build(cache: Cache) -> None:
    lock = cache.try_lock(KEY)
    assert lock is not None
    cache.place_for(KEY).write_bytes(b"half")
    assert cache.find(KEY) is None and cache.leftovers() == [KEY]
    assert cache.remove([KEY]) == 0, "it is being built"
    os.close(lock)
    assert cache.remove([KEY]) == 4 and cache.leftovers() == []


def test_a_crash_between_plan_and_sidecar(cache: Cache) -> None:
    kept(cache)
    (cache.folder / f"{KEY}.json").unlink()
    assert cache.find(KEY) is None and cache.leftovers() == [KEY]
    kept(cache)
    assert cache.find(KEY) is not None and cache.leftovers() == []


def test_removing(cache: Cache) -> None:
    kept(cache)
    other = kept(cache, ingredients={**INGREDIENTS, "tensorrt": "10.3"})
    assert cache.remove([KEY]) > 4000
    assert [engine.sidecar.key for engine in cache.all()] == [other.key]
    assert cache.find(KEY) is None


def test_put_aside_by_hand_says_why(cache: Cache) -> None:
    kept(cache)
    cache.put_aside(KEY, "deserialize_cuda_engine returned None")
    (reason,) = (cache.folder / "put-aside").glob("*.reason")
    assert reason.read_text() == "deserialize_cuda_engine returned None\n"
    assert cache.find(KEY) is None
