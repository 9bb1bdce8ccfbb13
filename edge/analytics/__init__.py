"""From boxes to happenings: tracker, zones and lines, lives of objects."""

from edge.analytics.camera import CameraAnalytics
from edge.analytics.detections import Detections
from edge.analytics.happening import Happening
from edge.analytics.looks import Look, Looked
from edge.analytics.start_rules import floor_scores
from edge.analytics.track import Facts

__all__ = ["CameraAnalytics", "Detections", "Facts", "Happening", "Look", "Looked", "floor_scores"]
