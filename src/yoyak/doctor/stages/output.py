"""post-process, output: what happens to tags after decoding, and what finished summaries tell by themselves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yoyak.doctor.case import Case
from yoyak.doctor.finding import Finding, Stage, percent
from yoyak.doctor.stages.data import patterns
from yoyak.text import tags

# Particles that need a word before them: at the start of a text, after a blank or after punctuation they are orphans. 이, 가, 의, 도 and 만
# are words too and are left out.
_ORPHAN = re.compile(r"(?:^|[\s.,!?])(?:는|은|를|을|에게|에게서|와|과)(?=[\s,.]|$)")
_GARBLED = re.compile(r"#[ \w@]{0,20}|[A-Za-z가-힣]{2,12}\d?#")
_TAG_AND_BLANK = re.compile(tags.PATTERN.pattern + " ?")
_SPACED = re.compile(tags.PATTERN.pattern + r" (?:은|는|이|가|을|를|과|와|로|에게|의|도|만)(?![가-힣])")
_SOME = 0.05
_MANY = 0.3


def post_process(case: Case) -> Stage:
    """Whether tags that were decoded are gone afterwards."""
    findings: list[Finding] = []
    seen: list[str] = []
    shared = [id_ for id_ in case.decoded if id_ in case.predictions]
    if shared:
        had = sum(len(tags.find(case.decoded[id_])) for id_ in shared)
        gone = sum((_counted(case.decoded[id_]) - _counted(case.predictions[id_])).total() for id_ in shared)
        seen.append(f"{had - gone} of {had} decoded tags are in the final summaries")
        if gone:
            example = next(id_ for id_ in shared if (_counted(case.decoded[id_]) - _counted(case.predictions[id_])).total())
            findings.append(_post(f"{percent(gone, had)} tags of the decoded texts are gone in the final summaries (first in {example})"))
    if case.postprocess is not None:
        before = case.samples
        had = sum(len(tags.find(text)) for text in before)
        gone = sum((_counted(text) - _counted(case.postprocess(text))).total() for text in before)
        seen.append(f"the post-processing function keeps {had - gone} of {had} tags")
        if gone:
            findings.append(_post(f"the post-processing function takes {percent(gone, had)} tags out of texts that hold them"))
    if case.recipe is not None:
        found = patterns(case, after=True)
        findings.extend(_post(what) for what in found)
        seen.extend([] if found else ["no pattern for outputs in the recipe matches a tag"])
    if not findings and not seen:
        return Stage("post-process", needs="--predictions FILE with --decoded FILE (the same outputs as the tokenizer decoded them)")
    return Stage("post-process", tuple(findings), "; ".join(seen))


def _post(what: str) -> Finding:
    return Finding(
        "post-processed",
        "error",
        what,
        "the model wrote the tags and the clean-up after it took them out",
        "run clean-up on text whose tags are protected (yoyak.text.tags.protect, restore), or drop the pattern",
    )


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What summaries show without a reference.

    Args:
        summaries: How many.
        with_tags: Those that hold a tag.
        orphaned: Those with a particle that follows nothing ("는 에게 말한다").
        garbled: Those with a broken piece of a tag (`#Person`, `Person1#`).
        spaced: Those with a blank between tag and particle.
        repeating: Those that name a tag twice.
        empty: Those without text.
    """

    summaries: int
    with_tags: int
    orphaned: int
    garbled: int
    spaced: int
    repeating: int
    empty: int


def fingerprint(summaries: Sequence[str]) -> Fingerprint:
    """Count the signs.

    Example:
        >>> found = fingerprint(["는 에게 전화한다.", "#Person1# 은 웃는다.", "#Person1#은 #Person"])
        >>> found.orphaned, found.spaced, found.garbled, found.with_tags
        (1, 1, 1, 2)
    """
    bare = [_TAG_AND_BLANK.sub("\ue000", text) for text in summaries]
    return Fingerprint(
        len(summaries),
        sum(bool(tags.find(text)) for text in summaries),
        sum(_ORPHAN.search(text) is not None for text in bare),
        sum(_GARBLED.search(text) is not None for text in bare),
        sum(_SPACED.search(text) is not None for text in summaries),
        sum(any(count > 1 for count in _counted(text).values()) for text in summaries),
        sum(not text.strip() for text in summaries),
    )


def output(case: Case) -> Stage:
    """What the finished summaries say, compared with the references where there are some."""
    summaries = list(case.predictions.values() or case.decoded.values())
    if not summaries:
        return Stage("output", needs="--predictions FILE: the summaries")
    found = fingerprint(summaries)
    findings = [*_missing(case, found), *_signs(case, found)]
    seen = f"{percent(found.with_tags, found.summaries)} summaries hold a tag"
    if (recall := tag_recall(case.predictions or case.decoded, _references(case))) is not None:
        seen += f"; tag recall against the references {100 * recall:.0f} %"
    return Stage("output", tuple(findings), seen)


def _missing(case: Case, found: Fingerprint) -> list[Finding]:
    expected = [text for texts in _references(case).values() for text in texts]
    usual = sum(bool(tags.find(text)) for text in expected) / len(expected) if expected else 1.0
    share = found.with_tags / found.summaries
    if share >= usual * (1 - _MANY):
        return []
    compared = f"; of the references {100 * usual:.0f} % do" if expected else ""
    if found.orphaned / found.summaries >= _SOME:
        return [
            Finding(
                "orphaned-josa",
                "error",
                f"{percent(found.orphaned, found.summaries)} summaries hold a particle that follows nothing (는 에게), and only "
                f"{percent(found.with_tags, found.summaries)} a tag{compared}",
                "the model wrote tags and they were taken out of the text afterwards: dropped as special tokens, or by a clean-up",
                "decode with skip_special_tokens=False; compare with --decoded FILE to tell decoding from post-processing",
            )
        ]
    return [
        Finding(
            "tags-not-written",
            "error",
            f"only {percent(found.with_tags, found.summaries)} summaries hold a tag{compared}, and no particle is left orphaned",
            "nothing was cut out of the text: the model itself does not write tags: they were lost before decoding (cleaning, labels, "
            "rows, decoding settings)",
            "give --model, --recipe and --data to find the stage",
        )
    ]


def _signs(case: Case, found: Fingerprint) -> list[Finding]:
    findings = []
    if found.spaced / found.summaries >= _SOME:
        findings.append(
            Finding(
                "blank-before-josa",
                "warning",
                f"{percent(found.spaced, found.summaries)} summaries put a blank between tag and particle (noise N25)",
                "the tokenizer begins a new word after an added token",
                "yoyak.text.josa.mend_after_tags on the outputs; a tag policy of yoyak's before training",
            )
        )
    if found.garbled / found.summaries >= _SOME:
        findings.append(
            Finding(
                "garbled-tags",
                "warning",
                f"{percent(found.garbled, found.summaries)} summaries hold a broken tag (#Person, Person1#)",
                "no_repeat_ngram_size and repetition_penalty keep a model from writing pieces twice; max_new_tokens cuts within a tag",
                "turn repetition rules off; raise max_new_tokens",
            )
        )
    expected = [text for texts in _references(case).values() for text in texts]
    repeats = fingerprint(expected).repeating / len(expected) if expected else 0.0
    if repeats >= _SOME and found.with_tags / found.summaries >= _MANY and found.repeating / found.summaries < repeats / 10:
        findings.append(
            Finding(
                "never-twice",
                "warning",
                f"{percent(found.repeating, found.summaries)} summaries name a tag twice, of the references {100 * repeats:.0f} % do",
                "no_repeat_ngram_size forbids the second time",
                "no_repeat_ngram_size: 0",
            )
        )
    if found.empty:
        what = f"{percent(found.empty, found.summaries)} summaries are empty"
        findings.append(Finding("empty-summaries", "warning", what, "", "yoyak doctor checkpoint"))
    return findings


def tag_recall(predictions: Mapping[str, str], references: Mapping[str, Sequence[str]]) -> float | None:
    """Share of the distinct tags of a reference that its prediction holds, averaged over the references that hold one; None without any.

    Example:
        >>> tag_recall({"a": "#Person1#은 웃는다."}, {"a": ["#Person1#은 #Person2#를 본다."]})
        0.5
    """
    shares: list[float] = []
    for id_, texts in references.items():
        if id_ not in predictions:
            continue
        written = set(_counted(predictions[id_]))
        shares.extend(len(written & set(wanted)) / len(wanted) for text in texts if (wanted := _counted(text)))
    return sum(shares) / len(shares) if shares else None


def _references(case: Case) -> dict[str, tuple[str, ...]]:
    known = case.predictions or case.decoded
    return {dialogue.id: dialogue.references for dialogue in case.dialogues if dialogue.id in known and dialogue.references}


def _counted(text: str) -> Counter[str]:
    return Counter(str(tag) for tag in tags.find(text))
