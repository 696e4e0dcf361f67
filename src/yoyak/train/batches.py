"""Examples into batches: lengths grouped, padded to few shapes, loss on the summary alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

IGNORED = -100


@dataclass(frozen=True, slots=True)
class Example:
    """One training row. `ids` is prompt + summary + end token; loss counts from `start` (the summary's first token) on."""

    id: str
    ids: tuple[int, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded rows, as nested lists: `ids`, `mask` and `labels` are (rows, length); labels are -100 on prompt and padding."""

    ids: list[list[int]]
    mask: list[list[int]]
    labels: list[list[int]]

    @property
    def tokens(self) -> int:
        """Padded tokens: rows x length."""
        return len(self.ids) * len(self.ids[0])


def rounded(length: int, to: int) -> int:
    """The length rounded up.

    Example:
        >>> rounded(130, 64)
        192
    """
    return -(-length // to) * to


def plan(lengths: Sequence[int], *, tokens: int, round_to: int, seed: int) -> list[list[int]]:
    """Indices in batches of at most `tokens` padded tokens (a row longer than that stands alone).

    Rows of similar length share a batch, so that little is padded; batches come in random order, but the one with the longest rows is
    first: what does not fit in memory fails at once and not after an hour.
    """
    rng = random.Random(seed)
    order = sorted(range(len(lengths)), key=lambda i: (rounded(lengths[i], round_to), rng.random()))
    batches: list[list[int]] = []
    for index in order:
        width = rounded(lengths[index], round_to)  # lengths ascend: the newest row is the widest of its batch
        if batches and (len(batches[-1]) + 1) * width <= tokens:
            batches[-1].append(index)
        else:
            batches.append([index])
    rng.shuffle(batches)
    batches.sort(key=lambda batch: max(lengths[i] for i in batch) < max(lengths, default=0))
    return batches


def collate(examples: Sequence[Example], *, pad: int, round_to: int) -> Batch:
    """Pad to the longest row, rounded up."""
    width = rounded(max(len(example.ids) for example in examples), round_to)
    ids, mask, labels = [], [], []
    for example in examples:
        gap = width - len(example.ids)
        ids.append([*example.ids, *[pad] * gap])
        mask.append([1] * len(example.ids) + [0] * gap)
        labels.append([IGNORED] * example.start + list(example.ids[example.start :]) + [IGNORED] * gap)
    return Batch(ids, mask, labels)
