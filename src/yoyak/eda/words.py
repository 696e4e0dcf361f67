"""Topics, and the words that mark a split or a topic.

Words are eojeol without their josa, found by letters alone: a morpheme analysis of 12,000 dialogues takes minutes. What marks a group is
the log-odds ratio (:mod:`yoyak.text.log_odds`), in standard deviations.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yoyak.text.log_odds import log_odds

_JOSA = sorted(
    (
        "은 는 이 가 을 를 에 에서 에게 한테 께 께서 로 으로 와 과 랑 이랑 도 만 의 "
        "부터 까지 보다 처럼 이나 나 요 이요 하고 에는 에도 에서는 으로는"
    ).split(),
    key=len,
    reverse=True,
)
_SHORTEST = 2  # syllables that stay when a josa goes
_FEWEST = 5  # dialogues that a word has to occur in; a rarer one may be a person's name


@dataclass(frozen=True, slots=True)
class Mark:
    """A word that marks a group: the share of the group's dialogues that hold it, that of the others, and how sure (z)."""

    word: str
    share: float
    elsewhere: float
    z: float


class Vocabulary:
    """The words of dialogues that come one by one: numbers for words, and for each dialogue the numbers of its words."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._rows: list[NDArray[np.uint32]] = []

    def add(self, words: Iterable[str]) -> None:
        """Gather the distinct words of one dialogue."""
        numbers = self._numbers
        self._rows.append(np.fromiter((numbers.setdefault(word, len(numbers)) for word in words), dtype=np.uint32))

    def marks(self, groups: Sequence[Sequence[int]], *, most: int = 10) -> list[list[Mark]]:
        """For each group of dialogues (by number) the words that mark it against all dialogues of the other groups."""
        words, number_of = self._stems()
        counts = np.zeros((len(groups), len(words)), dtype=np.int64)
        for row, group in enumerate(groups):
            for dialogue in group:
                counts[row, np.unique(number_of[self._rows[dialogue]])] += 1
        return [_marks(words, counts, row, [len(group) for group in groups], most) for row in range(len(groups))]

    def _stems(self) -> tuple[list[str], NDArray[np.int64]]:
        """(words without josa, number of a word as written -> number of the word without).

        A josa goes only where the rest occurs with another one or bare too, so that 고양이 stays what it is.
        """
        ends: defaultdict[str, set[str]] = defaultdict(set)
        cut = {word: _cut(word) for word in self._numbers}
        for word, (stem, josa) in cut.items():
            ends[word].add("")
            if josa:
                ends[stem].add(josa)
        numbers: dict[str, int] = {}
        number_of = np.zeros(len(self._numbers), dtype=np.int64)
        for word, number in self._numbers.items():
            stem, josa = cut[word]
            kept = stem if josa and len(ends[stem]) > 1 else word
            number_of[number] = numbers.setdefault(kept, len(numbers))
        return list(numbers), number_of


def _cut(word: str) -> tuple[str, str]:
    """(stem, josa); the word and "" when it ends in none or too little would be left.

    Example:
        >>> _cut("도서관에서"), _cut("나는"), _cut("Tom")
        (('도서관', '에서'), ('나는', ''), ('Tom', ''))
    """
    for josa in _JOSA:
        if word.endswith(josa) and len(word) - len(josa) >= _SHORTEST:
            return word[: -len(josa)], josa
    return word, ""


def _marks(words: Sequence[str], counts: NDArray[np.int64], row: int, sizes: Sequence[int], most: int) -> list[Mark]:
    ours, every = counts[row].astype(float), counts.sum(axis=0).astype(float)
    rest = every - ours
    if not ours.any() or not rest.any():
        return []
    odds, deviation = log_odds(ours, every)
    z = odds / deviation
    best = np.argsort(-z, kind="stable")[: most * 4]
    size, others = sizes[row], sum(sizes) - sizes[row]
    found = [
        Mark(words[i], float(ours[i] / size), float(rest[i] / others) if others else 0.0, float(z[i]))
        for i in best
        if z[i] > 1.96 and ours[i] >= _FEWEST
    ]
    return found[:most]


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of a file's dialogues: how many dialogues have one, how many differ, how many occur once, and the most frequent."""

    dialogues: int
    distinct: int
    once: int
    head: list[tuple[str, int]]


def topics(labels: Iterable[str], *, most: int = 15) -> Topics:
    """The topics of these labels; empty ones do not count.

    Example:
        >>> topics(["여행", "여행", "병원", ""]).once
        1
    """
    counts = Counter(label for label in labels if label)
    return Topics(counts.total(), len(counts), sum(n == 1 for n in counts.values()), counts.most_common(most))
