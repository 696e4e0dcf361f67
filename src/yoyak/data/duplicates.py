"""Dialogues that are the same, or nearly: found in one pass with MinHash, so that a million of them can be compared.

Two texts count as near-duplicates when they share at least `threshold` of their syllable 5-grams (Jaccard similarity, tags, blanks and
punctuation left out). 128 hash values estimate that share with a standard error below 0.04 (Broder, "On the resemblance and containment
of documents", 1997); bands of four find a pair at 0.8 with a probability above 0.9999.

One word changed breaks up to seven 5-grams, so that three take a short dialogue far below 0.8. Between 40 and 215 of them the threshold
is therefore lower, down to 0.4 (the bands find 87 % of the pairs at 0.5, 56 % at 0.4); shorter texts are alike by chance and keep it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yoyak.text import tags

THRESHOLD = 0.8
_GRAM = 5
_BROKEN = 24  # 5-grams that three changed words break at most, with what the estimate may be off
_SHORT, _LOWEST = 40, 0.4
_HASHES = 128
_ROWS = 4  # per band
_PIECE = 1 << 14  # shingles hashed at once: 16 MiB of products
_MULTIPLIERS = np.random.default_rng(20260101).integers(1, 2**63, _HASHES, dtype=np.uint64) | np.uint64(1)
_NO_WORD = re.compile(r"[\W_]+")
_FINGERPRINT = np.dtype((np.void, 16))


def threshold_at(threshold: float, length: int) -> float:
    """The share that makes two texts near-duplicates when the longer one has so many letters.

    Example:
        >>> [round(threshold_at(0.8, length), 2) for length in (20, 70, 120, 1000)]
        [0.8, 0.47, 0.66, 0.8]
    """
    grams = length - _GRAM + 1
    if grams < _SHORT:
        return threshold
    looser = max(1.0, (1 - (grams - _BROKEN) / (grams + _BROKEN)) / (1 - THRESHOLD))
    return min(threshold, max(_LOWEST, 1 - (1 - threshold) * looser))


class Pair(NamedTuple):
    """Two texts by their numbers, `first` < `second`, and how similar they are (1.0: equal letters)."""

    first: int
    second: int
    similarity: float


def letters(text: str) -> str:
    """The text's letters and digits alone: what two texts are compared by.

    Example:
        >>> letters("#Person1#: 밥 먹었어? 3시!")
        '밥먹었어3시'
    """
    return _NO_WORD.sub("", tags.PATTERN.sub(" ", text)).lower()


def sketch(text: str) -> NDArray[np.uint32]:
    """The 128 smallest hash values of a text's shingles."""
    codes = np.frombuffer(letters(text).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    width = max(1, min(_GRAM, len(codes)))
    shingles = np.zeros(max(len(codes) - width + 1, 1), dtype=np.uint64)
    for place in range(min(width, len(codes))):
        shingles = shingles * np.uint64(0x9E3779B97F4A7C15) + codes[place : place + len(shingles)]
    shingles = np.unique(shingles)
    shingles ^= shingles >> np.uint64(31)
    shingles *= np.uint64(0xBF58476D1CE4E5B9)
    shingles ^= shingles >> np.uint64(29)
    smallest = np.full(_HASHES, 0xFFFFFFFF, dtype=np.uint32)
    for start in range(0, len(shingles), _PIECE):
        products = shingles[None, start : start + _PIECE] * _MULTIPLIERS[:, None]  # (hashes, shingles), modulo 2**64
        np.minimum(smallest, (products >> np.uint64(32)).min(axis=1).astype(np.uint32), out=smallest)
    return smallest


class Duplicates:
    """Texts gathered one by one, 536 bytes each, and the pairs among them."""

    def __init__(self) -> None:
        self._sketches: list[NDArray[np.uint32]] = []
        self._digests: list[bytes] = []
        self._lengths: list[int] = []

    def add(self, text: str) -> int:
        """Gather a text; returns its number, counted from 0."""
        self._sketches.append(sketch(text))
        self._lengths.append(len(letters(text)))
        self._digests.append(hashlib.blake2b(letters(text).encode("utf-8", "surrogatepass"), digest_size=16).digest())
        return len(self._digests) - 1

    def __len__(self) -> int:
        return len(self._digests)

    def pairs(self, *, threshold: float = THRESHOLD) -> Iterator[Pair]:
        """Each text that has an earlier one like it, with the earliest found, in the order of the second.

        Example:
            >>> found = Duplicates()
            >>> for text in ("내일 세 시에 도서관 앞에서 만나자", "점심 뭐 먹지?", "내일 세 시에 도서관 앞에서 만나자!"):
            ...     _ = found.add(text)
            >>> list(found.pairs())
            [Pair(first=0, second=2, similarity=1.0)]
        """
        earliest: dict[bytes, int] = {}
        best: dict[int, Pair] = {}
        for number, digest in enumerate(self._digests):
            first = earliest.setdefault(digest, number)
            if first != number:
                best[number] = Pair(first, number, 1.0)
        for first, second in self._candidates():
            if second in best and best[second].first <= first:
                continue
            share = float((self._sketches[first] == self._sketches[second]).mean())
            least = threshold_at(threshold, max(self._lengths[first], self._lengths[second]))
            if share >= least and self._digests[first] != self._digests[second]:
                best[second] = Pair(first, second, min(share, 0.999))
        yield from (best[number] for number in sorted(best))

    def groups(self, *, threshold: float = THRESHOLD) -> list[int]:
        """For each text the number of its group's first text; texts joined by a chain of pairs are one group."""
        parents = list(range(len(self)))
        for pair in self.pairs(threshold=threshold):
            unite(parents, pair.first, pair.second)
        return [root(parents, number) for number in range(len(parents))]

    def _candidates(self) -> Iterator[tuple[int, int]]:
        """Pairs that share a band, each with the first of its bucket and with its neighbour there."""
        if len(self) < 2:
            return
        table = np.stack(self._sketches)  # (texts, hashes)
        for start in range(0, _HASHES, _ROWS):
            keys = np.ascontiguousarray(table[:, start : start + _ROWS]).view(_FINGERPRINT).ravel()
            order = np.argsort(keys, kind="stable")
            same = keys[order[1:]] == keys[order[:-1]]
            head = 0
            for place in np.flatnonzero(same):
                if place == 0 or not same[place - 1]:
                    head = int(order[place])
                here, before = int(order[place + 1]), int(order[place])
                yield min(head, here), max(head, here)
                if before != head:
                    yield min(before, here), max(before, here)


def root(parents: list[int], number: int) -> int:
    """The group of a number in a forest of parents, flattened on the way."""
    while parents[number] != number:
        parents[number] = parents[parents[number]]
        number = parents[number]
    return number


def unite(parents: list[int], first: int, second: int) -> None:
    """Make two groups one; the smaller number leads it."""
    a, b = root(parents, first), root(parents, second)
    parents[max(a, b)] = min(a, b)
