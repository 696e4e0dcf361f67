"""`yoyak data style`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from yoyak.cli import console
from yoyak.cli.columns import parse_columns
from yoyak.cli.messages import say
from yoyak.data.formats.base import Columns, Rejected
from yoyak.data.read import files_of, read
from yoyak.data.style import Style, mismatches, mixtures, style_of
from yoyak.data.write import dumps
from yoyak.errors import UsageError


def style(
    files: Annotated[tuple[str, ...], Parameter(name="FILE", negative=())],
    /,
    *,
    columns: str | None = None,
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
) -> int:
    """Tell which translation family or style files are of (foreign names, summary endings, topic wording), and whether they match.

    Parameters
    ----------
    files
        Files or folders; the first is what the others are compared with.
    columns
        Names of the columns, when they are not the usual ones: dialogue=본문,id=번호.
    json_
        Print JSON: styles and warnings.
    """
    if not files:
        raise UsageError("name a file or a folder")
    chosen = parse_columns(columns)
    styles = [_style(str(path), chosen) for name in files for path in files_of(name)]
    warnings = [problem for each in styles for problem in mixtures(each)] + mismatches(styles)
    if json_:
        shown = [asdict(each) | {"script": each.script, "ending": each.ending} for each in styles]
        print(dumps({"styles": shown, "warnings": [asdict(problem) for problem in warnings]}))
        return 0
    for each in styles:
        print(_line(each))
    for problem in warnings:
        print(f"{problem.severity}: {problem}")
    return 0


def _style(path: str, columns: Columns) -> Style:
    rejected: list[Rejected] = []
    found = style_of(read(path, columns=columns, on_rejected=rejected.append), file=path)
    if rejected:
        console.error(say("rejected-shown", count=len(rejected)))
    return found


def _line(style: Style) -> str:
    parts = [say("style-names", script=say(f"script-{style.script.lower()}"), latin=f"{style.latin:.0%}", hangul=f"{style.hangul:.0%}")]
    if style.polite is not None:
        parts.append(say("style-endings", polite=f"{style.polite:.0%}"))
    if style.gerunds is not None and style.topic_words is not None:
        parts.append(say("style-topics", gerunds=f"{style.gerunds:.0%}", words=f"{style.topic_words:.1f}"))
    return f"{style.file}: " + say("style-count", count=style.dialogues) + "; " + "; ".join(parts)
