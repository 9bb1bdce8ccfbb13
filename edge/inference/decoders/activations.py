"""What may still have to be done to raw scores."""

import numpy as np

from edge.inference.decoders.base import sigmoid

ACTIVATIONS = ("none", "sigmoid", "softmax")


def activate(scores: np.ndarray, activation: str) -> np.ndarray:
    """``scores`` (..., C) as probabilities; softmax is over the last axis."""
    if activation == "sigmoid":
        return sigmoid(scores.astype(np.float32))
    if activation == "softmax":
        exponents = np.exp(scores.astype(np.float32) - scores.max(axis=-1, keepdims=True))
        total: np.ndarray = exponents / exponents.sum(axis=-1, keepdims=True)
        return total
    return scores
