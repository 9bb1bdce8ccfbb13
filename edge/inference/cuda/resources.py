"""What a device gives out: streams, events, memory and kernels. See device.py, which makes them."""

from typing import Any, Optional, Sequence, Tuple

from .faults import fault


class Stream:
    """What is put on it runs in that order."""

    def __init__(self, device: Any, raw: Any) -> None:
        self._device = device
        self.raw = raw
        self.handle = int(raw.handle)

    def synchronize(self) -> None:
        """Wait for all that was put on it. Other Python threads go on meanwhile."""
        try:
            self.raw.synchronize()
        except self._device.cuda.Error as error:
            raise fault(str(error), "the GPU's work") from error

    def wait_for(self, event: "Event") -> None:
        """What is put on it from now on waits for ``event``."""
        try:
            self.raw.wait_for_event(event.raw)
        except self._device.cuda.Error as error:
            raise fault(str(error), "the GPU's work") from error

    def close(self) -> None:
        """Any thread."""
        with self._device:
            self.raw = None


class Event:
    """A place in a stream's work."""

    def __init__(self, cuda: Any, raw: Any) -> None:
        self._cuda = cuda
        self.raw = raw

    def record(self, stream: Stream) -> None:
        try:
            self.raw.record(stream.raw)
        except self._cuda.Error as error:
            raise fault(str(error), "the GPU's work") from error

    def synchronize(self) -> None:
        """Wait until the stream has come here. Other Python threads go on meanwhile."""
        try:
            self.raw.synchronize()
        except self._cuda.Error as error:
            raise fault(str(error), "the GPU's work") from error

    def ms_since(self, earlier: "Event") -> float:
        """Milliseconds on the GPU between the two; both have happened."""
        try:
            return float(self.raw.time_since(earlier.raw))
        except self._cuda.Error as error:
            raise fault(str(error), "the GPU's work") from error


class Buffer:
    """Device memory. ``address`` is a plain number."""

    def __init__(self, device: Any, raw: Any, size: int) -> None:
        self._device = device
        self._raw: Optional[Any] = raw
        self.address = int(raw)
        self.size = size

    def free(self) -> None:
        """Any thread; a second time does nothing."""
        raw, self._raw = self._raw, None
        if raw is not None:
            with self._device:
                quietly(self._device.cuda, raw.free)


class Function:
    """A kernel."""

    def __init__(self, cuda: Any, module: Any, raw: Any, arguments: Sequence[str]) -> None:
        self._cuda = cuda
        self._module = module  # its code is unloaded with it
        self._raw = raw.prepare(list(arguments))

    def launch(self, grid: Tuple[int, int, int], block: Tuple[int, int, int], stream: Stream, *arguments: Any) -> None:
        try:
            self._raw.prepared_async_call(grid, block, stream.raw, *arguments)
        except self._cuda.Error as error:
            raise fault(str(error), "a kernel") from error


def quietly(cuda: Any, free: Any) -> None:
    """A lost device frees nothing, and its process ends."""
    try:
        free()
    except cuda.Error:
        pass
