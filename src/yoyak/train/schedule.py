"""What a run does at each step: a function of recipe and data alone, so that a resumed run does the same."""

from __future__ import annotations

import math
from collections.abc import Sequence

from yoyak.train.batches import plan
from yoyak.train.recipe import Run


def steps_of(recipe: Run, lengths: Sequence[Sequence[int]]) -> list[tuple[int, list[int]]]:
    """(epoch, indices of a batch) for every step of the run: a function of recipe and data alone, so that a resumed run sees the same."""
    found: list[tuple[int, list[int]]] = []
    for epoch in range(recipe.epochs):
        batches = plan(lengths[epoch], tokens=recipe.batches.tokens, round_to=recipe.batches.round_to, seed=recipe.seed + epoch)
        found.extend((epoch, batch) for batch in batches)
    return found


def rate(step: int, steps: int, warmup: float) -> float:
    """Share of the peak learning rate at a 0-based optimizer step: a linear rise, then half a cosine down to zero.

    Example:
        >>> rate(0, 100, 0.1), rate(9, 100, 0.1), round(rate(50, 100, 0.0), 2)
        (0.1, 1.0, 0.5)
    """
    rise = round(warmup * steps)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))
