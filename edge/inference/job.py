"""One picture on its way through the lanes that use it."""

from typing import Callable

from ..wire.messages import PictureHeader
from .picture import Picture


class Job:
    """``release`` is called once, when the last of ``users`` lanes has copied what it needs out of the slot."""

    def __init__(
        self, camera: int, header: PictureHeader, picture: Picture, users: int, release: Callable[[], None]
    ) -> None:
        self.camera = camera
        self.header = header
        self.picture = picture
        self._users = users
        self._release = release

    @property
    def read(self) -> bool:
        """Whether no lane needs the slot any more."""
        return self._users < 1

    def done_with_pixels(self) -> None:
        """A lane has read the picture, or will not."""
        self._users -= 1
        if self._users == 0:
            self._release()
