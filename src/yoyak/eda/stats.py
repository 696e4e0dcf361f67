"""Every figure of EDA, gathered in two passes over the files: one that checks, one that counts. Needs neither matplotlib nor a browser.

The figures of a dialogue are computed in worker processes (:mod:`yoyak.eda.look`); what comes back are numbers, and for topics and
marking words its distinct words. Memory is a few hundred bytes for each dialogue.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yoyak._parallel import Workers
from yoyak.data.formats.base import Columns, Rejected
from yoyak.data.read import files_of, read
from yoyak.data.style import Style, StyleCounter
from yoyak.eda.census import Census, census
from yoyak.eda.facts import KINDS
from yoyak.eda.look import Piece, Task, look
from yoyak.eda.tokenizer import Tokenizer, load
from yoyak.eda.words import Mark, Topics, Vocabulary, topics
from yoyak.errors import DataError, UsageError
from yoyak.records import Dialogue, Problem
from yoyak.topics.taxonomy import Taxonomy

_PIECE = 64  # dialogues that a worker gets at once
_HEAD_TOPICS = 6  # topics that marking words are shown for
_FEWEST_OF_A_TOPIC = 5

Ints = NDArray[np.int32]


@dataclass(slots=True)
class TokenColumns:
    """What one tokenizer makes of one split. Lengths count what a model puts around a text; `needs`: see :class:`yoyak.eda.look.Tokens`."""

    dialogues: array[int] = field(default_factory=lambda: array("i"))
    summaries: array[int] = field(default_factory=lambda: array("i"))
    plain: int = 0
    unknown: int = 0
    bytes: int = 0
    special: Counter[str] = field(default_factory=Counter)
    needs: dict[str, array[int]] = field(default_factory=lambda: {kind: array("i") for kind in KINDS})
    writes: dict[str, array[int]] = field(default_factory=lambda: {kind: array("i") for kind in KINDS})


@dataclass(slots=True)
class Split:
    """The figures of one file. Columns hold one entry a dialogue, or one a summary where the name says so."""

    name: str
    path: Path
    rejected: int = 0
    characters: array[int] = field(default_factory=lambda: array("i"))
    turns: array[int] = field(default_factory=lambda: array("i"))
    speakers: array[int] = field(default_factory=lambda: array("i"))
    references: array[int] = field(default_factory=lambda: array("i"))
    summary_characters: array[int] = field(default_factory=lambda: array("i"))
    tokens: list[TokenColumns] = field(default_factory=list)
    tags: Counter[str] = field(default_factory=Counter)
    summary_tags: Counter[str] = field(default_factory=Counter)
    josa: Counter[str] = field(default_factory=Counter)
    personal: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    topics: list[str] = field(default_factory=list)
    style: Style | None = None

    @property
    def dialogues(self) -> int:
        """How many were read."""
        return len(self.characters)

    @property
    def summaries(self) -> int:
        """How many references they have in all."""
        return len(self.summary_characters)

    def summarized(self) -> Ints:
        """Characters of the dialogue of each summary."""
        return np.repeat(ints(self.characters), ints(self.references))

    def ratios(self) -> NDArray[np.float64]:
        """Length of each summary as a share of its dialogue's."""
        return ints(self.summary_characters) / np.maximum(self.summarized(), 1)

    def add(self, piece: Piece) -> None:
        """Count a worker's piece in."""
        for name in ("characters", "turns", "speakers", "references", "summary_characters"):
            getattr(self, name).extend(getattr(piece, name))
        for counter in ("tags", "summary_tags", "josa", "personal", "endings"):
            getattr(self, counter).update(getattr(piece, counter))
        for mine, theirs in zip(self.tokens, piece.tokens, strict=True):
            mine.dialogues.extend(theirs.dialogues)
            mine.summaries.extend(theirs.summaries)
            mine.plain += theirs.plain
            mine.unknown += theirs.unknown
            mine.bytes += theirs.bytes
            mine.special.update(theirs.special)
            for kind in KINDS:
                mine.needs[kind].extend(theirs.needs[kind])
                mine.writes[kind].extend(theirs.writes[kind])
        self.topics.extend(piece.topics)


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that was found.

    Args:
        splits: One for each file, in the order given.
        tokenizers: As asked for, in that order.
        census: What the check found.
        quotes: Whether words of the data are in it at all.
        topics: Of all files together, and by split.
        split_words: For each split the words that mark it.
        topic_words: Topic -> the words that mark its dialogues.
        examples: Rule -> (place, before, after), masked.
    """

    splits: list[Split]
    tokenizers: list[Tokenizer]
    census: Census
    quotes: bool = True
    topics: Topics = field(default_factory=lambda: topics([]))
    split_topics: list[Topics] = field(default_factory=list)
    split_words: list[list[Mark]] = field(default_factory=list)
    topic_words: dict[str, list[Mark]] = field(default_factory=dict)
    examples: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)

    @property
    def dialogues(self) -> int:
        """In all files."""
        return sum(split.dialogues for split in self.splits)

    def lengths(self, tokenizer: int) -> tuple[Ints, Ints]:
        """Tokens of every dialogue and of every summary under one of the tokenizers."""
        columns = [split.tokens[tokenizer] for split in self.splits]
        return joined(each.dialogues for each in columns), joined(each.summaries for each in columns)

    def needs(self, tokenizer: int, *, of_summaries: bool = False) -> dict[str, Ints]:
        """Kind of fact -> tokens that must be read (or written) until each is known, over all files."""
        columns = [split.tokens[tokenizer] for split in self.splits]
        return {kind: joined((each.writes if of_summaries else each.needs)[kind] for each in columns) for kind in KINDS}


def ints(column: array[int]) -> Ints:
    """A column as numpy sees it, without a copy."""
    return np.frombuffer(column, dtype=np.int32) if len(column) else np.zeros(0, np.int32)


def joined(columns: Iterable[array[int]]) -> Ints:
    """Several columns as one."""
    return np.concatenate([np.zeros(0, np.int32), *(ints(column) for column in columns)])


def analyse(
    paths: Sequence[str | Path],
    *,
    tokenizers: Sequence[str] = (),
    columns: Columns | None = None,
    quotes: bool = True,
    taxonomy: Taxonomy | None = None,
    workers: int = 1,
    on_record: Callable[[], None] = lambda: None,
) -> Analysis:
    """Look at the files as splits of one data set.

    Args:
        paths: Files, or folders of which each is one split.
        tokenizers: Folders with a tokenizer.json, or names of models.
        columns: Where they are not the usual ones.
        quotes: Keep topics, marking words and (masked) examples.
        taxonomy: Groups to count in the place of topic phrases; a phrase that it lacks counts with those most alike.
        workers: Processes.
        on_record: Called twice for each record: once checked, once counted.

    Raises:
        UsageError: A file occurs twice, or a tokenizer or path does not exist.
        DataError: No dialogue can be read in a file.
    """
    files = [Path(path) for path in paths]
    if len({path.resolve() for path in files}) < len(files):
        raise UsageError("a file is given twice; each file is one split")
    loaded = [load(name) for name in tokenizers]
    with Workers(workers) as started:
        return _analyse(files, tokenizers, loaded, columns, quotes, taxonomy, started, on_record)


def _analyse(
    files: Sequence[Path],
    tokenizers: Sequence[str],
    loaded: list[Tokenizer],
    columns: Columns | None,
    quotes: bool,
    taxonomy: Taxonomy | None,
    workers: Workers,
    on_record: Callable[[], None],
) -> Analysis:
    checked = census([file for path in files for file in files_of(path)], columns=columns, workers=workers, on_record=on_record)
    wanted: dict[str, tuple[str, ...]] = {}
    for noise in checked.noise:
        for place in noise.places:
            wanted[place] = (*wanted.get(place, ()), noise.rule)
    task = Task(tuple(tokenizers), wanted if quotes else {}, quotes)
    found = Analysis([], loaded, checked, quotes)
    vocabulary = Vocabulary()
    for name, path in zip(names(files), files, strict=True):
        split = Split(name, path, tokens=[TokenColumns() for _ in loaded])
        _count(split, task, columns, workers, vocabulary, found.examples, on_record)
        found.splits.append(split)
    if taxonomy is not None:
        group_of = {topic: taxonomy.nearest(topic) or "" for topic in {topic for split in found.splits for topic in split.topics}}
        for split in found.splits:
            split.topics = [group_of[topic] for topic in split.topics]
    return _with_words(found, vocabulary, most=len(taxonomy.groups) if taxonomy is not None else _HEAD_TOPICS)


def names(paths: Sequence[Path]) -> list[str]:
    """What the splits are called: the files' names, with their folder where two would be the same.

    Example:
        >>> names([Path("a/train.csv"), Path("a/dev.csv"), Path("b/dev.csv")])
        ['train', 'a/dev', 'b/dev']
    """
    stems = Counter(path.stem for path in paths)
    return [path.stem if stems[path.stem] == 1 else f"{path.resolve().parent.name}/{path.stem}" for path in paths]


def _count(
    split: Split,
    task: Task,
    columns: Columns | None,
    workers: Workers,
    vocabulary: Vocabulary,
    examples: dict[str, list[tuple[str, str, str]]],
    on_record: Callable[[], None],
) -> None:
    rejected: list[Rejected] = []
    counter = StyleCounter()

    def dialogues() -> Iterator[Dialogue]:
        for dialogue in read(split.path, columns=columns, on_rejected=rejected.append):
            counter.add(dialogue)
            on_record()
            yield dialogue

    for piece in workers.ordered_map(partial(look, task), _pieces(dialogues())):
        split.add(piece)
        for words in piece.words:
            vocabulary.add(words.split())
        for rule, place, before, after in piece.examples:
            examples.setdefault(rule, []).append((place, before, after))
    split.rejected = len(rejected)
    split.style = counter.style(split.name)
    if not split.dialogues:
        problems = [problem for each in rejected for problem in each.problems][:5]
        nothing = Problem(str(split.path), None, "it holds no dialogue that can be read", "see yoyak data check", "no-dialogue")
        raise DataError(problems or [nothing])


def _pieces(dialogues: Iterable[Dialogue]) -> Iterator[list[Dialogue]]:
    piece: list[Dialogue] = []
    for dialogue in dialogues:
        piece.append(dialogue)
        if len(piece) >= _PIECE:
            yield piece
            piece = []
    if piece:
        yield piece


def _with_words(found: Analysis, vocabulary: Vocabulary, *, most: int) -> Analysis:
    """The topics and the words that mark splits and the `most` frequent topics."""
    every = [topic for split in found.splits for topic in split.topics]
    starts = np.cumsum([0, *(split.dialogues for split in found.splits)])
    by_split = [range(low, high) for low, high in pairwise(starts)]
    all_topics = topics(every, most=max(15, most))
    split_topics = [topics(split.topics) for split in found.splits]
    if not found.quotes:
        return replace(found, topics=all_topics, split_topics=split_topics)
    head = [topic for topic, count in all_topics.head[:most] if count >= _FEWEST_OF_A_TOPIC]
    by_topic: dict[str, list[int]] = {topic: [] for topic in head}
    rest: list[int] = []
    for number, topic in enumerate(every):
        by_topic.get(topic, rest).append(number)
    marks = vocabulary.marks([*by_topic.values(), rest], most=6)[: len(head)] if head else []
    return replace(
        found,
        topics=all_topics,
        split_topics=split_topics,
        split_words=vocabulary.marks(by_split) if len(found.splits) > 1 else [],
        topic_words=dict(zip(head, marks, strict=True)),
    )
