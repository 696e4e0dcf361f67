"""What a summary states that can be looked up: tags, numbers and names, and how far one must read before each is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, get_args

from yoyak.records import Dialogue
from yoyak.text import quantities, tags

Kind = Literal["tag", "number", "name"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_LATIN = re.compile(r"(?<![A-Za-z#@])[A-Z][A-Za-z]{2,}(?![A-Za-z#])")
_SHORTEST = 2  # letters of a speaker's name that is looked for in a summary


class Fact(NamedTuple):
    """Something that a summary states and its dialogue holds.

    `in_source` and `in_summary` are the offsets of the first character after its first occurrence: who reads that far knows it.
    """

    kind: Kind
    in_source: int
    in_summary: int


def facts(source: str, summary: str, labels: Sequence[str] = ()) -> Iterator[Fact]:
    """The tags, numbers and names of a summary that its dialogue holds, each once. What the dialogue lacks is no fact.

    Numbers are compared by value (세 시 = 3시). Names are words in Latin letters with a capital, and the speakers' own names.

    Args:
        source: The dialogue as a model reads it.
        summary: What was written about it.
        labels: The dialogue's speakers.

    Example:
        >>> for fact in facts("지훈: 세 시에 보자.\\n수아: Tom도 부를게.", "수아는 3시에 Tom을 부르기로 한다.", ["지훈", "수아"]):
        ...     print(*fact)
        number 7 6
        name 20 11
        name 15 2
    """
    seen: set[str] = set()
    for tag in tags.find(summary):
        place = source.find(tag.text)
        if place >= 0 and tag.text not in seen:
            seen.add(tag.text)
            yield Fact("tag", place + len(tag.text), tag.end)
    stated = quantities.find(summary)
    if stated:
        said = quantities.find(source)
        known: list[quantities.Quantity] = []
        for quantity in stated:
            found = next((other for other in said if quantities.same(quantity, other)), None)
            if found is not None and not any(quantities.same(quantity, other) for other in known):
                known.append(quantity)
                yield Fact("number", found.end, quantity.end)
    names = [match[0] for match in _LATIN.finditer(summary)]
    names += [label for label in labels if len(label) >= _SHORTEST and not tags.is_tag(label)]
    for name in dict.fromkeys(names):
        place, stands = source.find(name), summary.find(name)
        if place >= 0 and stands >= 0:
            yield Fact("name", place + len(name), stands + len(name))


def of_dialogue(dialogue: Dialogue, source: str) -> list[list[Fact]]:
    """The facts of each of a dialogue's references."""
    labels = dialogue.labels
    return [list(facts(source, reference, labels)) for reference in dialogue.references]
