"""Predictions out and in again: CSV, JSONL, text or Parquet by the file's ending, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from yoyak._extras import require
from yoyak._files import atomic
from yoyak.data.formats.csv_file import any_cell_size
from yoyak.data.source import open_source, undecodable
from yoyak.errors import DataError, UsageError
from yoyak.records import Doubt, Prediction, Problem

#: File ending -> name of the format.
ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".txt": "text", ".parquet": "parquet"}
FORMATS = ("text", "jsonl", "csv", "parquet")
_IDS = ("fname", "id", "dialogue_id", "번호")
_SUMMARIES = ("summary", "prediction", "output", "요약")


def format_of(path: str | Path, asked: str | None = None) -> str:
    """The format in which a file is written: by its ending.

    Raises:
        UsageError: The ending is unknown, or `asked` contradicts it.

    Example:
        >>> format_of("out.csv")
        'csv'
    """
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(f"the output {str(path)!r} ends in {ending or 'nothing'}; give it one of {', '.join(ENDINGS)}")
    if asked is not None and asked != ENDINGS[ending]:
        raise UsageError(f"the output {str(path)!r} is {ENDINGS[ending]} by its ending, but --format says {asked}; change one of them")
    return ENDINGS[ending]


def as_dict(prediction: Prediction) -> dict[str, Any]:
    """The prediction as a JSON object: `id` and `summary` always, the rest when it says something."""
    record: dict[str, Any] = {"id": prediction.id, "summary": prediction.summary}
    if prediction.model:
        record["model"] = prediction.model
    if prediction.evidence:
        record["evidence"] = [list(turns) for turns in prediction.evidence]
    if prediction.notes:
        record["notes"] = list(prediction.notes)
    if prediction.error is not None:
        record["error"] = prediction.error
    if prediction.review:
        record["needs_review"] = [
            {"sentence": d.sentence, "kind": d.kind, "true": round(d.true, 3), "turns": list(d.turns)} for d in prediction.review
        ]
    return record


def doubts_of(record: Mapping[str, Any]) -> tuple[Doubt, ...]:
    """What stands under `needs_review` in a record that :func:`as_dict` made.

    Raises:
        KeyError, TypeError, ValueError: It is not of that form.

    Example:
        >>> doubts_of({"needs_review": [{"sentence": 1, "kind": "speaker", "true": 0.5, "turns": [2]}]})
        (Doubt(sentence=1, kind='speaker', true=0.5, turns=(2,)),)
    """
    found = record.get("needs_review") or ()
    return tuple(Doubt(int(d["sentence"]), str(d["kind"]), float(d["true"]), tuple(int(n) for n in d["turns"])) for d in found)


def as_text(prediction: Prediction, *, evidence: bool = False, doubt: Callable[[Doubt], str] = str) -> str:
    """The prediction for reading: its id, its summary indented, what needs review, the turns (`evidence`), a blank line.

    Args:
        prediction: What is shown.
        evidence: Show the turns.
        doubt: Says a doubt in the reader's language.

    Example:
        >>> print(as_text(Prediction("a", "둘은 만난다.", review=(Doubt(1, "invented", 0.4, (2,)),))), end="")
        a
          둘은 만난다.
          ! sentence 1 may not have been said (40 % sure; turns 2)
        <BLANKLINE>
    """
    body = prediction.summary if prediction.error is None else f"({prediction.error})"
    turns = "; ".join(", ".join(map(str, group)) or "-" for group in prediction.evidence)
    flags = "".join(f"  ! {doubt(one)}\n" for one in prediction.review)
    return f"{prediction.id}\n  {body}\n" + flags + (f"  [{turns}]\n" if evidence and turns else "") + "\n"


def dumps(value: Any) -> str:
    """JSON with Hangul as it is, on one line; lone surrogates are escaped, since no UTF-8 file can hold them."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text


def csv_line(cells: Sequence[str], *, separator: str = ",") -> str:
    """One CSV record with its line end; cells that hold a comma, a quote or any kind of line break are quoted.

    Example:
        >>> csv_line(["a", "b\\rc"])
        'a,"b\\rc"\\n'
    """
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator, lineterminator="\r\n").writerow(
        cells
    )  # with "\n" alone a lone carriage return would go unquoted
    return buffer.getvalue()[:-2] + "\n"


def stream(
    predictions: Iterable[Prediction], file: IO[str], format: str, *, evidence: bool = False, doubt: Callable[[Doubt], str] = str
) -> Iterator[Prediction]:
    """Write each prediction to an open text file as it comes, and hand it on."""
    if format == "csv":
        file.write(csv_line(("id", "summary")))
    for prediction in predictions:
        if format == "csv":
            file.write(csv_line((prediction.id, _encodable(prediction.summary))))
        elif format == "jsonl":
            file.write(dumps(as_dict(prediction)) + "\n")
        else:
            file.write(_encodable(as_text(prediction, evidence=evidence, doubt=doubt)))
        yield prediction


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def write_predictions(
    path: str | Path,
    predictions: Iterable[Prediction],
    *,
    format: str | None = None,
    like: str | Path | None = None,
    may_miss: bool = False,
    evidence: bool = False,
    doubt: Callable[[Doubt], str] = str,
    on_each: Callable[[Prediction], None] = lambda _: None,
) -> int:
    """Write predictions to `path`, whole or not at all; returns how many.

    Args:
        path: The ending says the format: .csv (`id,summary`), .jsonl, .txt or .parquet.
        predictions: Written in their order, as they come (a Parquet file is gathered first).
        format: Must agree with the ending when given.
        like: A sample submission (CSV) whose columns, index and row order the output takes; `path` must end in .csv.
        may_miss: With `like`: rows of the sample without a prediction stay as they are in the sample instead of raising.
        evidence: In text, also the numbers of the turns that each sentence rests on.
        doubt: In text, says in the reader's language what needs review.
        on_each: Called after each one, for progress.

    Raises:
        UsageError: The ending is unknown or contradicted.
        DataError: With `like`: an id of the sample has no prediction, an id is predicted twice or is not in the sample.

    Example:
        >>> path = getfixture("tmp_path") / "out.csv"
        >>> write_predictions(path, [Prediction("a", "둘은 세 시에 만나기로 한다.")])
        1
        >>> path.read_text(encoding="utf-8")
        'id,summary\\na,둘은 세 시에 만나기로 한다.\\n'
    """
    chosen = format_of(path, format)
    if like is not None:
        if chosen != "csv":
            raise UsageError(f"--like writes a CSV as the sample is; let the output {str(path)!r} end in .csv")
        return _write_like(path, predictions, Path(like), may_miss, on_each)
    count = 0
    if chosen == "parquet":
        rows = []
        for prediction in predictions:
            rows.append(as_dict(prediction))
            on_each(prediction)
        _write_parquet(path, rows)
        return len(rows)
    with atomic(path) as file:
        for prediction in stream(predictions, file, chosen, evidence=evidence, doubt=doubt):
            count += 1
            on_each(prediction)
    return count


def _write_parquet(path: str | Path, rows: list[dict[str, Any]]) -> None:
    arrow = require("pyarrow", extra="parquet")
    parquet = require("pyarrow.parquet", extra="parquet")
    turns = arrow.list_(arrow.list_(arrow.int32()))
    text = arrow.string()
    doubt = arrow.struct([("sentence", arrow.int32()), ("kind", text), ("true", arrow.float64()), ("turns", arrow.list_(arrow.int32()))])
    schema = arrow.schema(
        [
            ("id", text),
            ("summary", text),
            ("model", text),
            ("evidence", turns),
            ("notes", arrow.list_(text)),
            ("error", text),
            ("needs_review", arrow.list_(doubt)),
        ]
    )
    with atomic(path, "wb") as file:
        parquet.write_table(arrow.Table.from_pylist(rows, schema=schema), file)


def check_sample(like: str | Path, ids: Sequence[str], *, may_miss: bool = False) -> None:
    """Make sure, before any work is done, that ids and a sample submission fit together.

    Raises:
        DataError: An id occurs twice or is not in the sample, or (without `may_miss`) the sample has an id that is not in `ids`.
    """
    _, rows, id_at, _ = _sample_layout(Path(like))
    known = {row[id_at] for row in rows}
    twice = [id_ for id_, count in Counter(ids).items() if count > 1]
    problems = [Problem(str(like), None, "the id is in the input twice", "make the ids of the input unique", "ids", id_) for id_ in twice]
    for id_ in dict.fromkeys(ids):
        if id_ not in known:
            problems.append(Problem(str(like), None, "the id is not in the sample", "use the sample of this input", "ids", id_))
    given = set(ids)
    for number, row in enumerate(rows, 1):
        if row[id_at] not in given and not may_miss:
            problems.append(Problem(str(like), number, "no dialogue has this id", "summarize the input of this sample", "ids", row[id_at]))
    if problems:
        raise DataError(problems)


def _sample_layout(like: Path) -> tuple[list[str], list[list[str]], int, int]:
    """Header, rows, and where ids and summaries stand."""
    header, rows = _sample(like)
    id_at = next((i for i, name in enumerate(header) if name in _IDS), None)
    summary_at = next((i for i, name in enumerate(header) if name in _SUMMARIES), None)
    if id_at is None or summary_at is None:
        message = f"the columns are {', '.join(map(repr, header))}; one of {', '.join(_IDS)} and one of {', '.join(_SUMMARIES)} are needed"
        raise DataError([Problem(str(like), 0, message, "give the sample submission as it was handed out", "columns")])
    return header, rows, id_at, summary_at


def _write_like(
    path: str | Path, predictions: Iterable[Prediction], like: Path, may_miss: bool, on_each: Callable[[Prediction], None]
) -> int:
    header, rows, id_at, summary_at = _sample_layout(like)
    summaries: dict[str, str] = {}
    ids: list[str] = []
    for prediction in predictions:
        ids.append(prediction.id)
        summaries[prediction.id] = prediction.summary
        on_each(prediction)
    check_sample(like, ids, may_miss=may_miss)
    with atomic(path) as file:
        file.write(csv_line(header))
        for row in rows:
            written = [_encodable(summaries.get(row[id_at], cell)) if i == summary_at else cell for i, cell in enumerate(row)]
            file.write(csv_line(written))
    return len(rows)


def _sample(like: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a sample submission; rows that are too short are a problem, not a crash."""
    with open_source(like).open() as file, any_cell_size():
        rows = [row for row in csv.reader(file) if row]
    if not rows:
        raise DataError([Problem(str(like), None, "the file is empty", "give the sample submission as it was handed out", "empty-file")])
    problems = [
        Problem(str(like), n, f"the row has {len(row)} cells, the header {len(rows[0])}", "mend this row", "cells")
        for n, row in enumerate(rows[1:], 1)
        if len(row) != len(rows[0])
    ]
    if problems:
        raise DataError(problems)
    return rows[0], rows[1:]


def read_predictions(path: str | Path) -> list[Prediction]:
    """The predictions of a CSV or JSONL file, in its order.

    The id's column is called `fname` or `id`, the summary's `summary` (also `prediction`, `output`, `요약`); other columns are passed
    over. Empty summaries are kept.

    Raises:
        DataError: Every row that cannot be read, and every id that occurs twice.
        UsageError: There is no such file.

    Example:
        >>> path = getfixture("tmp_path") / "p.csv"
        >>> _ = path.write_text(",fname,summary\\n0,dev_0,둘이 만난다.\\n", encoding="utf-8")
        >>> read_predictions(path)[0].summary
        '둘이 만난다.'
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"there is no file {str(path)!r}")
    problems: list[Problem] = []
    found: dict[str, Prediction] = {}
    for row, cells in _cells(path, problems):
        prediction = _prediction(path, row, cells, problems)
        if prediction is None:
            continue
        if prediction.id in found:
            problems.append(Problem(str(path), row, "this id was there before", "keep one row per id", "duplicate-id", prediction.id))
        found[prediction.id] = prediction
    if not found and not problems:
        problems.append(Problem(str(path), None, "the file holds no prediction", "give a CSV or JSONL with id and summary", "empty-file"))
    if problems:
        raise DataError(problems)
    return list(found.values())


def _cells(path: Path, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(1-based row, its cells by name)."""
    with open_source(path).open() as file:
        if path.suffix.lower() in (".jsonl", ".json"):
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        value = json.loads(line)
                    except ValueError:
                        value = None
                    if isinstance(value, dict):
                        yield number, value
                    else:
                        problems.append(Problem(str(path), number, "not a JSON object", "write one JSON object a line", "json"))
            return
        with any_cell_size():
            first = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(",;\t", key=first.count), strict=True)
            try:
                header = [name.strip().lstrip("\ufeff") for name in next(reader, [])]
                for number, cells in enumerate(reader, 1):
                    if cells and len(cells) != len(header):
                        message = f"the row has {len(cells)} cells, the header {len(header)}"
                        problems.append(Problem(str(path), number, message, "put cells that hold commas in double quotes", "cells"))
                    elif cells:
                        yield number, dict(zip(header, cells, strict=True))
            except csv.Error as error:
                problems.append(Problem(str(path), None, f"not CSV: {error}", "mend its quotes", "csv"))


def _prediction(path: Path, row: int, cells: dict[str, Any], problems: list[Problem]) -> Prediction | None:
    id_ = next((cells[name] for name in _IDS if name in cells), None)
    summary = next((cells[name] for name in _SUMMARIES if name in cells), None)
    if id_ is None or not isinstance(summary, str):
        message = f"a prediction needs an id ({', '.join(_IDS)}) and a text ({', '.join(_SUMMARIES)})"
        problems.append(Problem(str(path), row, message, "name the columns so", "columns"))
        return None
    if undecodable(summary) or undecodable(str(id_)):
        problems.append(Problem(str(path), row, "bytes that are neither UTF-8 nor cp949", "save the file as UTF-8", "encoding"))
        return None
    evidence = cells.get("evidence")
    try:
        turns = tuple(tuple(int(n) for n in group) for group in evidence) if isinstance(evidence, list) else ()
    except (TypeError, ValueError):
        problems.append(
            Problem(str(path), row, "evidence is not a list of lists of turn numbers", "write [[1, 2], [3]]", "evidence", str(id_))
        )
        return None
    try:
        review = doubts_of(cells) if isinstance(cells.get("needs_review"), list) else ()
    except (KeyError, TypeError, ValueError):
        form = 'write [{"sentence": 1, "kind": "speaker", "true": 0.5, "turns": [2]}]'
        problems.append(Problem(str(path), row, "needs_review is not a list of doubts", form, "needs-review", str(id_)))
        return None
    notes = cells.get("notes")
    error = cells.get("error")
    return Prediction(
        str(id_),
        summary,
        model=str(cells.get("model") or ""),
        evidence=turns,
        notes=tuple(map(str, notes)) if isinstance(notes, list) else (),
        error=error if isinstance(error, str) else None,
        review=review,
    )
