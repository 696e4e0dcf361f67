"""The same dialogue told with other speakers: what a summary must change with.

A model that has learned "#Person1# asks, #Person2# answers" is right most of the time and false the rest. Here the numbers are dealt
anew for every epoch, in the turns and in the summary together, so that only who said what helps.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import replace

from yoyak.data.speakers import number_speakers
from yoyak.records import Dialogue, Turn
from yoyak.text import tags
from yoyak.text.josa import mend_after_tags


def rename_tags(text: str, names: Mapping[str, str]) -> str:
    """Every tag in `names` replaced by its new name, all at once, the josa after it made to fit.

    Example:
        >>> rename_tags("#Person1#은 #Person2#에게 묻는다.", {"#Person1#": "#Person2#", "#Person2#": "#Person1#"})
        '#Person2#는 #Person1#에게 묻는다.'
    """
    if not names:
        return text
    pattern = re.compile("|".join(re.escape(tag) for tag in sorted(names, key=len, reverse=True)))
    return mend_after_tags(pattern.sub(lambda match: names[match.group()], text))


def deal_speakers(dialogue: Dialogue, rng: random.Random) -> Dialogue:
    """The dialogue with its speakers' numbers dealt anew; a dialogue of named speakers is numbered first, in one of two draws.

    Args:
        dialogue: Any dialogue; one without numbered speakers may come back as it is.
        rng: Where the draws come from.

    Example:
        >>> told = Dialogue("d", (Turn("#Person1#", "밥 먹었어?"), Turn("#Person2#", "응.")), references=("#Person2#는 밥을 먹었다.",))
        >>> other = deal_speakers(told, random.Random(5))
        >>> other.turns[0].speaker, other.references[0]
        ('#Person2#', '#Person1#은 밥을 먹었다.')
    """
    found = list(dict.fromkeys(turn.speaker for turn in dialogue.turns))
    if not any(tags.is_tag(speaker) for speaker in found):
        if rng.random() < 0.5:
            return dialogue
        dialogue = _numbered(dialogue)
        found = list(dict.fromkeys(turn.speaker for turn in dialogue.turns))
    numbered = [speaker for speaker in found if tags.is_tag(speaker) and speaker.startswith("#Person")]
    dealt = rng.sample(numbered, len(numbered))
    names = {old: new for old, new in zip(numbered, dealt, strict=True) if old != new}
    turns = tuple(Turn(names.get(turn.speaker, turn.speaker), rename_tags(turn.text, names)) for turn in dialogue.turns)
    return replace(dialogue, turns=turns, references=tuple(rename_tags(reference, names) for reference in dialogue.references))


def _numbered(dialogue: Dialogue) -> Dialogue:
    """Speakers numbered in turns and references alike, or the dialogue as it was where a reference keeps a speaker's name or role."""
    first = dialogue.turns[0].speaker
    together = replace(dialogue, turns=(*dialogue.turns, *(Turn(first, reference) for reference in dialogue.references)))
    told = number_speakers(together)
    turns, references = told.turns[: len(dialogue.turns)], tuple(turn.text for turn in told.turns[len(dialogue.turns) :])
    if any(name in reference for name in told.speakers.values() for reference in references):
        return dialogue
    return replace(told, turns=turns, references=references)
