"""What a model is given: one text per dialogue, the same bytes in training and in inference."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from yoyak.records import Dialogue, Turn

HEAD = "대화:\n"
TAIL = "\n\n요약: "


def prompt(turns: Sequence[Turn]) -> str:
    """The prompt of a base (not instructed) decoder-only model; the summary follows it directly.

    A line break within a turn becomes a blank, so that each line is a turn.

    Example:
        >>> prompt([Turn("#Person1#", "안녕?"), Turn("#Person2#", "응,\\n안녕.")])
        '대화:\\n#Person1#: 안녕?\\n#Person2#: 응, 안녕.\\n\\n요약: '
    """
    return HEAD + source(turns) + TAIL


def source(turns: Sequence[Turn]) -> str:
    """What an encoder-decoder model reads: the turns alone, one a line.

    Example:
        >>> source([Turn("#Person1#", "안녕?"), Turn("#Person2#", "응,\\n안녕.")])
        '#Person1#: 안녕?\\n#Person2#: 응, 안녕.'
    """
    return "\n".join(f"{turn.speaker}: {' '.join(turn.text.split())}" for turn in turns)


def fit(dialogue: Dialogue, *, count: Callable[[str], int], budget: int) -> tuple[tuple[Turn, ...], int]:
    """The turns that fit a budget of tokens, and how many were left out.

    Whole turns go, from the middle outwards: openings say what a dialogue is about, endings what came of it. At least one turn stays.

    Args:
        dialogue: What to fit.
        count: Tokens of a text.
        budget: Tokens that the whole prompt may have.
    """
    turns = list(dialogue.turns)
    if count(prompt(turns)) <= budget:
        return tuple(turns), 0
    sizes = [count(f"{turn.speaker}: {turn.text}\n") for turn in turns]
    left = budget - count(HEAD) - count(TAIL)
    kept: set[int] = set()
    ends = _from_both_ends(len(turns))
    for place in ends:
        if sizes[place] > left and kept:
            break
        kept.add(place)
        left -= sizes[place]
    chosen = tuple(turns[place] for place in sorted(kept))
    return chosen, len(turns) - len(chosen)


def _from_both_ends(n: int) -> list[int]:
    """0, n-1, 1, n-2, ..."""
    order: list[int] = []
    for i in range((n + 1) // 2):
        order.append(i)
        if n - 1 - i != i:
            order.append(n - 1 - i)
    return order
