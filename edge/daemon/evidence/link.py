"""One camera's part in evidence: what its process is told to keep, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

if TYPE_CHECKING:
    from edge.daemon.camera import Camera
    from edge.daemon.evidence.evidence import Evidence

_ANSWERS = ("snapshot", "clip")


class EvidenceLink:
    """Without ``evidence`` nothing is kept, and nothing is asked for."""

    def __init__(self, camera: Camera, evidence: Optional[Evidence]) -> None:
        self._camera, self._evidence = camera, evidence
        #: What the process was told last.
        self._told: Optional[Dict[str, Any]] = None
        #: What it began with.
        self._opened: Optional[Dict[str, Any]] = None
        self.covered()

    def order(self) -> Optional[Dict[str, Any]]:
        """What a new process keeps of its stream."""
        self._told = self._opened = self._wanted()
        return self._told

    @property
    def bytes(self) -> int:
        """What the process was told that this may take of memory."""
        return 0 if self._told is None else int(self._told["bytes"])

    def change(self) -> Dict[str, Any]:
        """The same for one that runs: what it is to be told, if that is something else now."""
        if self._wanted() == self._told:
            return {}
        self._told = self._wanted()
        return {"record": self._told}

    @property
    def needs_rebuild(self) -> bool:
        """Whether the running process cannot begin, or cease, to keep pictures: where no stream comes that is encoded
        already, an encoder is part of the pipeline.
        """
        process = self._camera.process
        if process is None or process.ended or self._camera.codec != "raw":
            return False
        return (self._opened is None) != (self._wanted() is None)

    def heard(self, news: Mapping[str, Any]) -> bool:
        """Whether that was an answer."""
        if news.get("op") not in _ANSWERS:
            return False
        if self._evidence is not None:
            self._evidence.heard(self._camera, news)
        return True

    def covered(self) -> None:
        """The camera's configuration may have masks that it had not."""
        if self._evidence is not None:
            self._evidence.covered(self._camera)

    def leaving(self) -> None:
        """The process is about to be ended, or the camera gets another name."""
        if self._evidence is not None:
            self._evidence.leaving(self._camera)

    def gone(self, reason: str) -> None:
        """The process is gone."""
        if self._evidence is not None:
            self._evidence.gone(self._camera, reason)

    def _wanted(self) -> Optional[Dict[str, Any]]:
        return None if self._evidence is None else self._evidence.record_order(self._camera.config)
