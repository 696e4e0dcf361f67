"""How long a summary may get, learned from the dialogue's length: what runs on far beyond that says nothing new."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

#: Of the summaries that the line was fitted on, the share that lies below it before the margin.
QUANTILE = 0.995
#: How far above the line the limit lies: a summary that is a little longer than all of training is not cut.
MARGIN = 1.25
_SLOPES = 200


@dataclass(frozen=True, slots=True)
class LengthLimit:
    """A line over the tokens of the input.

    Example:
        >>> LengthLimit(20.0, 0.25).of(200), LengthLimit(20.0, 0.25).of(10_000, most=160)
        (70, 160)
    """

    constant: float
    per_token: float

    def of(self, tokens: int, *, most: int | None = None) -> int:
        """The most new tokens after so many tokens of input; at least one."""
        limit = max(1, math.ceil(self.constant + self.per_token * tokens))
        return limit if most is None else min(limit, most)

    def as_dict(self) -> dict[str, float]:
        """What stands in a checkpoint's yoyak.json."""
        return {"constant": self.constant, "per_token": self.per_token}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The line that a yoyak.json holds.

        Raises:
            ValueError: It holds none.
        """
        try:
            found = cls(float(values["constant"]), float(values["per_token"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("a length limit has the numbers constant and per_token") from error
        if found.per_token < 0 or not math.isfinite(found.constant + found.per_token):
            raise ValueError("a length limit's numbers are finite, per_token at least 0")
        return found


def fitted(pairs: Sequence[tuple[int, int]], *, quantile: float = QUANTILE, margin: float = MARGIN) -> LengthLimit | None:
    """The line above nearly all summaries (quantile regression), raised by the margin.

    Args:
        pairs: (Tokens of the input, tokens of its summary with the end token); None comes of fewer than fifty, which show no line.
        quantile: Share of summaries below the line.
        margin: Factor on the line.

    Example:
        >>> fitted([(n, n // 4) for n in range(100, 500)], margin=1.0)
        LengthLimit(constant=0.0, per_token=0.25)
    """
    if len(pairs) < 50:
        return None
    x, y = np.array(pairs, dtype=np.float64).T
    slopes = np.linspace(0.0, float((y / np.maximum(x, 1)).max()), _SLOPES + 1)
    # Of each slope the best constant is the quantile of what it leaves; the loss is convex in the slope.
    constants = np.array([np.quantile(y - slope * x, quantile) for slope in slopes])
    losses = [_loss(y - constant - slope * x, quantile) for slope, constant in zip(slopes, constants, strict=True)]
    best = int(np.argmin(losses))
    return LengthLimit(round(margin * float(constants[best]), 1), round(margin * float(slopes[best]), 4))


def _loss(left: np.ndarray[Any, np.dtype[np.float64]], quantile: float) -> float:
    return float(np.where(left >= 0, quantile * left, (quantile - 1) * left).sum())
