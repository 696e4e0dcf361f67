"""Repetition rules that leave the dialogue's own words alone.

transformers' `repetition_penalty` punishes every token of the prompt on decoder-only models, and `no_repeat_ngram_size=2` makes most
Korean references impossible to write, because a tag takes several tokens and is said twice. Here tokens of tags, names and numbers that
the dialogue holds are exempt: their scores are put back as the model gave them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from yoyak.records import Dialogue
from yoyak.text import tags

if TYPE_CHECKING:
    import torch

_NUMBER = re.compile(r"\d[\d,.:]*")
_LATIN_NAME = re.compile(r"[A-Z][A-Za-z]+")


def exempt_texts(dialogue: Dialogue) -> list[str]:
    """Tags, speakers' names, numbers and Latin names of a dialogue, each as it stands there, in order of appearance.

    Example:
        >>> from yoyak.records import Turn
        >>> exempt_texts(Dialogue("a", (Turn("#Person1#", "Kevin, 3시에 보자."), Turn("민지", "응."))))
        ['#Person1#', '민지', '3', 'Kevin']
    """
    text = dialogue.text
    rest = tags.PATTERN.sub(" ", text)
    found = [*(tag.text for tag in tags.find(text)), *dialogue.labels, *_NUMBER.findall(rest), *_LATIN_NAME.findall(rest)]
    return list(dict.fromkeys(found))


def exempt_ids(texts: Collection[str], encode: Callable[[str], Sequence[int]]) -> frozenset[int]:
    """Ids of all tokens that spell these texts, at the start of a word and within one."""
    return frozenset(id_ for text in texts for form in (text, f" {text}") for id_ in encode(form))


class ExemptRepetition:
    """A logits processor for transformers: repetition penalty and n-gram rule on what was written, but for exempt tokens.

    Unlike transformers' own, the penalty counts written tokens only, not the prompt's.

    Args:
        penalty: Above 1 discourages tokens that were written before; 1 is off.
        ngram_size: No n-gram of this size is written twice, unless it ends in an exempt token; 0 is off.
        exempt: For each input of the batch, ids that no rule touches.
        prompt_length: Tokens before the first written one (1 for an encoder-decoder: its start token).
        beams: Rows that belong to one input.
    """

    def __init__(self, penalty: float, ngram_size: int, exempt: Sequence[Collection[int]], *, prompt_length: int, beams: int = 1) -> None:
        self._penalty = penalty
        self._ngram = ngram_size
        self._exempt = exempt
        self._start = prompt_length
        self._beams = beams

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """The scores with the rules applied. Shapes: (inputs x beams, written so far), (inputs x beams, vocabulary)."""
        changed = scores.clone()
        for row in range(len(input_ids)):
            written = input_ids[row, self._start :].tolist()
            exempt = self._exempt[row // self._beams]
            repeated = sorted(set(written) - set(exempt))
            if self._penalty != 1 and repeated:
                values = changed[row, repeated]
                changed[row, repeated] = values.where(values < 0, values / self._penalty).where(values >= 0, values * self._penalty)
            banned = [id_ for id_ in banned_after(written, self._ngram) if id_ not in exempt]
            if banned:
                changed[row, banned] = -float("inf")
        return changed


def banned_after(written: Sequence[int], size: int) -> list[int]:
    """Tokens that would complete an n-gram of that size which was written before.

    Example:
        >>> banned_after([1, 2, 3, 1, 2], 3), banned_after([1, 2], 0)
        ([3], [])
    """
    if size < 1 or len(written) < size - 1:
        return []
    last = tuple(written[len(written) - size + 1 :])
    found: dict[Any, None] = {}
    for i in range(len(written) - size + 1):
        if tuple(written[i : i + size - 1]) == last:
            found[written[i + size - 1]] = None
    return list(found)
