"""The dialogues that a run learns from or is looked at with: read, cleaned as the recipe says, with their summaries."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from yoyak.data.clean import clean_dialogue
from yoyak.data.formats.base import Columns
from yoyak.data.read import read
from yoyak.data.rules.catalogue import choose
from yoyak.errors import DataError
from yoyak.records import Dialogue, Problem
from yoyak.topics.hints import Hints
from yoyak.topics.model import TopicModel
from yoyak.train.augment import deal_speakers
from yoyak.train.evidence_pairs import evidence_pairs
from yoyak.train.recipe import Topics


def rows(
    paths: Sequence[str],
    *,
    limit: int | None = None,
    clean: Sequence[str] = (),
    pairs: Literal["summaries", "evidence", "both"] = "summaries",
    topic: str | None = None,
) -> list[Dialogue]:
    """The dialogues with summaries, in the order of the files.

    Args:
        paths: Files of dialogues.
        limit: Only so many, the first ones.
        pairs: Whole dialogues with their summaries, single sentences with their evidence (:mod:`yoyak.train.evidence_pairs`), or both.
        clean: Ids of cleaning rules (`default` and `all` too) for the dialogues; empty: none. Summaries stay as people wrote them.
        topic: Column of the topic, where it is not the usual one.

    Raises:
        DataError: No dialogue has a summary, or no sentence its evidence.
        UsageError: There is no such file or rule.
    """
    found = _read(paths, topic) if pairs != "evidence" else []
    if pairs != "summaries":
        found += evidence_pairs(paths)
    found = found[:limit]
    if not found:
        message = "the files hold no dialogue with a summary"
        raise DataError([Problem(", ".join(paths), None, message, "give files with summaries", "no-reference")])
    if not clean:
        return found
    rules = choose(clean)
    return [clean_dialogue(dialogue, rules=rules) for dialogue in found]


def _read(paths: Sequence[str], topic: str | None) -> list[Dialogue]:
    return [dialogue for path in paths for dialogue in read(path, columns=Columns(topic=topic)) if dialogue.references]


def told(dialogues: Sequence[Dialogue], *, epoch: int, deal: bool, seed: int, hints: Hints | None = None) -> Sequence[Dialogue]:
    """The dialogues as they are told in that epoch.

    From the second one on speakers have other numbers, if they are to be dealt anew. A line about the topic comes last, before all turns.
    """
    if epoch > 0 and deal:
        rng = random.Random(seed * 1_000_003 + epoch)
        dialogues = [deal_speakers(dialogue, rng) for dialogue in dialogues]
    return dialogues if hints is None else list(hints.dialogues(dialogues))


def hints_of(topics: Topics) -> Hints | None:
    """What a recipe wants its model to be told about topics; None: nothing.

    Raises:
        ModelError: There is no such topic model.

    Example:
        >>> hints_of(Topics()) is None, hints_of(Topics(hints="topic", source="domain")).source
        (True, 'given')
    """
    if topics.hints == "none":
        return None
    return Hints(topics.hints, TopicModel.load(topics.model), "predicted" if topics.source == "predicted" else "given")
