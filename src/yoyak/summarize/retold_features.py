"""What tells whether a turn that is retold in indirect speech, read alone, says what was meant, and whether it is the main point.

The words are the speaker's own, so what goes wrong is nearly always what the turn left out: its subject, what `그거` stands for, the
question that it answers. Numbers for the models `retold` and `point` of :mod:`yoyak.summarize.plan`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from yoyak.summarize.exchanges import Unit
from yoyak.summarize.plan_features import Analysed, Features

_DENYING = frozenset({"안", "못", "않", "아니", "없", "말"})
_POINTING = frozenset({"이", "그", "저", "이런", "그런", "저런"})


def retold_features(item: Analysed, unit: Unit) -> Features:
    """The unit as it would stand in a summary: what it holds, what it lacks, where it was said."""
    turns = item.dialogue.turns
    reports = [report for part in unit.parts for report in part.reports]
    morphemes = [m for report in reports for m in report.morphemes]
    tags = Counter(m.tag.partition("-")[0] for m in morphemes)
    told = " ".join(report.content for report in reports)
    text = turns[unit.turns[-1]].text
    first, exchange = unit.turns[0], len(unit.parts) > 1
    features: Features = {
        "bias": 1.0,
        "exchange": float(exchange),
        "length": math.log1p(len(morphemes)),
        "short": float(len(morphemes) <= 5),
        "long": float(len(morphemes) >= 25),
        "pronouns": float(min(2, tags["NP"])),
        "pointing": float(any(m.tag == "MM" and m.form in _POINTING for m in morphemes)),
        "thing": float(any(m.tag == "NNB" and m.form in {"거", "것"} for m in morphemes)),
        "self": float("자신" in told),
        "subject": float(tags["JKS"] > 0),
        "topic": float(any(m.tag == "JX" and m.form in {"은", "는"} for m in morphemes)),
        "honorific": float(any(m.tag == "EP" and m.form in {"시", "으시"} for m in morphemes)),
        "past": float(any(m.tag == "EP" and m.form in {"었", "았", "였"} for m in morphemes)),
        "clauses": float(min(3, tags["EC"])),
        "attributes": float(min(3, tags["ETM"])),
        "copula": float(tags["VCP"] > 0),
        "no-predicate": float(not any(tags[tag] for tag in ("VV", "VA", "XSV", "XSA", "VCP"))),
        "adverbs": float(min(2, tags["MAG"])),
        "interjection": float(tags["IC"] > 0),
        "nouns": math.log1p(tags["NNG"] + tags["NNP"]),
        "figures": float(tags["SN"] + tags["NR"] > 0),
        "auxiliary": float(tags["VX"] > 0),
        "denies": float(any(m.form in _DENYING for m in morphemes)),
        "unknown": float(any(m.tag.startswith(("UN", "W_", "SW")) for m in morphemes)),
        "reason": float(told.endswith(("서라고", "라서라고", "니까라고"))),
        "several": float(len(item.dialogue.labels) > 2),
        "turn-length": math.log1p(len(item.morphemes[unit.turns[-1]])),
        "sentences": float(min(4, sum(text.count(mark) for mark in ".?!"))),
        "first-turn": float(first == 0),
        "after-question": float(first > 0 and turns[first - 1].text.rstrip().endswith("?")),
        "grounded": float(any(report.grounded for report in reports)),
        "addressed": float(any(report.addressed for report in reports)),
    }
    for place, part in enumerate(unit.parts):
        opening = "opens-" if exchange and place == 0 else ""
        for report in part.reports:
            features[f"{opening}kind-{report.kind}"] = 1.0
            features[f"verb-{report.verb}"] = 1.0
            if report.polarity:
                features[f"polarity-{report.polarity}"] = 1.0
    return features


def point_features(item: Analysed, probable: Sequence[float], words: Mapping[str, float]) -> list[Features]:
    """For each unit of the dialogue: the above, and how much of what a summary is likely to hold it tells, alone and beside the others.

    Args:
        item: The dialogue.
        probable: How probable it is that a summary rests on each turn.
        words: Content word -> how probable it is that a summary holds it.
    """
    n = len(item.dialogue.turns)
    held = [{m.form for m in unit.morphemes} & words.keys() for unit in item.units]
    worth = [sum(words[word] for word in sorted(some)) for some in held]
    density = [value / (4 + len(unit.morphemes)) for value, unit in zip(worth, item.units, strict=True)]
    ranked = sorted(range(len(worth)), key=lambda i: (-worth[i], i))
    rank = {unit: place for place, unit in enumerate(ranked)}
    found = []
    for i, unit in enumerate(item.units):
        more: Features = {
            "worth": worth[i],
            "density": density[i],
            "share": worth[i] / (max(worth) or 1.0),
            "rank": math.log1p(rank[i]),
            "best-word": max((words[word] for word in held[i]), default=0.0),
            "turn": max(probable[turn] for turn in unit.turns),
            "place": unit.turns[-1] / max(1, n - 1),
            "ending": float(unit.turns[-1] >= n - 2),
            "turns": math.log(n),
        }
        found.append(retold_features(item, unit) | more)
    return found
