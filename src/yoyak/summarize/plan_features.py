"""What tells whether a turn belongs into a summary, with which turns it goes together, and who the sentence is about.

Numbers for the three small models of :mod:`yoyak.summarize.plan`. Each function returns named values, so that a fitted weight can be read.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yoyak.metrics.evidence import content, weights
from yoyak.records import Dialogue
from yoyak.summarize import exchanges
from yoyak.summarize.exchanges import Unit
from yoyak.text.morphemes import Morpheme

Features = dict[str, float]
_COURTESY = frozenset({"감사", "고맙", "반갑", "죄송", "미안", "환영", "안녕"})
_KINDS = ("ask", "wonder", "propose", "request", "command", "promise", "intend", "must", "tell", "hearsay", "because", "guess", "answer")
_RESOLVING = frozenset({"그럼", "그러면", "그래", "알", "좋", "괜찮", "되"})


@dataclass(frozen=True)
class Analysed:
    """A dialogue with its morphemes, the content words of each turn and their weights, and what can be retold of it."""

    dialogue: Dialogue
    morphemes: Sequence[Sequence[Morpheme]]
    words: list[set[str]]
    weight: dict[str, float]
    units: list[Unit]


def analysed(dialogue: Dialogue, morphemes: Sequence[Sequence[Morpheme]]) -> Analysed:
    """The dialogue as the features need it."""
    words = [content(turn) for turn in morphemes]
    return Analysed(dialogue, morphemes, [set(turn) for turn in words], weights(words), exchanges.units(dialogue, morphemes))


def turn_features(item: Analysed) -> list[Features]:
    """For each turn: where it stands, how much it says that others take up, and what kind of act it is."""
    turns, n = item.dialogue.turns, len(item.dialogue.turns)
    spread = Counter(word for words in item.words for word in words)
    seen: set[str] = set()
    kinds = _kinds(item)
    found = []
    for i, (turn, words, morphemes) in enumerate(zip(turns, item.words, item.morphemes, strict=True)):
        forms = {m.form for m in morphemes}
        asks, asked = turn.text.rstrip().endswith("?"), i > 0 and turns[i - 1].text.rstrip().endswith("?")
        features: Features = {
            "bias": 1.0,
            "first": float(i == 0),
            "second": float(i == 1),
            "third": float(i == 2),
            "last": float(i == n - 1),
            "last-but-1": float(i == n - 2),
            "last-but-2": float(i == n - 3),
            "place": i / max(1, n - 1),
            "turns": math.log(n),
            "length": math.log1p(len(morphemes)),
            "words": math.log1p(len(words)),
            "relative-length": math.log((1 + len(morphemes)) * n / (1 + sum(map(len, item.morphemes)))),
            "shared": sum(spread[word] > 1 for word in words) / (1 + len(words)),
            "shared-count": math.log1p(sum(spread[word] > 1 for word in words)),
            "central": math.log1p(sum(spread[word] - 1 for word in words)),
            "new": sum(item.weight[word] for word in words - seen) / (1 + sum(item.weight[word] for word in words)),
            "rare": math.log1p(sum(item.weight[word] for word in words)),
            "asks": float(asks),
            "asks-midway": float("?" in turn.text and not asks),
            "answers": float(asked),
            "next-answers": float(asks and i + 1 < n and len(item.words[i + 1]) > 2),
            "figures": float(any(m.tag in {"SN", "NR"} for m in morphemes)),
            "names": float(any(m.tag == "NNP" for m in morphemes)),
            "courteous": float(not forms.isdisjoint(_COURTESY)),
            "resolves": float(not forms.isdisjoint(_RESOLVING)),
            "opener": float(turn.speaker == turns[0].speaker),
            "same-speaker": float(i > 0 and turns[i - 1].speaker == turn.speaker),
            "untold": float(not kinds[i]),
        }
        features |= {f"kind-{kind}": 1.0 for kind in kinds[i]}
        if i + 1 < n:
            features |= {f"before-{kind}": 1.0 for kind in kinds[i + 1] if kind in {"propose", "request", "promise", "intend", "answer"}}
        if i:
            features |= {f"after-{kind}": 1.0 for kind in kinds[i - 1] if kind in {"propose", "request", "ask", "command"}}
        found.append(features)
        seen |= words
    return found


def word_features(item: Analysed, probable: Sequence[float], known: Mapping[str, float]) -> dict[str, Features]:
    """For each content word of the dialogue: how often, where and by whom it is said, and what kind of word it is.

    Args:
        item: The dialogue.
        probable: How probable its turns are, 0..1 each.
        known: Word -> log-odds that a summary takes it over from its dialogue, as other dialogues have it.
    """
    turns, n = item.dialogue.turns, len(item.dialogue.turns)
    lengths = [math.log1p(len(morphemes)) for morphemes in item.morphemes]
    tags = {m.form: m.tag.partition("-")[0] for morphemes in item.morphemes for m in morphemes}
    places: dict[str, list[int]] = {}
    for i, words in enumerate(item.words):
        for word in words:
            places.setdefault(word, []).append(i)
    told = Counter(word for unit in item.units for word in {m.form for m in unit.morphemes})
    found = {}
    for word, at in places.items():
        chances = [probable[i] for i in at]
        found[word] = {
            "bias": 1.0,
            "count": math.log(len(at)),
            "share": len(at) / n,
            "speakers": float(len({turns[i].speaker for i in at})),
            "best": max(chances),
            "mean": sum(chances) / len(chances),
            "sum": math.log1p(sum(chances)),
            "first": at[0] / max(1, n - 1),
            "last": at[-1] / max(1, n - 1),
            "opening": float(at[0] == 0),
            "told": math.log1p(told[word]),
            "long": math.log(len(word)),
            "asked": float(any(turns[i].text.rstrip().endswith("?") for i in at)),
            "turns": math.log(n),
            "dialogue-length": math.log(1 + sum(map(len, item.morphemes))),
            "turn-length": sum(lengths[i] for i in at) / len(at),
            "known": known.get(word, 0.0),
            "unknown": float(word not in known),
            f"tag-{tags.get(word, '')}": 1.0,
        }
    return found


def _kinds(item: Analysed) -> list[set[str]]:
    """Kinds of the speech acts of each turn; `opens` and `closes` where an exchange can be told."""
    kinds: list[set[str]] = [set() for _ in item.dialogue.turns]
    for unit in item.units:
        if len(unit.parts) > 1:
            kinds[unit.turns[0]].add("opens")
            kinds[unit.turns[-1]].add("closes")
        kinds[unit.turns[0]] |= {r.kind for r in unit.parts[0].reports if r.kind in _KINDS}
    return kinds


def join_features(item: Analysed, group: Sequence[int], turn: int) -> Features:
    """Whether `turn` goes into the sentence of the turns before it in `group` (0-based)."""
    last = group[-1]
    turns = item.dialogue.turns
    so_far: set[str] = set().union(*(item.words[i] for i in group))
    here = item.words[turn]
    common = sum(item.weight[word] for word in here & so_far)
    gap = turn - last
    return {
        "bias": 1.0,
        "next": float(gap == 1),
        "gap": math.log(gap),
        "far": float(gap > 3),
        "size": float(len(group)),
        "full": float(len(group) >= 4),
        "pair": float(len(group) == 1),
        "same-speaker": float(turns[turn].speaker == turns[last].speaker),
        "answers": float(gap == 1 and turns[last].text.rstrip().endswith("?") and turns[turn].speaker != turns[last].speaker),
        "overlap": common / (1e-9 + min(_mass(item, here), _mass(item, so_far))) if here and so_far else 0.0,
        "empty": float(len(here) < 2),
        "asks": float(turns[turn].text.rstrip().endswith("?")),
        "turns": math.log(len(turns)),
        "place": turn / max(1, len(turns) - 1),
    }


def _mass(item: Analysed, words: set[str]) -> float:
    return sum(item.weight[word] for word in words)


def subject_features(item: Analysed, group: Sequence[int], label: str) -> Features:
    """Whether the sentence of a group is about that speaker."""
    turns = item.dialogue.turns
    mine = [i for i in group if turns[i].speaker == label]
    words = [len(item.morphemes[i]) for i in group]
    kinds = {
        r.kind for unit in item.units for r in unit.parts[-1].reports if set(unit.turns) <= set(group) and unit.parts[-1].speaker == label
    }
    return {
        "closes": float(turns[group[-1]].speaker == label),
        "opens": float(turns[group[0]].speaker == label),
        "share": len(mine) / len(group),
        "words": sum(len(item.morphemes[i]) for i in mine) / max(1, sum(words)),
        "absent": float(not mine),
        "asks": float(any(turns[i].text.rstrip().endswith("?") for i in mine)),
        "opener": float(turns[0].speaker == label),
        "all-closes": float(turns[-1].speaker == label),
        "promises": float("promise" in kinds or "intend" in kinds),
        "proposes": float("propose" in kinds or "request" in kinds),
    }
