"""Plain statistics: a row of a table, a histogram on shared bins, a density, a correlation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_BINS = 40


@dataclass(frozen=True, slots=True)
class Summary:
    """A row of the table: what a column of figures looks like. All zero when there is none."""

    count: int
    mean: float
    sd: float
    min: float
    q25: float
    median: float
    q75: float
    q95: float
    q99: float
    max: float


def summary(values: ArrayLike) -> Summary:
    """The row of these figures; `sd` is the sample's.

    Example:
        >>> row = summary([1, 2, 3, 4])
        >>> row.mean, row.median, round(row.sd, 2)
        (2.5, 2.5, 1.29)
    """
    found = np.asarray(values, dtype=np.float64)
    if not len(found):
        return Summary(0, *(0.0,) * 9)
    low, q25, median, q75, q95, q99, high = (float(q) for q in np.quantile(found, (0, 0.25, 0.5, 0.75, 0.95, 0.99, 1)))
    sd = float(found.std(ddof=1)) if len(found) > 1 else 0.0
    return Summary(len(found), float(found.mean()), sd, low, q25, median, q75, q95, q99, high)


def edges(columns: Sequence[ArrayLike], *, bins: int = _BINS, whole: bool = True) -> NDArray[np.float64]:
    """Bins that several columns share, so that their histograms can be compared: from 0 to what 99.5 % of each stay below.

    The width is 1, 2, 2.5 or 5 times a power of ten; what lies beyond belongs to the last bin (see :func:`histogram`).

    Args:
        columns: Figures of each split.
        bins: At most so many.
        whole: The figures are counts, so that no bin is narrower than 1.

    Example:
        >>> edges([[0, 40], [100]], bins=10)
        array([  0.,  10.,  20.,  30.,  40.,  50.,  60.,  70.,  80.,  90., 100.])
    """
    high = max((float(np.quantile(np.asarray(c, dtype=np.float64), 0.995)) for c in columns if len(np.asarray(c))), default=1.0)
    raw = max(high, 1e-9) / bins
    power = 10 ** np.floor(np.log10(raw))
    width = float(next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= raw * 0.999))
    if whole:
        width = max(1.0, width)
    count = max(1, int(np.ceil(high / width - 1e-9)))
    return np.arange(count + 1, dtype=np.float64) * width


def histogram(values: ArrayLike, bins: NDArray[np.float64]) -> list[int]:
    """How many figures fall into each bin; those beyond the last edge count in the last one.

    Example:
        >>> histogram([1, 1, 12, 99], np.array([0.0, 10.0, 20.0]))
        [2, 2]
    """
    found = np.minimum(np.asarray(values, dtype=np.float64), bins[-1])
    return [int(n) for n in np.histogram(found, bins)[0]]


@dataclass(frozen=True, slots=True)
class Relation:
    """How two columns go together: Pearson's and Spearman's correlation, a density on a grid, and the median of y in each column of it.

    `counts` is (columns of x, rows of y); `medians` holds None where fewer than five points are.
    """

    pearson: float
    spearman: float
    x_edges: list[float]
    y_edges: list[float]
    counts: list[list[int]]
    medians: list[float | None]


def relation(x: ArrayLike, y: ArrayLike, *, bins: int = 32) -> Relation | None:
    """The relation of two columns of the same length, None for fewer than three points.

    Example:
        >>> found = relation([1, 2, 3], [2, 4, 6])
        >>> round(found.pearson, 2), round(found.spearman, 2)
        (1.0, 1.0)
    """
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if len(first) < 3:
        return None
    x_edges, y_edges = edges([first], bins=bins), edges([second], bins=bins * 3 // 4)
    inside_x, inside_y = np.minimum(first, x_edges[-1]), np.minimum(second, y_edges[-1])
    counts = np.histogram2d(inside_x, inside_y, (x_edges, y_edges))[0].astype(int)
    place = np.minimum(np.searchsorted(x_edges, inside_x, side="right") - 1, len(x_edges) - 2)
    medians = [float(np.median(second[place == i])) if (place == i).sum() >= 5 else None for i in range(len(x_edges) - 1)]
    ranks = _ranks(first), _ranks(second)
    return Relation(
        _pearson(first, second),
        _pearson(*ranks),
        x_edges.tolist(),
        y_edges.tolist(),
        counts.tolist(),
        medians,
    )


def _pearson(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    if x.std() == 0 or y.std() == 0:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 0, ties sharing their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - counts + ends - 1) / 2)[inverse]


def distance(x: ArrayLike, y: ArrayLike) -> float:
    """The Kolmogorov-Smirnov distance of two samples: the largest gap between their cumulative shares, 0..1.

    Example:
        >>> distance([1, 2, 3], [1, 2, 3]), distance([1, 2], [8, 9])
        (0.0, 1.0)
    """
    first, second = np.sort(np.asarray(x, dtype=np.float64)), np.sort(np.asarray(y, dtype=np.float64))
    if not len(first) or not len(second):
        return 0.0
    every = np.concatenate([first, second])
    gaps = np.searchsorted(first, every, side="right") / len(first) - np.searchsorted(second, every, side="right") / len(second)
    return float(np.abs(gaps).max())
