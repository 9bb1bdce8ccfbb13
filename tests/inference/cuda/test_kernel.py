"""The kernel's text on the processor: the definitions' pixels, and those of the processor's own path."""

from __future__ import annotations

import ctypes
from typing import Any, List

import numpy as np
import pytest

from edge.errors import Incompatible
from edge.inference.crop import crop
from edge.inference.cuda.pictures import CudaPreprocessor, Staging
from edge.inference.picture import Picture
from edge.inference.preprocess import Preprocessor
from scripts.bench.gpu.reference import Case, draw_input, unnormalised
from tests.inference.cuda.host_kernel import HostDevice, HostFunction, build


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return build(tmp_path_factory.mktemp("kernel"))


def picture(case: Case) -> Picture:
    return Picture(case.kind, case.width, case.height, case.planes, case.matrix, case.full)


class Setting:
    """A preprocessor with a staging memory and a tensor for a batch."""

    def __init__(self, library: ctypes.CDLL, input: Any, size: Any, dtype: str, batch: int) -> None:
        self.device: Any = HostDevice()
        self.function: Any = HostFunction(library, dtype)
        self.work = CudaPreprocessor(self.device, self.function, input, size, dtype)
        self.staging = Staging(self.device, batch)
        self.tensor = np.full((batch, *self.work.item_shape), 77, dtype)

    def run(self, pictures: List[Picture]) -> Any:
        stream: Any = None
        self.tensor[:] = 77
        return self.work.write(pictures, self.staging, self.tensor.ctypes.data, stream)


@pytest.mark.parametrize("dtype", ["float32", "float16", "uint8"])
@pytest.mark.parametrize("seed", range(6))
def test_pixels_as_the_definitions_have_them(library: ctypes.CDLL, dtype: str, seed: int) -> None:
    rng = np.random.default_rng([seed, len(dtype)])
    input = draw_input(rng, dtype)
    size = (int(rng.integers(1, 200)), int(rng.integers(1, 200)))
    cases = [Case.draw(rng, 300) for _ in range(5)]
    setting = Setting(library, input, size, dtype, 6)
    setting.run([picture(case) for case in cases])
    for case, item in zip(cases, setting.tensor):
        # Half a step for rounding to whole pixels, and what float16 cannot hold.
        bound = 0.502 if dtype != "float16" else 0.9
        error = np.abs(unnormalised(item, input) - case.expected(input, size)).max()
        assert error <= bound, (case.kind, case.width, case.height, case.matrix, case.full, input, size, error)
    assert (setting.tensor[5] == 77).all(), "nothing is written behind the batch"


@pytest.mark.parametrize("kind", Case.kinds)
@pytest.mark.parametrize("size", [(96, 64), (33, 57)])
def test_the_processors_pixels(library: ctypes.CDLL, kind: str, size: Any) -> None:
    rng = np.random.default_rng(len(kind))
    for fit in ("stretch", "letterbox"):
        input = {"fit": fit, "color": "rgb"}
        for width, height in ((61, 45), (640, 360), (1, 1), (2, 3), (96, 64)):
            case = Case(rng, kind, width, height)
            setting = Setting(library, input, size, "float32", 1)
            (fit_here,) = setting.run([picture(case)])
            host = Preprocessor(input, size, np.float32, use_cv2=False)
            expected = np.empty(host.item_shape, np.float32)
            assert host.write(picture(case), expected) == fit_here
            difference = np.abs(setting.tensor[0] - expected)
            # A tie may be rounded to either side: float32's last bit decides.
            assert difference.max() <= 1.0 and (difference > 0).mean() < 0.01, (case.width, case.height)


@pytest.mark.parametrize("kind", ["i420", "nv12", "gray8", "rgba"])
def test_parts_of_pictures_without_a_copy(library: ctypes.CDLL, kind: str) -> None:
    rng = np.random.default_rng(len(kind))
    whole = [picture(Case(rng, kind, width, height)) for width, height in ((320, 180), (321, 181))]
    corners = np.sort(rng.uniform(-0.1, 1.1, (12, 2, 2)), axis=1).reshape(12, 4).tolist()
    parts = [part.picture for place, box in enumerate(corners) for part in [crop(whole[place % 2], box)] if part]
    assert len(parts) > 6 and not any(part.planes[0].flags.c_contiguous for part in parts)
    setting = Setting(library, {"fit": "letterbox", "color": "rgb"}, (48, 40), "float32", len(parts))
    setting.run(parts)
    found = setting.tensor.copy()
    setting.run([part._replace(planes=[np.ascontiguousarray(plane) for plane in part.planes]) for part in parts])
    assert np.array_equal(found, setting.tensor)
    host = Preprocessor({"fit": "letterbox", "color": "rgb"}, (48, 40), np.float32, use_cv2=False)
    expected = np.empty(host.item_shape, np.float32)
    for item, part in zip(found, parts):
        host.write(part, expected)
        assert np.abs(item - expected).max() <= 1.0


def test_batches_of_changing_pictures_in_one_staging_memory(library: ctypes.CDLL) -> None:
    rng = np.random.default_rng(5)
    input = {"fit": "letterbox", "color": "bgr", "scale": 1 / 255}
    setting = Setting(library, input, (64, 48), "float32", 4)
    for _ in range(40):
        cases = [Case.draw(rng, 90) for _ in range(int(rng.integers(1, 5)))]
        fits = setting.run([picture(case) for case in cases])
        assert len(fits) == len(cases) and setting.device.alive == 2
        for case, item in zip(cases, setting.tensor):
            assert np.abs(unnormalised(item, input) - case.expected(input, (64, 48))).max() <= 0.502
    setting.staging.close()
    assert setting.device.alive == 0


def test_what_cannot_be_is_refused(library: ctypes.CDLL) -> None:
    setting = Setting(library, {}, (8, 8), "float32", 1)
    flat = np.zeros((4, 4), np.uint8)
    with pytest.raises(ValueError, match="planes"):
        setting.run([Picture("nv12", 4, 4, [flat])])
    with pytest.raises(ValueError, match="format"):
        setting.run([Picture("yuy2", 4, 4, [flat])])
    with pytest.raises(ValueError, match="20000"):
        setting.run([Picture("gray8", 20000, 1, [np.zeros((1, 20000), np.uint8)])])
    with pytest.raises(Incompatible, match="uint8 pixels"):
        Setting(library, {"scale": 0.5}, (8, 8), "uint8", 1)
