"""Which translation family or style a file is of, and whether several files match.

Translations of one corpus differ in how they write foreign names (Jimmy / 지미), how summaries end (~합니다 / ~한다) and how topics are
worded (운동하기 / 운동 계획). A model trained on one and tested on another loses points that no method brings back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from yoyak.records import Dialogue, Problem

Script = Literal["Latin", "Hangul", "mixed", "none"]

_LATIN = re.compile(r"(?<![A-Za-z#])[A-Z][a-z]{2,}(?![A-Za-z#])")
# Western names as translations write them; those that are also Korean words (밥, 짐, 팀, 조, 앤) are left out.
_NAMES = (
    "지미 톰 토마스 메리 조나단 스미스 브라운 데이비드 데이빗 마이클 제임스 로버트 수잔 앨리스 제인 제니 "
    "낸시 피터 스티브 스티븐 제이슨 케빈 안나 애나 에밀리 헬렌 샐리 조지 화이트 존슨 윌슨 테일러 밀러 "
    "앤더슨 로저스 케이트 카렌 루시 모니카 다니엘 크리스 찰스 찰리 프랭크 프레드 헨리 해리 토니 앤디 앤드류 "
    "에릭 브라이언 켈리 셰리 베티 제리 래리 월터 윌리엄 매튜 바바라 줄리아 줄리 다이애나 에이미 엠마 "
    "그레이스 비비안 조이스 크리스틴 제니퍼 제시카 신디 웬디 도리스 프랜시스 맨디"
).replace(" ", "|")
_HANGUL = re.compile(rf"(?<![가-힣])(?:{_NAMES})(?=(?:아|야|이|가|은|는|을|를|의|에게|와|과|랑|도|씨)?(?![가-힣]))")
_SENTENCE = re.compile(r"[^.?!\n]+[.?!]?")
_ENOUGH = 0.05  # share of dialogues below which a script counts as absent
_MINORITY = 0.22  # of both scripts' shares; within one translation the other script stays below 0.17 (DialogSum's two Korean ones)
_FEW = 20  # dialogues or sentences below which nothing is said
_ENDING_GAP = 0.2
_TOPIC_GAP = 0.1


@dataclass(frozen=True, slots=True)
class Style:
    """The style of one file; shares are in 0..1.

    Args:
        latin, hangul: Share of dialogues that hold a foreign name in that script.
        polite: Share of summary sentences that end in ~니다, of those that end in ~다 at all; None without enough summaries.
        gerunds: Share of topics that end in ~기 (운동하기); None without enough topics.
        topic_words: Mean words of a topic.
    """

    file: str
    dialogues: int
    latin: float
    hangul: float
    polite: float | None
    gerunds: float | None
    topic_words: float | None

    @property
    def script(self) -> Script:
        """The script of foreign names; `mixed` when both occur, as when two translations are put together."""
        if max(self.latin, self.hangul) < _ENOUGH:
            return "none"
        if min(self.latin, self.hangul) >= _MINORITY * (self.latin + self.hangul):
            return "mixed"
        return "Latin" if self.latin > self.hangul else "Hangul"

    @property
    def ending(self) -> str:
        """How summaries end: 합니다, 한다, mixed or unknown."""
        if self.polite is None:
            return "unknown"
        return "합니다" if self.polite > 0.9 else "한다" if self.polite < 0.1 else "mixed"


def style_of(dialogues: Iterable[Dialogue], *, file: str = "") -> Style:
    """The style of a file's dialogues.

    Example:
        >>> from yoyak.records import Turn
        >>> style_of([Dialogue("a", (Turn("#Person1#", "Jimmy, 운동하러 가자."),))]).latin
        1.0
    """
    counter = StyleCounter()
    for dialogue in dialogues:
        counter.add(dialogue)
    return counter.style(file)


class StyleCounter:
    """The style of dialogues that come one by one."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, dialogue: Dialogue) -> None:
        """Count one dialogue in."""
        text = "\n".join((*(turn.text for turn in dialogue.turns), *dialogue.references))
        counts = self._counts
        counts["dialogues"] += 1
        counts["latin"] += _LATIN.search(text) is not None
        counts["hangul"] += _HANGUL.search(text) is not None
        for summary in dialogue.references:
            for sentence in _SENTENCE.findall(summary):
                bare = sentence.rstrip(" .?!\"'")
                counts["sentences"] += bare.endswith("다")
                counts["polite"] += bare.endswith("니다")
        if dialogue.topic:
            counts["topics"] += 1
            counts["gerunds"] += dialogue.topic.strip().endswith("기")
            counts["words"] += len(dialogue.topic.split())

    def style(self, file: str) -> Style:
        """The style of what was counted."""
        counts = self._counts
        number, sentences, topics = counts["dialogues"], counts["sentences"], counts["topics"]
        return Style(
            file,
            number,
            counts["latin"] / max(number, 1),
            counts["hangul"] / max(number, 1),
            counts["polite"] / sentences if sentences >= _FEW else None,
            counts["gerunds"] / topics if topics >= _FEW else None,
            counts["words"] / topics if topics >= _FEW else None,
        )


def mixtures(style: Style) -> list[Problem]:
    """What does not go together within one file (N22, N27)."""
    problems = []
    if style.dialogues >= _FEW and style.script == "mixed":
        message = f"foreign names are in Latin letters in {style.latin:.0%} of the dialogues and in Hangul in {style.hangul:.0%}"
        problems.append(_warning(style.file, message, "keep the translations apart, or write all names in one script", "N22"))
    if style.polite is not None and 0.1 <= style.polite <= 0.9:
        message = f"{style.polite:.0%} of the summary sentences end in ~니다, the others in ~다"
        problems.append(_warning(style.file, message, "choose one ending; --ending of summarize sets it for outputs", "N27"))
    return problems


def mismatches(styles: Iterable[Style]) -> list[Problem]:
    """Where files do not match each other, each against the first that says something."""
    known = [style for style in styles if style.dialogues >= _FEW]
    problems: list[Problem] = []
    for style in known[1:]:
        first = known[0]
        if style.script != first.script and "none" not in (style.script, first.script):
            message = f"foreign names are {_words(style.script)}, in {first.file} {_words(first.script)}"
            problems.append(_warning(style.file, message, "train and test on one translation", "style-names"))
        if _apart(style.polite, first.polite, _ENDING_GAP):
            message = f"{style.polite:.0%} of the summary sentences end in ~니다, in {first.file} {first.polite:.0%}"
            problems.append(_warning(style.file, message, "train on summaries that end as the test's do", "style-endings"))
        if _apart(style.gerunds, first.gerunds, _TOPIC_GAP):
            message = f"{style.gerunds:.0%} of the topics end in ~기, in {first.file} {first.gerunds:.0%}"
            problems.append(_warning(style.file, message, "do not train topics on one and test on the other", "style-topics"))
    return problems


def _words(script: Script) -> str:
    return {"Latin": "in Latin letters", "Hangul": "in Hangul", "mixed": "in both scripts", "none": "absent"}[script]


def _apart(one: float | None, other: float | None, gap: float) -> bool:
    return one is not None and other is not None and abs(one - other) > gap


def _warning(file: str, message: str, remedy: str, rule: str) -> Problem:
    return Problem(file, None, message, remedy, rule, severity="warning")
