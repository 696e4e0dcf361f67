"""`yoyak score`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from yoyak._files import atomic, refuse_overwrite
from yoyak.cli import console
from yoyak.cli.columns import parse_columns
from yoyak.cli.messages import say
from yoyak.data.write import read_predictions
from yoyak.errors import UsageError
from yoyak.metrics.breakdown import breakdown
from yoyak.metrics.evaluate import Evaluation
from yoyak.metrics.faithfulness import Rate, means, rates
from yoyak.metrics.files import PRESETS, as_mapping, read_references, score_files, tuned_on
from yoyak.metrics.rouge import NAMES
from yoyak.metrics.significance import Difference
from yoyak.records import Dialogue, Score

if TYPE_CHECKING:
    from rich.table import Table

    from yoyak.summarize.verification import Verification

_SHORT = {"rouge1": "R1", "rouge2": "R2", "rougeL": "RL"}


def score(
    predictions: Annotated[Path, Parameter(name="PREDICTIONS", negative=())],
    references: Annotated[tuple[Path, ...], Parameter(name="REFERENCES", negative=())],
    /,
    *,
    tokenize: Literal["morpheme", "eojeol", "char", "mecab"] = "morpheme",
    against: Annotated[tuple[Path, ...], Parameter(negative=())] = (),
    rule: Literal["mean", "max"] = "mean",
    ngrams: Literal["multiset", "unique"] = "multiset",
    preset: Literal["competition"] | None = None,
    columns: str | None = None,
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
    html: Path | None = None,
    examples: Path | None = None,
    by: Annotated[bool, Parameter(show_default=False)] = False,
    faithfulness: Annotated[bool, Parameter(show_default=False)] = False,
    verify: Annotated[bool, Parameter(show_default=False)] = False,
    verifier: str | None = None,
) -> int:
    """Score predictions against references: Korean ROUGE with intervals, honest baselines and paired tests.

    Parameters
    ----------
    predictions
        CSV or JSONL with fname or id, and summary.
    references
        One file or several; each id's summaries add up.
    tokenize
        What is counted.
    against
        Another system's predictions (repeatable): the systems are ranked and tested in pairs.
    rule
        Over several references: their mean, or the best one.
    ngrams
        multiset counts every n-gram (ROUGE's definition), unique each distinct one once.
    preset
        competition: that competition's rule and its single final figure.
    columns
        Names of the references' columns: summary=요약1+요약2,id=번호.
    json_
        Print everything as JSON.
    html
        Write a page to read: dialogue, references and prediction side by side.
    examples
        Write each example's scores as JSONL.
    by
        Also show means by length, number of turns and topic.
    faithfulness
        Also show what is suspicious without a reference: tags, numbers, times, dates, money and names that nobody said, wrong speakers.
    verify
        Also judge every sentence without a reference: how probable it is that the dialogue says so, and what is wrong if it does not.
    verifier
        Who judges (turns --verify on): linear (the default), rules, model (the trained one that comes with yoyak), both, or a folder.
    """
    if not references:
        raise UsageError("name at least one file of references")
    refuse_overwrite([html, examples], [predictions, *references, *against])
    if preset:
        tokenize, rule, ngrams = PRESETS[preset]  # type: ignore[assignment]
    chosen = parse_columns(columns)
    evaluation = score_files(predictions, references, against=against, tokenize=tokenize, rule=rule, ngrams=ngrams, columns=chosen)
    for system in (predictions, *against):
        for path in tuned_on(system, references):
            console.error(say("tuned-on", path=path, system=system))
    first = next(iter(evaluation.systems))
    dialogues = read_references(references, columns=chosen).dialogues if by or json_ or faithfulness or verify or verifier else {}
    groups = breakdown(evaluation.systems[first].examples, dialogues) if by or json_ else {}
    summaries = as_mapping(read_predictions(predictions)) if faithfulness else {}
    suspicious, averages = rates(dialogues, summaries) if faithfulness else {}, means(dialogues, summaries)
    judged = _judged(verifier, dialogues, predictions) if verify or verifier else None
    if examples is not None:
        _write_examples(examples, evaluation, judged)
    if html is not None:
        from yoyak.metrics.page import write_page

        write_page(html, predictions, references, evaluation, columns=chosen)
    if json_:
        told = _as_json(evaluation, groups, suspicious, averages, preset) | ({"verification": judged.as_json()} if judged else {})
        print(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print(evaluation, groups, suspicious, averages, preset)
        if judged:
            print(_verification(judged))
    return 0


def _judged(verifier: str | None, dialogues: Mapping[str, Dialogue], predictions: Path) -> Verification:
    from yoyak.summarize.summarizer import load_verifier
    from yoyak.summarize.verification import verification

    summaries = as_mapping(read_predictions(predictions))
    with console.progress(say("verifying"), len(summaries)) as advance:
        return verification(load_verifier(verifier or "linear"), dialogues, summaries, on_item=advance)


def _verification(found: Verification) -> str:
    kinds = ", ".join(f"{kind} {count}" for kind, count in found.kinds.items())
    values = {"summaries": len(found.verdicts), "doubtful_summaries": found.doubtful_summaries, "sentences": found.sentences}
    return say("score-verified", doubtful=len(found.doubtful), mean=f"{found.mean:.2f}", kinds=kinds or "-", **values)


def _write_examples(path: Path, evaluation: Evaluation, judged: Verification | None) -> None:
    first = next(iter(evaluation.systems.values()))
    with atomic(path) as file:
        for id_ in first.examples:
            row: dict[str, Any] = {"id": id_, **{name: system.examples[id_] for name, system in evaluation.systems.items()}}
            if judged and id_ in judged.verdicts:
                row["verdicts"] = [asdict(verdict) for verdict in judged.verdicts[id_]]
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _as_json(
    evaluation: Evaluation, groups: Mapping[str, Any], suspicious: Mapping[str, Rate], averages: Mapping[str, float], preset: str | None
) -> dict[str, Any]:
    first, *_ = evaluation.systems.values()
    result: dict[str, Any] = {metric: _json_score(first.scores[metric]) for metric in NAMES}
    if preset:
        result["final"] = final_figure(first.scores)
    result["signature"] = evaluation.signature
    result["n"] = len(first.examples)
    result["systems"] = {
        name: {metric: _json_score(score) for metric, score in system.scores.items()} for name, system in evaluation.systems.items()
    }
    result["baselines"] = {name: {m: s.f1 for m, s in scores.items()} for name, scores in evaluation.baselines.items()}
    result["differences"] = {
        name: {metric: _json_difference(d) for metric, d in by_metric.items()} for name, by_metric in evaluation.differences.items()
    }
    result["breakdown"] = groups
    if suspicious:
        result["faithfulness"] = {name: {"flagged": rate.flagged, "applicable": rate.applicable} for name, rate in suspicious.items()}
        result["faithfulness"] |= averages
    return result


def _json_score(score: Score) -> dict[str, float | None]:
    return {"f1": score.f1, "low": score.low, "high": score.high, "precision": score.precision, "recall": score.recall}


def _json_difference(d: Difference) -> dict[str, float | bool]:
    return {"mean": d.mean, "low": d.low, "high": d.high, "p_bootstrap": d.p_bootstrap, "p_sign": d.p_sign, "p": d.p, "real": d.real}


def final_figure(scores: Mapping[str, Score]) -> float:
    """The competition's one figure: the mean of the three F1, in points."""
    return 100 * sum(scores[metric].f1 for metric in NAMES) / len(NAMES)


def _print(
    evaluation: Evaluation,
    groups: Mapping[str, Mapping[str, Mapping[str, float]]],
    suspicious: Mapping[str, Rate],
    averages: Mapping[str, float],
    preset: str | None,
) -> None:
    from rich.console import Console
    from rich.table import Table

    out = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 110, soft_wrap=not sys.stdout.isatty(), highlight=False)
    table = Table(title=say("score-title", count=len(next(iter(evaluation.systems.values())).examples)))
    table.add_column(say("score-system"))
    for metric in NAMES:
        table.add_column(f"{_SHORT[metric]} [95 %]", justify="right")
    ranked = sorted(evaluation.systems.items(), key=lambda item: -final_figure(item[1].scores))
    for name, system in ranked:
        table.add_row(name, *(_cell(system.scores[metric]) for metric in NAMES))
    table.add_section()
    for name, scores in evaluation.baselines.items():
        table.add_row(f"({name})", *(f"{100 * scores[metric].f1:.1f}" for metric in NAMES), style="dim")
    out.print(table)
    for property_, by_group in groups.items():
        detail = Table(title=say("score-by", what=property_))
        for heading in (property_, "n", *_SHORT.values()):
            detail.add_column(heading, justify="left" if heading == property_ else "right")
        for group, values in by_group.items():
            detail.add_row(group, str(int(values["n"])), *(f"{100 * values[metric]:.1f}" for metric in NAMES))
        out.print(detail)
    if suspicious:
        out.print(_suspicious_table(suspicious))
    if averages:
        out.print(say("score-averages", length=f"{averages['length_ratio']:.3f}", copied=f"{100 * averages['copy_rate']:.1f}"))
    if preset:
        first = next(iter(evaluation.systems.values()))
        out.print(say("score-final", value=f"{final_figure(first.scores):.2f}"))
    if evaluation.differences:
        out.print(verdict(evaluation))
    out.print(evaluation.signature)


def _suspicious_table(suspicious: Mapping[str, Rate]) -> Table:
    from rich.table import Table

    table = Table(title=say("score-suspicious"))
    for heading in (say("score-check"), say("score-flagged"), "%"):
        table.add_column(heading, justify="left" if heading == say("score-check") else "right")
    for name, rate in suspicious.items():
        table.add_row(name, f"{rate.flagged} / {rate.applicable}", f"{100 * rate.share:.1f}")
    return table


def _cell(score: Score) -> str:
    return f"{100 * score.f1:.1f} [{100 * (score.low or 0):.1f}, {100 * (score.high or 0):.1f}]"


def verdict(evaluation: Evaluation) -> str:
    """One sentence: which differences between the first system and the others are real."""
    first = next(iter(evaluation.systems))
    real, unclear = _sorted_out(evaluation.differences)
    parts = []
    if real:
        parts.append(say("verdict-real", first=first, what="; ".join(real)))
    if unclear:
        parts.append(say("verdict-unclear", first=first, what="; ".join(unclear)))
    return " ".join(parts)


def _sorted_out(differences: Mapping[str, Mapping[str, Difference]]) -> tuple[Sequence[str], Sequence[str]]:
    real: list[str] = []
    unclear: list[str] = []
    for name, by_metric in differences.items():
        for metric, d in by_metric.items():
            text = f"{name} {_SHORT[metric]} {100 * d.mean:+.1f} [{100 * d.low:+.1f}, {100 * d.high:+.1f}]"
            (real if d.real else unclear).append(text)
    return real, unclear
