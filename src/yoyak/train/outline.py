"""What a method tells `train --dry-run` about a run: its examples and its model's sizes, with no weights loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yoyak.models.cost import Setup
from yoyak.train.batches import IGNORED


@dataclass(frozen=True, slots=True)
class Sample:
    """One encoded example as the model is given it: pieces of text, each with whether the loss counts it."""

    id: str
    tokens: int
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """A run before it runs.

    Args:
        config: The model's config.json with the vocabulary that is trained.
        setup: How it is trained, as far as memory depends on it.
        lengths: (tokens read, tokens learned) of every example of every epoch. A decoder-only model reads both in one sequence; a
            seq2seq model has the first in its encoder and the second in its decoder.
        cut: Dialogues that lost turns to the limit, in the first epoch.
        samples: A few encoded examples.
    """

    config: Mapping[str, Any]
    setup: Setup
    lengths: Sequence[Sequence[tuple[int, int]]]
    cut: int
    samples: tuple[Sample, ...]


def sample_of(id: str, ids: Sequence[int], labels: Sequence[int], decode: Callable[[list[int]], str]) -> Sample:
    """A sample of token ids and their labels (-100: not learned), decoded in runs of equal mask.

    Example:
        >>> sample_of("a", [5, 6, 7], [-100, -100, 7], lambda ids: "".join(map(str, ids))).pieces
        (('56', False), ('7', True))
    """
    runs: list[tuple[list[int], bool]] = []
    for token, label in zip(ids, labels, strict=True):
        if not runs or runs[-1][1] != (label != IGNORED):
            runs.append(([], label != IGNORED))
        runs[-1][0].append(token)
    return Sample(id, len(ids), tuple((decode(part), learned) for part, learned in runs))
