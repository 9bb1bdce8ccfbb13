"""Why a picture or a recording could not be made."""

from ..errors import EdgeError


class EvidenceError(EdgeError):
    """A snapshot or a clip cannot be had; its words go into the answer."""
