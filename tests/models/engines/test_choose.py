"""Devices and precisions: what is asked for by name is obeyed or refused, and auto has a reason."""

from __future__ import annotations

from typing import Any, Optional

import pytest

from edge.errors import EngineError
from edge.models.engines.choose import Fit, Wish, targets
from edge.models.engines.platform import Platform

NANO = Platform("8.2.1.8", gpu="NVIDIA Tegra X1", fast_fp16=True, fast_int8=False)
XAVIER = Platform("8.5.2.2", gpu="Xavier", dla_cores=2, fast_fp16=True, fast_int8=True)
ORIN = Platform("10.3.0", gpu="Orin", dla_cores=2, fast_fp16=True, fast_int8=True)
NEWEST = Platform("11.4.1", gpu="Orin", dla_cores=2)
WHOLE = Fit(1.0, 0, "xavier")


def chosen(platform: Platform, fit: Optional[Fit] = WHOLE, **wish: Any) -> str:
    found = targets(Wish(**wish), platform, lambda _: fit)
    return "; ".join(f"{t.device} {t.precision} on {' '.join(t.lanes)}{'?' if t.optional else ''}" for t in found)


@pytest.mark.parametrize(
    ("platform", "fit", "wish", "expected"),
    [
        (NANO, WHOLE, {}, "gpu fp16 on gpu"),
        (NANO._replace(fast_fp16=False), WHOLE, {}, "gpu fp32 on gpu"),
        (XAVIER, WHOLE, {}, "gpu fp16 on gpu; dla fp16 on dla:0 dla:1?"),
        (XAVIER, WHOLE, {"calibrated": True}, "gpu fp16 on gpu; dla int8 on dla:0 dla:1?"),
        (XAVIER, WHOLE, {"precision": "fp32"}, "gpu fp32 on gpu"),
        (XAVIER, WHOLE._replace(share=0.5), {}, "gpu fp16 on gpu"),
        (XAVIER, WHOLE._replace(switches=6), {}, "gpu fp16 on gpu"),
        (XAVIER, None, {}, "gpu fp16 on gpu"),
        (ORIN, WHOLE._replace(generation="orin"), {}, "gpu fp16 on gpu"),
        (ORIN, WHOLE._replace(generation="orin"), {"calibrated": True}, "gpu fp16 on gpu; dla int8 on dla:0 dla:1?"),
        (XAVIER, WHOLE, {"device": "gpu"}, "gpu fp16 on gpu"),
        (XAVIER, WHOLE, {"device": "gpu", "precision": "best"}, "gpu best on gpu"),
        (XAVIER, WHOLE, {"device": "dla"}, "dla fp16 on dla:0 dla:1"),
        (XAVIER, WHOLE._replace(share=0.1), {"device": "dla:1", "precision": "fp16"}, "dla fp16 on dla:1"),
        (XAVIER, WHOLE, {"device": "dla:0", "precision": "int8", "calibrated": True}, "dla int8 on dla:0"),
        (NEWEST, WHOLE, {}, "gpu fp32 on gpu"),
        (NEWEST, WHOLE, {"device": "dla:0"}, "dla fp32 on dla:0"),
    ],
)
def test_what_is_chosen(platform: Platform, fit: Optional[Fit], wish: Any, expected: str) -> None:
    assert chosen(platform, fit, **wish) == expected


@pytest.mark.parametrize(
    ("platform", "wish", "message"),
    [
        (NANO, {"device": "dla"}, "device: dla: TensorRT 8.2.1.8 finds no DLA on NVIDIA Tegra X1; take device: gpu"),
        (XAVIER._replace(dla_cores=1), {"device": "dla:1"}, "device: dla:1: there are 1 DLA cores here"),
        (XAVIER, {"device": "dla", "precision": "fp32"}, "a DLA computes in fp16 or int8"),
        (NANO, {"precision": "int8", "calibrated": True}, "NVIDIA Tegra X1 has no fast int8; take fp16"),
        (XAVIER, {"precision": "int8"}, "not calibrated; see edge models calibrate"),
        (NEWEST, {"precision": "int8"}, "takes the types that stand in the ONNX file.*int8 with Q/DQ"),
        (NEWEST, {"precision": "fp16"}, "export the network in fp16, and leave precision out"),
    ],
)
def test_what_is_refused(platform: Platform, wish: Any, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        chosen(platform, **wish)


def test_the_rules_are_asked_only_where_there_is_a_dla() -> None:
    def never(_precision: str) -> Fit:
        raise AssertionError("nobody needs to know")

    assert len(targets(Wish(), NANO, never)) == 1
    assert len(targets(Wish(device="gpu"), XAVIER, never)) == 1
