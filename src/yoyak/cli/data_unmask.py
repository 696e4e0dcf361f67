"""`yoyak data unmask`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from yoyak.cli import console
from yoyak.cli.messages import say
from yoyak.cli.password import asked_password, known_password
from yoyak.data.mask_file import unmask_file
from yoyak.data.vault import is_encrypted, read_vault

_SHOWN = 5


def unmask(
    file: Annotated[Path, Parameter(name="FILE")],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    vault: Path,
    masked: Path | None = None,
) -> int:
    """Put the values of a vault back, into the masked file or into summaries made of it.

    Parameters
    ----------
    file
        The masked file, or a CSV or JSONL file with its ids (summaries, say).
    out
        File to write.
    vault
        The vault of the masked file. An encrypted one asks for its password, or takes YOYAK_VAULT_PASSWORD.
    masked
        The masked file, when neither FILE is it nor FILE.run.json says that FILE was made of it.
    """
    opened = read_vault(vault, password=asked_password() if is_encrypted(vault) else known_password())
    report = unmask_file(file, out, vault=opened, masked=masked)
    for tag, ids in report.left.items():
        shown = ", ".join(ids[:_SHOWN]) + (", ..." if len(ids) > _SHOWN else "")
        console.note(say("tag-left", tag=tag, count=len(ids), ids=shown))
    console.note(say("unmasked", count=report.records, path=out))
    return 0
