"""Files that are either whole or not there, and their hashes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from yoyak.errors import UsageError

_BLOCK = 1 << 20


@contextmanager
def atomic(path: str | Path, mode: str = "w", *, newline: str | None = "", private: bool = False) -> Iterator[IO[Any]]:
    """A file open for writing that takes its name only when the block ends without an exception.

    Until then an older file of that name stays as it was. Missing folders are made. Text is UTF-8 with line ends as written (`newline`).

    Args:
        path: Where the file shall be.
        mode: `w` for text, `wb` for bytes.
        newline: As in `open`; the default writes `\\n` unchanged on every system.
        private: Readable by the owner alone (mode 0600) from the first byte on, where the system knows modes.

    Raises:
        OSError: The folder cannot be written to, the disk is full, ...; the older file is untouched and no temporary file stays.

    Example:
        >>> with atomic(getfixture("tmp_path") / "new" / "a.txt") as file:
        ...     _ = file.write("요약")
        >>> (getfixture("tmp_path") / "new" / "a.txt").read_text(encoding="utf-8")
        '요약'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        if not private:
            Path(temporary).chmod(_usual_mode(path))
        text = {} if "b" in mode else {"encoding": "utf-8", "newline": newline}
        with open(descriptor, mode, **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _usual_mode(path: Path) -> int:
    """The mode of the file that is replaced, or the one that a plain `open` would give."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def refuse_overwrite(outputs: Iterable[str | Path | None], inputs: Iterable[str | Path]) -> None:
    """Make sure that no output is one of the inputs (links followed).

    Raises:
        UsageError: One is; nothing was written.
    """
    known = {Path(path).resolve() for path in inputs}
    for output in outputs:
        if output is not None and Path(output).resolve() in known:
            raise UsageError(f"{str(output)!r} is an input too and would be overwritten; choose another output")


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal, read in blocks."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
