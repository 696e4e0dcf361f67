"""Is a sentence of a summary true for its dialogue? Verifiers that answer with a probability, a kind of error and the turns to look at.

:class:`RuleVerifier` needs nothing but the rules of :mod:`yoyak.metrics.faithfulness`, the linear verifier
(:mod:`yoyak.summarize.verify_linear`) a file of weights; :class:`ModelVerifier` asks a trained model. How far each can be believed is
measured by benchmarks/verifier.py.
"""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from yoyak._extras import require
from yoyak.checkpoints.convert import read_form
from yoyak.checkpoints.load import ready
from yoyak.checkpoints.manifest import read_manifest
from yoyak.errors import ModelError
from yoyak.metrics.calibration import first_probability
from yoyak.metrics.evidence import align, content
from yoyak.metrics.faithfulness import CHECKS, Reading
from yoyak.metrics.normalize import normalized
from yoyak.models.judgement import ANSWERS, KINDS, Kind, opening, question
from yoyak.records import Dialogue, Turn

#: The verifier that comes with yoyak.
NAME = "yoyak-verifier-270m"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verifier says of one sentence.

    Args:
        sentence: As it was given.
        true: Probability that the dialogue says so (0..1).
        kind: The most probable error if it is false; None when the verifier has no opinion.
        evidence: The turns that it rests on, or should rest on, counted from 1.
        note: What to know about the verdict, such as that only a part of a long dialogue was read; empty where there is nothing.
    """

    sentence: str
    true: float
    kind: Kind | None
    evidence: tuple[int, ...]
    note: str = ""


class Verifier(Protocol):
    """Anything that judges sentences."""

    def verify(self, dialogue: Dialogue, sentences: Sequence[str]) -> list[Verdict]:
        """One verdict for each sentence, in order."""


# Weights of a logistic regression (true or false, balanced) on the first 500 dialogues of the corpus's train split; what never occurs there
# (tags and Latin names that nobody said, broken josa) has weights by judgement.
_BIAS = 0.77
_UNCOVERED = -1.78  # times the share of the content words that no turn covers
_FLAGS: Mapping[str, tuple[float, Kind | None]] = {
    "number": (-0.72, "detail"),
    "money": (-0.72, "detail"),
    "time": (-0.72, "detail"),
    "date": (-0.72, "detail"),
    "name": (-0.72, "detail"),
    "speaker": (-0.59, "speaker"),
    "tag": (-2.0, "speaker"),
    "orphaned-josa": (-1.0, None),
    "foreign-script": (-1.0, None),
}
_UNSAID = 0.6  # more of the words unsaid than this points to something invented


class RuleVerifier:
    """The checks of :mod:`yoyak.metrics.faithfulness` and the share of the words that the dialogue holds, weighed. No model.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("지훈", "내일 세 시에 도서관 앞에서 보자."), Turn("수아", "좋아, 책 가져갈게.")))
        >>> told = ["지훈은 세 시에 도서관 앞에서 보자고 한다.", "지훈은 다섯 시에 극장 앞에서 보자고 한다."]
        >>> good, bad = RuleVerifier().verify(talk, told)
        >>> good.true > bad.true, bad.kind, good.evidence
        (True, 'detail', (1,))
    """

    def verify(self, dialogue: Dialogue, sentences: Sequence[str]) -> list[Verdict]:
        """One verdict for each sentence, in order."""
        talk = Reading(dialogue, "")
        return [self._verdict(talk.beside(normalized(sentence)), sentence) for sentence in sentences]

    def _verdict(self, reading: Reading, sentence: str) -> Verdict:
        evidence, covered = align(content(reading.morphemes), reading.turn_content, reading.weight)
        flags = [_FLAGS[name] for name in _FLAGS if any(True for _ in CHECKS[name](reading))]
        worth = sum(value for value, _ in set(flags)) + _BIAS + _UNCOVERED * (1 - covered)
        kind = min(flags, key=lambda flag: flag[0])[1] if flags else None
        if kind is None and 1 - covered > _UNSAID:
            kind = "invented"
        return Verdict(sentence, 1 / (1 + math.exp(-worth)), kind, evidence)


# Dialogue and sentence together: Gemma's sliding window, beyond which CTranslate2 attends to other tokens than training did.
_WINDOW = 512
# CTranslate2 never forgets a dialogue's state (0.1 MB a token), so the model is opened anew after so many tokens: a tenth of a second.
_MOST_KEPT = 4096


class ModelVerifier:
    """A trained verifier (`yoyak train verifier`) on CTranslate2.

    The dialogue is read once and its state kept; sentences of equal length are judged together, since CTranslate2 goes through the rest of
    unequal ones token by token.

    Args:
        folder: The converted model; :meth:`load` makes it from a name or an adapter's folder.
        compute_type: As CTranslate2 names it.
        threads: Threads of one computation; None: every core.

    Raises:
        ModelError: The folder's model is no verifier.
    """

    def __init__(self, folder: Path, *, compute_type: str = "int8", threads: int | None = None) -> None:
        ctranslate2 = require("ctranslate2", extra="ct2")
        tokenizers = require("tokenizers", extra="ct2")
        manifest = read_manifest(folder)
        if manifest.get("method") != "verifier":
            raise ModelError(
                f"{folder} is no verifier (its yoyak.json names the method {manifest.get('method')!r}); see `yoyak train verifier`"
            )
        self._tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._answers = [self._tokenizer.token_to_id(answer) for answer in ANSWERS]
        if None in self._answers:
            raise ModelError(f"the vocabulary of {folder} lacks the answers {' '.join(ANSWERS)}; train the verifier anew")
        self._prefix = list(read_form(folder).prefix)
        self._budget = int(manifest.get("max_input_tokens", _WINDOW))
        self._temperature = float(manifest.get("temperature", 1.0))
        self._open = partial(ctranslate2.Generator, str(folder), compute_type=compute_type, intra_threads=threads or os.cpu_count() or 1)
        self._model = self._open()
        self._kept = 0  # tokens of dialogues whose state is kept

    @classmethod
    def load(cls, name: str | Path = NAME, *, quantization: str | None = "int8", threads: int | None = None) -> Self:
        """The verifier of that name, or in that folder (an adapter, a merged or a converted model).

        Raises:
            ModelError: There is none.
            MissingDependency: The extra `[gemma]` is not installed.
        """
        return cls(ready(name, quantization=quantization).folder, compute_type=quantization or "float32", threads=threads)

    def verify(self, dialogue: Dialogue, sentences: Sequence[str]) -> list[Verdict]:
        """One verdict for each sentence, in order. Of a dialogue beyond the limit the turns around the sentences' evidence are read."""
        if not sentences:
            return []
        evidence = supports(dialogue, sentences)
        read = self._read(dialogue, sentences, evidence)
        note = "" if len(read) == len(dialogue.turns) else f"read {len(read)} of {len(dialogue.turns)} turns"
        logits = self._logits(read, sentences)
        true = first_probability(logits, self._temperature)
        kinds = [KINDS[int(np.argmax(row[1:]))] for row in logits]
        return [Verdict(*one, note) for one in zip(sentences, map(float, true), kinds, evidence, strict=True)]

    def logits(self, dialogue: Dialogue, sentences: Sequence[str], evidence: Sequence[Sequence[int]] = ()) -> np.ndarray:
        """What the model says of each sentence: (sentences, answers), before the temperature.

        Args:
            dialogue: The dialogue.
            sentences: About it.
            evidence: Turns from 1 for each sentence, which a dialogue beyond the limit keeps first.
        """
        return self._logits(self._read(dialogue, sentences, evidence), sentences)

    def _read(self, dialogue: Dialogue, sentences: Sequence[str], evidence: Sequence[Sequence[int]]) -> tuple[Turn, ...]:
        """The turns that fit beside the longest sentence."""
        longest = max(len(self._tokens(question(sentence))) for sentence in sentences)
        budget = min(self._budget, _WINDOW - longest) - len(self._prefix)
        wanted = sorted({turn - 1 for turns in evidence for turn in turns})
        return around(dialogue.turns, wanted, count=lambda turns: len(self._tokens(opening(turns))), budget=budget)

    def _logits(self, turns: Sequence[Turn], sentences: Sequence[str]) -> np.ndarray:
        branches = [self._tokens(question(sentence)) for sentence in sentences]
        prompt = [*self._prefix, *self._tokens(opening(turns))]
        alike: dict[int, list[int]] = defaultdict(list)
        for place, branch in enumerate(branches):
            alike[len(branch)].append(place)
        if len(alike) > 1:
            self._kept += len(prompt)
            if self._kept > _MOST_KEPT:
                self._model, self._kept = self._open(), len(prompt)
        found = np.zeros((len(sentences), len(ANSWERS)), dtype=np.float32)
        for places in alike.values():
            results = self._model.generate_batch(
                [branches[place] for place in places],
                static_prompt=prompt,
                cache_static_prompt=len(alike) > 1,
                include_prompt_in_result=False,
                max_length=1,
                min_length=1,
                return_logits_vocab=True,
            )
            for place, result in zip(places, results, strict=True):
                found[place] = np.array(result.logits[0]).reshape(-1)[self._answers]
        return found

    def _tokens(self, text: str) -> list[str]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).tokens)


def supports(dialogue: Dialogue, sentences: Sequence[str]) -> list[tuple[int, ...]]:
    """The turns, from 1, whose words each sentence shares; each sentence is taken as one, whatever marks it holds."""
    talk = Reading(dialogue, "")
    return [align(content(talk.beside(normalized(one)).morphemes), talk.turn_content, talk.weight)[0] for one in sentences]


def around(turns: Sequence[Turn], wanted: Sequence[int], *, count: Callable[[Sequence[Turn]], int], budget: int) -> tuple[Turn, ...]:
    """The turns that fit a budget: those at the places `wanted` (from 0), then the ones next to them; at least one.

    Example:
        >>> talk = [Turn("A", letter) for letter in "abcdef"]
        >>> [turn.text for turn in around(talk, [3], count=len, budget=3)]
        ['c', 'd', 'e']
    """
    if count(turns) <= budget:
        return tuple(turns)
    places = wanted or [0]
    nearest = sorted(range(len(turns)), key=lambda i: min(abs(i - place) for place in places))
    kept = nearest[:1]
    for place in nearest[1:]:
        if count([turns[i] for i in sorted([*kept, place])]) <= budget:
            kept.append(place)
    return tuple(turns[place] for place in sorted(kept))
