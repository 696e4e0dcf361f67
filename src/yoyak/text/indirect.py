"""Indirect speech (간접 인용): a spoken turn retold in the third person, with its speaker as the grammatical subject.

>>> retell("내일 세 시에 도서관에서 만나자.", "#Person1#", hearer="#Person2#")
'#Person1#은 #Person2#에게 내일 세 시에 도서관에서 만나자고 제안한다.'
>>> retell("저는 오늘 못 가요. 대신 제가 내일 전화할게요.", "지훈")
'지훈은 오늘 못 간다고 말하고 대신 내일 전화하겠다고 한다.'

A turn that cannot be retold with confidence gives None: nothing is better than bad Korean or a wrong person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from yoyak.text import clauses, deixis, josa, predicates, register, speech_acts
from yoyak.text.clauses import Clause, Polarity
from yoyak.text.misreadings import ADVICE
from yoyak.text.morphemes import Morpheme, analyze, join
from yoyak.text.predicates import Predicate
from yoyak.text.register import Edit
from yoyak.text.speech_acts import Act

Kind = Act | Literal["answer", "name", "greet"]

_VERBS: dict[Kind, str] = {
    "ask": "묻", "wonder": "묻", "echo": "되묻", "propose": "제안하", "command": "하", "request": "부탁하",
    "promise": "하", "hearsay": "전하",
    "tell": "말하", "intend": "말하", "must": "말하", "guess": "말하", "because": "말하", "answer": "대답하",
    "name": "대답하", "greet": "인사하",
}  # fmt: skip
_ADDRESSED = frozenset({"ask", "propose", "command", "request", "wonder", "echo"})
_IRREGULAR = {"묻": "VV-I", "되묻": "VV-I"}
_GREETINGS = frozenset({"안녕", "여보세요", "실례"})
_EVIDENT = frozenset("네 군 는군 구나 는구나 구먼 구만 로구나".split())
_LOOKS = frozenset("피곤하 아프 힘들 슬프 행복하 우울하 창백하 바쁘 긴장하 외롭 지치 놀라".split())
_QUOTES = frozenset("\"'“”‘’")
_ECHO = "는 말이냐고"  # takes the place of -고: 간다고 -> 간다는 말이냐고
_BARE_ANSWERS = {"yes": "그렇다고", "no": "아니라고"}


@dataclass(frozen=True, slots=True)
class Report:
    """One sentence in indirect speech, not yet framed by its speaker.

    `content` is the quoted clause with its -고 ("내일 만나자고"), `verb` the stem of the speech verb, `addressed` tells that the frame
    names the hearer (#Person2#에게), `polarity` that the sentence began with 네 or 아니요, `grounded` that it names its subject, so that
    the report cannot be taken to speak of somebody else. `morphemes` are what it says, for those who weigh it.
    """

    kind: Kind
    content: str
    verb: str
    addressed: bool = False
    polarity: Polarity = ""
    morphemes: tuple[Morpheme, ...] = ()
    grounded: bool = False

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
    trailing = False
    for sentence in clauses.sentences(analysed):
        spoken = clauses.clause(sentence)
        if spoken.morphemes or spoken.polarity:
            # Only the first sentence answers; a later bare -어 may be a command again.
            said = report(text, spoken, hearer=hearer, answering=answering and not found)
            # 새벽부터 줄 섰어, 표를 사려고: the purpose or reason of what came before, nothing by itself.
            leaning = trailing and said is not None and said.kind in {"intend", "because"}
            found.append(None if leaning else said)
        trailing = sentence[-1].tag == "SP"
    return found


def report(text: str, spoken: Clause, *, hearer: str | None = None, answering: bool = False) -> Report | None:
    """One clause of `text` in indirect speech, None when it cannot be retold with confidence."""
    items = spoken.morphemes
    if not items:
        content = _BARE_ANSWERS.get(spoken.polarity)
        return None if content is None or spoken.asks else Report("answer", content, "대답하", polarity=spoken.polarity)
    if len(items) < 5 and any(m.form in _GREETINGS for m in items):
        return Report("greet", "", "인사하")
    if _unclear(spoken):
        return None
    choice = _choice(spoken)
    if choice is not None:
        return _chosen_between(text, spoken, *choice, hearer=hearer)
    found = predicates.predicate(items)
    if found is None:
        return _fragment(text, spoken, hearer)
    kind = speech_acts.act(spoken, found, answering=answering)
    if kind is None:
        return None
    named = predicates.subjects(items)
    inserted = ""
    if kind in {"promise", "tell"} and not found.honorific and _asks_midway(items, found.at):
        return None
    if kind == "tell":
        safe, inserted = _whose(spoken, found, named, hearer)
        if not safe:
            return None
    return _compose(text, spoken, found, kind, hearer, inserted)


def _choice(spoken: Clause) -> tuple[tuple[Morpheme, ...], tuple[Morpheme, ...]] | None:
    """The two halves of A 아니면 B? when both have a predicate, None for any other clause (커피, 아니면 차 드실래요?)."""
    items = spoken.morphemes
    for place in range(1, len(items) - 2):
        word = items[place]
        if spoken.asks and (word.form == "아니면" or (word.form == "아니" and items[place + 1].form == "면")):
            first = items[: place - 1] if items[place - 1].tag == "SP" else items[:place]
            second = items[place + (1 if word.form == "아니면" else 2) :]
            return (first, second) if second and predicates.predicate(first) is not None else None
    return None


def _chosen_between(
    text: str, spoken: Clause, first: tuple[Morpheme, ...], second: tuple[Morpheme, ...], *, hearer: str | None
) -> Report | None:
    one, other = (report(text, Clause(half, spoken.mark, ""), hearer=hearer) for half in (first, second))
    if one is None or other is None or one.kind != other.kind or one.kind not in {"ask", "wonder"}:
        return None
    return replace(other, content=f"{one.content.removesuffix('고')} 아니면 {other.content}", morphemes=spoken.morphemes)


def _unclear(spoken: Clause) -> bool:
    """Quotations with persons in them or without an end, sentences that Kiwi did not part, chats run together without marks."""
    items = spoken.morphemes
    quotes = sum(m.tag in {"SSO", "SSC", "SS"} or m.form in _QUOTES for m in items)
    if quotes % 2 or _QUOTES & set(spoken.mark) or any(m.tag in {"SF", "SB"} or m.form in {";", "ᆸ니다", "습니다"} for m in items[:-1]):
        return True
    if not spoken.mark and len(items) > 12 and any(_final_like(items, index) for index in range(1, len(items) - 1)):
        return True
    return quotes > 0 and any(m.tag == "NP" and m.form in predicates.FIRST | predicates.SECOND for m in items)


def _asks_midway(items: Sequence[Morpheme], until: int) -> bool:
    """Whether an earlier clause asks the hearer for something (전화했다고 전해 주시고, 나중에 다시 할게요): two acts in one sentence."""
    return any(
        items[index].tag == "EP" and items[index].form in {"시", "으시"} and items[index + 1].form in {"고", "고요", "며"}
        for index in range(until - 1)
    )


def _honours_before_modal(items: Sequence[Morpheme], found: Predicate) -> bool:
    """Whether -시- stands before 것 같다, 것이다, 줄 알다: what somebody else did or will do (들으셨던 것 같아요)."""
    modal = found.stem.form in {"같", "이", "알", "모르"} and any(m.tag == "NNB" for m in items[max(0, found.at - 2) : found.at])
    return modal and any(m.tag == "EP" and m.form in {"시", "으시"} for m in items[max(0, found.at - 5) : found.at])


def _final_like(items: Sequence[Morpheme], index: int) -> bool:
    """Whether a connective -어 there could as well end a sentence: no verb follows it."""
    return items[index].tag == "EC" and items[index].form == "어" and items[index + 1].tag[0] != "V"


def _whose(spoken: Clause, found: Predicate, named: frozenset[predicates.Person], hearer: str | None) -> tuple[bool, str]:
    """Whether a statement's subject is sure, and the subject that must be put in ("" for none)."""
    items = spoken.morphemes
    third = bool(named & {"third", "second"})
    before = items[found.at - 1] if found.at else None
    if _honours_before_modal(items, found) and not third:
        return False, ""
    if found.honorific and not third:
        # What the hearer must, may or can do is said to the hearer; what somebody did needs a name.
        general = found.stem.form in {"하", "되"} and before is not None and before.form in {"어야", "면", "으면", "어도"}
        return (general or (found.stem.form in {"있", "없"} and before is not None and before.form == "수")), ""
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
    """A clause without a predicate: 왜? / 생선은? / 커피 한 잔."""
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
    body = _body(text, items, items[-1].end, edits).rstrip()
    if spoken.asks:
        if last.tag == "JX" and last.form in {"은", "는", "ᆫ"}:
            return Report("ask", f"{body} 어떠냐고", "묻", not (hearer and body.startswith(hearer)), spoken.polarity, items)
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
        for before, after in pairwise(items)
        if after.start > before.end and after.start <= stop and text[before.end : after.start].strip()
    ]
    return register.apply(text, items[0].start, max(stop, items[0].start), [*edits, *gaps])


def _compose(text: str, spoken: Clause, found: Predicate, kind: Act, hearer: str | None, inserted: str) -> Report | None:
    items = spoken.morphemes
    favour = speech_acts.asks_for(items, found) if kind == "request" else None
    at = found.at if favour is None else favour
    edits = deixis.persons(items, at, kind, hearer, named=kind in _ADDRESSED and hearer is not None)
    if edits is None:
        return None
    edits += register.plain_verbs(items, at) + register.plain_josa(items, at) + register.written(items, at)
    first = at
    while first and items[first - 1].end > items[first].start:
        first -= 1
    body = _body(text, items, items[first].start, edits)
    if favour is not None:
        third = any(
            m.form in {"에게", "한테", "께"} and m.tag == "JKB" and items[i].form not in predicates.FIRST for i, m in enumerate(items[1:at])
        )
        content = f"{body.rstrip()} {'주라고' if third else '달라고'}"
    else:
        content = _concluded(body, items[first : at + 1], _ending(found, kind))
    content = " ".join(f"{inserted} {content}".split())
    named = predicates.subjects(items)
    doubled = hearer is not None and kind in {"ask", "wonder"} and content.startswith(hearer) and "second" not in named
    addressed = kind in _ADDRESSED and not doubled
    grounded = bool(named or inserted)
    return Report(kind, content, _verb(items, found, kind, asks=spoken.asks), addressed, spoken.polarity, items, grounded)


def _concluded(body: str, stem: Sequence[Morpheme], ending: tuple[tuple[str, ...], str]) -> str:
    """Body, stem and ending: allomorphs are Kiwi's work, but for 이다, which follows what stands in the body (tags, digits, names)."""
    forms, rest = ending
    tail = [(form, "ETM" if form == "을" else "EC" if index == len(forms) - 1 else "EP") for index, form in enumerate(forms)]
    said = _copula(body, stem, tail) if stem[-1].tag == "VCP" else body + join([register.plain_stem(m) for m in stem] + tail)
    return said[:-1] + rest if rest == _ECHO else said + rest


def _copula(body: str, stem: Sequence[Morpheme], tail: list[tuple[str, str]]) -> str:
    body = body.rstrip() if len(stem) == 1 else body
    body += "".join(deixis.SELF if m.tag == "NP" and m.form in predicates.FIRST else m.form for m in stem[:-1])
    if body.endswith((" 거", " 터")):
        body = body[:-1] + "것"  # 갈 거야, 갈 텐데
    model = "책" if josa.final(body) else "차"
    return body + join([(model, "NNG"), ("이", "VCP"), *tail])[1:]


def _ending(found: Predicate, kind: Act) -> tuple[tuple[str, ...], str]:
    """Prefinal and quoting ending for the stem, and what follows them as a word of its own."""
    copula = found.stem.tag in {"VCP", "VCN"}
    if kind == "because" and copula:
        return ("라서",), "라고"
    if kind == "must" and found.past:
        return (*found.prefinals, "어야"), " 했다고"
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
        "wonder": ((*before, "을지"), ""),
        "propose": (("자고",), ""),
        "command": (("으라고",), ""),
        "request": (("으라고",), ""),
        "promise": (("겠", "다고"), ""),
        "intend": (("려고",), " 한다고"),
        "must": (("어야",), " 한다고"),
        "guess": ((*before, "을"), " 것이라고"),
        "because": (("어서",), "라고"),
    }[kind]


def _verb(items: Sequence[Morpheme], found: Predicate, kind: Act, *, asks: bool) -> str:
    noun = items[found.at - 1].form if found.at else ""
    if found.ending == ADVICE:
        return "권하"
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
