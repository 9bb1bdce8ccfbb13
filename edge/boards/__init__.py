"""What a board has: which elements decode, convert and encode on it."""

from .board import ANY_MACHINE, Board, recognise

__all__ = ["ANY_MACHINE", "Board", "recognise"]
