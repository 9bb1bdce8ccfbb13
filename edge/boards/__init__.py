"""What a board has: which elements decode, convert and encode on it, its DLA cores, its limits and its quirks."""

from .board import CODECS, FEATURES, Board, Converter, Decoder, Encoder
from .machine import Found, look, recognise
from .pc import ANY_MACHINE, PC_WITH_GPU

__all__ = [
    "ANY_MACHINE",
    "CODECS",
    "FEATURES",
    "PC_WITH_GPU",
    "Board",
    "Converter",
    "Decoder",
    "Encoder",
    "Found",
    "look",
    "recognise",
]
