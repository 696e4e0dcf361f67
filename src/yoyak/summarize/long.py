"""Dialogues beyond a model's limit: split at turn boundaries, or refused; never cut silently."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yoyak.errors import YoyakError
from yoyak.records import Dialogue, Turn

# Longer than any conversation held by people in a day (an hour of speech has some 20,000 characters): a log or a broken file.
MAX_CHARACTERS = 400_000
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


class TooLong(YoyakError):
    """A dialogue is beyond the model's limit, and splitting was not asked for or would not help."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The pieces of one dialogue, in order, and what a reader of the prediction should know about them."""

    turns: tuple[tuple[Turn, ...], ...]
    notes: tuple[str, ...] = ()


def parts(
    dialogue: Dialogue, *, count: Callable[[Sequence[Turn]], int], budget: int, split: bool = True, max_characters: int = MAX_CHARACTERS
) -> Parts:
    """The dialogue as pieces that each fit the budget: one piece for nearly all.

    Pieces are of about equal length, so that the last one is no crumb. A turn too long by itself is split between sentences, failing
    that between words, and every piece of it keeps its speaker.

    Args:
        dialogue: What to split.
        count: Tokens of the model's whole input for these turns.
        budget: Tokens that the whole input may have.
        split: False refuses instead.
        max_characters: Beyond this nothing is tried.

    Raises:
        TooLong: The dialogue is longer than `max_characters`, or beyond the budget while `split` is False.
        ValueError: The dialogue has no turns.

    Example:
        >>> talk = Dialogue("a", tuple(Turn("가", "말 " * 10) for _ in range(4)))
        >>> found = parts(talk, count=lambda turns: sum(len(turn.text) for turn in turns), budget=50)
        >>> [len(piece) for piece in found.turns], found.notes
        ([2, 2], ('split into 2 parts',))
    """
    if not dialogue.turns or not any(turn.text.strip() for turn in dialogue.turns):
        raise ValueError("the dialogue is empty")
    characters = sum(len(turn.text) for turn in dialogue.turns)
    if characters > max_characters:
        raise TooLong(f"the dialogue has {characters:,} characters; at most {max_characters:,} are summarized: split it into sessions")
    whole = count(dialogue.turns)
    if whole <= budget:
        return Parts((dialogue.turns,))
    if not split:
        raise TooLong(f"the dialogue takes {whole:,} tokens, the model reads at most {budget:,}: split it, or allow splitting")
    turns, broken = _fitting(dialogue.turns, count, budget)
    pieces = _packed(turns, count, budget)
    notes = [f"split into {len(pieces)} parts"]
    if broken:
        notes.append(f"{broken} turns were longer than the model reads and were split within")
    return Parts(tuple(pieces), tuple(notes))


def _fitting(turns: Sequence[Turn], count: Callable[[Sequence[Turn]], int], budget: int) -> tuple[list[Turn], int]:
    """The turns, those that do not fit by themselves broken up; and how many were."""
    found: list[Turn] = []
    broken = 0
    for turn in turns:
        if count([turn]) <= budget:
            found.append(turn)
            continue
        broken += 1
        found.extend(Turn(turn.speaker, text, turn.time) for text in _broken(turn, count, budget))
    return found, broken


def _broken(turn: Turn, count: Callable[[Sequence[Turn]], int], budget: int) -> list[str]:
    def fits(text: str) -> bool:
        return count([Turn(turn.speaker, text)]) <= budget

    def halves(text: str) -> list[str]:
        if fits(text) or len(text) < 2:
            return [text]
        middle = len(text) // 2
        ends = [match.end() for match in _SENTENCE_END.finditer(text)] or [match.end() for match in re.finditer(r"\s+", text)] or [middle]
        cut = min((end for end in ends if 0 < end < len(text)), key=lambda end: abs(end - middle), default=middle)
        return [*halves(text[:cut].rstrip()), *halves(text[cut:].lstrip())]

    return [text for text in halves(turn.text.strip()) if text]


def _packed(turns: Sequence[Turn], count: Callable[[Sequence[Turn]], int], budget: int) -> list[tuple[Turn, ...]]:
    """As few pieces as fit, evenly filled: each turn is counted once, each piece checked whole."""
    frame = count([]) if turns else 0
    sizes = [max(1, count([turn]) - frame) for turn in turns]
    pieces_needed = max(2, -(-sum(sizes) // max(1, budget - frame)))
    while True:
        target = sum(sizes) / pieces_needed
        pieces: list[list[Turn]] = [[]]
        filled = 0.0
        for turn, size in zip(turns, sizes, strict=True):
            if pieces[-1] and filled + size / 2 > target * len(pieces) and len(pieces) < pieces_needed:
                pieces.append([])
            pieces[-1].append(turn)
            filled += size
        if all(count(piece) <= budget for piece in pieces) or pieces_needed >= len(turns):
            return [tuple(piece) for piece in pieces]
        pieces_needed += 1


def joined(summaries: Sequence[str]) -> str:
    """The summaries of the parts as one text: in their order, without what a later part repeats word for word.

    Example:
        >>> joined(["둘이 만난다. 밥을 먹는다.", "밥을 먹는다. 헤어진다."])
        '둘이 만난다. 밥을 먹는다. 헤어진다.'
    """
    sentences = (sentence for summary in summaries for sentence in _SENTENCE_END.split(summary.strip()))
    return " ".join(dict.fromkeys(sentence for sentence in sentences if sentence))
