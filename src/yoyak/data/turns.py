"""Turns out of the text of a dialogue: `#Person1#: ...` or `이름: 발화`, one a line.

>>> [turn.speaker for turn in parse_turns("#Person1#: 안녕?\\n#Person2#: 응, 안녕.")]
['#Person1#', '#Person2#']
"""

from __future__ import annotations

import re

from yoyak.records import Turn
from yoyak.text import tags

#: A tag with its colon, which starts a turn. One after an opening quote or bracket is quoted.
LABEL = re.compile(r"(?<![\"'(\[“‘「『<])(?P<speaker>" + re.sub(r"\?P<\w+>", "?:", tags.PATTERN.pattern) + r")[ \t]*[:：]")
_NAMED = re.compile(r"^[ \t]*(?P<speaker>[^\s:：\[(\"'][^:：\n\"']{0,38}?)[ \t]*[:：](?!//)", re.MULTILINE)
# 3:30, 오후 3:30, PM 3:30, and what is digits or the words of a clock alone; P1, A and M1 are names.
_NO_NAME = re.compile(r"^(?:[AaPp]\.?[Mm]\.?[\s.,]*\d)?[\d\s.,오전후시분]*(?:(?<=[\d\s])[AaPp]\.?[Mm]\.?)?$")


def parse_turns(text: str) -> tuple[Turn, ...]:
    """The turns of a dialogue's text, in order.

    When a line starts with a tag and a colon, tags alone start turns, also within a line (turns that ran together); otherwise a line
    that starts with a name of at most 40 characters and a colon does. A line without a speaker continues the turn before it.

    Raises:
        ValueError: No line has a speaker, or text stands before the first one; the message says which line and never quotes it.
    """
    starts = _starts(text)
    if not starts:
        raise ValueError("no line starts with a speaker ('#Person1#: ...' or '이름: ...')")
    before = text[: starts[0][0]].strip()
    if before:
        raise ValueError("there is text before the first speaker")
    ends = [start for start, _, _ in starts[1:]] + [len(text)]
    turns = (Turn(speaker, text[after:end].strip()) for (_, after, speaker), end in zip(starts, ends, strict=True))
    return tuple(turn for turn in turns)


def name_label(line: str) -> int:
    """How many characters of a line are a name with its colon, as :func:`parse_turns` takes it; 0 when none is there.

    Example:
        >>> name_label("지우: 안녕"), name_label("오후 3:30에 봐"), name_label("https://a.kr")
        (3, 0, 0)
    """
    match = _NAMED.match(line)
    return match.end() if match and not _NO_NAME.match(match["speaker"]) else 0


def _starts(text: str) -> list[tuple[int, int, str]]:
    """(start of the label, end of its colon, label) of each turn."""
    tagged = [(m.start(), m.end(), m["speaker"]) for m in LABEL.finditer(text)]
    if any(not text[:start].rpartition("\n")[2].strip() for start, _, _ in tagged):
        return tagged
    return [(m.start(), m.end(), m["speaker"]) for m in _NAMED.finditer(text) if not _NO_NAME.match(m["speaker"])]
