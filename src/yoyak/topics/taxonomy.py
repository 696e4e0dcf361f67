"""Free topic phrases -> a few dozen named groups: found by clustering once, kept in a table that people edit.

The table (`taxonomy.csv`: topic, group) is all there is: who moves a phrase, renames a group or merges two changes what training and
prediction see, and a later `fit` takes its rows as they are. Clustering stands on morphemes and characters of the phrases and, where the
dialogues are given, on the company that the phrases' words keep there; it holds no randomness beyond its seed.
"""

from __future__ import annotations

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from yoyak._extras import require
from yoyak._files import atomic
from yoyak.errors import DataError, ModelError
from yoyak.records import Problem
from yoyak.topics.features import words_of

#: Numbers of groups that are tried; the one whose clustering depends least on its start is taken.
SIZES = (20, 25, 30, 35, 40, 50, 60)
_STARTS = 3
_WIDTH = 100  # dimensions of what is clustered
# Weight of what is said beside the phrase's own parts, which group by words for acts (계획, 문제, 논의); chosen by stability.
_COMPANY = 2.0
_CHARACTERS = 0.5  # weight of the characters beside the morphemes
_CLEAR = 0.1  # a cosine below it is no likeness


@dataclass(frozen=True)
class Taxonomy:
    """Topic phrase -> group.

    Example:
        >>> known = Taxonomy({"병원 예약": "병원", "감기 진료": "병원", "계좌 개설": "은행"})
        >>> known.groups, known.of(" 병원  예약 "), known.of("감기"), known.nearest("감기 예약")
        (('병원', '은행'), '병원', None, '병원')
    """

    topics: Mapping[str, str]

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The groups' names, sorted."""
        return tuple(sorted(set(self.topics.values())))

    def of(self, topic: str | None) -> str | None:
        """The group of a phrase as the table has it (a group's own name too); None for any other."""
        name = tidy(topic or "")
        return self.topics.get(name) or (name if name in self.groups else None)

    def nearest(self, topic: str) -> str | None:
        """The group of a phrase; of one that the table lacks, the group whose phrases are most alike. None when it is like none."""
        found = self.of(topic)
        if found is not None or not tidy(topic):
            return found
        terms, rarity, centres = self._centres
        near = centres @ _vector(_parts([tidy(topic)])[0], terms, rarity)
        best = int(near.argmax())
        return self.groups[best] if near[best] >= _CLEAR else None

    def examples(self, group: str, *, most: int = 5) -> list[str]:
        """Phrases of a group, the most typical ones first."""
        mine = sorted(topic for topic, name in self.topics.items() if name == group)
        terms, rarity, centres = self._centres
        centre = centres[self.groups.index(group)]
        likeness = {topic: float(centre @ _vector(parts, terms, rarity)) for topic, parts in zip(mine, _parts(mine), strict=True)}
        return sorted(mine, key=lambda topic: (-likeness[topic], topic))[:most]

    @cached_property
    def _centres(self) -> tuple[dict[str, int], NDArray[np.float64], NDArray[np.float64]]:
        """(part -> column, rarity, the groups' mean phrases of length 1). Renewed from the table, so that editing moves them."""
        phrases = sorted(self.topics)
        parts = _parts(phrases)
        holding = Counter(part for counts in parts for part in counts)
        terms = {part: column for column, part in enumerate(sorted(holding))}
        rarity = np.array([math.log((1 + len(phrases)) / holding[part]) for part in terms])
        centres = np.zeros((len(self.groups), len(terms)))
        rows = {group: row for row, group in enumerate(self.groups)}
        for phrase, counts in zip(phrases, parts, strict=True):
            centres[rows[self.topics[phrase]]] += _vector(counts, terms, rarity)
        return terms, rarity, centres / np.linalg.norm(centres, axis=1, keepdims=True).clip(1e-12)

    def write(self, path: Path) -> None:
        """The table as CSV (UTF-8), group by group."""
        with atomic(path) as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(("topic", "group"))
            for group, topic in sorted((group, topic) for topic, group in self.topics.items()):
                table.writerow((topic, group))

    @classmethod
    def read(cls, path: Path) -> Self:
        """The table in that file.

        Raises:
            ModelError: There is no such file, or it is no such table; the message names the line.
        """
        topics: dict[str, str] = {}
        try:
            with open(path, encoding="utf-8-sig", newline="") as file:
                table = csv.DictReader(file)
                for row in table:
                    topic, group = tidy(row.get("topic") or ""), tidy(row.get("group") or "")
                    if not topic or not group:
                        raise ValueError(f"line {table.line_num} has no topic or no group")
                    if topics.get(topic, group) != group:
                        raise ValueError(f"line {table.line_num} puts a topic into a second group")
                    topics[topic] = group
            if not topics:
                raise ValueError("it has no row")
        except (OSError, ValueError, csv.Error) as error:
            raise ModelError(f"{path} is no taxonomy ({error}); expected a CSV table with the columns topic,group") from error
        return cls(topics)


@dataclass(frozen=True, slots=True)
class Choice:
    """Why there are so many groups: for each number tried, how alike clusterings from several starts are (adjusted Rand index)."""

    groups: int
    stability: Mapping[int, float] = field(default_factory=dict)


def fit_taxonomy(
    phrases: Sequence[str],
    *,
    texts: Sequence[Sequence[str]] = (),
    known: Taxonomy | None = None,
    groups: int | None = None,
    seed: int = 0,
) -> tuple[Taxonomy, Choice]:
    """The groups of these phrases; the same phrases and seed give the same groups.

    Args:
        phrases: Topic phrases, one for each dialogue.
        texts: The content words of each dialogue, where they are there.
        known: A table whose rows hold as they are: phrases that it lacks go to their nearest group there, and nothing is clustered.
        groups: How many; None tries :data:`SIZES`.
        seed: Of the clustering.

    Raises:
        DataError: There are too few different phrases.
        MissingDependency: The extra `[topics]` is not installed.
    """
    distinct = sorted({tidy(phrase) for phrase in phrases} - {""})
    if known is not None:
        found = {phrase: group for phrase in distinct if (group := known.nearest(phrase)) is not None}
        return Taxonomy({**found, **known.topics}), Choice(len(known.groups))
    sizes = (groups,) if groups is not None else tuple(size for size in SIZES if size * 5 <= len(distinct))
    if not sizes or len(distinct) < 2 * max(sizes):
        message = f"there are {len(distinct)} different topics, too few for {groups or SIZES[0]} groups"
        raise DataError([Problem("topics", None, message, "ask for fewer groups, or write a taxonomy by hand (topic,group)", "few-topics")])
    vectors = _embedded(distinct, phrases, texts, seed)
    tried = {size: _clustered(vectors, size, seed) for size in sizes}
    stability = {size: likeness for size, (_, likeness) in tried.items()}
    best = max(sizes, key=lambda size: (round(stability[size], 3), -size))
    labels = tried[best][0]
    counts = Counter(tidy(phrase) for phrase in phrases)
    names = _named(distinct, labels, counts)
    return Taxonomy({phrase: names[label] for phrase, label in zip(distinct, labels, strict=True)}), Choice(best, stability)


def tidy(phrase: str) -> str:
    """The phrase with single blanks."""
    return " ".join(phrase.split())


def _clustered(vectors: NDArray[np.float64], size: int, seed: int) -> tuple[list[int], float]:
    """(label of each row, how alike the clusterings of several starts are)."""
    cluster = require("sklearn.cluster", extra="topics")
    metrics = require("sklearn.metrics", extra="topics")
    runs = [cluster.KMeans(n_clusters=size, n_init=2, random_state=seed * 100 + start).fit(vectors) for start in range(_STARTS)]
    likeness = [metrics.adjusted_rand_score(one.labels_, other.labels_) for i, one in enumerate(runs) for other in runs[:i]]
    best = min(runs, key=lambda run: run.inertia_)
    return [int(label) for label in best.labels_], float(np.mean(likeness))


def _embedded(distinct: Sequence[str], phrases: Sequence[str], texts: Sequence[Sequence[str]], seed: int) -> NDArray[np.float64]:
    """Each phrase as a vector of length 1: its parts weighted by rarity and, with dialogues, what is said where it is the topic."""
    sparse = require("scipy.sparse", extra="topics")
    decomposition = require("sklearn.decomposition", extra="topics")
    blocks: list[tuple[float, list[dict[str, float]]]] = [(1.0, _parts(distinct))]
    if texts:
        company: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for phrase, words in zip(phrases, texts, strict=True):
            company[tidy(phrase)].update(set(words))
        blocks.append((_COMPANY, [{word: float(count) for word, count in company[phrase].items()} for phrase in distinct]))
    found = []
    for weight, counts in blocks:
        holding = Counter(part for one in counts for part in one)
        terms = {part: column for column, part in enumerate(sorted(part for part, count in holding.items() if count >= 2))}
        rarity = np.array([math.log((1 + len(counts)) / holding[part]) for part in terms])
        rows = sparse.csr_matrix(np.vstack([_vector(one, terms, rarity) for one in counts]).astype(np.float32))
        width = min(_WIDTH, len(terms) - 1, len(distinct) - 1)
        reduced = decomposition.TruncatedSVD(width, algorithm="randomized", n_iter=7, random_state=seed).fit_transform(rows)
        found.append(weight * reduced / np.linalg.norm(reduced, axis=1, keepdims=True).clip(1e-12))
    joined = np.hstack(found)
    return np.asarray(joined / np.linalg.norm(joined, axis=1, keepdims=True).clip(1e-12), dtype=np.float64)


def _parts(phrases: Iterable[str]) -> list[dict[str, float]]:
    """Content words and pairs of characters of each phrase, with their weights as counts."""
    phrases = list(phrases)
    found = []
    for phrase, words in zip(phrases, words_of(phrases), strict=True):
        counts: defaultdict[str, float] = defaultdict(float)
        for word in words:
            counts[word] += 1.0
        for piece in phrase.split():
            for i in range(len(piece) - 1):
                counts[f"#{piece[i : i + 2]}"] += _CHARACTERS
        found.append(dict(counts))
    return found


def _vector(counts: Mapping[str, float], terms: Mapping[str, int], rarity: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weighted parts, of length 1. (terms,)"""
    found = np.zeros(len(terms))
    for part, count in counts.items():
        column = terms.get(part)
        if column is not None:
            found[column] = count * rarity[column]
    length = float(np.linalg.norm(found))
    return found / length if length else found


def _named(distinct: Sequence[str], labels: Sequence[int], counts: Mapping[str, int]) -> dict[int, str]:
    """A readable name for each cluster: its two most telling words, three where two name another cluster already."""
    inside: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for phrase, words, label in zip(distinct, words_of(distinct), labels, strict=True):
        for word in dict.fromkeys(word for word in words if not word.endswith("다") or len(word) > 3):
            inside[label][word] += counts[phrase]
    every: Counter[str] = Counter()
    for mine in inside.values():
        every.update(mine)
    names: dict[int, str] = {}
    sizes = Counter(labels)
    for label in sorted(sizes, key=lambda label: (-sizes[label], label)):
        mine = inside[label]
        # words of the cluster, by how many of its phrases hold them and how few of the others do
        ranked = sorted(mine, key=lambda word: (-mine[word] * math.log1p(len(sizes) * mine[word] / every[word]), word))
        name = next(
            (name for most in (2, 3, 4) if (name := "·".join(ranked[:most])) and name not in names.values()),
            f"{'·'.join(ranked[:2]) or '기타'} {label}",
        )
        names[label] = name
    return names
