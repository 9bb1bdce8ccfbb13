"""Every row of the rules, asked with a network made for it: where it says yes, where no, and where that differs."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Optional, Set

import pytest

from edge.models.dla.boards import BOARDS, target
from edge.models.dla.judge import Judge
from edge.models.dla.plan import Layer, plan
from edge.models.dla.rules import RULES
from edge.models.dla.verdict import Rule
from tests.models.dla.cases import CASES, Case
from tests.models.dla.layers import PICTURE
from tests.models.dla.networks import one


def asked(case: Case, folder: Path, board: str, tensorrt: str, precision: str) -> Layer:
    """The verdict on the network's last layer of the kind that the case is about."""
    net, outputs = case.make()
    path = net.save(folder, *outputs)
    return plan(path, board, tensorrt, precision).layers[-1]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_row(case: Case, tmp_path: Path) -> None:
    for board, tensorrt in case.where:
        for precision in case.precision:
            layer = asked(case, tmp_path, board, tensorrt, precision)
            assert (layer.verdict, case.why in layer.reason) == (case.answer, True), (board, tensorrt, precision, layer)


def holding(op: str, board: str, tensorrt: str) -> Optional[Rule]:
    judge = Judge(target(board, tensorrt))
    return judge._rules.get(op)


def test_every_row_is_asked_and_every_row_with_limits_on_both_sides() -> None:
    seen: Dict[int, Set[str]] = {}
    for case in CASES:
        net, _ = case.make()
        for board, tensorrt in case.where:
            rule = holding(net.nodes[-1].op_type, board, tensorrt)
            if rule is not None:
                seen.setdefault(id(rule), set()).add(case.answer)
    for rule in RULES:
        if rule.since >= (11,):
            continue  # beyond 10.7 see test_plan
        assert id(rule) in seen, rule
        if rule.limits or rule.only:
            assert {"yes", "no"} <= seen[id(rule)], rule


def test_every_operator_of_a_row_is_asked() -> None:
    ops = {case.make()[0].nodes[-1].op_type for case in CASES}
    named = {op for rule in RULES for op in rule.ops} - {"GatherElements", "GatherND"}
    assert named <= ops


@pytest.mark.parametrize("board", [name for name, board in BOARDS.items() if not board.generation])
def test_a_board_without_dla_takes_nothing(board: str, tmp_path: Path) -> None:
    placement = plan(one("Relu", PICTURE)[0].save(tmp_path), board)
    assert [layer.verdict for layer in placement.layers] == ["no"]
    assert "has no DLA" in placement.layers[0].reason
    assert placement.cores == 0 and placement.switches == 0 and placement.dla_share == 0
