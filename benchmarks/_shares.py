"""Shares with their intervals, and what ties a label to the text that was read."""

from __future__ import annotations

import hashlib
import math
from typing import Any


def wilson(hits: int, n: int, z: float = 1.96) -> tuple[float, float, float]:
    """Share in percent with Wilson's 95 % interval; 0 to 100 for an empty sample."""
    if n == 0:
        return 0.0, 0.0, 100.0
    p = hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return 100 * p, 100 * max(0.0, min(middle - half, p)), 100 * min(1.0, max(middle + half, p))


def share(what: str, hits: int, n: int) -> dict[str, Any]:
    """A measure of `hits` in `n`."""
    value, low, high = wilson(hits, n)
    return {"what": f"{what} ({hits} of {n})", "value": value, "unit": "%", "low": low, "high": high}


def fingerprint(text: str) -> str:
    """What a label is tied to: the output that was read."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def kappa(pairs: list[tuple[bool, bool]]) -> float:
    """Cohen's kappa of two readers' yes-or-no verdicts on the same items; 1.0 where both say the same of everything.

    Example:
        >>> round(kappa([(True, True), (False, False), (True, False), (False, False)]), 2)
        0.5
    """
    n = len(pairs)
    agreed = sum(a == b for a, b in pairs) / n
    first, second = sum(a for a, _ in pairs) / n, sum(b for _, b in pairs) / n
    chance = first * second + (1 - first) * (1 - second)
    return 1.0 if chance == 1 else (agreed - chance) / (1 - chance)
