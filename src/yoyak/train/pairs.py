"""Dialogue and summary as pairs of token lists: collation for encoder-decoder models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yoyak.models.inputs import fit, source
from yoyak.records import Dialogue, Turn
from yoyak.summarize.tokens import Codec
from yoyak.train.batches import IGNORED, rounded


@dataclass(frozen=True, slots=True)
class Pair:
    """One training row: what the encoder reads, and what the decoder shall write, end token included."""

    id: str
    source: tuple[int, ...]
    target: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Padded rows, as nested lists.

    `source` and `mask` are (rows, source_len). `given` is what the decoder reads, the labels moved by one behind the start token; `labels`
    are -100 on padding; both are (rows, target_len).
    """

    source: list[list[int]]
    mask: list[list[int]]
    given: list[list[int]]
    labels: list[list[int]]


@dataclass(frozen=True, slots=True)
class Limits:
    """Most tokens of the encoder's input, control tokens included, and of a summary, end token included."""

    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Cut:
    """What the limits did to the data.

    Args:
        turns: Ids of dialogues that lost whole turns, from the middle outwards.
        left_out: Ids of rows that were not used: a summary beyond the limit (cut, it would teach to stop in mid-sentence), or a single turn
            beyond it.
    """

    turns: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def pairs(dialogues: Iterable[Dialogue], codec: Codec, *, end: int, limits: Limits) -> tuple[list[Pair], Cut]:
    """Tokenized rows, one for each reference, and what the limits did to them.

    Args:
        dialogues: With their summaries.
        codec: The one that inference uses, so that the encoder reads the same ids in both.
        end: The end token's id.
        limits: What fits.
    """
    found: list[Pair] = []
    turns_lost: list[str] = []
    left_out: list[str] = []
    around = len(codec.tokens(())) - len(codec.encode(""))
    for dialogue in dialogues:
        turns, lost = _fitted(dialogue, codec, limits.source, around)
        read = tuple(codec.ids(codec.tokens(turns)))
        if lost:
            turns_lost.append(dialogue.id)
        for reference in dialogue.references:
            target = (*codec.encode(reference.strip()), end)
            if len(read) > limits.source or len(target) > limits.target:
                left_out.append(dialogue.id)
            else:
                found.append(Pair(dialogue.id, read, target))
    return found, Cut(tuple(turns_lost), tuple(left_out))


def _fitted(dialogue: Dialogue, codec: Codec, limit: int, around: int) -> tuple[tuple[Turn, ...], int]:
    """The turns that fit the limit exactly: tokens across the border of two turns can be more than the sum of the turns' own."""
    budget = limit - around
    while True:
        turns, lost = fit(dialogue, count=lambda text: len(codec.encode(text)), budget=budget, form=source)
        beyond = len(codec.tokens(turns)) - limit
        if beyond <= 0 or len(turns) == 1:
            return turns, lost
        budget -= beyond


def collate(rows: Sequence[Pair], *, pad: int, start: int, round_to: int) -> PairBatch:
    """Pad each side to its longest row, rounded up; summaries, being short, to a quarter of the step.

    Example:
        >>> made = collate([Pair("a", (5, 6, 7), (8, 1)), Pair("b", (5,), (9, 9, 1))], pad=3, start=2, round_to=4)
        >>> made.source, made.labels
        ([[5, 6, 7, 3], [5, 3, 3, 3]], [[8, 1, -100], [9, 9, 1]])
        >>> made.given
        [[2, 8, 3], [2, 9, 9]]
    """
    wide = rounded(max(len(row.source) for row in rows), round_to)
    high = rounded(max(len(row.target) for row in rows), max(1, round_to // 4))
    source_ids, mask, given, labels = [], [], [], []
    for row in rows:
        gap, short = wide - len(row.source), high - len(row.target)
        source_ids.append([*row.source, *[pad] * gap])
        mask.append([1] * len(row.source) + [0] * gap)
        given.append([start, *row.target[:-1], *[pad] * short])
        labels.append([*row.target, *[IGNORED] * short])
    return PairBatch(source_ids, mask, given, labels)
