"""What a finder of personal data reports: a Finding, never the value itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """Personal data at `text[start:end]`.

    `kind` is a tag's kind (`PhoneNumber`, or `@이름` for a name), `source` who found it, `rule` by what. The value is not kept, so that
    no report can quote it.
    """

    kind: str
    start: int
    end: int
    source: Literal["ko-pii", "yoyak"]
    rule: str


def merged(first: list[Finding], second: list[Finding]) -> list[Finding]:
    """Both lists without overlaps, from left to right: what overlaps is joined, with the kind of the longest.

    Example:
        >>> phone, account = Finding("PhoneNumber", 3, 12, "ko-pii", "phone"), Finding("AccountNumber", 0, 10, "yoyak", "account")
        >>> [(finding.kind, finding.start, finding.end) for finding in merged([phone], [account])]
        [('AccountNumber', 0, 12)]
    """
    out: list[Finding] = []
    longest = 0
    for finding in sorted([*first, *second], key=lambda finding: (finding.start, -finding.end)):
        size = finding.end - finding.start
        if out and finding.start < out[-1].end:
            best = finding if size > longest else out[-1]
            out[-1] = Finding(best.kind, out[-1].start, max(out[-1].end, finding.end), best.source, best.rule)
            longest = max(longest, size)
        else:
            out.append(finding)
            longest = size
    return out
