"""The page of `yoyak score --html`: dialogue, reference and prediction side by side, to be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from yoyak.data.formats.base import Columns
from yoyak.data.write import read_predictions
from yoyak.metrics.evaluate import Evaluation
from yoyak.metrics.evidence import FRAME, evidence, sentences
from yoyak.metrics.faithfulness import check
from yoyak.metrics.files import read_references
from yoyak.metrics.normalize import normalized
from yoyak.metrics.rouge import NAMES
from yoyak.records import Dialogue, Prediction, Score
from yoyak.report.html import write_html
from yoyak.text.morphemes import Morpheme, analyze

_CONTENT = ("NN", "NR", "SN", "SL", "VV", "VA", "XR", "MAG")
_CHECKABLE = ("NNG", "NNP", "SN", "SL")

Piece = tuple[str, str]  # ("hit" | "miss" | "", text)


def write_page(
    path: str | Path,
    predictions: str | Path,
    references: Sequence[str | Path],
    evaluation: Evaluation,
    *,
    columns: Columns | None = None,
) -> None:
    """Write one self-contained HTML file for the first system of an evaluation."""
    gold = read_references(references, columns=columns)
    first, system = next(iter(evaluation.systems.items()))
    by_id = {prediction.id: prediction for prediction in read_predictions(predictions)}
    rows = [_row(by_id[id_], gold.dialogues.get(id_), gold.summaries[id_], scores) for id_, scores in system.examples.items()]
    write_html(
        path,
        "score.html",
        {"title": first, "signature": evaluation.signature, "table": list(_table(evaluation)), "rows": rows},
    )


def _table(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    for name, system in evaluation.systems.items():
        yield {"name": name, "real": True, "cells": [_cell(system.scores[metric]) for metric in NAMES]}
    for name, scores in evaluation.baselines.items():
        yield {"name": f"({name})", "real": False, "cells": [f"{100 * scores[metric].f1:.1f}" for metric in NAMES]}


def _cell(score: Score) -> str:
    return f"{100 * score.f1:.1f} [{100 * (score.low or 0):.1f}, {100 * (score.high or 0):.1f}]"


def _row(prediction: Prediction, dialogue: Dialogue | None, references: Sequence[str], scores: Mapping[str, float]) -> dict[str, Any]:
    summary = normalized(prediction.summary)
    return {
        "id": prediction.id,
        "score": f"{sum(scores.values()) / len(scores):.4f}",
        "scores": [(name, f"{100 * scores[metric]:.1f}") for name, metric in zip(("R1", "R2", "RL"), NAMES, strict=True)],
        "flags": [f"{finding.check}: {finding.text}" for finding in check(dialogue, summary)] if dialogue else [],
        "turns": [(n, turn.speaker, turn.text) for n, turn in enumerate(dialogue.turns, 1)] if dialogue else [],
        "references": list(references),
        "prediction": pieces(summary, references, dialogue),
        "evidence": _evidence(prediction, summary, dialogue),
    }


def _evidence(prediction: Prediction, summary: str, dialogue: Dialogue | None) -> list[tuple[str, str]]:
    """(sentence, its turns): the prediction's own evidence, else the alignment."""
    if prediction.evidence:
        groups: Sequence[Sequence[int]] = prediction.evidence
    elif dialogue is not None:
        groups = [support.turns for support in evidence(dialogue, summary)]
    else:
        return []
    return [(sentence, ", ".join(map(str, turns)) or "-") for sentence, turns in zip(sentences(summary), groups, strict=False)]


def pieces(summary: str, references: Sequence[str], dialogue: Dialogue | None) -> list[Piece]:
    """The summary cut into pieces: words that a reference shares ("hit"), and nouns, numbers, tags and Latin names that the dialogue
    does not hold ("miss").

    Example:
        >>> pieces("밥을 먹는다.", ["밥이다."], None)[0]
        ('hit', '밥')
    """
    shared = {m.form for reference in references for m in analyze(normalized(reference)) if m.tag.startswith(_CONTENT)}
    spoken = dialogue.text if dialogue else ""
    said = {m.form for m in analyze(spoken)} if dialogue else set()
    found: list[Piece] = []
    position = 0
    for m in analyze(summary):
        kind = _kind(m, shared, said, spoken) if dialogue else ("hit" if m.form in shared else "")
        if m.start < position:  # a contracted pair shares its characters
            continue
        if m.start > position:
            found.append(("", summary[position : m.start]))
        found.append((kind, summary[m.start : m.end]))
        position = m.end
    if position < len(summary):
        found.append(("", summary[position:]))
    return found


def _kind(m: Morpheme, shared: set[str], said: set[str], spoken: str) -> str:
    unknown = m.tag.startswith(_CHECKABLE) and m.form not in FRAME and m.form not in said and m.form not in spoken
    if unknown and m.form not in shared:
        return "miss"
    return "hit" if m.tag.startswith(_CONTENT) and m.form in shared else ""
