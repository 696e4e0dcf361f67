"""A file cleaned into another, in a stream and on several cores, with a log from which the original comes back."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from yoyak._parallel import ordered_map
from yoyak.data.changes import ChangeLog
from yoyak.data.clean import clean_counted, clean_reference, clean_text, clean_turn
from yoyak.data.export import DialogueWriter, dialogue_format
from yoyak.data.formats.base import Columns, Rejected
from yoyak.data.formats.registry import by_name, recognise
from yoyak.data.formats.text import is_parting
from yoyak.data.raw import Record, Shape, kind_of, raw_records
from yoyak.data.read import read_rows
from yoyak.data.rejects import rejects_path, write_rejects
from yoyak.data.rules.base import Rule
from yoyak.data.rules.catalogue import choose
from yoyak.data.sessions import DEFAULT
from yoyak.data.source import Source, open_source
from yoyak.errors import DataError, UsageError
from yoyak.records import Dialogue, Problem, Turn

_RECORDS = 200  # per piece of work for one core
_CHARACTERS = 1_000_000


class Change(NamedTuple):
    """One cell before and after."""

    id: str
    column: str
    before: str
    after: str


@dataclass
class Report:
    """What cleaning did: dialogues seen and changed, in how many each rule changed something, rows that were set aside."""

    dialogues: int = 0
    changed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)


class _Outcome(NamedTuple):
    """What became of one record. `text` is None when it stays as it was."""

    text: str | None
    counts: tuple[str, ...]
    changes: tuple[Change, ...]
    rejected: Rejected | None
    is_record: bool


def clean_file(
    path: str | Path,
    out: str | Path,
    *,
    rules: Sequence[Rule] | None = None,
    references: bool = False,
    columns: Columns | None = None,
    format: str | None = None,
    session: str = DEFAULT,
    keep_going: bool = False,
    workers: int = 1,
    on_change: Callable[[Change], None] | None = None,
    on_record: Callable[[], None] = lambda: None,
) -> Report:
    """Clean the dialogues of a file into `out`; `OUT.changes.jsonl` beside it holds what :func:`yoyak.data.changes.restore` needs.

    CSV, JSONL and text keep everything that no rule changed, to the byte (cp949 and UTF-16 become UTF-8). Other formats, or an `out`
    of another kind, are written anew as CSV, JSONL or text.

    Args:
        rules: From `catalogue.choose`; by default those that run by default.
        references: Clean the summaries too.
        keep_going: Set bad rows aside in `OUT.rejects.jsonl` and go on with the good ones.
        workers: Processes to use.
        on_change: Called with each changed cell, in order.

    Raises:
        DataError: Rows are invalid and `keep_going` is not set (nothing is written), or a dialogue cannot be written in that format.
        UsageError: `out` is the file itself, or its ending is unknown.
    """
    out = Path(out)
    if out.exists() and out.resolve() == Path(path).resolve():
        raise UsageError("the output is the input; give another name, so that the original stays")
    rules = choose() if rules is None else rules
    columns = columns or Columns()
    source = open_source(path)
    wanted = dialogue_format(out)
    chosen = by_name(format) if format else recognise(source, columns)
    # A BOM is no JSON: the log takes it for a character of the first record, so that it is not written but comes back.
    plain = replace(source, encoding="utf-8") if wanted == "jsonl" and source.encoding == "utf-8-sig" else source
    report = Report()
    with ChangeLog(plain, out, rules=[rule.id for rule in rules]) as log:
        if kind_of(chosen) == wanted:
            outcomes = _cleaned(plain, wanted, columns, rules, references, workers, wants_changes=on_change is not None)
            for record, outcome in outcomes:
                _note(outcome, report, on_change)
                text = outcome.text if outcome.rejected is None else ""
                if text is None and plain is not source and record.raw.startswith("\ufeff"):
                    text = record.raw.lstrip("\ufeff")
                log.write(record.raw, text, number=record.number, rules=outcome.counts)
                if outcome.is_record:
                    on_record()
        else:
            log.whole()
            writer = DialogueWriter(log.text, wanted, name=str(out))
            for row in read_rows(source, columns=columns, format=chosen.name, session=session):
                if isinstance(row, Rejected):
                    report.rejected.append(row)
                    continue
                dialogue, counts = clean_counted(row, rules=rules, references=references)
                _note(_outcome_of(row, dialogue, counts), report, on_change)
                writer.write(dialogue)
                on_record()
        if report.rejected and not keep_going:
            raise DataError([problem for row in report.rejected for problem in row.problems])
        if not report.dialogues:
            raise DataError([Problem(source.name, None, "no dialogue could be read", "see yoyak data check", "empty-file")])
    if report.rejected:
        write_rejects(rejects_path(out), report.rejected)
    return report


def _note(outcome: _Outcome, report: Report, on_change: Callable[[Change], None] | None) -> None:
    if outcome.rejected is not None:
        report.rejected.append(outcome.rejected)
        return
    report.dialogues += outcome.is_record
    report.changed += outcome.text is not None
    report.counts.update(outcome.counts)
    if on_change is not None:
        for change in outcome.changes:
            on_change(change)


def _outcome_of(before: Dialogue, after: Dialogue, counts: Mapping[str, int]) -> _Outcome:
    if before is after:
        return _Outcome(None, (), (), None, True)
    changes = [Change(after.id, "dialogue", before.text, after.text)] if before.turns != after.turns else []
    for old, new in zip(before.references, after.references, strict=True):
        if old != new:
            changes.append(Change(after.id, "summary", old, new))
    return _Outcome("", tuple(counts), tuple(changes), None, True)


def _cleaned(
    source: Source, kind: Any, columns: Columns, rules: Sequence[Rule], references: bool, workers: int, *, wants_changes: bool
) -> Iterator[tuple[Record, _Outcome]]:
    """Each record of the file with what became of it, in order."""
    try:
        shape, records = raw_records(source, kind, columns)
    except ValueError as error:
        problem = Problem(source.name, 1, str(error), "name it with --columns, as in --columns dialogue=NAME", "columns")
        raise DataError([problem]) from error
    work = partial(_clean_piece, shape, tuple(rules), references, wants_changes)
    held: deque[list[Record]] = deque()  # a worker sends back what changed only
    for outcomes in ordered_map(work, _pieces(records, held), workers=workers):
        yield from zip(held.popleft(), outcomes, strict=True)


def _pieces(records: Iterable[Record], held: deque[list[Record]]) -> Iterator[list[Record]]:
    piece: list[Record] = []
    size = 0
    for record in records:
        piece.append(record)
        size += len(record.raw)
        if len(piece) >= _RECORDS or size >= _CHARACTERS:
            held.append(piece)
            yield piece
            piece, size = [], 0
    if piece:
        held.append(piece)
        yield piece


def _clean_piece(shape: Shape, rules: Sequence[Rule], references: bool, wants_changes: bool, piece: list[Record]) -> list[_Outcome]:
    """Runs in a worker."""
    return [_clean_record(shape, rules, references, wants_changes, record) for record in piece]


def _clean_record(shape: Shape, rules: Sequence[Rule], references: bool, wants_changes: bool, record: Record) -> _Outcome:
    if record.cells is None:
        return _Outcome(None, (), (), None, False)
    if isinstance(record.cells, Rejected):
        return _Outcome(None, (), (), record.cells, True)
    counts: Counter[str] = Counter()
    cells = _clean_cells(shape, rules, references, record.cells, counts)
    row = shape.row(record.number, cells)
    if isinstance(row, Rejected):
        return _Outcome(None, (), (), row, True)
    if cells == record.cells:
        return _Outcome(None, (), (), None, True)
    changes = []
    if wants_changes:
        changes = [
            Change(row.id, name, _shown(record.cells[name]), _shown(cells[name])) for name in cells if cells[name] != record.cells[name]
        ]
    return _Outcome(shape.written(cells, record.raw), tuple(counts), tuple(changes), None, True)


def _clean_cells(shape: Shape, rules: Sequence[Rule], references: bool, cells: dict[str, Any], counts: Counter[str]) -> dict[str, Any]:
    """The cells with the dialogue (and the summaries) cleaned; the same ones when they hold no dialogue."""
    if shape.kind == "text":
        text = clean_cell(cells["dialogue"], rules, counts)
        parts = any(is_parting(line) for line in text.split("\n"))  # ――― became ---, which would cut the dialogue in two
        return cells if parts else cells | {"dialogue": text}
    try:
        where = shape.layout_of(cells)
    except ValueError:
        return cells
    value = cells.get(where.dialogue)
    new = dict(cells)
    if isinstance(value, str):
        new[where.dialogue] = clean_cell(value, rules, counts)
    elif isinstance(value, list):
        new[where.dialogue] = _clean_list(value, rules, counts)
    for name in where.summaries if references else ():
        if isinstance(cells.get(name), str):
            cleaned = clean_reference(cells[name], rules=rules)
            counts.update(cleaned.counts.keys())
            new[name] = cleaned.text
    return new


def clean_cell(text: str, rules: Sequence[Rule], counts: Counter[str]) -> str:
    """A cell's dialogue cleaned. Windows line ends are no noise and stay; `counts` is added to."""
    windows = "\r\n" in text
    cleaned = clean_text(text.replace("\r\n", "\n") if windows else text, rules=rules)
    counts.update(cleaned.counts.keys())
    return cleaned.text.replace("\n", "\r\n") if windows else cleaned.text


def _clean_list(items: list[Any], rules: Sequence[Rule], counts: Counter[str]) -> list[Any]:
    """A list of turns cleaned; items of a form unknown stay for the reader to reject."""
    new: list[Any] = []
    for item in items:
        if isinstance(item, str):
            new.append(clean_cell(item, rules, counts))
        elif isinstance(item, dict) and isinstance(item.get("speaker"), str) and isinstance(item.get("text"), str) and item["speaker"]:
            turns = clean_turn(Turn(item["speaker"], item["text"]), rules, counts, tagged=item["speaker"].startswith("#"))
            new.extend(item | {"speaker": turn.speaker, "text": turn.text} for turn in turns)
        else:
            new.append(item)
    return new


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(f"{item['speaker']}: {item['text']}" if isinstance(item, dict) and "text" in item else str(item) for item in value)
    return str(value)
