"""`yoyak summarize`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from yoyak.cli import console
from yoyak.cli.columns import parse_columns
from yoyak.cli.messages import say
from yoyak.data.formats.base import Columns, Rejected
from yoyak.data.read import files_of, read_rows
from yoyak.data.rejects import rejects_path, write_rejects
from yoyak.data.source import Source, open_source, standard_input
from yoyak.data.write import format_of, stream, write_predictions
from yoyak.errors import DataError, UsageError
from yoyak.provenance import write_run
from yoyak.records import Dialogue, Prediction
from yoyak.summarize.summarizer import Summarizer


def summarize(
    inputs: Annotated[tuple[str, ...], Parameter(name="INPUT", negative=())],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    model: str = "extractive",
    format: Literal["text", "jsonl", "csv", "parquet"] | None = None,
    ending: Literal["한다", "합니다", "함"] = "한다",
    columns: str | None = None,
    like: Path | None = None,
    keep_going: Annotated[bool, Parameter(show_default=False)] = False,
) -> int:
    """Summarize dialogues: files, folders, or - for standard input.

    Parameters
    ----------
    inputs
        Files (CSV, JSONL, Parquet, text, chat exports; found by content), folders, or - for standard input.
    out
        File to write; its ending says the format (.csv, .jsonl, .txt, .parquet). Without it summaries go to standard output.
    model
        Name of a model, or the folder of a checkpoint.
    format
        Format on standard output (default: text).
    ending
        How sentences end.
    columns
        Names of the columns, when they are not the usual ones: dialogue=본문,id=번호.
    like
        A sample submission (CSV): the output takes its columns, index and row order.
    keep_going
        Summarize the good rows, set the bad ones aside in OUT.rejects.jsonl, and exit with 3.
    """
    if not inputs:
        raise UsageError("name a file, a folder, or - for standard input")
    if out is not None:
        format_of(out, format)
    elif like is not None or format == "parquet":
        raise UsageError("this needs an output file: add -o FILE")
    chosen = parse_columns(columns)
    with ExitStack() as stack:
        job = _Job(_sources(inputs, stack), chosen)
        job.look()
        if job.rejected and not keep_going:
            console.note(say("keep-going"))
            raise DataError([problem for row in job.rejected for problem in row.problems])
        summarizer = Summarizer.load(model, ending=ending)
        with console.progress(say("summarizing"), job.count) as advance:
            failed = _write(job, summarizer, out, format or "text", like, advance)
        job.report(out)
    if failed:
        console.error(say("failed-rows", count=failed))
    return 3 if job.rejected or failed else 0


@dataclass
class _Job:
    """What is to be summarized: looked at once, so that bad rows are known before any work is done, then streamed."""

    sources: list[Source]
    columns: Columns
    count: int = 0
    rejected: list[Rejected] = field(default_factory=list)

    def look(self) -> None:
        for source in self.sources:
            for row in read_rows(source, columns=self.columns):
                if isinstance(row, Dialogue):
                    self.count += 1
                else:
                    self.rejected.append(row)

    def dialogues(self) -> Iterator[Dialogue]:
        for source in self.sources:
            for row in read_rows(source, columns=self.columns):
                if isinstance(row, Dialogue):
                    yield row

    def report(self, out: Path | None) -> None:
        if not self.rejected:
            return
        for row in self.rejected:
            for problem in row.problems:
                console.error(str(problem))
        if out is None:
            console.error(say("rejected-shown", count=len(self.rejected)))
        else:
            write_rejects(rejects_path(out), self.rejected)
            console.error(say("rejected", count=len(self.rejected), path=rejects_path(out)))


def _sources(inputs: tuple[str, ...], stack: ExitStack) -> list[Source]:
    sources: list[Source] = []
    for name in inputs:
        if name == console.STDIN:
            sources.append(stack.enter_context(standard_input()))
        else:
            sources.extend(open_source(file) for file in files_of(name))
    return sources


def _write(job: _Job, summarizer: Summarizer, out: Path | None, format: str, like: Path | None, advance: console.Step) -> int:
    """Write every prediction; returns how many dialogues failed."""
    failed = 0

    def count(prediction: Prediction) -> None:
        nonlocal failed
        failed += prediction.error is not None
        advance()

    predictions = summarizer.summarize(job.dialogues())
    if out is None:
        for prediction in stream(predictions, sys.stdout, format):
            count(prediction)
        return failed
    written = write_predictions(out, predictions, like=like, on_each=count)
    inputs = [source.path for source in job.sources if source.name != "-"]
    write_run(out, inputs=inputs, model=summarizer.name, extra={"rows": written, "failed": failed, "rejected": len(job.rejected)})
    console.note(say("written", count=written, path=out))
    return failed
