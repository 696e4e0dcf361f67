"""The option `--columns dialogue=본문,id=번호,summary=요약1+요약2`."""

from __future__ import annotations

from yoyak.data.formats.base import Columns
from yoyak.errors import UsageError

_PARTS = ("id", "dialogue", "summary", "topic")


def parse_columns(text: str | None) -> Columns:
    """The columns that the option names; several summaries are joined by `+`.

    Raises:
        UsageError: Not `part=name`, or a part that does not exist.

    Example:
        >>> parse_columns("dialogue=본문,summary=a+b").summary
        'a,b'
    """
    if not text:
        return Columns()
    chosen: dict[str, str] = {}
    for item in text.split(","):
        part, equals, name = item.partition("=")
        if part.strip() not in _PARTS or not equals or not name.strip():
            raise UsageError(f"--columns takes {', '.join(f'{p}=NAME' for p in _PARTS)}, not {item!r}")
        chosen[part.strip()] = name.strip()
    if "summary" in chosen:
        chosen["summary"] = chosen["summary"].replace("+", ",")
    return Columns(**chosen)
