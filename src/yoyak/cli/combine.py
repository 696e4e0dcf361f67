"""`yoyak combine`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from yoyak._files import refuse_overwrite
from yoyak.checkpoints.manifest import CHOSEN_ON
from yoyak.cli import console
from yoyak.cli.columns import parse_columns
from yoyak.cli.messages import say
from yoyak.data.read import read
from yoyak.data.write import check_sample, format_of, read_predictions, write_predictions
from yoyak.errors import UsageError
from yoyak.provenance import read_run, write_run
from yoyak.records import Prediction
from yoyak.summarize import mbr
from yoyak.summarize.combine import combine


def combine_command(
    predictions: Annotated[tuple[Path, ...], Parameter(name="PREDICTIONS", negative=())],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    tokenize: Literal["morpheme", "eojeol", "char", "mecab"] = "morpheme",
    agreement: float = mbr.AGREEMENT,
    dialogues: Path | None = None,
    tolerance: float = mbr.TOLERANCE,
    columns: str | None = None,
    like: Path | None = None,
) -> int:
    """Combine several models', folds' or beams' predictions: of each dialogue the summary that agrees most with the others (MBR).

    Parameters
    ----------
    predictions
        Two files or more (CSV or JSONL with fname or id, and summary), matched by id. On a tie the earlier file wins: name the best first.
    out
        File to write; its ending says the format. JSONL also says which file each summary is from.
    tokenize
        What the agreement (mean of ROUGE-1, -2 and -L) counts.
    agreement
        Of three or more, a summary whose agreement is below this share of the best one's is pruned: it neither votes nor wins; 0 keeps all.
    dialogues
        The file that was summarized: of summaries that agree about as much, take the one with the least that is suspicious.
    tolerance
        With --dialogues: how near to the best agreement (0 to 1) about as much is.
    columns
        Names of the columns of --dialogues: dialogue=본문,id=번호.
    like
        A sample submission (CSV): the output takes its columns, index and row order.
    """
    format_of(out)
    if not 0 <= agreement <= 1 or not 0 <= tolerance <= 1:
        raise UsageError("--agreement and --tolerance take 0 to 1")
    if len({path.resolve() for path in predictions}) < len(predictions):
        raise UsageError("the same file is given twice; name each file of predictions once")
    given = [dialogues] if dialogues else []
    refuse_overwrite([out], [*predictions, *given, *([like] if like else [])])
    systems = {str(path): read_predictions(path) for path in predictions}
    talks = {talk.id: talk for path in given for talk in read(path, columns=parse_columns(columns))}
    made = combine(systems, tokenize=tokenize, agreement=agreement, dialogues=talks if dialogues else None, tolerance=tolerance)
    if like is not None:
        check_sample(like, [prediction.id for prediction in systems[str(predictions[0])]])
    if len(systems) == 2 and dialogues is None:
        console.note(say("combine-two"))
    counts: Counter[str] = Counter()
    with console.progress(say("combining"), len(next(iter(systems.values()), []))) as advance:
        written = write_predictions(out, _counted(made, counts), like=like, on_each=lambda _: advance())
    failed = counts.pop("", 0)
    settings: dict[str, Any] = {"method": "mbr", "tokenize": tokenize, "agreement": agreement}
    if dialogues:
        settings["faithfulness_tolerance"] = tolerance
    extra = {"rows": written, "failed": failed, "taken_from": dict(counts), **_chosen_on(predictions)}
    write_run(out, inputs=[*predictions, *given], model="combine", decoding=settings, extra=extra)
    console.note(say("combined", path=out, count=written, taken=", ".join(f"{name} {n}" for name, n in counts.most_common())))
    if failed:
        console.error(say("failed-rows", count=failed))
    return 3 if failed else 0


def _counted(predictions: Iterator[Prediction], counts: Counter[str]) -> Iterator[Prediction]:
    for prediction in predictions:
        counts[prediction.model] += 1
        yield prediction


def _chosen_on(files: tuple[Path, ...]) -> dict[str, Any]:
    """What the inputs' models were tuned on: a combination of them was, too."""
    found: dict[str, Any] = {}
    for record in filter(None, map(read_run, files)):
        for key in CHOSEN_ON:
            value = record.get(key)
            if isinstance(value, dict):
                found[key] = found.get(key, {}) | value
            elif isinstance(value, list):
                found[key] = sorted({*found.get(key, []), *value})
    return found
