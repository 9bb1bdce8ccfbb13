"""What of a network can run on a board's DLA, told from the ONNX file alone.

``plan`` is all that others need. The rules are NVIDIA's published ones: necessary, not sufficient. On a board
``can_run_on_DLA`` overrules them, and the build log overrules that.
"""

from edge.models.dla.boards import BOARDS
from edge.models.dla.plan import Layer, PlacedBlock, Placement, plan
from edge.models.dla.suggest import Outcome, Suggestion

__all__ = ["BOARDS", "Layer", "Outcome", "PlacedBlock", "Placement", "Suggestion", "plan"]
