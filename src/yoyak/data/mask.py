"""Personal data out of a dialogue before a model sees it, and back into what the model wrote.

Values become the tags of the corpus (`#PhoneNumber#`); several of a kind are numbered (`#PhoneNumber1#`, `#PhoneNumber2#`).

>>> from yoyak.records import Turn
>>> talk = Dialogue("a", (Turn("#Person1#", "번호가 어떻게 되세요?"), Turn("#Person2#", "010-1234-5678이에요.")))
>>> masked = mask_dialogue(talk)
>>> masked.dialogue.turns[1].text
'#PhoneNumber#이에요.'
>>> unmask_text("#Person2#의 번호는 #PhoneNumber#다.", masked.values).text
'#Person2#의 번호는 010-1234-5678이다.'
>>> unmask_dialogue(masked.dialogue, masked.values) == talk
True
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from yoyak.data.pii import detector, rules
from yoyak.data.pii.base import Finding, merged
from yoyak.errors import DataError
from yoyak.records import Dialogue, Problem, Turn
from yoyak.text import tags
from yoyak.text.josa import PAIRS, with_josa

_TAIL = 60  # characters of a turn that may say what the number in the next one is
_MOST = 999  # numbers that a tag can hold
_LITERAL = 5  # characters from which a value found once is masked wherever else it stands
_FULL_NAME = 3  # syllables of a surname and a given name
# Labels that are no names: as labels they become #Person1#, inside speech they stay.
_ROLES = frozenset(
    "고객 고객님 손님 상담사 상담원 직원 점원 의사 환자 간호사 선생님 학생 기사 엄마 아빠 나 너 우리 남자 여자 면접관 지원자".split()
)


@dataclass(frozen=True, slots=True)
class Masked:
    """A dialogue without its personal data. `values` (tag -> value) is the secret that gives them back; no repr shows it.

    `found` counts what was found: (who found it: `ko-pii`, `yoyak` or `speaker`; the tag's kind) -> occurrences.
    """

    dialogue: Dialogue
    values: Mapping[str, str] = field(repr=False)
    found: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class MaskedText:
    """A text without its personal data; `values` as in :class:`Masked`."""

    text: str
    values: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unmasked:
    """A text with its values back, and the tags that stayed since they could stand for two values or for none."""

    text: str = field(repr=False)
    left: tuple[str, ...]


def find(text: str, before: str = "", *, names: bool = False) -> list[Finding]:
    """The personal data of one turn, without overlaps: ko-pii's findings with those of our own rules.

    Args:
        text: What was said.
        before: The turn before it: "계좌번호 알려 주세요" tells what a bare number is.
        names: Also what ko-pii's name label finds, and names that people give as their own.
    """
    before = before[-_TAIL:]
    theirs, ours = detector.find(text, before), rules.find(text, before)
    if names:
        theirs, ours = theirs + detector.find_names(text), ours + rules.find_introduced(text)
    found = merged(theirs, ours)
    if not found:
        return found
    tagged = _covered(text, [])
    return [hit for hit in found if not any(tagged[hit.start : hit.end])]


def mask_dialogue(dialogue: Dialogue, *, names: bool = False, speakers: bool = False) -> Masked:
    """The dialogue with tags in the place of personal data in its turns, labels, references and topic.

    Args:
        dialogue: Not changed. Its id stays as it is.
        names: Mask names too: those of the speakers, those given in introductions, and what ko-pii's name label finds. It takes many
            everyday words for names.
        speakers: Mask the names of the speakers, as labels (`#Person1#`) and wherever they stand literally.

    Raises:
        DataError: There are more than 999 values of one kind.
    """
    labels = [label for label in dialogue.labels if not tags.is_tag(label)] if names or speakers else []
    known = _speaker_names(labels)
    texts = _texts(dialogue)
    befores = ["", *(turn.text for turn in dialogue.turns)][: len(dialogue.turns)]
    befores += [""] * (len(texts) - len(befores))
    found = [find(text, before, names=names) for text, before in zip(texts, befores, strict=True)]
    found += [[] if label in known else find(label) for label in dialogue.labels]
    all_texts = [*texts, *dialogue.labels]
    values = {text[hit.start : hit.end]: hit.kind for text, hits in zip(all_texts, found, strict=True) for hit in hits}
    literal = {value: kind for value, kind in values.items() if len(value) >= _LITERAL} | known
    if not values and not literal:
        return Masked(dialogue, {}, {})
    spans = [_with_literal(text, hits, literal) for text, hits in zip(all_texts, found, strict=True)]
    whole = "\n".join([*all_texts, *dialogue.speakers])
    ordered = [*zip(all_texts, spans, strict=True)]
    ordered = ordered[len(texts) :] + ordered[: len(texts)]  # labels first: speakers are numbered in order of appearance
    tag_of = _tags([(hit.kind, text[hit.start : hit.end]) for text, hits in ordered for hit in hits], whole, dialogue)
    counts: Counter[tuple[str, str]] = Counter(
        (hit.source if hit.rule != "speaker" else "speaker", hit.kind) for hits in spans for hit in hits
    )
    done = [_replaced(text, hits, tag_of) for text, hits in zip(all_texts, spans, strict=True)]
    label_of = dict(zip(dialogue.labels, done[len(texts) :], strict=True))
    return Masked(_rebuilt(dialogue, done[: len(texts)], label_of), {tag: value for (_, value), tag in tag_of.items()}, dict(counts))


def mask_text(text: str, *, names: bool = False) -> MaskedText:
    """One text with tags in the place of its personal data.

    Example:
        >>> mask_text("메일은 minsu@example.com으로 주세요.").text
        '메일은 #Email#으로 주세요.'
    """
    masked = mask_dialogue(Dialogue("", (Turn("#Person1#", text),)), names=names)
    return MaskedText(masked.dialogue.turns[0].text, masked.values)


_FORMS = {form: pair for pair in (*PAIRS, "이에요/예요") for form in pair.split("/")}
_JOSA = "|".join(sorted(_FORMS, key=len, reverse=True))
_TAG = re.compile(rf"(?P<tag>{re.sub(r'[?]P<[a-z]+>', '?:', tags.PATTERN.pattern)})(?:(?P<josa>{_JOSA})(?![가-힣]))?")


def unmask_text(text: str, values: Mapping[str, str]) -> Unmasked:
    """A summary with the values in the place of their tags, each josa in the form that fits the value.

    A tag that stands for none of the values, or without its number where there are several, stays and is named in `left`.

    Example:
        >>> unmask_text("#PhoneNumber1#을 #PhoneNumber#으로 바꾼다.", {"#PhoneNumber1#": "010-1234-5670", "#PhoneNumber2#": "02-1"})
        Unmasked(left=('#PhoneNumber#',))
        >>> unmask_text("#PhoneNumber1#를 바꾼다.", {"#PhoneNumber1#": "010-1234-5670"}).text
        '010-1234-5670을 바꾼다.'
    """
    kinds = {tag.kind for key in values for tag in tags.find(key)}
    left: list[str] = []

    def value(match: re.Match[str]) -> str:
        found = values.get(match["tag"])
        if found is None:
            if tags.find(match["tag"])[0].kind in kinds - {"Person"}:
                left.append(match["tag"])
            return match[0]
        return with_josa(found, _FORMS[match["josa"]]) if match["josa"] else found

    return Unmasked(_TAG.sub(value, text), tuple(dict.fromkeys(left)))


def put_back(text: str, values: Mapping[str, str]) -> str:
    """A masked text with its values back and nothing else changed: the inverse of masking, to the byte.

    Example:
        >>> put_back("#Email#으로", {"#Email#": "a@b.kr"})
        'a@b.kr으로'
    """
    if not values:
        return text
    return re.sub("|".join(map(re.escape, values)), lambda match: values[match[0]], text)


def unmask_dialogue(dialogue: Dialogue, values: Mapping[str, str]) -> Dialogue:
    """The dialogue as it was before :func:`mask_dialogue`, to the byte."""
    if not values:
        return dialogue
    texts = [put_back(text, values) for text in _texts(dialogue)]
    return _rebuilt(dialogue, texts, {label: put_back(label, values) for label in dialogue.labels})


def _texts(dialogue: Dialogue) -> list[str]:
    """All that is said or written about it, turns first."""
    topic = [] if dialogue.topic is None else [dialogue.topic]
    return [*(turn.text for turn in dialogue.turns), *dialogue.references, *topic, *dialogue.speakers.values()]


def _rebuilt(dialogue: Dialogue, texts: list[str], label_of: Mapping[str, str]) -> Dialogue:
    """The dialogue with the texts of :func:`_texts` and other labels."""
    source = iter(texts)
    turns = tuple(replace(turn, speaker=label_of[turn.speaker], text=next(source)) for turn in dialogue.turns)
    references = tuple(next(source) for _ in dialogue.references)
    topic = None if dialogue.topic is None else next(source)
    speakers = {label_of.get(label, label): next(source) for label in dialogue.speakers}
    return replace(dialogue, turns=turns, references=references, topic=topic, speakers=speakers)


def _speaker_names(labels: Iterable[str]) -> dict[str, str]:
    """Literal names -> kind: each label, and the given name in one of three syllables."""
    names: dict[str, str] = {}
    for label in labels:
        names[label] = "Person"
        if len(label) == _FULL_NAME and re.fullmatch("[가-힣]+", label):
            names.setdefault(label[1:], detector.NAME)
    return names


def _with_literal(text: str, hits: list[Finding], literal: Mapping[str, str]) -> list[Finding]:
    """The findings with the places where a known value stands literally; one letter, a role and a part of a word are no name."""
    taken = _covered(text, [(hit.start, hit.end) for hit in hits])
    more = []
    for value in sorted(literal, key=len, reverse=True):
        name = literal[value] in ("Person", detector.NAME)
        start = text.find(value)
        while start >= 0:
            end = start + len(value)
            inside = name and len(text) > len(value) and (len(value) == 1 or value in _ROLES)
            if not inside and _stands_alone(text, start, end, name=name) and not any(taken[start:end]):
                taken[start:end] = b"\1" * len(value)
                more.append(Finding(literal[value], start, end, "yoyak", "speaker" if name else "repeated"))
            start = text.find(value, end)
    return sorted([*hits, *more], key=lambda hit: hit.start)


def _covered(text: str, spans: Iterable[tuple[int, int]]) -> bytearray:
    """1 for each character of a tag or of one of the spans."""
    taken = bytearray(len(text))
    for start, end in [*spans, *((tag.start, tag.end) for tag in tags.find(text))]:
        taken[start:end] = b"\1" * (end - start)
    return taken


def _stands_alone(text: str, start: int, end: int, *, name: bool) -> bool:
    """Whether what stands there is no part of a longer number or word."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return not ((before.isascii() and before.isalnum()) or (name and "가" <= before <= "힣") or (after.isascii() and after.isdigit()))


def _tags(found: list[tuple[str, str]], whole: str, dialogue: Dialogue) -> dict[tuple[str, str], str]:
    """(kind, value) -> tag; none of the tags stands in the dialogue already, nor could one be read into it."""
    by_kind: dict[str, list[str]] = {}
    kind_of: dict[str, str] = {}
    for kind, value in found:
        if value not in kind_of:  # a value found as two kinds keeps the first one
            kind_of[value] = kind
            by_kind.setdefault(kind, []).append(value)
    tag_of: dict[str, str] = {}
    for kind, values in by_kind.items():
        if len(values) == 1 and kind != "Person" and f"#{kind}" not in whole:
            tag_of[values[0]] = f"#{kind}#"
            continue
        numbers = (number for number in range(1, _MOST + 1) if f"#{kind}{number}" not in whole)
        for value in values:
            number = next(numbers, None)
            if number is None:
                raise DataError([_too_many(dialogue, kind)])
            tag_of[value] = f"#{kind}{number}#"
    return {(kind, value): tag_of[value] for kind, value in found}


def _too_many(dialogue: Dialogue, kind: str) -> Problem:
    message = f"it holds more than {_MOST} different values of the kind {kind}"
    return Problem(dialogue.origin or "dialogue", None, message, "cut it into sessions (--session)", "too-many-values", dialogue.id)


def _replaced(text: str, hits: list[Finding], tag_of: Mapping[tuple[str, str], str]) -> str:
    pieces, done = [], 0
    for hit in hits:
        pieces += [text[done : hit.start], tag_of[hit.kind, text[hit.start : hit.end]]]
        done = hit.end
    return "".join([*pieces, text[done:]])
