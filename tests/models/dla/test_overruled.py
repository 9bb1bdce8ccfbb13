"""What the board says of a layer goes before what the rules say, and is told with both."""

from __future__ import annotations

from edge.models.dla import plan
from edge.models.folders import installed_models

PERSON = installed_models() / "person" / "person.onnx"


def test_the_board_overrules() -> None:
    rules = plan(PERSON, "xavier-nx")
    first, *others = [layer.name for layer in rules.layers]
    told = plan(PERSON, "xavier-nx", said={first: False, **dict.fromkeys(others, True)})
    assert rules.whole and not told.whole
    assert (told.layers[0].verdict, told.layers[0].device) == ("no", "GPU")
    assert told.layers[0].reason.startswith("TensorRT here says no; by the rules yes: kernel 3x3")
    assert told.layers[1:] == rules.layers[1:] and told.switches == 1


def test_a_layer_that_the_board_does_not_name_keeps_its_verdict() -> None:
    assert plan(PERSON, "xavier-nx", said={"another": False}) == plan(PERSON, "xavier-nx")
