"""`yoyak data restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from yoyak.cli import console
from yoyak.cli.messages import say
from yoyak.data.changes import changes_path
from yoyak.data.changes import restore as restored
from yoyak.errors import UsageError


def restore(
    file: Annotated[Path, Parameter(name="FILE")],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    log: Path | None = None,
) -> int:
    """Give the original of a cleaned file back, byte for byte.

    Parameters
    ----------
    file
        The cleaned file, unchanged since.
    out
        File to write the original to.
    log
        The change log (default: FILE.changes.jsonl).
    """
    log = log or changes_path(file)
    for path in (file, log):
        if not path.is_file():
            raise UsageError(f"there is no file {str(path)!r}")
    restored(file, log, out)
    console.note(say("restored", path=out))
    return 0
