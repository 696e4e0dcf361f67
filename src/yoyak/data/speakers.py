"""Speakers by name and by number: `#Person1#` where a model needs it, names again in what people read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from yoyak.records import Dialogue
from yoyak.text import tags
from yoyak.text.josa import PAIRS, with_josa

_SHORTEST = 2  # syllables; a name of one (찬, 민) is a part of too many words
_ENDINGS = r"(?:씨|님|야|아|이|가|은|는|을|를|의|에게|한테|께|과|와|랑|이랑|도|만|이가|이는|이도|이랑은)?"
_NAME = re.compile(r"[가-힣A-Za-z][가-힣A-Za-z0-9 .'-]*")
_FORMS = {form: pair for pair in PAIRS for form in pair.split("/")}
_JOSA = "|".join(sorted(_FORMS, key=len, reverse=True))
# Common words that are also names: numbering them inside speech would change what is said.
_WORDS = frozenset(
    (
        *("우리", "엄마", "아빠", "누나", "언니", "오빠", "선생님", "고객", "손님", "상담사", "의사", "환자", "사장님", "직원", "기사님"),
        *("하나", "나라", "보라", "가을", "여름", "이슬", "사랑", "소리", "바다", "하늘", "나무", "정말", "진짜", "지금"),
    )
)


def number_speakers(dialogue: Dialogue) -> Dialogue:
    """The dialogue with its speakers renamed `#Person1#`, `#Person2#`, ... in order of appearance; `speakers` keeps the names.

    A name inside speech is renamed too where that is safe: when it has at least two letters, is no common word, and stands as a word of
    its own, before a josa or 씨/님. A dialogue whose speakers are tags already is returned as it is.

    Example:
        >>> from yoyak.records import Turn
        >>> talk = Dialogue("a", (Turn("지훈", "수아야, 밥 먹었어?"), Turn("수아", "응, 지훈이는?")))
        >>> numbered = number_speakers(talk)
        >>> print(numbered.text)
        #Person1#: #Person2#야, 밥 먹었어?
        #Person2#: 응, #Person1#은?
        >>> dict(numbered.speakers)
        {'#Person1#': '지훈', '#Person2#': '수아'}
    """
    labels = dialogue.labels
    if all(tags.is_tag(label) for label in labels):
        return dialogue
    taken = {tag.text for tag in tags.find(dialogue.text)}
    numbers = (tags.person(number) for number in range(1, len(labels) + len(taken) + 1))
    free = (tag for tag in numbers if tag not in taken)
    tag_of = {label: label if tags.is_tag(label) else next(free) for label in labels}
    pattern = _mentions([label for label in labels if _safe(label)])
    turns = []
    for turn in dialogue.turns:
        text = turn.text if pattern is None else pattern.sub(lambda match: _numbered(match, tag_of), turn.text)
        turns.append(replace(turn, speaker=tag_of[turn.speaker], text=text))
    names = {tag: label for label, tag in tag_of.items() if tag != label}
    return replace(dialogue, turns=tuple(turns), speakers={**dialogue.speakers, **names})


def _safe(label: str) -> bool:
    return len(label) >= _SHORTEST and label not in _WORDS and _NAME.fullmatch(label) is not None


def _mentions(names: list[str]) -> re.Pattern[str] | None:
    if not names:
        return None
    alternatives = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![가-힣A-Za-z0-9#])(?P<name>{alternatives})(?P<end>{_ENDINGS})(?![가-힣A-Za-z0-9#])")


def _numbered(match: re.Match[str], tag_of: Mapping[str, str]) -> str:
    tag, end = tag_of[match["name"]], match["end"]
    if end.startswith("이") and len(end) > 1 and end[1:] in _FORMS:  # 지훈이는: the 이 belongs to the name
        end = end[1:]
    return with_josa(tag, _FORMS[end]) if end in _FORMS else tag + end


_TAG = re.compile(rf"(?P<tag>{re.sub(r'[?]P<[a-z]+>', '?:', tags.PATTERN.pattern)})(?:(?P<josa>{_JOSA})(?![가-힣]))?")


def restore_speakers(text: str, speakers: Mapping[str, str]) -> str:
    """A summary with names in the place of the tags in `speakers`, each josa in the form that fits the name. Other tags stay.

    Example:
        >>> restore_speakers("#Person1#은 #Person2#를 만나 #Person3#과 간다.", {"#Person1#": "수아", "#Person2#": "지훈"})
        '수아는 지훈을 만나 #Person3#과 간다.'
    """

    def name(match: re.Match[str]) -> str:
        found = speakers.get(match["tag"])
        if found is None:
            return match[0]
        return with_josa(found, _FORMS[match["josa"]]) if match["josa"] else found

    return _TAG.sub(name, text)
