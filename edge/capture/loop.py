"""A clip that begins again when it is over, as if it had been longer."""

from typing import Any, Optional

from ..errors import Unsupported
from .gst import Gst
from .sink import Sink


class Loop:
    """``wanted``: False for what is not to be looped."""

    def __init__(self, pipeline: Any, wanted: bool) -> None:
        self._pipeline = pipeline
        self._waits = wanted

    @property
    def first_state(self) -> Any:
        """Of the pipeline."""
        return Gst.State.PAUSED if self._waits else Gst.State.PLAYING

    def found(self) -> None:
        """The pipeline has found its streams, which the first seek needs."""
        if self._waits:
            self._waits = False
            self._seek(Gst.SeekFlags.FLUSH | Gst.SeekFlags.SEGMENT)
            self._pipeline.set_state(Gst.State.PLAYING)

    def over(self, sink: Optional[Sink]) -> None:
        """Without a flush the clip goes on from its start as if it had been longer: times never step. Demuxers end a
        segment where its last picture begins; what that one lasts is added here.
        """
        if sink is not None:
            sink.delay_by(sink.length)
        self._seek(Gst.SeekFlags.SEGMENT)

    def _seek(self, flags: Any) -> None:
        done = self._pipeline.seek(1.0, Gst.Format.TIME, flags, Gst.SeekType.SET, 0, Gst.SeekType.NONE, -1)
        if not done:
            raise Unsupported("this file cannot be looped (it cannot be searched)")
