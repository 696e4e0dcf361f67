"""What a dialogue can be retold in: single statements, and exchanges (a question with its answer, a proposal with its reply).

An answer such as 네 or 그래요 says nothing without its question; so it appears only together with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yoyak.records import Dialogue
from yoyak.text import indirect, josa, predicates
from yoyak.text.endings import Style
from yoyak.text.indirect import Report
from yoyak.text.morphemes import Morpheme

#: The last speech verb's ending in each style.
FINAL: dict[Style, str] = {"한다": "는다", "합니다": "습니다", "함": "음"}

_QUESTIONS = frozenset({"ask", "wonder", "echo"})
_CALLS = frozenset({"propose", "request", "command"})
_AGREEING = frozenset(
    {
        "좋다고",
        "알았다고",
        "알겠다고",
        "물론이라고",
        "당연하다고",
        "그러겠다고",
        "그러자고",
        "그렇게 하겠다고",
        "그렇게 하자고",
        "문제없다고",
        "찬성이라고",
    }
    | {f"{opening}좋은 생각{said}" for opening in ("", "그거 ", "아주 ", "참 ") for said in ("이라고", "인 것 같다고", " 같다고")}
    | {"동의한다고", "그거 좋다고", "그게 좋겠다고"}
)
_REFUSING = frozenset({"안", "못", "없", "않", "아니", "싫", "지만", "말"})
_COURTEOUS = ("감사", "고맙", "미안", "죄송", "천만")


@dataclass(frozen=True, slots=True)
class Part:
    """What one speaker says in a unit: reports to be joined, and the hearer that they may name."""

    speaker: str
    hearer: str | None
    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A possible sentence of the summary: the turns that it rests on (0-based) and its one or two parts."""

    turns: tuple[int, ...]
    parts: tuple[Part, ...]

    @property
    def morphemes(self) -> list[Morpheme]:
        return [m for part in self.parts for report in part.reports for m in report.morphemes]


def units(dialogue: Dialogue, analysed: Sequence[Sequence[Morpheme]]) -> list[Unit]:
    """All that can be retold of a dialogue with confidence, in the order of the turns; a report may stand in two units, alone and in an
    exchange."""
    reported = _reported(dialogue, analysed)
    found: list[Unit] = []
    for index, turn in enumerate(dialogue.turns):
        hearer = hearer_of(dialogue, turn.speaker)
        said = [r for r in reported[index] if r is not None and r.kind not in {"greet", "answer", "name"}]
        if _asks_about_others(dialogue, reported, index):
            # 그 친구는 어디 있어? - 이탈리아에 갔어: whoever is meant, it is not the speaker.
            said = [r for r in said if r.grounded or r.kind not in {"tell", "guess"}]
        found += [Unit((index,), (Part(turn.speaker, hearer, (r,)),)) for r in said if not r.content.startswith(_COURTEOUS)]
        exchange = _exchange(dialogue, reported, index)
        if exchange is not None:
            found.append(exchange)
    return found or _courtesies(dialogue, reported)


def _asks_about_others(dialogue: Dialogue, reported: Sequence[Sequence[Report | None]], index: int) -> bool:
    """Whether the turn before, another speaker's, asks about a third person or thing."""
    if not index or dialogue.turns[index - 1].speaker == dialogue.turns[index].speaker:
        return False
    asked = [r for r in reported[index - 1] if r is not None and r.kind in _QUESTIONS]
    return any("third" in (named := predicates.subjects(r.morphemes)) and "second" not in named for r in asked)


def _courtesies(dialogue: Dialogue, reported: Sequence[Sequence[Report | None]]) -> list[Unit]:
    """Greetings, thanks and bare answers: worth telling only where nothing else was said."""
    return [
        Unit((index,), (Part(turn.speaker, hearer_of(dialogue, turn.speaker), (said,)),))
        for index, turn in enumerate(dialogue.turns)
        for said in reported[index]
        if said is not None
    ]


def hearer_of(dialogue: Dialogue, speaker: str) -> str | None:
    """The one other speaker; None when there are none or several, since nothing then tells who is spoken to."""
    others = [label for label in dialogue.labels if label != speaker]
    return others[0] if len(others) == 1 else None


def _reported(dialogue: Dialogue, analysed: Sequence[Sequence[Morpheme]]) -> list[list[Report | None]]:
    reported: list[list[Report | None]] = []
    for index, (turn, morphemes) in enumerate(zip(dialogue.turns, analysed, strict=True)):
        before = dialogue.turns[index - 1] if index else None
        answering = before is not None and before.speaker != turn.speaker and "?" in before.text[-3:]
        reported.append(indirect.reports(turn.text, hearer=hearer_of(dialogue, turn.speaker), answering=answering, morphemes=morphemes))
    return reported


def _exchange(dialogue: Dialogue, reported: Sequence[Sequence[Report | None]], index: int) -> Unit | None:
    """The turn's last question or call together with the next turn's reply to it."""
    if index + 1 >= len(dialogue.turns) or not reported[index]:
        return None
    first, second = dialogue.turns[index], dialogue.turns[index + 1]
    opening = reported[index][-1]
    if opening is None or first.speaker == second.speaker or opening.kind not in _QUESTIONS | _CALLS:
        return None
    reply = _reply(opening, reported[index + 1])
    if not reply:
        return None
    asking = Part(first.speaker, hearer_of(dialogue, first.speaker), (opening,))
    return Unit((index, index + 1), (asking, Part(second.speaker, hearer_of(dialogue, second.speaker), reply)))


def _reply(opening: Report, said: Sequence[Report | None]) -> tuple[Report, ...]:
    """The reports that answer: at most two, none when the reply cannot be told."""
    said = [r for r in said if r is None or not r.content.startswith(_COURTEOUS)]
    if not said or said[0] is None:
        return ()
    head = said[0]
    following = said[1] if len(said) > 1 else None
    if opening.kind == "propose" and head.kind == "propose":
        return (Report("answer", "", "동의하"),) if head.polarity == "yes" else ()
    agreeing = head.content in _AGREEING or (head.kind == "answer" and head.polarity == "yes")
    if opening.kind in _CALLS:
        if agreeing:
            accepted = Report("answer", "", "동의하") if opening.kind == "propose" else Report("answer", "알겠다고", "대답하")
            if following is None or not _tells(following):
                return (accepted,)
            # 좋아, 근데 오늘은 안 돼: the second sentence takes the first one back.
            if following.content in _AGREEING:
                return (accepted,)
            return (following,) if _denies(following) else (accepted, following)
        if head.kind == "answer":
            return (following,) if _tells(following) and following is not None else ()
        return (head,) if _tells(head) else ()
    if head.kind == "answer":
        return (_answer(following),) if _tells(following) and following is not None else (head,)
    if head.kind == "name" or _tells(head):
        return (_answer(head),)
    return ()


def _denies(report: Report) -> bool:
    return any(m.form in _REFUSING for m in report.morphemes)


def _tells(report: Report | None) -> bool:
    return report is not None and report.kind in {"tell", "promise", "hearsay", "intend", "must", "guess", "because", "name"}


def _answer(report: Report) -> Report:
    if report.verb not in {"말하", "하"}:
        return report
    return Report(report.kind, report.content, "대답하", False, report.polarity, report.morphemes)


def sentence(chosen: Unit, ending: Style = "한다") -> str:
    """The unit as one sentence: `#Person1#이 #Person2#에게 …냐고 묻자, #Person2#는 …다고 대답한다.`"""
    *opening, last = chosen.parts
    lead = ""
    if opening:
        part = opening[0]
        said = part.reports[0].said("자", part.hearer)
        lead = f"{josa.with_josa(part.speaker, '이/가')} {said}, "
    subject = josa.with_josa(last.speaker, "은/는")
    return josa.mend_after_tags(f"{lead}{subject} {joined(last, FINAL[ending])}.")


def joined(part: Part, ending: str) -> str:
    """The reports of one speaker as coordinate clauses, the last under the ending given."""
    pieces = []
    for index, report in enumerate(part.reports):
        repeated = index > 0 and part.reports[index - 1].addressed
        pieces.append(report.said("고" if index < len(part.reports) - 1 else ending, None if repeated else part.hearer))
    return " ".join(pieces)


def neighbours_joined(chosen: Sequence[Unit]) -> list[Unit]:
    """Units in their order, those of one speaker that follow each other as one sentence."""
    told: list[Unit] = []
    for unit in chosen:
        before = told[-1] if told else None
        if before is not None and len(before.parts) == len(unit.parts) == 1 and before.parts[0].speaker == unit.parts[0].speaker:
            part = before.parts[0]
            both = Part(part.speaker, part.hearer, (*part.reports, *unit.parts[0].reports))
            told[-1] = Unit(tuple(sorted({*before.turns, *unit.turns})), (both,))
        else:
            told.append(unit)
    return told


def nothing_told(dialogue: Dialogue, ending: Style = "한다") -> str:
    """What can honestly be said when no turn can be retold: who talked. Empty for a dialogue without turns.

    Example:
        >>> from yoyak.records import Turn
        >>> nothing_told(Dialogue("a", (Turn("민지", "음..."), Turn("현우", "어..."))))
        '민지와 현우는 이야기를 나눈다.'
    """
    people = dialogue.labels
    if not people:
        return ""
    if len(people) == 1:
        return f"{josa.with_josa(people[0], '은/는')} {indirect.conjugated('말하', FINAL[ending])}."
    names = ", ".join(people[:-1])
    return f"{josa.with_josa(names, '과/와')} {josa.with_josa(people[-1], '은/는')} 이야기를 {indirect.conjugated('나누', FINAL[ending])}."
