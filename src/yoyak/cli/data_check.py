"""`yoyak data check`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from yoyak._parallel import cores
from yoyak.cli import console
from yoyak.cli.columns import parse_columns
from yoyak.cli.messages import say
from yoyak.data.check import check_files
from yoyak.data.duplicates import THRESHOLD
from yoyak.data.read import files_of
from yoyak.data.write import dumps
from yoyak.errors import UsageError
from yoyak.records import Problem

_SHOWN = 5


def check(
    files: Annotated[tuple[str, ...], Parameter(name="FILE", negative=())],
    /,
    *,
    columns: str | None = None,
    format: str | None = None,
    session: str = "gap:6h",
    near: float = THRESHOLD,
    all: Annotated[bool, Parameter(show_default=False)] = False,
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
) -> int:
    """Find what is wrong in files, and between them when several are given (as splits). Exit code 3 when there are errors.

    Parameters
    ----------
    files
        Files or folders; several are compared: what stands in two of them leaks.
    columns
        Names of the columns, when they are not the usual ones: dialogue=본문,id=번호.
    format
        Name of the format, when it is not recognised.
    session
        How a chat is cut: day, gap:6h or whole.
    near
        Similarity (0..1) from which two dialogues are near-duplicates.
    all
        Show every warning; without it the first five of each rule and file.
    json_
        Print every problem as a JSON object a line.
    """
    if not files:
        raise UsageError("name a file or a folder")
    if not 0 < near <= 1:
        raise UsageError(f"--near takes a similarity above 0 and up to 1, not {near}")
    paths = [path for name in files for path in files_of(name)]
    counts: Counter[tuple[str, str]] = Counter()
    errors = warnings = 0
    with console.progress(say("checking"), None) as advance:
        found = check_files(
            paths, columns=parse_columns(columns), format=format, session=session, threshold=near, workers=cores(), on_record=advance
        )
        for problem in found:
            errors += problem.severity == "error"
            warnings += problem.severity == "warning"
            counts[problem.file, problem.rule] += 1
            if json_:
                print(dumps(asdict(problem)))
            elif all or problem.severity == "error" or counts[problem.file, problem.rule] <= _SHOWN:
                print(_line(problem))
    if not json_:
        if not all:
            _rest(counts)
        print(say("checked", errors=errors, warnings=warnings))
    return 3 if errors else 0


def _line(problem: Problem) -> str:
    return f"{problem.severity}: {problem}"


def _rest(counts: Counter[tuple[str, str]]) -> None:
    for (file, rule), count in sorted(counts.items()):
        if count > _SHOWN:
            print(say("check-more", file=file, rule=rule, count=count))
