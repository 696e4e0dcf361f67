"""`yoyak data clean`."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from yoyak._parallel import cores
from yoyak.cli import console
from yoyak.cli.columns import parse_columns
from yoyak.cli.messages import say
from yoyak.data.changes import changes_path
from yoyak.data.clean_file import Change, Report, clean_file
from yoyak.data.rejects import rejects_path
from yoyak.data.rules.base import Rule
from yoyak.data.rules.catalogue import choose
from yoyak.data.rules.team import load_rules
from yoyak.errors import DataError
from yoyak.provenance import write_run


def clean(
    file: Annotated[Path, Parameter(name="FILE")],
    /,
    *,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    select: str = "",
    ignore: str = "",
    rules_file: Path | None = None,
    references: Annotated[bool, Parameter(show_default=False)] = False,
    diff: Annotated[bool, Parameter(show_default=False)] = False,
    columns: str | None = None,
    format: str | None = None,
    session: str = "gap:6h",
    keep_going: Annotated[bool, Parameter(show_default=False)] = False,
) -> int:
    """Clean a file's dialogues into another file. The log beside it (OUT.changes.jsonl) gives the original back: yoyak data restore.

    Parameters
    ----------
    file
        CSV, JSONL, text, a chat export, ...
    out
        File to write (.csv, .jsonl, .txt). What no rule changes stays as it is, to the byte.
    select
        Rules to run: N1,N2 (default: those that run by default; also all). See yoyak data rules.
    ignore
        Rules to leave out.
    rules_file
        YAML with your own rules; they run after the others.
    references
        Clean the summaries too (never for what you score against).
    diff
        Print each change as a unified diff.
    columns
        Names of the columns, when they are not the usual ones: dialogue=본문,id=번호.
    format
        Name of the format, when it is not recognised.
    session
        How a chat is cut: day, gap:6h or whole.
    keep_going
        Set bad rows aside in OUT.rejects.jsonl, go on with the good ones, and exit with 3.
    """
    rules: tuple[Rule, ...] = choose(select.split(","), ignore.split(","))
    if rules_file is not None:
        rules += load_rules(rules_file)
    try:
        with console.progress(say("cleaning"), None) as advance:
            report = clean_file(
                file,
                out,
                rules=rules,
                references=references,
                columns=parse_columns(columns),
                format=format,
                session=session,
                keep_going=keep_going,
                workers=cores(),
                on_change=_print_diff if diff else None,
                on_record=advance,
            )
    except DataError:
        if not keep_going:
            console.note(say("keep-going"))
        raise
    _say_what(report, rules, out)
    extra = {"rows": report.dialogues, "changed": report.changed, "rules": dict(report.counts), "rejected": len(report.rejected)}
    write_run(out, inputs=[file, changes_path(out)], extra=extra)
    return 3 if report.rejected else 0


def _say_what(report: Report, rules: tuple[Rule, ...], out: Path) -> None:
    for rule in rules:
        if report.counts[rule.id]:
            console.note(f"{rule.id:>5} {report.counts[rule.id]:>8,}  {rule.title[1 if say('language') == 'ko' else 0]}")
    console.note(say("cleaned", changed=report.changed, count=report.dialogues, path=out))
    if report.rejected:
        for row in report.rejected:
            for problem in row.problems:
                console.error(str(problem))
        console.error(say("rejected", count=len(report.rejected), path=rejects_path(out)))


def _print_diff(change: Change) -> None:
    before, after = change.before.splitlines(), change.after.splitlines()
    name = f"{change.id} ({change.column})"
    for line in difflib.unified_diff(before, after, name, name, lineterm="", n=0):
        print(line)
