"""Path tricks: nothing but <camera>/<YYYY-MM-DD>/<event id>.jpg or .mp4 is a place, whoever asks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.events.evidence.places import StoreError, find_place, place
from edge.events.evidence.store import Store
from tests.events.evidence.files import all_files

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
GOOD = f"gate/2026-05-04/{ID}.jpg"

TRICKS = [
    "", "/", ".", "..", "gate", GOOD[:-1], GOOD + "/", "/" + GOOD, "//" + GOOD, "./" + GOOD, "../" + GOOD,
    f"../2026-05-04/{ID}.jpg", f"gate/../{ID}.jpg", f"gate/2026-05-04/../{ID}.jpg", "gate/2026-05-04/..",
    f"gate//{ID}.jpg", f"gate/2026-05-04/{ID}.jpg\0", f"ga\0te/2026-05-04/{ID}.jpg", f"gate/2026-05-04/{ID}.jpg\n",
    f"gate/2026-05-04/.{ID}.jpg", f"gate/2026-05-04/{ID}.jpg.part", f"gate/2026-05-04/{ID}.png",
    f"gate/2026-13-04/{ID}.jpg", f"gate/2026-05-40/{ID}.jpg", f"gate/٢٠٢٦-05-04/{ID}.jpg",
    f"gäte/2026-05-04/{ID}.jpg", f"<b>/2026-05-04/{ID}.jpg", f"-gate/2026-05-04/{ID}.jpg",
    f"{'g' * 65}/2026-05-04/{ID}.jpg", f"gate/2026-05-04/{ID.upper()}.jpg", "etc/passwd", "/etc/passwd",
    GOOD.replace("/", "\\"), "file://" + GOOD, GOOD * 1000, "~/2026-05-04/x.jpg",
]  # fmt: skip


def test_the_known_shape() -> None:
    where = place(GOOD)
    assert (where.camera, where.day, where.id, str(where)) == ("gate", "2026-05-04", ID, GOOD)
    assert place(GOOD.replace("jpg", "mp4")).name == f"{ID}.mp4"


@pytest.mark.parametrize("told", [*TRICKS, None, 7, GOOD.encode(), ["gate"], {}])
def test_nothing_else(told: object, tmp_path: Path) -> None:
    (tmp_path / f"{ID}.jpg").write_text("secret")
    store = Store(tmp_path / "evidence", 1 << 30, 1e6)
    assert find_place(told) is None
    for use in (store.create, lambda t: store.copy(GOOD, t)):
        with pytest.raises(StoreError):
            use(told)  # type: ignore[operator]
    assert store.read(told) is None and not store.has(told)  # type: ignore[arg-type]
    assert all_files(tmp_path) == [f"{ID}.jpg"]


PARTS = st.one_of(
    st.sampled_from(["..", ".", "", "gate", "2026-05-04", f"{ID}.jpg", f"{ID}.mp4", "\0", "/", "~", "%2e%2e", "..."]),
    st.text(max_size=12),
)


@settings(max_examples=1500, deadline=None)
@given(st.one_of(st.text(max_size=120), st.lists(PARTS, max_size=6).map("/".join), st.binary(max_size=60)))
@example("\ud800/2026-05-04/" + ID + ".jpg")
def test_anything_at_all_is_refused_in_words_or_lies_below_the_folder(told: object) -> None:
    found = find_place(told)
    if found is None:
        with pytest.raises(StoreError) as error:
            place(told)
        assert "\n" not in str(error.value) and str(error.value).isascii()
        return
    assert isinstance(told, str) and str(found) == told
    assert os.path.normpath("/evidence/" + told) == "/evidence/" + told
    assert all(part not in ("", ".", "..") and "/" not in part and "\0" not in part for part in found)
