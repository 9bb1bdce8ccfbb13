"""A network's input tensor against what model.yaml says of it."""

from typing import Any, Dict, List, Tuple

from ...errors import Incompatible


def picture_shape(model: Dict[str, Any], found: List[Any], batch: int) -> Tuple[Tuple[int, ...], Tuple[int, int], bool]:
    """The input tensor's shape, the picture's (width, height) in it, and whether the batch is the network's own.

    ``found``: what the network says, with names or numbers below 1 where it leaves a side open; an open batch becomes
    ``batch``. Raises Incompatible where that is no picture, or not the model file's.
    """
    if len(found) != 4:
        raise Incompatible("{}: its input has the shape {}, expected 4 dimensions".format(model["onnx"], found))
    given = model["input"].get("size")
    nchw = model["input"].get("layout", "nchw") == "nchw"
    rows, columns, channels = (2, 3, 1) if nchw else (1, 2, 3)
    fixed = isinstance(found[0], int) and found[0] > 0
    shape = [found[0] if fixed else batch, 0, 0, 0]
    want = 1 if model["input"].get("color") == "gray" else 3
    for axis, value, name in ((rows, given and given[1], "height"), (columns, given and given[0], "width"),
                              (channels, want, "channels")):  # fmt: skip
        if isinstance(found[axis], int) and found[axis] > 0:
            if value and value != found[axis]:
                raise Incompatible(
                    "{}: its input {} has a {} of {}, model.yaml says {}; is input.layout right?".format(
                        model["onnx"], found, name, found[axis], value
                    )
                )
            value = found[axis]
        if not value:
            raise Incompatible(
                "{}: its input {} leaves the {} open; say input.size in model.yaml".format(model["onnx"], found, name)
            )
        shape[axis] = int(value)
    return tuple(shape), (shape[columns], shape[rows]), fixed
