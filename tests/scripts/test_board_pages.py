"""docs/boards/: what scripts/board_pages.py writes of the tables, as they are now."""

from __future__ import annotations

from scripts import board_pages


def test_the_pages_are_current() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in board_pages.FOLDER.glob("*.md")}
    assert there == board_pages.pages(), "run: .venv/bin/python -m scripts.board_pages"


def test_no_page_says_that_anything_ran_on_a_board() -> None:
    for name, text in board_pages.pages().items():
        rows = [line for line in text.splitlines() if line.startswith("| ")]
        heads = [line for line in rows if line.endswith("| on this board |")]
        if name in ("pc.md", "README.md"):
            assert heads == []
            continue
        (head,) = heads
        after = rows[rows.index(head) + 1 :]
        assert after and all(line.endswith("| never |") for line in after), name
