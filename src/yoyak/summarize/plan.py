"""What a summary should speak of, before a word of it is written: groups of turns, one for each sentence, and whom it is about.

Four small logistic models on the features of :mod:`yoyak.summarize.plan_features`, fitted on the corpus: the evidence that its
writers named for each sentence, and the words they chose (benchmarks/plan.py); their weights are the package's assets/plan.json.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from yoyak.records import Dialogue
from yoyak.summarize.plan_features import Analysed, Features, analysed, join_features, subject_features, turn_features, word_features
from yoyak.summarize.retold_features import point_features
from yoyak.text.morphemes import Morpheme, analyze

#: Most turns of a plan: a summary of three sentences rests on about nine (corpus/train.jsonl).
MOST_TURNS = 9
#: A summary has at least so many morphemes, however short the dialogue: one sentence of the corpus.
SHORTEST = 18.0


@dataclass(frozen=True, slots=True)
class Group:
    """The turns (numbers from 1) of one sentence, and the speakers it may be about, most probable first, with their probabilities."""

    turns: tuple[int, ...]
    subjects: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to tell, in the order of the dialogue.

    Args:
        groups: The sentences.
        weight: How probable it is that a summary rests on a turn (0-based), 0..1.
        words: Content word of the dialogue -> the probability that a person's summary holds it.
        length: How many morphemes a person's summary of a dialogue of this length has, on average.
    """

    groups: tuple[Group, ...]
    weight: tuple[float, ...]
    words: Mapping[str, float] = field(default_factory=dict)
    length: float = 0.0


@dataclass(frozen=True, slots=True)
class Weights:
    """What was fitted: models as feature -> weight, and what summaries have in common.

    Args:
        turn: Whether a summary rests on a turn.
        join: Whether two turns belong into one sentence.
        subject: Whom a sentence is about.
        threshold: The probability from which a turn is chosen.
        word: Whether a summary holds a content word of its dialogue.
        known: Content word -> log-odds that a summary takes it over.
        frame: Morpheme that is no content word -> the probabilities that a summary holds it at least once, twice, ...
        label: The probabilities that a summary holds a speaker's label at least once, twice, ...
        retold: Whether a turn that is retold, read alone, says what was meant.
        point: Whether a turn that is retold tells the main point, or a decisive part of it.
        length: (a, b) of a summary's length a + b log(1 + the dialogue's), in morphemes.
    """

    turn: Mapping[str, float]
    join: Mapping[str, float]
    subject: Mapping[str, float]
    threshold: float
    word: Mapping[str, float] = field(default_factory=dict)
    known: Mapping[str, float] = field(default_factory=dict)
    frame: Mapping[str, Sequence[float]] = field(default_factory=dict)
    label: Sequence[float] = ()
    length: tuple[float, float] = (0.0, 0.0)
    retold: Mapping[str, float] = field(default_factory=dict)
    point: Mapping[str, float] = field(default_factory=dict)


@lru_cache(maxsize=1)
def fitted() -> Weights:
    """The weights that come with the package."""
    values = json.loads(files("yoyak").joinpath("assets", "plan.json").read_text(encoding="utf-8"))
    del values["fitted_on"]
    return Weights(**values)


def logistic(weights: Mapping[str, float], features: Features) -> float:
    """Probability, 0..1; a feature without a weight counts nothing.

    Example:
        >>> logistic({"a": 0.0}, {"a": 3.0, "b": 1.0})
        0.5
    """
    total = sum(weights.get(name, 0.0) * value for name, value in features.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def plan(dialogue: Dialogue, morphemes: Sequence[Sequence[Morpheme]] | None = None, *, weights: Weights | None = None) -> Plan:
    """The plan of a dialogue's summary: at least one group for a dialogue that has turns.

    Args:
        dialogue: What is to be summarized.
        morphemes: Those of each turn, when they are known already.
        weights: Fitted models; None takes the package's.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("민지", "토요일에 한강에서 자전거 탈래?"), Turn("현우", "토요일엔 결혼식이 있어. 일요일은 괜찮아.")))
        >>> [group.turns for group in plan(talk).groups]
        [(1, 2)]
    """
    if not dialogue.turns:
        return Plan((), ())
    item = analysed(dialogue, [analyze(turn.text) for turn in dialogue.turns] if morphemes is None else morphemes)
    return planned(item, weights or fitted())


def planned(item: Analysed, weights: Weights, *, pieces: int = 1) -> Plan:
    """The same for a dialogue that is analysed already; one that a model reads in several pieces gets as many times more turns."""
    probable = [logistic(weights.turn, features) for features in turn_features(item)]
    ranked = sorted(range(len(probable)), key=lambda i: (-probable[i], i))
    chosen = sorted(i for place, i in enumerate(ranked) if place < MOST_TURNS * pieces and (place == 0 or probable[i] >= weights.threshold))
    groups = tuple(_group(item, group, weights) for group in _grouped(item, chosen, weights))
    words = {word: logistic(weights.word, found) for word, found in word_features(item, probable, weights.known).items()}
    length = weights.length[0] + weights.length[1] * math.log(1 + sum(map(len, item.morphemes)))
    return Plan(groups, tuple(probable), words, max(length, SHORTEST) * pieces)


def judged(item: Analysed, plan: Plan, weights: Weights | None = None) -> list[tuple[float, float]]:
    """For each unit of the dialogue, were it retold: how probable it is that it says what was meant when read alone, and that it tells the
    main point (0..1 each).

    Fitted on statements of the corpus's train split that were read one by one (benchmarks/labels/retold.jsonl).
    """
    known = weights or fitted()
    features = point_features(item, plan.weight, plan.words)
    return [(logistic(known.retold, found), logistic(known.point, found)) for found in features]


def _grouped(item: Analysed, chosen: Sequence[int], weights: Weights) -> list[list[int]]:
    groups = [[chosen[0]]]
    for turn in chosen[1:]:
        if logistic(weights.join, join_features(item, groups[-1], turn)) >= 0.5:
            groups[-1].append(turn)
        else:
            groups.append([turn])
    return groups


def _group(item: Analysed, group: Sequence[int], weights: Weights) -> Group:
    labels = item.dialogue.labels
    worth = [sum(weights.subject.get(k, 0.0) * v for k, v in subject_features(item, group, label).items()) for label in labels]
    odds = [math.exp(value - max(worth)) for value in worth]
    ranked = sorted(range(len(labels)), key=lambda i: (-odds[i], i))
    return Group(tuple(i + 1 for i in group), tuple((labels[i], odds[i] / sum(odds)) for i in ranked))
