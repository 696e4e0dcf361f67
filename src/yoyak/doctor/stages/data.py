"""raw, clean: whether the data hold tags, and whether cleaning leaves them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from yoyak.doctor.case import Case
from yoyak.doctor.finding import Finding, Stage, percent
from yoyak.records import Dialogue
from yoyak.text import tags

# What people write for #Person1#: no hash, one hash, blanks within, another case.
_ALMOST = re.compile(r"(?<![#\w])#? ?[Pp]erson ?\d(?: ?#)?")
_MOST = 0.9


def raw(case: Case) -> Stage:
    """Whether the dialogues and the references hold tags at all."""
    if not case.dialogues:
        return Stage("raw", needs="--data FILE: dialogues with their summaries")
    with_tags = [dialogue for dialogue in case.dialogues if tags.find(dialogue.text)]
    if not with_tags:
        note = Finding("no-tags", "note", f"none of {len(case.dialogues)} dialogues holds a tag", "there is nothing that could be lost")
        return Stage("raw", (note, *_almost(case)))
    taught = [dialogue for dialogue in with_tags if dialogue.references]
    silent = [dialogue for dialogue in taught if not any(tags.find(reference) for reference in dialogue.references)]
    findings = list(_almost(case))
    if taught and len(silent) / len(taught) >= _MOST:
        findings.append(
            Finding(
                "references-without-tags",
                "error",
                f"{percent(len(silent), len(taught))} dialogues with tags have summaries without any",
                "the model learns from the summaries, and these teach it to write none",
                "use summaries that name the speakers by their tags, or names in the dialogues as well (yoyak data restore)",
            )
        )
    count = sum(len(tags.find(reference)) for reference in case.references)
    seen = f"{len(with_tags)} of {len(case.dialogues)} dialogues hold tags; their {len(case.references)} summaries hold {count}"
    return Stage("raw", tuple(findings), seen)


def _almost(case: Case) -> list[Finding]:
    texts = [*case.references, *(dialogue.text for dialogue in case.dialogues)]
    found = [tags.PATTERN.sub("\0", text) for text in texts]
    count = sum(_ALMOST.search(text) is not None for text in found)
    if not count:
        return []
    return [
        Finding(
            "misspelt-tags",
            "warning",
            f"{percent(count, len(texts))} texts hold something close to a tag (Person1, #Person1, # Person1 #)",
            "no rule that looks for tags sees them",
            "yoyak data check names the rows, yoyak data clean mends them",
        )
    ]


def clean(case: Case) -> Stage:
    """Whether tags are still there after cleaning."""
    findings: list[Finding] = []
    seen: list[str] = []
    if case.cleaned:
        lost, total, example = _lost(_texts(case.dialogues), _texts(case.cleaned))
        seen.append(f"the cleaned file keeps {total - lost} of {total} tags")
        if lost:
            findings.append(_cleaned_away(f"{percent(lost, total)} tags of the data are gone in the cleaned file (first in {example})"))
    if case.clean is not None:
        before = dict(enumerate(case.samples))
        lost, total, _ = _lost(before, {number: case.clean(text) for number, text in before.items()})
        seen.append(f"the cleaning function keeps {total - lost} of {total} tags")
        if lost:
            findings.append(_cleaned_away(f"the cleaning function takes {percent(lost, total)} tags out of texts that hold them"))
    if case.recipe is not None:
        found = patterns(case, after=False)
        seen.extend([] if found else ["no pattern in the recipe matches a tag"])
        findings.extend(_cleaned_away(what) for what in found)
    if not seen and not findings:
        return Stage("clean", needs="--data FILE with --cleaned FILE (the same rows after cleaning), or --recipe FILE")
    return Stage("clean", tuple(findings), "; ".join(seen))


def _cleaned_away(what: str) -> Finding:
    return Finding(
        "cleaned-away",
        "error",
        what,
        "a tag that is not in the training text cannot be learned; what stays are orphaned particles (는 에게)",
        "protect tags while cleaning: yoyak data clean never touches them, yoyak.text.tags.protect and restore do it in code",
    )


def patterns(case: Case, *, after: bool) -> list[str]:
    """What the recipe's patterns (those that run on outputs, or the others) do to tags, in words."""
    found = []
    for path, on_outputs, pattern in case.recipe.patterns() if case.recipe else ():
        if on_outputs != after:
            continue
        hit = next((name for name in case.names if _takes(pattern, name)), None)
        if hit:
            found.append(f"the recipe's {path} holds {pattern!r}, which matches {hit}")
    return found


def _takes(pattern: str, name: str) -> bool:
    """Whether removing what the pattern matches (as a regular expression, or as plain text) harms the tag within a sentence."""
    sentence = f"어제 {name}에게 말했다."
    if pattern in name:
        return True
    try:
        return name not in re.sub(pattern, "", sentence)
    except re.error:
        return False


def _texts(dialogues: Sequence[Dialogue]) -> dict[str, str]:
    return {dialogue.id: "\n".join((dialogue.text, *dialogue.references)) for dialogue in dialogues}


def _lost(before: Mapping[str, str] | Mapping[int, str], after: Mapping[str, str] | Mapping[int, str]) -> tuple[int, int, object]:
    """Tags that are fewer afterwards, tags before, and the first id with one; only ids on both sides count."""
    lost = total = 0
    first: object = None
    for id_, text in before.items():
        if id_ not in after:
            continue
        had = Counter(str(tag) for tag in tags.find(text))
        gone = (had - Counter(str(tag) for tag in tags.find(after[id_]))).total()  # type: ignore[index]
        total += had.total()
        lost += gone
        if gone and first is None:
            first = id_
    return lost, total, first
