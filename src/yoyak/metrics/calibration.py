"""Probabilities that mean what they say: temperature, reliability, and how well they part true from false."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Bin:
    """Of `count` predictions between `low` and `high`: the mean predicted probability, and the share that came true."""

    low: float
    high: float
    count: int
    predicted: float
    observed: float


def first_probability(logits: ArrayLike, temperature: float = 1.0) -> NDArray[np.float64]:
    """The softmax probability of the first class: (rows, classes) -> (rows,).

    Example:
        >>> first_probability([[0.0, 0.0], [10.0, 0.0]]).round(2).tolist()
        [0.5, 1.0]
    """
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    share: NDArray[np.float64] = powers[:, 0] / powers.sum(axis=1)
    return share


def fit_temperature(logits: ArrayLike, first: Sequence[bool]) -> float:
    """The temperature at which :func:`first_probability` makes the outcomes most likely (Guo et al., 2017), to 2 %; 0.25 to 10.

    Args:
        logits: (rows, classes).
        first: Whether the first class was right, for each row.

    Example:
        >>> fit_temperature([[4.0, 0.0]] * 4, [True, True, True, False]) > 3
        True
    """
    right = np.asarray(first, dtype=bool)

    def loss(temperature: float) -> float:
        p = first_probability(logits, temperature).clip(1e-9, 1 - 1e-9)
        return float(-np.log(np.where(right, p, 1 - p)).mean())

    return float(min(np.geomspace(0.25, 10, 187), key=loss))


def auc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """The probability that a positive has a higher score than a negative, ties counting half (area under the ROC curve).

    Example:
        >>> auc([0.9, 0.8, 0.3, 0.3], [True, False, True, False])
        0.625
    """
    values, is_positive = np.asarray(scores, dtype=np.float64), np.asarray(positive, dtype=bool)
    high, low = values[is_positive][:, None], values[~is_positive][None, :]
    return float(((high > low) + 0.5 * (high == low)).mean())


def reliability(probabilities: Sequence[float], outcomes: Sequence[bool], *, bins: int = 10) -> list[Bin]:
    """The bins of a reliability diagram, equal in width; empty ones are left out.

    Example:
        >>> reliability([0.05, 0.95, 0.92], [False, True, True], bins=2)
        [Bin(low=0.0, high=0.5, count=1, predicted=0.05, observed=0.0), Bin(low=0.5, high=1.0, count=2, predicted=0.935, observed=1.0)]
    """
    p, came_true = np.asarray(probabilities, dtype=np.float64), np.asarray(outcomes, dtype=bool)
    place = np.minimum((p * bins).astype(int), bins - 1)
    return [
        Bin(n / bins, (n + 1) / bins, int(here.sum()), round(float(p[here].mean()), 4), round(float(came_true[here].mean()), 4))
        for n in range(bins)
        if (here := place == n).any()
    ]


def calibration_error(found: Sequence[Bin]) -> float:
    """The expected calibration error: the bins' distance from the diagonal, weighted by their counts (0..1)."""
    total = sum(one.count for one in found)
    return sum(one.count * abs(one.predicted - one.observed) for one in found) / total if total else 0.0
