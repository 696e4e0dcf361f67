"""Where a system is good and where it is not: means by length, number of turns and topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import mean, quantiles

from yoyak.metrics.rouge import NAMES
from yoyak.records import Dialogue

_FEWEST = 5


def breakdown(examples: Mapping[str, Mapping[str, float]], dialogues: Mapping[str, Dialogue]) -> dict[str, dict[str, dict[str, float]]]:
    """Property -> group -> `n` and the mean F1 of each metric.

    Groups are the thirds of the dialogues' length in characters and of their number of turns, and the topics that hold five or more
    dialogues. Properties with fewer than two groups are left out.

    Example:
        >>> breakdown({}, {})
        {}
    """
    known = [id_ for id_ in examples if id_ in dialogues]
    if len(known) < 2 * _FEWEST:
        return {}
    sizes = {id_: len(dialogues[id_].text) for id_ in known}
    turns = {id_: len(dialogues[id_].turns) for id_ in known}
    found = {
        "length": _grouped(examples, known, _thirds(sizes, "characters")),
        "turns": _grouped(examples, known, _thirds(turns, "turns")),
        "topic": _grouped(examples, known, lambda id_: dialogues[id_].topic or ""),
    }
    return {name: groups for name, groups in found.items() if len(groups) > 1}


def _thirds(values: Mapping[str, int], unit: str) -> Callable[[str], str]:
    low, high = (round(q) for q in quantiles(values.values(), n=3))
    names = (f"up to {low} {unit}", f"{low + 1}-{high} {unit}", f"over {high} {unit}")

    def group(id_: str) -> str:
        return names[(values[id_] > low) + (values[id_] > high)]

    return group


def _grouped(examples: Mapping[str, Mapping[str, float]], ids: list[str], group: Callable[[str], str]) -> dict[str, dict[str, float]]:
    members: dict[str, list[str]] = {}
    for id_ in ids:
        members.setdefault(group(id_), []).append(id_)
    order = sorted(members.items(), key=lambda item: -len(item[1]))
    return {
        name: {"n": len(inside), **{metric: mean(examples[i][metric] for i in inside) for metric in NAMES}}
        for name, inside in order
        if name and len(inside) >= _FEWEST
    }
