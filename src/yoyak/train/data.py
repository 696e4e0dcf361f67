"""The dialogues that a run learns from or is looked at with: read, cleaned as the recipe says, with their summaries."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from yoyak.data.clean import clean_dialogue
from yoyak.data.read import read
from yoyak.data.rules.catalogue import choose
from yoyak.errors import DataError
from yoyak.records import Dialogue, Problem
from yoyak.train.augment import deal_speakers
from yoyak.train.evidence_pairs import evidence_pairs


def rows(
    paths: Sequence[str],
    *,
    limit: int | None = None,
    clean: Sequence[str] = (),
    pairs: Literal["summaries", "evidence", "both"] = "summaries",
) -> list[Dialogue]:
    """The dialogues with summaries, in the order of the files.

    Args:
        paths: Files of dialogues.
        limit: Only so many, the first ones.
        pairs: Whole dialogues with their summaries, single sentences with their evidence (:mod:`yoyak.train.evidence_pairs`), or both.
        clean: Ids of cleaning rules (`default` and `all` too) for the dialogues; empty: none. Summaries stay as people wrote them.

    Raises:
        DataError: No dialogue has a summary, or no sentence its evidence.
        UsageError: There is no such file or rule.
    """
    found = [dialogue for path in paths for dialogue in read(path) if dialogue.references] if pairs != "evidence" else []
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


def told(dialogues: Sequence[Dialogue], *, epoch: int, deal: bool, seed: int) -> Sequence[Dialogue]:
    """The dialogues as they are told in that epoch: from the second one on with other speaker numbers, if they are to be dealt anew."""
    if epoch == 0 or not deal:
        return dialogues
    rng = random.Random(seed * 1_000_003 + epoch)
    return [deal_speakers(dialogue, rng) for dialogue in dialogues]
