"""Predictions against references: the whole evaluation that `yoyak score` prints.

>>> result = evaluate({"a": "둘은 세 시에 만난다."}, {"a": ("둘은 세 시에 만나기로 한다.",)}, tokenizer=load("eojeol"))
>>> result.systems["predictions"].scores["rouge1"].f1 > 0.5, result.signature
(True, 'rouge|tok:eojeol|tags:atomic|refs:1,mean|ngrams:multiset|norm:nfc,strip,josa-gap|bootstrap:2000|v:0.1.0')
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from yoyak.errors import DataError
from yoyak.metrics import baselines
from yoyak.metrics.normalize import RULES, normalized
from yoyak.metrics.rouge import NAMES, Ngrams, ReferenceRule, rouge_multi
from yoyak.metrics.significance import SAMPLES, Difference, holm, interval, paired
from yoyak.metrics.tokenizers import Tokenizer, checked, load
from yoyak.provenance import version
from yoyak.records import Dialogue, Problem, Score


@dataclass(frozen=True, slots=True)
class SystemResult:
    """One system: its corpus scores with intervals and, by id, the F1 of each example (0..1)."""

    scores: Mapping[str, Score]
    examples: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation found.

    Args:
        signature: One line that names everything the figures depend on.
        systems: The evaluated systems by name, the first one first.
        baselines: constant, lead-1, lead-3, shuffled and, with several references, each of them against the rest.
        differences: System (other than the first) -> metric -> the first minus it, Holm-corrected over systems.
    """

    signature: str
    systems: Mapping[str, SystemResult]
    baselines: Mapping[str, Mapping[str, Score]]
    differences: Mapping[str, Mapping[str, Difference]]


def signature(tokenizer: Tokenizer, references: int, rule: ReferenceRule, ngrams: Ngrams) -> str:
    """What a figure depends on, on one line, in the manner of sacreBLEU."""
    return (
        f"rouge|tok:{tokenizer.signature}|tags:atomic|refs:{references},{rule}|ngrams:{ngrams}"
        f"|norm:{RULES}|bootstrap:{SAMPLES}|v:{version()}"
    )


def check_ids(predictions: Mapping[str, str], references: Mapping[str, Sequence[str]], *, name: str) -> None:
    """Make sure that both speak of the same dialogues.

    Raises:
        DataError: Ids are missing, extra, or all different; the message says what to do.
    """
    missing = [id_ for id_ in references if id_ not in predictions]
    extra = [id_ for id_ in predictions if id_ not in references]
    if len(missing) == len(references) and references:
        message = f"no id of the predictions is in the references (predictions: {_few(extra)}; references: {_few(missing)})"
        raise DataError([Problem(name, None, message, "score each file against its own references", "ids-disjoint")])
    problems = []
    if missing:
        message = f"{len(missing)} of {len(references)} ids have no prediction: {_few(missing)}"
        problems.append(Problem(name, None, message, "summarize these too, or score against a file without them", "ids-missing"))
    if extra:
        message = f"{len(extra)} predictions have no reference: {_few(extra)}"
        problems.append(Problem(name, None, message, "remove them, or add their references", "ids-extra"))
    if problems:
        raise DataError(problems)


def _few(ids: Sequence[str]) -> str:
    return ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")


class _Tokens:
    """Tokens by text: each distinct text is tokenized once in a run, all of a batch together."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._known: dict[str, tuple[str, ...]] = {}

    def prepare(self, texts: Sequence[str]) -> None:
        new = [text for text in dict.fromkeys(map(normalized, texts)) if text not in self._known]
        self._known.update(zip(new, self._tokenizer.tokenize(new), strict=True))

    def __call__(self, text: str) -> tuple[str, ...]:
        return self._known[normalized(text)]


def evaluate(
    predictions: Mapping[str, str],
    references: Mapping[str, Sequence[str]],
    *,
    against: Mapping[str, Mapping[str, str]] | None = None,
    dialogues: Mapping[str, Dialogue] | None = None,
    tokenizer: Tokenizer | None = None,
    rule: ReferenceRule = "mean",
    ngrams: Ngrams = "multiset",
    name: str = "predictions",
) -> Evaluation:
    """Score predictions against references, with intervals, honest baselines and paired tests.

    Args:
        predictions: Id -> summary. Matched by id, never by order.
        references: Id -> one or more summaries, as many for each id.
        against: Other systems to rank with, name -> (id -> summary).
        dialogues: Id -> dialogue, for the lead baselines; without them those are left out.
        tokenizer: What is counted; Kiwi morphemes by default.
        rule: `mean` over references (the Korean competition's rule) or `max`.
        ngrams: `multiset` (ROUGE's definition) or `unique` (each n-gram once, as the `rouge` package does).
        name: What the first system is called.

    Raises:
        DataError: Ids are missing, extra or disjoint, or an id has no reference.
    """
    tokenizer = checked(tokenizer) if tokenizer is not None else load()
    systems = {name: predictions, **(against or {})}
    problems = [Problem(name, None, "there is no reference", "give its summary", "no-reference", i) for i, r in references.items() if not r]
    if problems or not references:
        raise DataError(problems or [Problem(name, None, "there are no references", "give a file with summaries", "no-reference")])
    for system, summaries in systems.items():
        check_ids(summaries, references, name=system)
    simple: dict[str, Mapping[str, str]] = {"constant": dict.fromkeys(references, baselines.CONSTANT)}
    if dialogues is not None and all(id_ in dialogues for id_ in references):
        simple |= baselines.of_dialogues({id_: dialogues[id_] for id_ in references})
    if len(references) > 1:
        simple["shuffled"] = baselines.shuffled(predictions)
    tokens = _Tokens(tokenizer)
    every = [*(t for r in references.values() for t in r), *(s[i] for s in (*systems.values(), *simple.values()) for i in references)]
    tokens.prepare(every)

    def score(summaries: Mapping[str, str], against: Mapping[str, Sequence[str]] = references) -> dict[str, dict[str, Score]]:
        return {i: rouge_multi(tokens(summaries[i]), [tokens(r) for r in against[i]], rule=rule, ngrams=ngrams) for i in against}

    results = {system: _result(score(summaries)) for system, summaries in systems.items()}
    others = {simple_name: _means(score(summaries)) for simple_name, summaries in simple.items()}
    count = min(len(r) for r in references.values())
    for k in range(count) if count > 1 else ():
        rest = {i: [text for n, text in enumerate(r) if n != k] for i, r in references.items()}
        others[f"reference {k + 1}"] = _means(score({i: r[k] for i, r in references.items()}, rest))
    return Evaluation(signature(tokenizer, count, rule, ngrams), results, others, _differences(results))


def _result(scores: Mapping[str, Mapping[str, Score]]) -> SystemResult:
    examples = {id_: {metric: by_name[metric].f1 for metric in NAMES} for id_, by_name in scores.items()}
    totals = {}
    for metric, mean in _means(scores).items():
        bounds = interval([values[metric] for values in examples.values()])
        totals[metric] = replace(mean, f1=bounds.mean, low=bounds.low, high=bounds.high)
    return SystemResult(totals, examples)


def _means(scores: Mapping[str, Mapping[str, Score]]) -> dict[str, Score]:
    n = len(scores)
    return {
        metric: Score(*(sum(getattr(by_name[metric], part) for by_name in scores.values()) / n for part in ("precision", "recall", "f1")))
        for metric in NAMES
    }


def _differences(results: Mapping[str, SystemResult]) -> dict[str, dict[str, Difference]]:
    (_, first), *others = results.items()
    if not others:
        return {}
    found: dict[str, dict[str, Difference]] = {name: {} for name, _ in others}
    for metric in NAMES:
        mine = [values[metric] for values in first.examples.values()]
        raw = [paired(mine, [other.examples[i][metric] for i in first.examples]) for _, other in others]
        for (name, _), difference, p in zip(others, raw, holm([d.p for d in raw]), strict=True):
            found[name][metric] = replace(difference, p=p)
    return found
