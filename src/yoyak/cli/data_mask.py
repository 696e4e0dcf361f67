"""`yoyak data mask`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from yoyak._parallel import cores
from yoyak.cli import console
from yoyak.cli.columns import parse_columns
from yoyak.cli.messages import say
from yoyak.cli.password import new_password
from yoyak.data.mask_file import MaskReport, mask_file
from yoyak.errors import UsageError
from yoyak.provenance import write_run


def mask(
    file: Annotated[Path, Parameter(name="FILE")],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    vault: Path | None = None,
    no_vault: Annotated[bool, Parameter(name="--no-vault", show_default=False)] = False,
    encrypt: Annotated[bool, Parameter(show_default=False)] = False,
    names: Annotated[bool, Parameter(show_default=False)] = False,
    speakers: Annotated[bool, Parameter(show_default=False)] = False,
    columns: str | None = None,
    format: str | None = None,
    session: str = "gap:6h",
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
) -> int:
    """Put tags (#PhoneNumber#, ...) in the place of personal data; the vault gives them back: yoyak data unmask.

    Parameters
    ----------
    file
        CSV, JSONL, text, a chat export, ...
    out
        File to write (.csv, .jsonl).
    vault
        New file for the values, readable by you alone.
    no_vault
        Keep no values: mask for good.
    encrypt
        Encrypt the vault (extra [vault]); the password is asked for, or taken from YOYAK_VAULT_PASSWORD.
    names
        Mask names too: the speakers' and what looks like one in speech. Many everyday words look like one.
    speakers
        Mask the speakers' names, where they speak and where they are named literally.
    columns
        Names of the columns, when they are not the usual ones: dialogue=본문,id=번호.
    format
        Name of the format, when it is not recognised.
    session
        How a chat is cut: day, gap:6h or whole.
    json_
        Print the counts as JSON.
    """
    if (vault is None) != no_vault:
        raise UsageError("name a file for the values (--vault FILE) or mask for good (--no-vault)")
    if encrypt and vault is None:
        raise UsageError("--encrypt goes with --vault")
    password = new_password() if encrypt else None
    with console.progress(say("masking"), None) as advance:
        report = mask_file(
            file,
            out,
            vault=vault,
            password=password,
            names=names,
            speakers=speakers,
            columns=parse_columns(columns),
            format=format,
            session=session,
            workers=cores(),
            on_record=advance,
        )
    write_run(out, inputs=[file], extra={"rows": report.dialogues, "changed": report.changed, "found": _counts(report)})
    if json_:
        print(json.dumps({"dialogues": report.dialogues, "changed": report.changed, "found": _counts(report)}, ensure_ascii=False))
    for source, kinds in _counts(report).items():
        for kind, count in kinds.items():
            console.note(f"{count:>9,}  {kind}  ({source})")
    console.note(say("masked", changed=report.changed, count=report.dialogues, path=out))
    if vault is not None:
        console.note(say("vault-kept", path=vault))
    return 0


def _counts(report: MaskReport) -> dict[str, dict[str, int]]:
    """Who found it -> kind -> occurrences."""
    counts: dict[str, dict[str, int]] = {}
    for (source, kind), count in sorted(report.found.items()):
        counts.setdefault(source, {})[kind] = count
    return counts
