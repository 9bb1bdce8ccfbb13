"""What a pad's caps tell."""

from typing import Any, Optional

from .pipeline import memory_of


def caps(pad: Any) -> Any:
    """Its caps, or what it would take before it has any."""
    return pad.get_current_caps() or pad.query_caps(None)


def current(pad: Optional[Any]) -> Optional[Any]:
    """Its caps; None before it has any."""
    return None if pad is None else pad.get_current_caps()


def memory(found: Optional[Any]) -> str:
    """Where pictures of these caps are, as ``memory_of``."""
    return "" if found is None else memory_of(found.get_features(0).to_string())


def media(found: Any) -> Optional[str]:
    """What an RTP stream carries: ``video``, ``audio``, …"""
    told: Optional[str] = found.get_structure(0).get_string("media")
    return told


def is_video(found: Any) -> bool:
    name = found.get_structure(0).get_name()
    if name == "application/x-rtp":
        return media(found) == "video"
    return bool(name.startswith("video/") or name.startswith("image/"))


def interlaced(found: Any) -> bool:
    """Whether raw pictures hold two fields each, of different times, line by line."""
    return found.get_structure(0).get_string("interlace-mode") not in (None, "progressive")
