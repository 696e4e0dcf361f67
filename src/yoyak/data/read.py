"""Files in, Dialogues out. Only this module and `formats/` know column names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from yoyak.data.formats.base import Columns, Rejected, Row
from yoyak.data.formats.registry import by_name, recognise
from yoyak.data.sessions import DEFAULT, Chat, parse_session
from yoyak.data.source import Source, open_source
from yoyak.errors import DataError, UsageError
from yoyak.records import Dialogue, Problem

#: Endings that a folder is searched for; a file named directly may have any.
READABLE = (".csv", ".tsv", ".jsonl", ".json", ".txt", ".parquet", ".srt", ".vtt")


def read(
    path: str | Path,
    *,
    columns: Columns | None = None,
    format: str | None = None,
    session: str = DEFAULT,
    on_rejected: Callable[[Rejected], None] | None = None,
) -> Iterator[Dialogue]:
    """The dialogues of a file, or of the readable files of a folder in the order of their names.

    Rows stream: a file of a million rows needs the memory of a few. The format is found by content, not by name.

    Args:
        path: A file or a folder (searched in depth; links that lead out of it are passed over).
        columns: Names of the columns, where they are not the usual ones (`fname`/`id`, `dialogue`, `summary`, `topic`).
        format: Name of the format, to skip recognition.
        session: How a chat export is cut into dialogues: `day`, `gap:6h` (a silence of six hours; also `m`, `d`) or `whole`. Other
            formats hold their dialogues ready.
        on_rejected: Called with each bad row while the good ones go on. Without it bad rows raise, at the end of the last file, so
            that the error names all of them.

    Raises:
        DataError: Rows or files are invalid and `on_rejected` is not given. `problems` holds each with file, row and remedy.
        UsageError: The path does not exist, the folder holds no readable file, or `session` is none of these.

    Example:
        >>> path = getfixture("tmp_path") / "a.txt"
        >>> _ = path.write_text("#Person1#: 밥 먹었어?\\n#Person2#: 아직.", encoding="utf-8")
        >>> [dialogue.id for dialogue in read(path)]
        ['a']
    """
    problems: list[Problem] = []
    for file in files_of(path):
        for row in read_rows(open_source(file), columns=columns, format=format, session=session):
            if isinstance(row, Dialogue):
                yield row
            elif on_rejected is None:
                problems.extend(row.problems)
            else:
                on_rejected(row)
    if problems:
        raise DataError(problems)


def read_rows(source: Source, *, columns: Columns | None = None, format: str | None = None, session: str = DEFAULT) -> Iterator[Row]:
    """Every row of one source in order: a Dialogue, or a Rejected with what is wrong and the raw row."""
    rule = parse_session(session)
    columns = columns or Columns()
    try:
        chosen = by_name(format) if format else recognise(source, columns)
    except DataError as error:
        yield Rejected(error.problems, "")
        return
    if isinstance(chosen, Chat):
        yield from chosen.read_sessions(source, rule)
    else:
        yield from chosen.read(source, columns)


def files_of(path: str | Path) -> list[Path]:
    """The file itself, or the readable files below a folder, sorted.

    Hidden files, `.run.json`, rejects, change logs and links out of the folder are left out.

    Raises:
        UsageError: There is no such path, or nothing readable in the folder.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UsageError(f"there is no file or folder {str(path)!r}")
    root = path.resolve()
    found = sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() in READABLE
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
        and not file.name.endswith((".run.json", ".rejects.jsonl", ".changes.jsonl"))
        and file.is_file()
        and file.resolve().is_relative_to(root)
    )
    if not found:
        raise UsageError(f"the folder {str(path)!r} holds no file with dialogues ({', '.join(READABLE)})")
    return found
