"""Decoding with a topic's vocabulary in mind: words that mark the group in summaries, and that the dialogue holds, are preferred.

CTranslate2 offers no hook into a search, so there the beams that it found are ranked anew; transformers' scores are raised step by step.
What is told to a model *before* it writes (a topic line, a keyword line) is :mod:`yoyak.topics.hints`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from yoyak.records import Dialogue, Prediction
from yoyak.summarize.candidates import Candidate, CandidateEngine
from yoyak.topics.features import words_of
from yoyak.topics.hints import Hints

if TYPE_CHECKING:
    import torch

#: What holding all of the words is worth, in mean log-probability of a token.
WEIGHT = 0.3
#: What is added to the score of a token that begins or goes on with such a word.
BONUS = 1.0
_WINDOW = 64


class TopicReranking:
    """An engine that takes, of a model's beams, the one that is likely and holds many of the dialogue's topic words.

    Args:
        engine: A model that shows its beams.
        hints: Where the words come from.
        weight: How much they count.
    """

    def __init__(self, engine: CandidateEngine, hints: Hints, *, weight: float = WEIGHT) -> None:
        self._engine, self._hints, self._weight = engine, hints, weight
        self.name = engine.name

    def summarize(self, dialogues: Iterable[Dialogue]) -> Iterator[Prediction]:
        """One prediction a dialogue, in order."""
        source = iter(dialogues)
        while some := list(islice(source, _WINDOW)):
            wanted = self._hints.words(some)
            for words, found in zip(wanted, self._engine.candidates(some), strict=True):
                if found.error is not None or not found.candidates:
                    yield Prediction(found.id, "", self.name, notes=found.notes, error=found.error or "the model wrote nothing")
                else:
                    best = reranked(found.candidates, words, weight=self._weight)
                    yield Prediction(found.id, best.text, self.name, notes=found.notes)


def reranked(candidates: Sequence[Candidate], words: Sequence[str], *, weight: float = WEIGHT) -> Candidate:
    """The best candidate by score plus `weight` times the share of the words that it holds; of equal ones the earlier.

    Example:
        >>> beams = [Candidate("은행에 간다.", -0.20), Candidate("은행에서 대출을 받는다.", -0.25)]
        >>> reranked(beams, ["대출", "은행"]).text, reranked(beams, []).text
        ('은행에서 대출을 받는다.', '은행에 간다.')
    """
    if not words or len(candidates) == 1:
        return candidates[0]
    held = [len(set(found).intersection(words)) / len(set(words)) for found in words_of(candidate.text for candidate in candidates)]
    worth = [(candidate.score or 0.0) + weight * share for candidate, share in zip(candidates, held, strict=True)]
    return candidates[max(range(len(worth)), key=lambda i: (worth[i], -i))]


def spelled(words: Sequence[str], encode: Callable[[str], Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """The ids of each word at the start of a text and behind a blank; of a verb those of its stem, unless that is one syllable alone."""
    stems = [word[:-1] if word.endswith("다") and len(word) > 2 else word for word in words]
    return tuple(dict.fromkeys(ids for stem in stems for form in (f" {stem}", stem) if (ids := tuple(encode(form)))))


class TopicBias:
    """A logits processor for transformers that makes given words likelier, each until it is written once.

    Args:
        spellings: For each input of the batch the ids of its words (:func:`spelled`).
        bonus: What is added, in log-odds.
        prompt_length: Tokens before the first written one.
        beams: Rows that belong to one input.
    """

    def __init__(
        self, spellings: Sequence[Sequence[tuple[int, ...]]], *, bonus: float = BONUS, prompt_length: int = 0, beams: int = 1
    ) -> None:
        self._spellings, self._bonus = spellings, bonus
        self._start, self._beams = prompt_length, beams

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """The scores with the bonus added. Shapes: (inputs x beams, written so far), (inputs x beams, vocabulary)."""
        changed = scores.clone()
        for row in range(len(input_ids)):
            raised = sorted(preferred(input_ids[row, self._start :].tolist(), self._spellings[row // self._beams]))
            if raised:
                changed[row, raised] += self._bonus
        return changed


def preferred(written: Sequence[int], spellings: Sequence[tuple[int, ...]]) -> set[int]:
    """Ids that begin a word, or go on with one that the text ends in the middle of; none of a word that is written already.

    Example:
        >>> sorted(preferred([5], [(7, 8), (9,)])), sorted(preferred([5, 7], [(7, 8), (9,)])), sorted(preferred([7, 8], [(7, 8), (9,)]))
        ([7, 9], [7, 8, 9], [9])
    """
    found: set[int] = set()
    text = tuple(written)
    for word in spellings:
        if any(text[i : i + len(word)] == word for i in range(len(text) - len(word) + 1)):
            continue
        found.add(word[0])
        found.update(word[size] for size in range(1, len(word)) if text[-size:] == word[:size])
    return found
