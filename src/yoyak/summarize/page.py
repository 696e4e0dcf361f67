"""The page of `yoyak summarize -o F.html`: each summary beside its dialogue, what needs review marked, to be read and corrected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from yoyak.metrics.evidence import sentences
from yoyak.records import Dialogue, Doubt, Prediction
from yoyak.report.html import write_html


def write_page(
    path: str | Path, predictions: Iterable[Prediction], dialogues: Iterable[Dialogue], *, title: str, doubt: Callable[[Doubt], str] = str
) -> int:
    """Write one self-contained HTML file, whole or not at all; returns how many summaries it shows.

    Args:
        path: The file.
        predictions: In the order of the dialogues.
        dialogues: What was summarized.
        title: Stands at the top.
        doubt: Says in the reader's language what needs review.

    Raises:
        ValueError: Predictions and dialogues do not go together.

    Example:
        >>> from yoyak.records import Turn
        >>> path = getfixture("tmp_path") / "out.html"
        >>> talk = Dialogue("a", (Turn("민지", "세 시에 보자."),))
        >>> write_page(path, [Prediction("a", "민지는 세 시에 보자고 한다.", evidence=((1,),))], [talk], title="모임")
        1
        >>> "세 시에 보자고" in path.read_text(encoding="utf-8")
        True
    """
    rows = [_row(prediction, dialogue, doubt) for prediction, dialogue in zip(predictions, dialogues, strict=True)]
    flagged = sum(bool(row["doubts"]) for row in rows)
    write_html(path, "summaries.html", {"title": title, "rows": rows, "flagged": flagged})
    return len(rows)


def _row(prediction: Prediction, dialogue: Dialogue, doubt: Callable[[Doubt], str]) -> dict[str, Any]:
    doubts: dict[int, list[str]] = {}
    for one in prediction.review:
        doubts.setdefault(one.sentence, []).append(doubt(one))
    told = sentences(prediction.summary)
    rests = prediction.evidence if len(prediction.evidence) == len(told) else ((),) * len(told)
    used = {turn for turns in rests for turn in turns}
    return {
        "id": prediction.id,
        "error": prediction.error,
        "notes": prediction.notes,
        "doubts": sum(map(len, doubts.values())),
        "sentences": [
            {"text": text, "turns": ", ".join(map(str, turns)), "doubts": doubts.get(number, [])}
            for number, (text, turns) in enumerate(zip(told, rests, strict=True), 1)
        ],
        "turns": [(number, turn.speaker, turn.text, number in used) for number, turn in enumerate(dialogue.turns, 1)],
    }
