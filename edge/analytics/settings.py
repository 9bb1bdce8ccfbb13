"""The tracker's numbers, each with what it means and why it is what it is.

All times are seconds of capture time and all lengths are heights of the object's box, so that the same settings hold at
any rate of analysis and any distance from the camera. The values were chosen on a street clip analysed at 10, 5, 3.3
and 2 pictures a second, for equal numbers of tracks at all of them; ``tests/analytics/test_rates.py`` holds that. How
well people are followed with them is in ``docs/tracking.md``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrackerSettings:
    """Plain numbers; the defaults are meant to be right for people and vehicles alike."""

    # Motion: a Kalman filter with constant velocity (edge/analytics/motion.py).
    measured_place: float = 0.03  # standard deviation of a box's centre
    measured_size: float = 0.08  # and of its width and height
    low_score_noise: float = 4.0  # a low-score box's variance, as a multiple
    place_noise: float = 0.5  # how freely the velocity of the centre changes: variance a second
    size_noise: float = 0.05  # and that of the size
    first_speed: float = 1.0  # standard deviation of a new object's speed, a second: walking is about 0.8
    first_growth: float = 0.2
    longest_step: float = 1.0  # motion is not foretold further than this, whatever the gap between two pictures
    coasting: float = 1.0  # unseen for longer, an object is held to have stopped

    # Association: IoU of boxes widened by the filter's own uncertainty, which grows with the time between pictures.
    widening: float = 1.0  # standard deviations of the foretold place
    widest: float = 0.5
    high_overlap: float = 0.15  # least widened IoU with a box over the label's min_score
    low_overlap: float = 0.4  # and with one under it, which is more often something else
    low_score: float = 0.4  # boxes under this part of min_score are not looked at
    tentative_right: float = 0.1  # what is no object yet has this part of an object's right to a box
    low_after: float = 0.5  # an object unseen for longer does not go on by a low-score box

    # Life. Evidence is the score averaged over this time, a picture without the object counting as 0: a flicker near
    # the threshold then becomes an object as often at 30 pictures a second as at 2.
    evidence_over: float = 0.5
    confirmed_at: float = 0.65  # part of min_score that evidence must reach
    confirmed_hits: int = 2
    tentative_for: float = 0.35  # unseen for this long before it is confirmed, a track was nothing
    lost_after: float = 2.0  # unseen for this long, in pictures that were looked at
    longest_gap: float = 30.0  # after longer without any picture nobody can say that it is the same object

    most_tracks: int = 128
    most_boxes: int = 256  # of a picture, best scores first


DEFAULTS = TrackerSettings()
