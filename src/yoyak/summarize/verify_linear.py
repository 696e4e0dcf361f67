"""The linear verifier: a softmax regression on what :mod:`yoyak.summarize.verify_features` counts. No model to load.

Its weights (the package's assets/verify.json) are fitted by benchmarks/verify_fit.py on the corpus's train part: sentences that people
wrote with their false twins, retold turns, and automatic corruptions of both; each false sentence weighs as much as the true one that it
twists, so that nothing but the comparison with the dialogue tells them apart.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

from yoyak.metrics.evidence import align, weights
from yoyak.metrics.normalize import normalized
from yoyak.models.judgement import KINDS
from yoyak.records import Dialogue
from yoyak.summarize.claims import claims, heard
from yoyak.summarize.verify import Verdict, Verifier
from yoyak.summarize.verify_features import Features, Index, features


@dataclass(frozen=True, slots=True)
class Weights:
    """The fitted model.

    Args:
        features: Feature -> its weight for each class: true, then :data:`yoyak.models.judgement.KINDS`.
        scale: What the log odds are multiplied by, so that the probabilities mean what they say (corpus dev).
        shift: What is added then.
        both: What the log odds of this verifier and of the trained one weigh together, and what is added (corpus dev).
    """

    features: Mapping[str, Sequence[float]]
    scale: float = 1.0
    shift: float = 0.0
    both: tuple[float, float, float] = (1.0, 1.0, 0.0)


@lru_cache(maxsize=1)
def fitted() -> Weights:
    """The weights that come with the package."""
    values = json.loads(files("yoyak").joinpath("assets", "verify.json").read_text(encoding="utf-8"))
    return Weights(values["features"], values["scale"], values["shift"], tuple(values["both"]))


def class_scores(found: Features, table: Mapping[str, Sequence[float]]) -> list[float]:
    """The score of each class; a feature without weights counts nothing.

    Example:
        >>> class_scores({"a": 2.0, "b": 1.0}, {"a": [1, 0, 0, 0, -1]})
        [2.0, 0.0, 0.0, 0.0, -2.0]
    """
    totals = [0.0] * (1 + len(KINDS))
    for name, value in found.items():
        for place, weight in enumerate(table.get(name, ())):
            totals[place] += value * weight
    return totals


def log_odds(scores: Sequence[float]) -> float:
    """True against all that can be wrong.

    Example:
        >>> log_odds([0.0, 0.0, 0.0, 0.0, 0.0]) == -math.log(4)
        True
    """
    most = max(scores[1:])
    return scores[0] - most - math.log(sum(math.exp(score - most) for score in scores[1:]))


class LinearVerifier:
    """Judges by who said what of a sentence's words, in which manner, denied or not, and what nobody said.

    Args:
        fit: Other weights than the package's.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("지훈", "내일 세 시에 도서관 앞에서 보자."), Turn("수아", "좋아, 책 가져갈게.")))
        >>> told = ["지훈은 세 시에 도서관 앞에서 보자고 한다.", "수아는 세 시에 도서관 앞에서 보자고 한다."]
        >>> good, bad = LinearVerifier().verify(talk, told)
        >>> good.true > bad.true, bad.kind, good.evidence
        (True, 'speaker', (1,))
    """

    #: On corpus dev four of five sentences below this are false, where half of all are; 6 % of the true ones lie there.
    doubtful = 0.3

    def __init__(self, fit: Weights | None = None) -> None:
        self._fit = fit or fitted()

    def verify(self, dialogue: Dialogue, sentences: Sequence[str]) -> list[Verdict]:
        """One verdict for each sentence, in order."""
        if not sentences:
            return []
        talk = heard(dialogue)
        index, weight = Index(talk), weights(talk.words)
        return [self._verdict(sentence, dialogue, index, weight) for sentence in sentences]

    def _verdict(self, sentence: str, dialogue: Dialogue, index: Index, weight: dict[str, float]) -> Verdict:
        told = claims(normalized(sentence), dialogue.labels)
        scores = class_scores(features(told, index), self._fit.features)
        worth = self._fit.scale * log_odds(scores) + self._fit.shift
        evidence, _ = align([word for claim in told for word in claim.words], index.heard.words, weight)
        kind = KINDS[max(range(len(KINDS)), key=lambda place: scores[1 + place])]
        return Verdict(sentence, probability(worth), kind, evidence)


def probability(odds: float) -> float:
    """Of log odds.

    Example:
        >>> probability(0.0), probability(1000.0) > 0.999
        (0.5, True)
    """
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def joint(one: float, other: float, both: Sequence[float]) -> float:
    """The probability that the linear verifier's and the trained one's make together.

    Example:
        >>> joint(0.5, 0.5, (1.0, 1.0, 0.0)), joint(0.9, 0.9, (1.0, 1.0, 0.0)) > 0.9
        (0.5, True)
    """
    first, second = (math.log(p / (1 - p)) for p in (min(1 - 1e-6, max(1e-6, one)), min(1 - 1e-6, max(1e-6, other))))
    return probability(both[0] * first + both[1] * second + both[2])


class BothVerifier:
    """The linear verifier and a trained one, which err on different sentences, weighed together; the kind is the linear one's.

    Args:
        model: The trained verifier.
        fit: Other weights than the package's.
    """

    def __init__(self, model: Verifier, fit: Weights | None = None) -> None:
        self._linear, self._model, self._both = LinearVerifier(fit), model, (fit or fitted()).both

    def verify(self, dialogue: Dialogue, sentences: Sequence[str]) -> list[Verdict]:
        """One verdict for each sentence, in order."""
        pairs = zip(self._linear.verify(dialogue, sentences), self._model.verify(dialogue, sentences), strict=True)
        return [replace(one, true=joint(one.true, other.true, self._both), note=other.note) for one, other in pairs]
