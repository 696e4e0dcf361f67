"""Indirect speech (간접 인용): a spoken turn retold in the third person, with its speaker as the grammatical subject.

>>> retell("내일 세 시에 도서관에서 만나자.", "#Person1#", hearer="#Person2#")
'#Person1#은 #Person2#에게 내일 세 시에 도서관에서 만나자고 제안한다.'
>>> retell("저는 오늘 못 가요. 대신 제가 내일 전화할게요.", "지훈")
'지훈은 오늘 못 간다고 말하고 대신 내일 전화하겠다고 한다.'

A turn that cannot be retold with confidence gives None: nothing is better than bad Korean or a wrong person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from yoyak.text import clauses, deixis, josa, speech_acts
from yoyak.text.clauses import Clause, Polarity
from yoyak.text.deixis import Edit
from yoyak.text.morphemes import Morpheme, analyze, join
from yoyak.text.speech_acts import Act, Predicate

Kind = Act | Literal["answer", "name", "greet", "thank", "apologize"]

_VERBS: dict[Kind, str] = {
    "tell": "말하", "ask": "묻", "wonder": "묻", "propose": "제안하", "command": "하", "request": "부탁하", "promise": "하", "hearsay": "전하",
    "echo": "되묻", "intend": "말하", "must": "말하", "guess": "말하", "because": "말하", "answer": "대답하", "name": "대답하", "greet": "인사하",
    "thank": "말하", "apologize": "사과하",
}  # fmt: skip
_ADDRESSED = frozenset({"ask", "propose", "command", "request", "wonder", "echo"})
_IRREGULAR = {"묻": "VV-I", "되묻": "VV-I"}
_GREETINGS = frozenset({"안녕", "여보세요", "실례"})
_EVIDENT = frozenset("네 군 는군 구나 는구나 구먼 구만 로구나".split())
_LOOKS = frozenset("피곤하 아프 힘들 슬프 행복하 우울하 창백하 바쁘 긴장하 외롭 지치 놀라".split())
_ECHO = "는 말이냐고"  # takes the place of -고: 간다고 -> 간다는 말이냐고
_VOWEL_YES = {"yes": "그렇다고", "no": "아니라고"}


@dataclass(frozen=True, slots=True)
class Report:
    """One sentence in indirect speech, not yet framed by its speaker.

    `content` is the quoted clause with its -고 ("내일 만나자고"), `verb` the stem of the speech verb, `addressed` tells that the frame
    names the hearer (#Person2#에게), `polarity` that the sentence began with 네 or 아니요. `morphemes` are what it says, for those who
    weigh it.
    """

    kind: Kind
    content: str
    verb: str
    addressed: bool = False
    polarity: Polarity = ""
    morphemes: tuple[Morpheme, ...] = ()

    def said(self, ending: str = "는다", hearer: str | None = None) -> str:
        """The sentence without its subject, its speech verb under the ending given (는다, 고, 며, 자, ...).

        Example:
            >>> Report("ask", "밥을 먹었냐고", "묻", True).said("고", "#Person2#")
            '#Person2#에게 밥을 먹었냐고 묻고'
        """
        dative = f"{hearer}에게" if hearer is not None and self.addressed else ""
        return " ".join(part for part in (dative, self.content, conjugated(self.verb, ending)) if part)


def conjugated(verb: str, ending: str) -> str:
    """A speech verb's stem with an ending: 말하 + 는다 -> 말한다, 묻 + 자 -> 묻자."""
    return join([(verb, _IRREGULAR.get(verb, "VV")), (ending, "EC")])


def retell(
    text: str, speaker: str, *, hearer: str | None = None, answering: bool = False, morphemes: Sequence[Morpheme] | None = None
) -> str | None:
    """The turn as one sentence about its speaker, or None when it cannot be retold with confidence.

    Args:
        text: What was said, without the speaker's label.
        speaker: The label that becomes the subject, with 은 or 는: a tag, a name, a role.
        hearer: The label of the person spoken to. Without it 너 cannot be named, and turns that need it give None.
        answering: The turn follows a question, so that a bare 해체 verb (-어) is a statement.
        morphemes: The text's morphemes when they are known already.

    Example:
        >>> retell("너 이 책 읽었니?", "민지", hearer="현우")
        '민지는 현우에게 이 책 읽었냐고 묻는다.'
        >>> retell("문 좀 닫아 주세요.", "#Person2#")
        '#Person2#는 문 닫아 달라고 부탁한다.'
        >>> retell("음...", "민지") is None
        True
    """
    found = [r for r in reports(text, hearer=hearer, answering=answering, morphemes=morphemes) if r is not None]
    telling = [r for r in found if r.kind != "greet" and not (r.kind == "answer" and len(found) > 1)] or found
    return framed(speaker, telling, hearer=hearer) if telling else None


def framed(speaker: str, said: Iterable[Report], *, hearer: str | None = None) -> str:
    """One sentence of what one speaker said: `#Person1#은 A다고 말하고 B냐고 묻는다.`"""
    parts = list(said)
    subject = josa.with_josa(speaker, "은/는")
    pieces = []
    for index, part in enumerate(parts):
        repeated = index > 0 and parts[index - 1].addressed
        pieces.append(part.said("고" if index < len(parts) - 1 else "는다", None if repeated else hearer))
    return josa.mend_after_tags(f"{subject} {' '.join(pieces)}.")


def reports(
    text: str, *, hearer: str | None = None, answering: bool = False, morphemes: Sequence[Morpheme] | None = None
) -> list[Report | None]:
    """The turn's sentences in indirect speech, one for each; None stands for one that cannot be retold.

    Takes what :func:`retell` takes.
    """
    analysed = analyze(text) if morphemes is None else morphemes
    found: list[Report | None] = []
    for sentence in clauses.sentences(analysed):
        spoken = clauses.clause(sentence)
        if spoken.morphemes or spoken.polarity:
            found.append(report(text, spoken, hearer=hearer, answering=answering))
    return found


def report(text: str, spoken: Clause, *, hearer: str | None = None, answering: bool = False) -> Report | None:
    """One clause of `text` in indirect speech, None when it cannot be retold with confidence."""
    items = spoken.morphemes
    if not items:
        content = _VOWEL_YES.get(spoken.polarity)
        return None if content is None or spoken.asks else Report("answer", content, "대답하", polarity=spoken.polarity)
    if items[0].form in _GREETINGS and len(items) < 5:
        return Report("greet", "", "인사하")
    if _quotes_persons(items):
        return None
    found = speech_acts.predicate(items)
    if found is None:
        return _fragment(text, spoken, hearer)
    kind = speech_acts.act(spoken, found, answering=answering)
    if kind is None:
        return None
    named = speech_acts.subjects(items)
    inserted = ""
    if kind == "tell":
        safe, inserted = _whose(spoken, found, named, hearer)
        if not safe:
            return None
    return _compose(text, spoken, found, kind, hearer, inserted)


def _quotes_persons(items: Sequence[Morpheme]) -> bool:
    quoted = any(m.tag in {"SSO", "SSC", "SS"} or m.form in "\"'“”‘’" for m in items)
    return quoted and any(m.tag == "NP" and m.form in speech_acts.FIRST | speech_acts.SECOND for m in items)


def _whose(spoken: Clause, found: Predicate, named: frozenset[speech_acts.Person], hearer: str | None) -> tuple[bool, str]:
    """Whether a statement's subject is sure, and the subject that must be put in ("" for none)."""
    items = spoken.morphemes
    third = bool(named & {"third", "second"})
    before = items[found.at - 1] if found.at else None
    if found.honorific and not third:
        # What the hearer must, may or can do is said to the hearer; what somebody did needs a name.
        general = found.stem.form in {"하", "되"} and before is not None and before.form in {"어야", "면", "으면", "어도"}
        return (general or found.stem.form in {"있", "없"} and before is not None and before.form == "수"), ""
    if third or "first" in named:
        return True, ""
    if found.stem.form == "보이" and before is not None and before.tag == "EC":
        looks = any(m.form in _LOOKS or m.form + "하" in _LOOKS for m in items[: found.at])
        return (hearer is not None and looks), (josa.with_josa(hearer, "이/가") if hearer is not None else "")
    if found.ending in _EVIDENT and "thing" not in named:
        return found.adjectival and not found.prefinals and found.stem.form not in {"힘들", "바쁘", "피곤하"}, ""
    if "겠" in found.prefinals and found.adjectival and "thing" not in named:
        return before is not None and before.form in {"면", "으면"}, ""
    return True, ""


def _fragment(text: str, spoken: Clause, hearer: str | None) -> Report | None:
    """A clause without a predicate: 왜? / 닭고기는? / 커피 한 잔."""
    items = spoken.morphemes
    if items[-1].form in {"요", "이요"} and len(items) > 1:
        items = items[:-1]
    last = items[-1]
    words = [m.form for m in items]
    if spoken.asks and words == ["왜"]:
        return Report("ask", "이유를", "묻", True, spoken.polarity, items)
    edits = deixis.persons(items, len(items), "tell", hearer, named=False)
    if edits is None or len(items) > 12 or any(m.tag[0] in "VE" and m.tag != "ETM" for m in items[-2:]):
        return None
    body = _body(text, items, items[-1].end, edits)
    if spoken.asks:
        if last.tag == "JX" and last.form in {"은", "는", "ᆫ"}:
            return Report("ask", f"{body} 어떠냐고", "묻", True, spoken.polarity, items)
        if last.tag == "NP" and last.form in {"뭐", "누구", "어디", "언제"}:
            return Report("ask", f"{body}냐고", "묻", True, spoken.polarity, items)
        return None
    if last.tag in {"NNG", "NNP", "NNB", "SN", "SL", "NR"} and not any(m.tag == "NP" for m in items) and not clauses.calls(items):
        return Report("name", josa.with_josa(body, "이라고/라고"), "대답하", False, spoken.polarity, items)
    return None


def _body(text: str, items: Sequence[Morpheme], stop: int, edits: list[Edit]) -> str:
    """The clause's text up to a character, edited, without what :mod:`clauses` left out of it."""
    gaps = [
        Edit(before.end, after.start, " ")
        for before, after in zip(items, items[1:], strict=False)
        if after.start > before.end and after.start <= stop and text[before.end : after.start].strip()
    ]
    return deixis.apply(text, items[0].start, max(stop, items[0].start), [*edits, *gaps])


def _compose(text: str, spoken: Clause, found: Predicate, kind: Act, hearer: str | None, inserted: str) -> Report | None:
    items = spoken.morphemes
    favour = speech_acts.asks_for(items, found) if kind == "request" else None
    at = found.at if favour is None else favour
    edits = deixis.persons(items, at, kind, hearer, named=kind in _ADDRESSED and hearer is not None)
    if edits is None:
        return None
    edits += deixis.plain_verbs(items, at) + deixis.plain_josa(items, at) + deixis.written(items, at)
    first = at
    while first and items[first - 1].end > items[first].start:
        first -= 1
    body = _body(text, items, items[first].start, edits)
    if favour is not None:
        third = any(
            m.form in {"에게", "한테", "께"} and m.tag == "JKB" and items[i].form not in speech_acts.FIRST
            for i, m in enumerate(items[1:at])
        )
        content = f"{body.rstrip()} {'주라고' if third else '달라고'}"
    else:
        content = _concluded(body, items[first : at + 1], _ending(found, kind))
    content = " ".join(f"{inserted} {content}".split())
    addressed = kind in _ADDRESSED and not (hearer is not None and content.startswith(hearer))
    return Report(kind, content, _verb(items, found, kind, asks=spoken.asks), addressed, spoken.polarity, items)


def _concluded(body: str, stem: Sequence[Morpheme], ending: tuple[tuple[str, ...], str]) -> str:
    """Body, stem and ending: allomorphs are Kiwi's work, but for 이다, which follows what stands in the body (tags, digits, names)."""
    forms, rest = ending
    tail = [(form, "EC" if index == len(forms) - 1 else "EP") for index, form in enumerate(forms)]
    if stem[-1].tag != "VCP":
        said = body + join([deixis.plain_stem(m) for m in stem] + tail)
    else:
        said = _copula(body, stem, tail)
    return said[:-1] + rest if rest == _ECHO else said + rest


def _copula(body: str, stem: Sequence[Morpheme], tail: list[tuple[str, str]]) -> str:
    body += "".join(deixis.SELF if m.tag == "NP" and m.form in speech_acts.FIRST else m.form for m in stem[:-1])
    if body.endswith(" 거"):
        body = body[:-1] + "것"
    model = "책" if josa.final(body) else "차"
    return body + join([(model, "NNG"), ("이", "VCP"), *tail])[1:]


def _ending(found: Predicate, kind: Act) -> tuple[tuple[str, ...], str]:
    """Prefinal and quoting ending for the stem, and what follows them as a word of its own."""
    copula = found.stem.tag in {"VCP", "VCN"}
    before, ending = found.prefinals, found.ending
    declared = "라고" if copula and not before else "다고" if found.adjectival or before else "는다고"
    if kind == "tell":
        return (*before, "더라고" if ending.startswith("더라") else declared), ""
    if kind == "ask":
        if ending.startswith(("ᆯ래", "을래")):
            return (*before, "겠", "냐고"), ""
        if ending.endswith(("려고", "라고", "려구")) and "려" in ending:
            return ("려고",), " 하냐고"
        if ending.endswith("대"):
            return (*before, declared), " 하냐고"
        return (*before, "냐고"), ""
    if kind == "hearsay":
        if ending.startswith(("래", "으래", "라")) and not copula:
            return ("으라고",), " 한다고"
        if ending.startswith(("재", "자")):
            return ("자고",), " 한다고"
        return (*before, "냐고" if ending == "냬" else declared), " 한다고" if ending == "냬" else ""
    if kind == "echo":
        return ("으라고",) if ending.startswith("라") and not copula else (*before, declared), _ECHO
    return {
        "wonder": ((*before, "ᆯ지"), ""),
        "propose": (("자고",), ""),
        "command": (("으라고",), ""),
        "request": (("으라고",), ""),
        "promise": (("겠", "다고"), ""),
        "intend": (("려고",), " 한다고"),
        "must": (("어야",), " 한다고"),
        "guess": ((*before, "ᆯ"), " 것이라고"),
        "because": (("어서",), "라고"),
    }[kind]


def _verb(items: Sequence[Morpheme], found: Predicate, kind: Act, *, asks: bool) -> str:
    noun = items[found.at - 1].form if found.at else ""
    if kind == "tell" and noun in {"미안", "죄송"} and not found.prefinals:
        return "사과하"
    if kind == "wonder" and not asks:
        return "궁금해하"
    if (
        kind == "ask"
        and found.stem.form == "어떻"
        and noun in {"이", "가", "은", "는"}
        and found.at > 2
        and items[found.at - 2].form in {"것", "거"}
    ):
        return "제안하"
    return _VERBS[kind]
