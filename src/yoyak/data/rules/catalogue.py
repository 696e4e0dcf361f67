"""All rules in the order in which they run, and the choice among them."""

from __future__ import annotations

from collections.abc import Iterable

from yoyak.data.rules import characters, jamo, labels, punctuation, summaries
from yoyak.data.rules.base import Rule
from yoyak.errors import UsageError

_KNOWN = {rule.id: rule for module in (characters, labels, jamo, punctuation, summaries) for rule in module.RULES}
# Characters first, then tags (so that turns are seen), then words, then blanks, which the others leave behind.
_ORDER = "N21 N5 N4 N16 N12 N9 N8 N7 N11 N13 N10 N14 N6 N15 N2b N1 N2 N3 N18 N18b N19 N20 N28 N24 N23 N25 N17".split()

#: Every rule, in running order.
ALL: tuple[Rule, ...] = tuple(_KNOWN[id_] for id_ in _ORDER)


def by_id(id_: str) -> Rule:
    """The rule of that id, whatever its case.

    Raises:
        UsageError: There is none; the message lists them.
    """
    for rule in ALL:
        if rule.id.lower() == id_.strip().lower():
            return rule
    raise UsageError(f"there is no rule {id_!r}; the rules are {', '.join(rule.id for rule in ALL)}")


def choose(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The rules of the ids in `select` (none: those that run by default) without those in `ignore`, in running order.

    `select` may hold `all`, and `default` to add to the default ones.

    Raises:
        UsageError: An id is unknown.

    Example:
        >>> [rule.id for rule in choose(["n2", "N1"])]
        ['N1', 'N2']
    """
    wanted: set[str] = set()
    asked = [id_.strip() for id_ in select if id_.strip()]
    for id_ in asked or ["default"]:
        if id_.lower() in ("all", "default"):
            wanted |= {rule.id for rule in ALL if rule.default or id_.lower() == "all"}
        else:
            wanted.add(by_id(id_).id)
    wanted -= {by_id(id_).id for id_ in ignore if id_.strip()}
    return tuple(rule for rule in ALL if rule.id in wanted)
