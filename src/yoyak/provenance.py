"""What made a file: the `.run.json` beside an output, and the parts of a metric's signature."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from yoyak._files import atomic, sha256
from yoyak.records import Dialogue


def version() -> str:
    """The installed version of yoyak."""
    from importlib.metadata import version as installed

    return installed("yoyak")


def run_path(output: str | Path) -> Path:
    """Where the record of an output stands: its whole name with `.run.json` after it.

    Example:
        >>> run_path("out/dev.csv").name
        'dev.csv.run.json'
    """
    output = Path(output)
    return output.with_name(output.name + ".run.json")


def hashes(files: Iterable[str | Path]) -> dict[str, str]:
    """File name as given -> SHA-256, for those that are files."""
    return {str(file): sha256(file) for file in files if Path(file).is_file()}


def fingerprint(dialogue: Dialogue) -> str:
    """Sixteen hexadecimal digits that stand for what was said in a dialogue, whatever file it is in and whatever it is called.

    Example:
        >>> from yoyak.records import Turn
        >>> one, other = (Dialogue(name, (Turn("가", "안녕?"),)) for name in ("a", "b"))
        >>> fingerprint(one) == fingerprint(other)
        True
    """
    return hashlib.sha256(dialogue.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def write_run(
    output: str | Path,
    *,
    inputs: Iterable[str | Path],
    model: str | None = None,
    decoding: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Path:
    """Write `OUTPUT.run.json`: command, version, model, decoding, hashes of the inputs and of the output. Returns its path.

    Nothing of the data themselves is in it; `extra` (counts, figures) must keep to that.
    """
    record: dict[str, Any] = {
        "command": ["yoyak", *sys.argv[1:]],
        "version": version(),
        "python": platform.python_version(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": model,
        "decoding": dict(decoding or {}),
        "inputs": hashes(inputs),
        "output": hashes([output]),
        **(extra or {}),
    }
    path = run_path(output)
    with atomic(path) as file:
        json.dump(record, file, ensure_ascii=False, indent=2)
        file.write("\n")
    return path


def read_run(output: str | Path) -> dict[str, Any] | None:
    """The record beside an output, None when there is none or it is not a JSON object."""
    path = run_path(output)
    if not path.is_file():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
