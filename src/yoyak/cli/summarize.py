"""`yoyak summarize`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from yoyak._files import refuse_overwrite
from yoyak.checkpoints.load import settings_folder
from yoyak.checkpoints.manifest import chosen_on
from yoyak.cli import console
from yoyak.cli.columns import parse_columns
from yoyak.cli.messages import say
from yoyak.cli.review import guard_config, told
from yoyak.data.formats.base import Columns, Rejected
from yoyak.data.read import files_of, read_rows
from yoyak.data.rejects import rejects_path, write_rejects
from yoyak.data.source import Source, open_source, standard_input
from yoyak.data.write import check_sample, format_of, stream, write_predictions
from yoyak.errors import DataError, UsageError
from yoyak.metrics.evidence import evidence as align_evidence
from yoyak.provenance import hashes, version, write_run
from yoyak.records import Dialogue, Prediction, Problem
from yoyak.summarize.decoding import DecodeConfig, of_checkpoint
from yoyak.summarize.journal import Journal
from yoyak.summarize.masking import mask as masked
from yoyak.summarize.masking import restore
from yoyak.summarize.page import write_page
from yoyak.summarize.summarizer import Summarizer

if TYPE_CHECKING:
    from yoyak.topics.hints import Hints


def summarize(
    inputs: Annotated[tuple[str, ...], Parameter(name="INPUT", negative=())],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    model: str = "extractive",
    format: Literal["text", "jsonl", "csv", "parquet"] | None = None,
    ending: Literal["한다", "합니다", "함"] | None = None,
    session: str = "gap:6h",
    columns: str | None = None,
    like: Path | None = None,
    mask: Annotated[bool, Parameter(show_default=False)] = False,
    evidence: Annotated[bool, Parameter(show_default=False)] = False,
    keep_going: Annotated[bool, Parameter(show_default=False)] = False,
    resume: Annotated[bool, Parameter(show_default=False)] = False,
    engine: Literal["ct2", "hf"] = "ct2",
    beams: int | None = None,
    mbr: Annotated[bool | None, Parameter(negative="--no-mbr")] = None,
    guard: Annotated[bool | None, Parameter(negative="--no-guard")] = None,
    trust: float | None = None,
    verifier: str = "rules",
    max_new_tokens: int | None = None,
    topic_hints: Literal["topic", "keywords", "bias"] | None = None,
    topics: Literal["predicted", "given"] = "predicted",
    topic_model: str = "corpus",
    long: Literal["split", "refuse"] = "split",
    compute: Literal["int8", "float32", "float16", "bfloat16"] = "int8",
    device: Literal["cpu", "cuda"] = "cpu",
) -> int:
    """Summarize dialogues: files, folders, or - for standard input.

    Parameters
    ----------
    inputs
        Files (CSV, JSONL, Parquet, text, chat exports; found by content), folders, or - for standard input.
    out
        File to write; its ending says the format (.csv, .jsonl, .txt, .parquet, .html). Without it summaries go to standard output.
    model
        extractive (no weights), gemma-3-270m, or the folder of a checkpoint.
    format
        Format on standard output (default: text).
    ending
        How sentences end (default: 한다 for extractive; a model's as it was trained).
    session
        How a chat export is cut into dialogues: day, gap:6h (a silence of six hours), or whole.
    columns
        Names of the columns, when they are not the usual ones: dialogue=본문,id=번호.
    like
        A sample submission (CSV): the output takes its columns, index and row order.
    mask
        Hide personal data before any model sees them, and put them back into the summaries.
    evidence
        Show the numbers of the turns that each sentence rests on (JSONL and Parquet have them anyway where the engine knows them).
    keep_going
        Summarize the good rows, set the bad ones aside in OUT.rejects.jsonl, and exit with 3.
    resume
        Go on with an interrupted run of the same command: what is finished stands in OUT.journal.jsonl.
    engine
        What runs a model: ct2 (CTranslate2, fast) or hf (transformers, the reference).
    beams
        Beams of the search; 1 is greedy. Without it the checkpoint's own setting holds (yoyak tune --save), else 1.
    mbr
        Of all beams, take the summary that agrees most with the others (minimum Bayes risk).
    guard
        Verify what the model writes, sentence by sentence; what is false is written anew, retold or left out, what is doubtful is flagged.
        extractive has it unless told otherwise: --no-guard is some six times quicker and less often to the point.
    trust
        How much the guard asks for, 0 to 1: 0 takes what the model wrote and only flags, 1 says only what is surely said
        (default: 0.6; 0.8 for extractive).
    verifier
        What the guard judges by: rules, linear (fitted weights), model (the trained one that comes with yoyak), or the folder of another.
    max_new_tokens
        Most tokens of a summary (default: the checkpoint's own setting, else 160).
    topic_hints
        Use the dialogue's topic: tell the model its group (topic) or its words (keywords), or prefer its words (bias; on ct2 with --beams
        4 or more). Without it as the checkpoint was trained, which is mostly not at all: no use has been shown to help.
    topics
        Where topics come from: predicted by the topic model, or given by the file.
    topic_model
        corpus, or a folder that topics fit made.
    long
        Dialogues beyond the model's limit: split them at turn boundaries, or refuse them.
    compute
        What ct2 computes in.
    device
        Where a model runs.
    """
    if not inputs:
        raise UsageError("name a file, a folder, or - for standard input")
    if out is not None:
        _check_out(out, format, like)
    elif like is not None or format == "parquet" or resume:
        raise UsageError("this needs an output file: add -o FILE")
    if resume and console.STDIN in inputs:
        raise UsageError("standard input cannot be read again: --resume needs files")
    if not 1 <= (beams or 1) <= 64 or beams == 0 or (max_new_tokens is not None and max_new_tokens < 1):
        raise UsageError("--beams takes 1 to 64, --max-new-tokens at least 1")
    chosen = parse_columns(columns)
    decode, mbr = _decoding(model, beams, mbr, max_new_tokens, long)
    if mbr and (decode.num_beams < 2 or engine != "ct2"):
        raise UsageError("--mbr chooses among beams: add --beams 4 or more, with the engine ct2")
    guarded = guard_config(guard, trust, model, engine)
    hints = _hints(topic_hints, topics, topic_model)
    with ExitStack() as stack:
        job = _Job(_sources(inputs, stack, out), chosen, session, mask)
        refuse_overwrite([out], [*(source.path for source in job.sources), *([like] if like else [])])
        job.look()
        if not job.count and not job.rejected:
            message = "there is no dialogue in it"
            raise DataError([Problem(s.name, None, message, "give a file with dialogues", "empty-file") for s in job.sources])
        if job.rejected and not keep_going:
            console.note(say("keep-going"))
            raise DataError([problem for row in job.rejected for problem in row.problems])
        if like is not None:
            check_sample(like, job.ids, may_miss=bool(job.rejected))
        job.report(out)
        with console.stages() as stage:
            summarizer = Summarizer.load(
                model,
                ending=ending,
                engine=engine,
                decode=decode,
                compute_type=compute,
                device=device,
                mbr=mbr,
                guard=guarded or False,
                verifier=verifier,
                topics=hints,
                progress=stage,
                notice=console.note,
            )
            summarizer.prepare(job.count, progress=stage)
        settings: dict[str, Any] = (
            {"ending": ending or "한다"}
            if model == "extractive"
            else {"engine": engine, "compute": compute, "mbr": mbr, **({"ending": ending} if ending else {}), **asdict(decode)}
        )
        if mask:
            settings["mask"] = True
        if guarded is not None:
            settings |= {"guard": asdict(guarded), "verifier": verifier}
        if hints is not None:
            settings["topics"] = hints.to_json() | {"source": topics}
        output = _Output(out, format or "text", like, resume, settings, evidence, chosen_on(settings_folder(model)))
        with console.progress(say("summarizing"), job.count) as advance:
            failed = _write(job, summarizer, output, advance)
    if failed:
        console.error(say("failed-rows", count=failed))
    return 3 if job.rejected or failed else 0


def _check_out(out: Path, format: str | None, like: Path | None) -> None:
    """Refuse an output whose ending says nothing or something else than was asked."""
    if not _is_page(out):
        format_of(out, format)
    elif format is not None or like is not None:
        raise UsageError(f"{str(out)!r} is a page to read; leave --format and --like out, or let it end in .csv")


def _is_page(out: Path) -> bool:
    return out.suffix.lower() in (".html", ".htm")


def _decoding(
    model: str, beams: int | None, mbr: bool | None, max_new_tokens: int | None, long: Literal["split", "refuse"]
) -> tuple[DecodeConfig, bool]:
    """What the checkpoint asks for, with the options given on top; beams that were asked for vote only when that was asked for too."""
    saved = of_checkpoint(model)
    given = {"num_beams": beams, "max_new_tokens": max_new_tokens, "long": long}
    decode = replace(saved.decode, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    return decode, (saved.mbr and beams is None) if mbr is None else mbr


def _hints(kind: Literal["topic", "keywords", "bias"] | None, source: Literal["predicted", "given"], model: str) -> Hints | None:
    """How topics are used, where that was asked for."""
    if kind is None:
        if source != "predicted" or model != "corpus":
            raise UsageError("--topics and --topic-model go with --topic-hints")
        return None
    from yoyak.topics.hints import Hints
    from yoyak.topics.model import TopicModel

    return Hints(kind, TopicModel.load(model), source)


@dataclass
class _Job:
    """What is to be summarized: looked at once, so that bad rows are known before any work is done, then streamed."""

    sources: list[Source]
    columns: Columns
    session: str
    mask: bool = False
    count: int = 0
    ids: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def look(self) -> None:
        for source in self.sources:
            for row in read_rows(source, columns=self.columns, session=self.session):
                if isinstance(row, Dialogue):
                    self.count += 1
                    self.ids.append(row.id)
                else:
                    # A bad row cannot be masked surely: with --mask its problems are told and its content is not kept.
                    self.rejected.append(Rejected(row.problems, "") if self.mask else row)

    def dialogues(self) -> Iterator[Dialogue]:
        """What the engine sees."""
        return masked(self.originals()) if self.mask else self.originals()

    def finished(self, predictions: Iterator[Prediction]) -> Iterator[Prediction]:
        """What the user sees."""
        return restore(predictions, self.originals()) if self.mask else predictions

    def originals(self) -> Iterator[Dialogue]:
        for source in self.sources:
            for row in read_rows(source, columns=self.columns, session=self.session):
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


def _sources(inputs: tuple[str, ...], stack: ExitStack, out: Path | None) -> list[Source]:
    """The files to read; in a folder, an earlier output of the same name is none of them."""
    sources: list[Source] = []
    for name in inputs:
        if name == console.STDIN:
            sources.append(stack.enter_context(standard_input()))
        else:
            found = files_of(name)
            own = out.resolve() if out and Path(name).is_dir() else None
            sources.extend(open_source(file) for file in found if file.resolve() != own)
    return sources


@dataclass(frozen=True)
class _Output:
    """Where predictions go and what they were made with."""

    path: Path | None
    format: str
    like: Path | None
    resume: bool
    settings: dict[str, Any]
    evidence: bool = False
    chosen_on: dict[str, Any] = field(default_factory=dict)  # the data on which the model or its settings were chosen


def _aligned(predictions: Iterator[Prediction], job: _Job, wanted: bool) -> Iterator[Prediction]:
    """With --evidence, the turns of each sentence by alignment where the engine does not know them."""
    if not wanted:
        yield from predictions
        return
    for prediction, dialogue in zip(predictions, job.originals(), strict=True):
        if prediction.evidence or prediction.error is not None:
            yield prediction
        else:
            yield replace(prediction, evidence=tuple(s.turns for s in align_evidence(dialogue, prediction.summary)))


def _write(job: _Job, summarizer: Summarizer, output: _Output, advance: console.Step) -> int:
    """Write every prediction; returns how many dialogues failed."""
    failed = 0
    if output.path is None:
        finished = _aligned(job.finished(summarizer.summarize(job.dialogues())), job, output.evidence)
        for prediction in stream(finished, sys.stdout, output.format, evidence=output.evidence, doubt=told):
            failed += prediction.error is not None
            advance()
        return failed
    inputs = [source.path for source in job.sources if source.name != "-"]
    run = {"inputs": sorted(hashes(inputs).values()), "model": summarizer.name, "settings": output.settings, "version": version()}
    with Journal(output.path, run=run, resume=output.resume) as journal:
        _fill(journal, job, summarizer, advance)
        flagged = 0
        for prediction in journal.predictions():
            failed += prediction.error is not None
            flagged += bool(prediction.review)
        finished = _aligned(job.finished(journal.predictions()), job, output.evidence)
        written = _written(output, finished, job)
        extra = {"rows": written, "failed": failed, "rejected": len(job.rejected), "flagged": flagged, **output.chosen_on}
        write_run(output.path, inputs=inputs, model=summarizer.name, decoding=output.settings, extra=extra)
        journal.remove()
    console.note(say("written", count=written, path=output.path))
    if flagged:
        console.note(say("flagged", count=flagged))
    return failed


def _written(output: _Output, finished: Iterator[Prediction], job: _Job) -> int:
    """Write the file; returns how many summaries are in it."""
    assert output.path is not None
    if _is_page(output.path):
        return write_page(output.path, finished, job.originals(), title=output.path.stem, doubt=told)
    missing = bool(job.rejected)
    return write_predictions(output.path, finished, like=output.like, may_miss=missing, evidence=output.evidence, doubt=told)


def _fill(journal: Journal, job: _Job, summarizer: Summarizer, advance: console.Step) -> None:
    """Append to the journal what it does not hold yet."""
    before = journal.count
    try:
        for index, prediction in enumerate(summarizer.summarize(job.dialogues(), done=journal.predictions())):
            if index >= before:
                journal.add(prediction)
            advance()
    except BaseException:
        if journal.count:
            console.error(say("journal-kept", count=journal.count, path=journal.path))
        else:
            journal.remove()
        raise
