"""Is a difference real? Bootstrap intervals, paired tests, Holm's correction. All seeded: the same numbers give the same answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLES = 2000
SEED = 20261124


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the bounds of its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """System minus baseline on the same examples.

    `p_bootstrap` is two-sided (twice the share of resamples on the other side of zero), `p_sign` the exact sign test over the examples
    that differ, `p` the larger of the two after Holm's correction when several systems were compared.
    """

    mean: float
    low: float
    high: float
    p_bootstrap: float
    p_sign: float
    p: float

    @property
    def real(self) -> bool:
        """Whether both tests reject "no difference" at 5 %, corrected."""
        return self.p < 0.05


def _resampled(values: NDArray[np.float64], samples: int, seed: int) -> NDArray[np.float64]:
    """Means of `samples` resamples; multinomial counts need one matrix product instead of an index table.  (samples,)"""
    n = len(values)
    rng = np.random.default_rng(seed)
    means = np.empty(samples)
    step = max(1, 4_000_000 // n)
    for start in range(0, samples, step):
        size = min(step, samples - start)
        means[start : start + size] = rng.multinomial(n, np.full(n, 1 / n), size=size) @ values / n
    return means


def interval(values: Sequence[float], *, samples: int = SAMPLES, seed: int = SEED) -> Interval:
    """The mean and its 95 % percentile bootstrap interval (Efron, 1979), resampling examples.

    Raises:
        ValueError: There is no value.

    Example:
        >>> interval([0.2, 0.4, 0.6]).mean.__round__(6)
        0.4
    """
    array = np.asarray(values, dtype=np.float64)
    if not array.size:
        raise ValueError("an interval needs at least one value")
    low, high = np.quantile(_resampled(array, samples, seed), [0.025, 0.975])
    mean = float(array.mean())
    return Interval(mean, min(float(low), mean), max(float(high), mean))  # equal values: rounding must not put the mean outside


def sign_test(differences: Sequence[float]) -> float:
    """Exact two-sided p of the sign test; zeros are left out; 1.0 when nothing differs.

    Example:
        >>> sign_test([1, 1, 1, 1, 1])
        0.0625
    """
    positive = sum(d > 0 for d in differences)
    n = positive + sum(d < 0 for d in differences)
    smaller = min(positive, n - positive)
    if n == 0:
        return 1.0
    # log-space binomial tail: exact enough for any n, and no overflow
    terms = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2) for k in range(smaller + 1)]
    return min(1.0, 2 * sum(math.exp(t) for t in terms))


def paired(system: Sequence[float], baseline: Sequence[float], *, samples: int = SAMPLES, seed: int = SEED) -> Difference:
    """Paired bootstrap (Koehn, 2004) and sign test of two systems over the same examples, in the same order.

    Raises:
        ValueError: The lengths differ or are zero.
    """
    if len(system) != len(baseline) or not len(system):
        raise ValueError(f"paired tests need the same examples: {len(system)} against {len(baseline)}")
    differences = np.asarray(system, dtype=np.float64) - np.asarray(baseline, dtype=np.float64)
    means = _resampled(differences, samples, seed)
    low, high = np.quantile(means, [0.025, 0.975])
    tail = min(float(np.mean(means <= 0)), float(np.mean(means >= 0)))
    p_bootstrap = min(1.0, 2 * max(tail, 1 / samples)) if differences.any() else 1.0
    p_sign = sign_test(differences.tolist())
    return Difference(float(differences.mean()), float(low), float(high), p_bootstrap, p_sign, max(p_bootstrap, p_sign))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down corrected p-values, in the order given (Holm, 1979).

    Example:
        >>> [round(p, 6) for p in holm([0.01, 0.04, 0.03])]
        [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected = [0.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = running
    return corrected
