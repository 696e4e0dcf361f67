"""Does a summary say only what was said, by whom it was said? Checks that need no reference.

Each check is a small function of a :class:`Reading` (the dialogue and the summary, analysed once) that returns what it finds. They are
rules: what they flag is suspicious, what they pass is not proven. How often they are right is measured on labels made by reading
(benchmarks/results/faithfulness.json).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from yoyak.metrics.evidence import content, sentences, weights
from yoyak.metrics.normalize import normalized
from yoyak.records import Dialogue
from yoyak.text import quantities, tags
from yoyak.text.josa import mend_after_tags
from yoyak.text.morphemes import Morpheme, analyze


@dataclass(frozen=True, slots=True)
class Finding:
    """Something suspicious in a summary: which check found it, and the words concerned."""

    check: str
    text: str


@dataclass(frozen=True)
class Reading:
    """A dialogue and a summary of it; morphemes and alignments are computed once, when a check asks."""

    dialogue: Dialogue
    summary: str

    def beside(self, summary: str) -> Reading:
        """The reading of another summary of the same dialogue, which is not analysed again."""
        other = Reading(self.dialogue, summary)
        other.__dict__.update({name: getattr(self, name) for name in ("spoken", "turn_content", "weight")})
        return other

    @cached_property
    def spoken(self) -> str:
        return self.dialogue.text

    @cached_property
    def turn_content(self) -> list[list[str]]:
        return [content(analyze(turn.text)) for turn in self.dialogue.turns]

    @cached_property
    def weight(self) -> dict[str, float]:
        return weights(self.turn_content)

    @cached_property
    def morphemes(self) -> list[Morpheme]:
        return analyze(self.summary)

    @cached_property
    def quantities(self) -> list[quantities.Quantity]:
        return quantities.find(self.summary)


_LATIN = re.compile(r"(?<![A-Za-z#@])[A-Z][A-Za-z]+(?:[ -][A-Z][A-Za-z]+)*(?![A-Za-z#])")
_ORPHAN = re.compile(r"(?:^|(?<=[.!?] ))(?:은|는|을|를|에게|께서|와|과)(?= )|(?<= )(?:은|는|을|를|에게|께서)(?= )")
_FIRST = re.compile(r"(?:^|(?<=[.!?] ))(?:이|가) (?=\S*(?:에게|를|을|은|는)\b)")
_FOREIGN = re.compile(r"[\u0400-\u04ff\u0590-\u07ff\u0900-\u0dff\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\ufffd]+")
_INDEFINITE = ("한", "하나")
_GROUP = ("사람", "명")


def _unknown_tags(reading: Reading) -> Iterable[str]:
    known = {tag.text for tag in tags.find(reading.spoken)}
    return dict.fromkeys(tag.text for tag in tags.find(reading.summary) if tag.text not in known)


def _unknown_quantities(reading: Reading, kinds: tuple[str, ...]) -> list[str]:
    said = quantities.find(reading.spoken)
    return [
        q.text
        for q in reading.quantities
        if q.kind in kinds and not _indefinite(q, reading) and not any(quantities.same(q, s) for s in said)
    ]


def _indefinite(quantity: quantities.Quantity, reading: Reading) -> bool:
    """한 번, 한 가지, 두 사람: ways of speaking rather than figures from the dialogue."""
    if quantity.kind != "number":
        return False
    if quantity.text.startswith(_INDEFINITE):
        return True
    return quantity.text.endswith(_GROUP) and quantity.value == len(reading.dialogue.labels)


def _unknown_numbers(reading: Reading) -> Iterable[str]:
    return _unknown_quantities(reading, ("number",))


def _unknown_money(reading: Reading) -> Iterable[str]:
    return _unknown_quantities(reading, ("money",))


def _unknown_times(reading: Reading) -> Iterable[str]:
    return _unknown_quantities(reading, ("time",))


def _unknown_dates(reading: Reading) -> Iterable[str]:
    return _unknown_quantities(reading, ("date", "month"))


def _unknown_names(reading: Reading) -> Iterable[str]:
    spoken = tags.PATTERN.sub(" ", reading.spoken).casefold()
    found = _LATIN.findall(tags.PATTERN.sub(" ", reading.summary))
    return dict.fromkeys(name for name in found if name.casefold() not in spoken)


def _orphaned_josa(reading: Reading) -> Iterable[str]:
    return [m[0].strip() for pattern in (_ORPHAN, _FIRST) for m in pattern.finditer(reading.summary)]


def _wrong_josa(reading: Reading) -> Iterable[str]:
    right = mend_after_tags(reading.summary)
    return [word for word, mended in zip(reading.summary.split(), right.split(), strict=False) if word != mended]


def _foreign_script(reading: Reading) -> Iterable[str]:
    return [found for found in _FOREIGN.findall(reading.summary) if found not in reading.spoken]


def _repetition(reading: Reading) -> Iterable[str]:
    found = sentences(reading.summary)
    twice = [sentence for sentence, count in Counter(found).items() if count > 1]
    # A run of five morphemes three times over; "-기로 한다." alone is how reports end and repeats nothing.
    runs = zip(*(reading.morphemes[i:] for i in range(5)), strict=False)
    grams = Counter(tuple(m.form for m in run) for run in runs if content(run))
    return twice or [" ".join(gram) for gram, count in grams.items() if count >= 3][:1]


_OTHER_FACTOR = 2.0
_LEAST_WEIGHT = 2.5


def _wrong_speaker(reading: Reading) -> Iterable[str]:
    """Clauses whose content words were said by somebody else than their subject, and hardly by their subject."""
    labels = sorted(reading.dialogue.labels, key=len, reverse=True)
    if len(labels) < 2:
        return []
    pattern = re.compile(rf"(?P<who>{'|'.join(map(re.escape, labels))})(?: ?)(?:은|는|이|가|께서)(?= )")
    found = []
    for sentence in sentences(reading.summary):
        starts = [(m.start(), m["who"]) for m in pattern.finditer(sentence)]
        ends = [start for start, _ in starts[1:]] + [len(sentence)]
        for (start, who), end in zip(starts, ends, strict=False):
            clause = sentence[start:end]
            if _said_by_another(reading, who, content(analyze(clause))):
                found.append(clause.strip())
    return found


def _said_by_another(reading: Reading, who: str, words: list[str]) -> bool:
    def covered(turns: list[list[str]]) -> float:
        return sum(reading.weight.get(form, 0.0) for form in set(words) & {form for turn in turns for form in turn})

    own = [c for turn, c in zip(reading.dialogue.turns, reading.turn_content, strict=True) if turn.speaker == who]
    others = [c for turn, c in zip(reading.dialogue.turns, reading.turn_content, strict=True) if turn.speaker != who]
    theirs = covered(others)
    return theirs >= _LEAST_WEIGHT and theirs >= _OTHER_FACTOR * max(covered(own), 0.01)


#: Name of a check -> the function that lists what it finds.
CHECKS: Mapping[str, Callable[[Reading], Iterable[str]]] = {
    "tag": _unknown_tags,
    "number": _unknown_numbers,
    "money": _unknown_money,
    "time": _unknown_times,
    "date": _unknown_dates,
    "name": _unknown_names,
    "speaker": _wrong_speaker,
    "orphaned-josa": _orphaned_josa,
    "wrong-josa": _wrong_josa,
    "foreign-script": _foreign_script,
    "repetition": _repetition,
}


def check(dialogue: Dialogue, summary: str) -> list[Finding]:
    """What is suspicious in a summary, without a reference.

    Checks: `tag`, `number`, `money`, `time`, `date`, `name` (Latin) that the dialogue does not hold, by value (세 시 = 15시 = 3시);
    `speaker` (a clause whose words somebody else said); `orphaned-josa` (the trace of a lost tag), `wrong-josa` after a tag,
    `foreign-script`, `repetition`.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("#Person1#", "세 시에 만나자."), Turn("#Person2#", "책값 만오천 원 가져와.")))
        >>> [(f.check, f.text) for f in check(talk, "#Person1#는 4시에 만나자고 하고 #Person3#은 15,000원을 달라고 한다.")]
        [('tag', '#Person3#'), ('time', '4시'), ('wrong-josa', '#Person1#는')]
    """
    reading = Reading(dialogue, normalized(summary))
    return [Finding(name, text) for name, run in CHECKS.items() for text in run(reading)]


def holds(dialogue: Dialogue, summary: str) -> frozenset[str]:
    """The checks that apply to this summary: those whose kind of item it holds (a summary without a number cannot have a wrong one)."""
    reading = Reading(dialogue, normalized(summary))
    kinds = {q.kind for q in reading.quantities if not _indefinite(q, reading)}
    present = {"number": "number" in kinds, "money": "money" in kinds, "time": "time" in kinds, "date": bool(kinds & {"date", "month"})}
    present["tag"] = bool(tags.find(summary))
    present["wrong-josa"] = present["tag"]
    present["name"] = bool(_LATIN.search(tags.PATTERN.sub(" ", summary)))
    present["speaker"] = any(label in summary for label in dialogue.labels)
    always = {"orphaned-josa", "foreign-script", "repetition"}
    return frozenset(always | {name for name, there in present.items() if there})


@dataclass(frozen=True, slots=True)
class Rate:
    """Of `applicable` summaries that hold such an item, `flagged` have something suspicious about it."""

    flagged: int
    applicable: int

    @property
    def share(self) -> float:
        return self.flagged / self.applicable if self.applicable else 0.0


def rates(dialogues: Mapping[str, Dialogue], summaries: Mapping[str, str]) -> dict[str, Rate]:
    """Check -> how many summaries it flags, among those that hold such an item."""
    flagged: Counter[str] = Counter()
    applicable: Counter[str] = Counter()
    for id_, summary in summaries.items():
        if id_ in dialogues:
            applicable.update(holds(dialogues[id_], summary))
            flagged.update({finding.check for finding in check(dialogues[id_], summary)})
    return {name: Rate(flagged[name], max(applicable[name], flagged[name])) for name in CHECKS}


def means(dialogues: Mapping[str, Dialogue], summaries: Mapping[str, str]) -> dict[str, float]:
    """`length_ratio` and `copy_rate`, each the mean over the summaries whose dialogue is known."""
    known = [(dialogues[id_], summary) for id_, summary in summaries.items() if id_ in dialogues]
    if not known:
        return {}
    return {
        "length_ratio": sum(length_ratio(*pair) for pair in known) / len(known),
        "copy_rate": sum(copy_rate(*pair) for pair in known) / len(known),
    }


def length_ratio(dialogue: Dialogue, summary: str) -> float:
    """Characters of the summary over characters of the dialogue."""
    return len(summary) / max(1, len(dialogue.text))


def copy_rate(dialogue: Dialogue, summary: str, *, n: int = 4) -> float:
    """Share of the summary's morpheme n-grams that stand in the dialogue as they are (0..1)."""
    forms = [m.form for m in analyze(summary)]
    grams = list(zip(*(forms[i:] for i in range(n)), strict=False))
    if not grams:
        return 0.0
    spoken = [[m.form for m in analyze(turn.text)] for turn in dialogue.turns]
    known = {gram for turn in spoken for gram in zip(*(turn[i:] for i in range(n)), strict=False)}
    return sum(gram in known for gram in grams) / len(grams)
