"""What a diagnosis is made of: findings, and stages that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]
Status = Literal["lost", "risk", "ok", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    Args:
        code: Stable identifier (`rows-frozen`).
        level: `error`: it does the harm that is looked for; `warning`: it may; `note`: it does none by itself.
        what: What was seen, with its figures and where they are from.
        why: How that does harm.
        fix: What to do about it.
    """

    code: str
    level: Level
    what: str
    why: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step on a tag's way.

    Args:
        name: raw, clean, encode, label, rows, generate, decode, post-process, output.
        findings: What is wrong here; empty when nothing is.
        seen: What was looked at and found in order, in words; empty when the stage could not be looked at.
        needs: What would have to be given to look at it.
    """

    name: str
    findings: tuple[Finding, ...] = ()
    seen: str = ""
    needs: str = ""

    @property
    def status(self) -> Status:
        """`lost` with an error, `risk` with a warning, `ok` when it was looked at, else `unknown`."""
        levels = {finding.level for finding in self.findings}
        if "error" in levels:
            return "lost"
        if "warning" in levels:
            return "risk"
        return "ok" if self.seen or self.findings else "unknown"


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors, then warnings, then notes; otherwise in the order given.

    Example:
        >>> [f.code for f in worst_first([Finding("a", "note", ""), Finding("b", "error", "")])]
        ['b', 'a']
    """
    return tuple(sorted(findings, key=lambda finding: ("error", "warning", "note").index(finding.level)))


def percent(part: int, whole: int) -> str:
    """A share for a message: `74 % (185 of 250)`.

    Example:
        >>> percent(1, 3), percent(0, 0)
        ('33 % (1 of 3)', '0 of 0')
    """
    return f"{100 * part / whole:.0f} % ({part} of {whole})" if whole else f"{part} of {whole}"
