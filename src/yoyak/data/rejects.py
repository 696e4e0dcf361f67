"""Rows that could not be used, set aside whole in a `.rejects.jsonl` beside the output."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from yoyak._files import atomic
from yoyak.data.formats.base import Rejected
from yoyak.data.write import dumps


def rejects_path(output: str | Path) -> Path:
    """Where the rejects of an output stand.

    Example:
        >>> rejects_path("out/dev.csv").name
        'dev.csv.rejects.jsonl'
    """
    output = Path(output)
    return output.with_name(output.name + ".rejects.jsonl")


def write_rejects(path: str | Path, rejected: Iterable[Rejected]) -> int:
    """Write each rejected row with its problems and its raw content, one JSON object a line; returns how many."""
    count = 0
    with atomic(path) as file:
        for row in rejected:
            file.write(dumps({"problems": [asdict(problem) for problem in row.problems], "row": row.raw}) + "\n")
            count += 1
    return count
