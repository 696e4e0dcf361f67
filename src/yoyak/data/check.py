"""Everything that is wrong with a set of files, each problem with file, row, rule and remedy.

Files given together are taken for splits: what stands in two of them leaks from one into the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from yoyak._parallel import Workers
from yoyak.data import duplicates
from yoyak.data.clean import clean_reference, clean_text
from yoyak.data.formats.base import Columns, Rejected, Row
from yoyak.data.formats.registry import by_name, recognise
from yoyak.data.raw import Record, Shape, kind_of, raw_records
from yoyak.data.read import read_rows
from yoyak.data.rules.base import Rule
from yoyak.data.rules.catalogue import choose
from yoyak.data.sessions import DEFAULT
from yoyak.data.source import Source, open_source
from yoyak.data.style import StyleCounter, mismatches, mixtures
from yoyak.errors import DataError
from yoyak.records import Dialogue, Problem
from yoyak.text import tags

#: What the check looks for with the cleaning rules: all but those that look for something missing or merely optional.
NOT_LOOKED_FOR = ("N28", "N18b")
_LEFT: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("N1", re.compile(r"[가-힣][ㄱ-ㅊㅌㅍㅏ-ㅞㅟㅢㅣ][가-힣]"), "a lone jamo inside a word cannot be decided"),
    ("N11", re.compile(r"#Person#"), "a #Person# without a number cannot be decided"),
    ("N12", re.compile(r"[$₩€]#|(?<![^\s])#(?!\S)"), "a lone # stands where something was lost"),
    ("N9", re.compile(r"^[ \t]*#[가-힣]{1,10}#?[ \t]?[:：]", re.MULTILINE), "a translated tag names no speaker"),
)
_ID = re.compile(r"(?P<stem>.*?)(?P<number>\d{1,12})(?P<rest>\D*)$")
_TOKEN = re.compile(r"""[^\s,;"'{}\[\]:]+""")
_PIECE = 100


class _Seen(NamedTuple):
    """One dialogue that was read, with what was found in it alone."""

    row: Row
    problems: tuple[Problem, ...]


def check_files(
    paths: Sequence[str | Path],
    *,
    columns: Columns | None = None,
    format: str | None = None,
    session: str = DEFAULT,
    threshold: float = duplicates.THRESHOLD,
    workers: int | Workers = 1,
    on_record: Callable[[], None] = lambda: None,
) -> Iterator[Problem]:
    """Every problem of the files: of each row in the files' order, then of each file, then between them.

    Severity `error` is what makes training or scoring wrong (unreadable rows, ids that occur twice, leaks between files, summaries longer
    than their dialogue, tags in a summary that the dialogue lacks); the rest are warnings.

    Args:
        threshold: Similarity from which two dialogues are near-duplicates, 0..1.
        workers: How many processes look at rows, or processes that were started already.
    """
    if isinstance(workers, int):
        with Workers(workers) as started:
            yield from check_files(
                paths, columns=columns, format=format, session=session, threshold=threshold, workers=started, on_record=on_record
            )
        return
    columns = columns or Columns()
    found = duplicates.Duplicates()
    places: list[tuple[str, int | None, str]] = []
    styles = []
    ids: dict[str, tuple[str, int | None]] = {}
    for path in paths:
        source = open_source(path)
        counter = StyleCounter()
        rows: list[tuple[str, int | None, bool]] = []  # id, row, whether it has a summary
        aside: set[str] = set()  # what may be an id in the rows that were rejected
        for row, problems in _looked_at(source, columns, format, session, workers):
            yield from problems
            on_record()
            if isinstance(row, Dialogue):
                number = _row_of(row)
                yield from _known_id(row, source.name, number, ids)
                found.add("\n".join(turn.text for turn in row.turns))
                counter.add(row)
                rows.append((row.id, number, bool(row.references)))
                places.append((source.name, number, row.id))
            else:
                aside.update(_ids_of(row))
        yield from _gaps(source.name, [id_ for id_, _, _ in rows], aside)
        yield from _without_summary(source.name, rows)
        styles.append(counter.style(source.name))
        yield from mixtures(styles[-1])
    yield from mismatches(styles)
    yield from _alike(found, places, threshold)


def _looked_at(source: Source, columns: Columns, format: str | None, session: str, workers: Workers) -> Iterator[_Seen]:
    try:
        chosen = by_name(format) if format else recognise(source, columns)
        kind = kind_of(chosen)
        if kind is not None:
            shape, records = raw_records(source, kind, columns)
            data = (record for record in records if record.cells is not None)
            for seen in workers.ordered_map(partial(_look_at_piece, shape, _rules()), _pieces(data)):
                yield from seen
            return
        rows = read_rows(source, columns=columns, format=chosen.name, session=session)
    except DataError as error:
        yield _Seen(Rejected(error.problems, ""), error.problems)
        return
    except ValueError as error:
        problem = Problem(source.name, 1, str(error), "name it with --columns, as in --columns dialogue=NAME", "columns")
        yield _Seen(Rejected((problem,), ""), (problem,))
        return
    for row in rows:
        yield look_at(row, row.text if isinstance(row, Dialogue) else "", source.name, rules=_rules())


def _rules() -> tuple[Rule, ...]:
    return choose(["all"], NOT_LOOKED_FOR)


def _pieces(records: Iterable[Record]) -> Iterator[list[Record]]:
    piece: list[Record] = []
    for record in records:
        piece.append(record)
        if len(piece) >= _PIECE or len(record.raw) > 100_000:
            yield piece
            piece = []
    if piece:
        yield piece


def _look_at_piece(shape: Shape, rules: tuple[Rule, ...], records: list[Record]) -> list[_Seen]:
    """Runs in a worker."""
    seen = []
    for record in records:
        if isinstance(record.cells, Rejected):
            seen.append(_Seen(record.cells, record.cells.problems))
        elif record.cells is not None:
            row = shape.row(record.number, record.cells)
            seen.append(look_at(row, _cell(shape, record), shape.file, rules=rules))
    return seen


def _cell(shape: Shape, record: Record) -> str:
    """The dialogue's text as it stands in the file, before turns are made of it."""
    if not isinstance(record.cells, dict):
        return ""
    try:
        value = record.cells["dialogue"] if shape.kind == "text" else record.cells[shape.layout_of(record.cells).dialogue]
    except ValueError:
        return ""
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def look_at(row: Row, text: str, file: str, *, rules: Sequence[Rule]) -> _Seen:
    """One row with everything that is wrong with it alone. `text` is the dialogue as it stands in the file."""
    if isinstance(row, Rejected):
        fixes = {problem: clean_text(text, rules=rules).counts for problem in row.problems if text}
        hint = ", or let yoyak data clean mend it"
        return _Seen(row, tuple(replace(p, remedy=p.remedy + hint) if fixes.get(p) else p for p in row.problems))
    number = _row_of(row)
    found: list[Problem] = []

    def add(rule: str, message: str, remedy: str, *, error: bool = False) -> None:
        found.append(Problem(file, number, message, remedy, rule, row.id, "error" if error else "warning"))

    text = text or row.text
    cleaned = clean_text(text, rules=rules)
    for id_ in cleaned.counts:
        rule = next(rule for rule in rules if rule.id == id_)
        add(id_, rule.title[0], f"yoyak data clean --select {id_}")
    for id_, pattern, message in _LEFT:
        if pattern.search(cleaned.text):
            add(id_, message, "mend it by hand")
    _turn_problems(row, add)
    for summary in row.references:
        _summary_problems(row, summary, rules, add)
    return _Seen(row, tuple(found))


def _turn_problems(dialogue: Dialogue, add: Callable[..., None]) -> None:
    empty = sum(not turn.text.strip() for turn in dialogue.turns)
    if empty == len(dialogue.turns):
        add("empty-dialogue", "no turn says anything", "fill it in or remove the row", error=True)
    elif empty:
        add("empty-turn", f"{empty} of {len(dialogue.turns)} turns say nothing", "fill them in or join their neighbours")
    if len(dialogue.labels) == 1:
        add("one-sided", f"all {len(dialogue.turns)} turns are of one speaker", "see whether the other side is missing")
    repeated = sum(
        a.speaker == b.speaker and a.text == b.text and a.text.strip() != ""
        for a, b in zip(dialogue.turns, dialogue.turns[1:], strict=False)
    )
    if repeated:
        add("N28", f"{repeated} turns repeat the one before", "remove them unless they were said twice")


def _summary_problems(dialogue: Dialogue, summary: str, rules: Sequence[Rule], add: Callable[..., None]) -> None:
    if len(summary.strip()) > len(dialogue.text):
        message = f"the summary has {len(summary.strip())} characters, the dialogue {len(dialogue.text)}"
        add("long-summary", message, "see whether the cells are swapped or cut", error=True)
    known = {tag.text for tag in tags.find(dialogue.text)}
    unknown = sorted({tag.text for tag in tags.find(clean_reference(summary, rules=rules).text)} - known)
    if unknown:
        add("unknown-tag", f"the summary names {', '.join(unknown)}, which the dialogue lacks", "mend the tag's number", error=True)
    for id_ in clean_reference(summary, rules=rules).counts:
        rule = next(rule for rule in rules if rule.id == id_)
        add(id_, f"in the summary: {rule.title[0]}", f"yoyak data clean --references --select {id_}")


def _row_of(dialogue: Dialogue) -> int | None:
    tail = dialogue.origin.rpartition(":")[2]
    return int(tail) if tail.isdigit() else None


def _known_id(dialogue: Dialogue, file: str, row: int | None, ids: dict[str, tuple[str, int | None]]) -> Iterator[Problem]:
    before = ids.setdefault(dialogue.id, (file, row))
    if before == (file, row):
        return
    if before[0] == file:
        yield Problem(file, row, f"the id occurred before, in row {before[1]}", "make ids unique", "duplicate-id", dialogue.id)
    else:
        message = f"the id occurs in {before[0]} too, in row {before[1]}"
        yield Problem(file, row, message, "keep the versions of one dialogue in one split", "shared-id", dialogue.id, "warning")


def _ids_of(row: Rejected) -> Iterator[str]:
    """The id of a rejected row; of one too misshapen to have one, everything at its start that could be it."""
    known = [problem.id for problem in row.problems if problem.id]
    yield from known
    if not known:
        yield from _TOKEN.findall(str(row.raw)[:500])


def _gaps(file: str, ids: Sequence[str], aside: set[str]) -> Iterator[Problem]:
    """Numbers missing from ids that count up (N26); nothing when fewer than half of a range are there. Those `aside` are no gaps."""
    series: dict[tuple[str, str], dict[int, str]] = {}
    for id_ in ids:
        match = _ID.fullmatch(id_)
        if match:
            series.setdefault((match["stem"], match["rest"]), {})[int(match["number"])] = match["number"]
    for (stem, rest), numbers in series.items():
        low, high = min(numbers), max(numbers)
        absent = high - low + 1 - len(numbers)
        if absent and len(numbers) > absent and len(numbers) >= 10:
            width = len(numbers[low])  # of aug_0020; 1 for dev_0
            names = (f"{stem}{number:0{width}d}{rest}" for number in range(low, high + 1) if number not in numbers)
            missing = [name for name in names if name not in aside]
            if not missing:
                continue
            shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
            message = f"{len(missing)} ids are missing between {stem}{numbers[low]}{rest} and {stem}{numbers[high]}{rest}: {shown}"
            yield Problem(file, None, message, "see whether rows were lost", "N26", severity="warning")


def _without_summary(file: str, rows: Sequence[tuple[str, int | None, bool]]) -> Iterator[Problem]:
    if not any(has_summary for _, _, has_summary in rows):
        return  # test data
    for id_, row, has_summary in rows:
        if not has_summary:
            yield Problem(file, row, "the summary is empty, other rows have one", "write it or remove the row", "no-summary", id_)


def _alike(found: duplicates.Duplicates, places: Sequence[tuple[str, int | None, str]], threshold: float) -> Iterator[Problem]:
    for pair in found.pairs(threshold=threshold):
        (first_file, first_row, first_id), (file, row, id_) = places[pair.first], places[pair.second]
        exact = pair.similarity == 1.0
        what = "the same as" if exact else f"{pair.similarity:.0%} the same as"
        if file != first_file:
            message = f"the dialogue is {what} {first_file}:{first_row} ({first_id})"
            yield Problem(file, row, message, "keep it in one split only", "leak", id_)
        else:
            rule = "duplicate" if exact else "near-duplicate"
            yield Problem(file, row, f"the dialogue is {what} row {first_row} ({first_id})", "remove one of them", rule, id_, "warning")
