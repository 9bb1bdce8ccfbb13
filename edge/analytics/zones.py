"""Who is in which zone: enter, leave, dwell, and how many of each label.

An object is in a zone when its anchor (the middle of its box's lower edge) is in the polygon. It enters with the first
picture that shows it there. It leaves when it has been seen outside in two pictures or more, at least ``LEAVE_AFTER``
seconds apart: so a foot on the border does not enter and leave with each picture. Only pictures that show the object
say anything; while it is hidden it stays where it was. ``dwell`` is told once a stay, with the first picture that shows
the object ``dwell`` seconds or more after it entered.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from edge.analytics import happening as kinds
from edge.analytics.camera_rules import ZoneRules
from edge.analytics.geometry import Polygons
from edge.analytics.happening import Happening
from edge.analytics.track import Stay, Track

LEAVE_AFTER = 0.3
_NEVER = float("inf")
_ROUNDING = 1e-6  # seconds


class ZoneWatch:
    """A camera's zones. What it remembers of a track stands in the track; what it keeps itself are the counts."""

    def __init__(self, zones: Mapping[str, ZoneRules]) -> None:
        self._counts: Dict[Tuple[str, str], int] = {}
        self._told: Dict[Tuple[str, str], int] = {}
        self._set(zones)

    def _set(self, zones: Mapping[str, ZoneRules]) -> None:
        self._zones = dict(zones)
        self._polygons = Polygons([zone.points for zone in zones.values()])

    def change(self, zones: Mapping[str, ZoneRules], tracks: Sequence[Track], time: float) -> List[Happening]:
        """Other zones from now on. Who was in one that is gone, or does not want its label any more, leaves it."""
        out: List[Happening] = []
        for track in tracks:
            for name in list(track.stays):
                zone = zones.get(name)
                if zone is None or (zone.objects and track.label not in zone.objects):
                    out.append(self._leave(track, name, time, "config"))
            track.zone_row = None
            track.zone_alarm = float("-inf")
        self._set(zones)
        return out

    def update(self, tracks: Sequence[Track], time: float) -> List[Happening]:
        """``tracks`` were seen in the picture of ``time``."""
        out: List[Happening] = []
        if not self._zones:
            return out
        anchors = np.array([t.anchor for t in tracks])
        for track, row in zip(tracks, self._polygons.inside(anchors).tolist()):
            if row != track.zone_row or time >= track.zone_alarm:
                self._look(track, row, time, out)
                track.zone_row = row
        return out

    def end(self, track: Track, time: float, reason: str) -> List[Happening]:
        """The track ended: it is in no zone any more."""
        return [self._leave(track, name, time, reason) for name in list(track.stays)]

    def counts(self) -> Dict[Tuple[str, str], int]:
        """(zone, label) -> objects in it now, 0 where there were some before."""
        return dict(self._counts)

    def changed_counts(self, time: float) -> List[Happening]:
        """A ``count`` for every zone and label whose number is another than the one told last."""
        if self._counts == self._told:
            return []
        changed = [(key, n) for key, n in sorted(self._counts.items()) if n != self._told.get(key)]
        self._counts = {key: n for key, n in self._counts.items() if n or key[0] in self._zones}
        self._told = dict(self._counts)
        return [Happening(kinds.COUNT, time, zone=zone, label=label, count=n) for (zone, label), n in changed]

    def _look(self, track: Track, row: List[bool], time: float, out: List[Happening]) -> None:
        alarm = _NEVER
        for (name, zone), inside in zip(self._zones.items(), row):
            stay = track.stays.get(name)
            if inside and stay is None and not (zone.objects and track.label not in zone.objects):
                stay = track.stays[name] = Stay(time)
                self._add(name, track.label, 1)
                out.append(self._tell(kinds.ZONE_ENTER, track, name, time))
            elif inside and stay is not None:
                stay.out_since = None
            elif stay is not None and stay.out_since is None:
                stay.out_since = time
            elif stay is not None and stay.out_since is not None and time - stay.out_since >= LEAVE_AFTER - _ROUNDING:
                out.append(self._leave(track, name, time))
                continue
            if stay is None:
                continue
            if stay.out_since is not None:
                alarm = time  # look again with the next picture
            elif zone.dwell is not None and not stay.dwelt:
                if time - stay.since >= zone.dwell - _ROUNDING:
                    stay.dwelt = True
                    out.append(self._tell(kinds.ZONE_DWELL, track, name, time))
                else:
                    alarm = min(alarm, stay.since + zone.dwell - _ROUNDING)
        track.zone_alarm = alarm

    def _leave(self, track: Track, name: str, time: float, reason: Optional[str] = None) -> Happening:
        del track.stays[name]
        self._add(name, track.label, -1)
        return self._tell(kinds.ZONE_LEAVE, track, name, time, reason)

    def _add(self, zone: str, label: str, change: int) -> None:
        self._counts[zone, label] = self._counts.get((zone, label), 0) + change

    @staticmethod
    def _tell(kind: str, track: Track, zone: str, time: float, reason: Optional[str] = None) -> Happening:
        return Happening(kind, time, track.model, track.facts(), zone=zone, reason=reason)
