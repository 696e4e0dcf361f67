"""What `data check` finds, counted: noise by rule, duplicates, leaks, and what does not match between files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from yoyak._parallel import Workers
from yoyak.data.check import check_files
from yoyak.data.formats.base import Columns
from yoyak.data.rules.catalogue import ALL

_SAME = re.compile(r"same as (?P<place>.+?:\d+) \(")
_LIKE = ("leak", "duplicate", "near-duplicate")
_REPEATED = "repeated-turn"
_EXAMPLES = 2  # of each rule
_PAIRS = 8


@dataclass(frozen=True, slots=True)
class Noise:
    """One rule: how many records of each file it concerns, and where (file:row) examples are."""

    rule: str
    title: tuple[str, str]  # English, Korean
    records: dict[str, int]
    places: tuple[str, ...]

    @property
    def total(self) -> int:
        """Records in all files."""
        return sum(self.records.values())


@dataclass(frozen=True, slots=True)
class Census:
    """Everything that the check found.

    Args:
        noise: By cleaning rule, the most frequent first.
        other: Rule of a problem that no cleaning rule mends -> file -> records (empty turns, tags that the dialogue lacks, ...).
        pairs: `leak`, `duplicate`, `near-duplicate` -> up to eight pairs of places (file:row).
        messages: What was said of whole files (style, missing ids), as (file, rule, message).
    """

    noise: list[Noise] = field(default_factory=list)
    other: dict[str, dict[str, int]] = field(default_factory=dict)
    pairs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    messages: list[tuple[str, str, str]] = field(default_factory=list)

    def count(self, rule: str) -> int:
        """Records that a problem of that rule concerns, in all files."""
        known = next((noise.records for noise in self.noise if noise.rule == rule), self.other.get(rule, {}))
        return sum(known.values())


def census(
    paths: Sequence[Path], *, columns: Columns | None = None, workers: int | Workers = 1, on_record: Callable[[], None] = lambda: None
) -> Census:
    """Check the files as `yoyak data check` does, and count."""
    titles = {rule.id: rule.title for rule in ALL}
    counts: dict[str, Counter[str]] = {}
    places: dict[str, list[str]] = {}
    last: dict[tuple[str, str], int] = {}  # problems of one record come one after the other
    found = Census()
    for problem in check_files(paths, columns=columns, workers=workers, on_record=on_record):
        rule = _REPEATED if problem.rule == "N28" else problem.rule  # the check says N28 of turns that repeat, no cleaning rule mends them
        if problem.row is None:
            found.messages.append((problem.file, rule, problem.message))
            continue
        if last.get((problem.file, rule)) == problem.row:
            continue
        last[problem.file, rule] = problem.row
        counts.setdefault(rule, Counter())[problem.file] += 1
        here = f"{problem.file}:{problem.row}"
        if len(places.setdefault(rule, [])) < _EXAMPLES:
            places[rule].append(here)
        match = _SAME.search(problem.message) if rule in _LIKE else None
        if match and len(found.pairs.setdefault(rule, [])) < _PAIRS:
            there = match["place"] if ":" in match["place"] else f"{problem.file}:{match['place']}"
            found.pairs[rule].append((here, there))
    for rule, by_file in sorted(counts.items(), key=lambda item: -item[1].total()):
        if rule in titles:
            found.noise.append(Noise(rule, titles[rule], dict(by_file), tuple(places[rule])))
        else:
            found.other[rule] = dict(by_file)
    return found
