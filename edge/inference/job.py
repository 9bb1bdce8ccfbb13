"""One picture on its way through the lanes that use it."""

from typing import Callable

from ..wire.messages import PictureHeader
from .picture import Picture


class Job:
    """``release`` is called once, when the last of ``users`` has read what it needs out of the slot: lanes have copied
    it, and whoever else kept it (:meth:`keep`) is done.
    """

    def __init__(
        self, camera: int, header: PictureHeader, picture: Picture, users: int, release: Callable[[], None]
    ) -> None:
        self.camera = camera
        self.header = header
        self.picture = picture
        #: Crops of it that second models were given.
        self.looks = 0
        #: CLOCK_MONOTONIC in ns: after the one nobody computes it any more (0: it may be of any age), and until the
        #: other it may be kept back for a fuller batch.
        self.expires = self.patient_until = 0
        #: How many lanes may still compute it, and whether one has begun to.
        self._lanes, self._begun = users, False
        self._users = users
        self._release = release

    @property
    def read(self) -> bool:
        """Whether nobody needs the slot any more."""
        return self._users < 1

    def keep(self) -> None:
        """One user more. The slot is not free yet."""
        self._users += 1

    def begin(self) -> None:
        """A lane computes it."""
        self._lanes -= 1
        self._begun = True

    def give_way(self) -> bool:
        """A lane does not: it is too old. Whether that was the last of them, and none did."""
        self._lanes -= 1
        return not self._lanes and not self._begun

    def done_with_pixels(self) -> None:
        """One of the users has read the picture, or will not."""
        self._users -= 1
        if self._users == 0:
            self._release()
