"""How long a device takes for a batch, as a function of its size, learned from its runs."""

from typing import List

# How much of the measured time the last run is.
_NEWS = 0.1
# So often each size is tried before it is judged, and a neighbour of the best one is tried again once in so many runs.
_TRIALS = 3
_AGAIN = 128
# Sizes whose rates differ by less than this are alike.
_ALIKE = 0.03


class ServiceTimes:
    """Seconds of a run by its size, 1 to ``most``."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._mean: List[float] = [0.0] * (most + 1)
        self._spread: List[float] = [0.0] * (most + 1)
        self._seen: List[int] = [0] * (most + 1)
        self._runs = 0

    def observe(self, count: int, seconds: float) -> None:
        """A run of ``count`` pictures took so long."""
        self._runs += 1
        self._seen[count] += 1
        if self._seen[count] == 1:
            self._mean[count] = seconds
            return
        # The first ones are averaged: one that was slow for whatever reason is forgotten soon.
        share = max(_NEWS, 1.0 / self._seen[count])
        off = seconds - self._mean[count]
        self._spread[count] += share * (abs(off) - self._spread[count])
        self._mean[count] += share * off

    def expect(self, count: int) -> float:
        """What a run of so many will take; 0 while none was measured. Between two measured sizes it lies between
        theirs; a larger one takes as long for each picture as the largest measured, a smaller one what the smallest
        takes."""
        if self._seen[count]:
            return self._mean[count]
        below = next((n for n in range(count - 1, 0, -1) if self._seen[n]), 0)
        above = next((n for n in range(count + 1, self.most + 1) if self._seen[n]), 0)
        if not above:
            return self._mean[below] * count / below if below else 0.0
        if not below:
            return self._mean[above]
        share = (count - below) / float(above - below)
        return self._mean[below] + share * (self._mean[above] - self._mean[below])

    def early(self, count: int) -> float:
        """The time before which such a run hardly ever ends."""
        return max(0.0, self.expect(count) - 2.0 * self._spread[count])

    def span(self, count: int) -> float:
        """What so many pictures take one batch after the other, in the best batches there are."""
        size = self.best()
        return count // size * self.expect(size) + (self.expect(count % size) if count % size else 0.0)

    @property
    def picture_s(self) -> float:
        """What a picture takes in a batch of the best size; 0 while nothing was measured."""
        size = self.best()
        return self.expect(size) / size

    def best(self) -> int:
        """The smallest size that gives as many pictures a second as any; ``most`` while nothing is known."""
        return self._alike()[0]

    def _alike(self) -> List[int]:
        """The sizes, of those that were measured, that give the most pictures a second."""
        seen = [n for n in range(1, self.most + 1) if self._seen[n] >= _TRIALS]
        rates = [n / max(self._mean[n], 1e-9) for n in seen]
        return [n for n, rate in zip(seen, rates) if rate >= (1.0 - _ALIKE) * max(rates)] or [self.most]

    def take(self, waiting: int) -> int:
        """How many of those that wait the next run should have: of the best sizes the smallest, whose pictures are done
        the soonest, or the largest where so many wait: that is less work beside the device's. Or one that is not known
        well yet.
        """
        most = min(waiting, self.most)
        if self.most == 1 or most == 1:
            return most
        for size in self._sizes():
            if size <= most and self._seen[size] < _TRIALS:
                return size
        alike = self._alike()
        best = alike[-1] if waiting >= alike[-1] else alike[0]
        if self._runs % _AGAIN == 0:
            return min(most, max(1, best // 2 if self._runs // _AGAIN % 2 else 2 * best))
        return min(most, best)

    def _sizes(self) -> List[int]:
        """Those that are tried: from all that are allowed downwards by halves."""
        sizes = [self.most]
        while sizes[-1] > 1:
            sizes.append(sizes[-1] // 2)
        return sizes
