"""10,000 configurations gone wrong: never a traceback, always a place in a file, never slow, the same from the disk."""

import time

import pytest

from edge.config import Config, check_files, check_labels, survey
from edge.config.files import Files, Unreadable
from edge.config.plan import plan
from tests.config.mutations import MAIN, TEXTS, mutated

ENVIRONMENT = {"PASSWORD": "hunter2"}
BATCH = 1000
CPU_S = 5.0  # of this thread for one configuration: a thousand times what one takes
BESIDE = [name for name in TEXTS if name != MAIN.name]
GOOD = Files(MAIN, {str(MAIN.parent / name): text.encode() for name, text in TEXTS.items()})


def test_what_is_mutated_is_good():
    config, problems = survey(MAIN, ENVIRONMENT, GOOD)
    assert problems == []
    assert sorted(config.cameras) == ["clip", "left", "right", "square", "yard"]


def test_a_seed_makes_the_same_again():
    assert [mutated(seed).digest for seed in range(20)] == [mutated(seed).digest for seed in range(20)]
    assert len({mutated(seed).digest for seed in range(100)}) > 80


@pytest.mark.parametrize("batch", range(10))
def test_any_configuration(batch):
    good, _ = survey(MAIN, ENVIRONMENT, GOOD)
    refused = 0
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        files = mutated(seed)
        began = time.thread_time()
        config, problems = survey(MAIN, ENVIRONMENT, files)
        steps = plan(good, config) if not problems else ()
        assert time.thread_time() - began < CPU_S, f"seed {seed}"
        assert isinstance(config, Config)
        for problem in [*problems, *check_labels(config, {"people": ["person"], "cars": []}), *check_files(config)]:
            content = files.contents.get(problem.file)
            assert content is not None, f"seed {seed}: a place outside of the files: {problem!r}"
            if not isinstance(content, Unreadable):
                assert 1 <= (problem.line or 0) <= len(lines(content)), f"seed {seed}: {problem!r}"
                assert (problem.column or 0) >= 1, f"seed {seed}: {problem!r}"
            assert str(problem).isprintable() and problem.message, f"seed {seed}: {problem!r}"
        for line in steps.lines() if steps else ():
            assert line.isprintable(), f"seed {seed}: {line!r}"
        refused += bool(problems)
    assert BATCH * 0.5 < refused < BATCH, "most are wrong, and some are not"


def lines(content: bytes):
    return content.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def test_the_same_from_the_disk(tmp_path):
    main = tmp_path / MAIN.name
    (tmp_path / "cameras.d").mkdir()
    for seed in range(0, 10 * BATCH, 50):
        contents = mutated(seed).named()
        for name, content in contents.items():
            (tmp_path / name).write_bytes(content)
        files = Files(main, {str(tmp_path / name): contents[name] for name in ("edge.yaml", *sorted(BESIDE))})
        memory, told = survey(main, ENVIRONMENT, files)
        disk, problems = survey(main, ENVIRONMENT)
        assert told == problems, f"seed {seed}"
        assert repr(memory) == repr(disk), f"seed {seed}"
