"""Why a picture or a recording could not be made."""

import os

from ..errors import EdgeError

NOBODY_WAITS = "nobody waits for it any more"


class EvidenceError(EdgeError):
    """A snapshot or a clip cannot be had; its words go into the answer."""


def dropped(fd: int) -> bool:
    """Whether the daemon has given up the file that it wanted it in: it has no name any more."""
    return os.fstat(fd).st_nlink == 0
