"""Speech acts: what a speaker does with a sentence - tells, asks, proposes, commands, asks for, promises, passes on.

Decided from the final ending (종결 어미), the mark, the auxiliary before it and who its subject is. Endings follow the account of
Standard Korean (국립국어원, 한국어 문법, 2005); the forms are those that Kiwi gives, without 요.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from yoyak.text.clauses import Clause, calls
from yoyak.text.misreadings import ADVICE
from yoyak.text.morphemes import Morpheme
from yoyak.text.predicates import POLITE_COMMANDS, Predicate, main_subject, subjects

Act = Literal["tell", "ask", "wonder", "propose", "command", "request", "promise", "hearsay", "echo", "intend", "must", "guess", "because"]
_PLAIN = frozenset("요 이요 어 아 여 야 에 예 이에 예여 애 세".split())
_TELLING = frozenset(
    "다 ᆫ다 는다 습니다 ᆸ니다 네 거든 더라 더라고 더군 더구나 군 는군 구나 는구나 로구나 구만 구먼 는구먼 소 단다 "
    "ᆫ단다 는단다 란다 답니다 ᆫ답니다 는답니다 "
    "랍니다 는걸 ᆫ걸 은걸 던걸 니까 으니까 ᆸ니다만 습니다만 지만 는데 ᆫ데 은데 던데 고 으이 ᆫ다니까 다니까 는다니까 "
    "라니까 ᆫ다고 는다고 다고 잖아 잖니 "
    "드라 드라고 데 더라구 구 다구 ᆫ다구 슴다 ᆷ다 음 ᆷ 습죠 걸랑".split()
)
_ASKING = frozenset("니 으니 냐 으냐 느냐 나 ᆫ가 은가 는가 던가 습니까 ᆸ니까 려나 으려나 냐고 느냐고 으냐고 는지 ᆫ지 은지 디 남".split())
_WONDERING = frozenset("ᆯ까 을까 ᆯ지 을지 ᆯ런지".split())
_PROPOSING = frozenset("자 ᆸ시다 읍시다 자고 자구 자꾸나 자니까 으세 세나 으세나".split())
_COMMANDING = frozenset(
    "어라 아라 여라 거라 너라 라 으라 려무나 으려무나 렴 으렴 ᆸ시오 으십시오 십시오 시오 게나 게 구려 라고 으라고 "
    "라구 라니까 으라니까 도록".split()
)
_PROMISING = frozenset("ᆯ게 을게 마 으마 ᆯ께 을께 ᆯ랍니다".split())
_WILLING = frozenset("ᆯ래 을래 ᆯ련다 으련다 련다".split())
_INTENDING = frozenset("려고 으려고 려구 ᆯ려고 을려고 을라고 ᆯ라고".split())
_OBLIGING = frozenset("어야지 아야지 여야지 어야죠 아야죠 여야죠 어야겠지".split())
_GUESSING = frozenset("ᆯ걸 을걸".split())
_BECAUSE = frozenset("어서 아서 여서 느라고 라서 이라서".split())
_HEARSAY = frozenset(
    "대 ᆫ대 는대 다더라 ᆫ다더라 는다더라 다던데 ᆫ다던데 는다던데 다더라고 ᆫ다더라고 다던데 래 으래 라더라 라던데 재 "
    "자더라 냬 ᆫ다더군 다더군 답디다 다네 ᆫ다네 는다네 라네 라데 다데 ᆫ다데".split()
)
_DOUBTED = frozenset("다면서 ᆫ다면서 는다면서 라면서 다며 ᆫ다며 는다며 라며".split())
_ECHOED = frozenset("다고 ᆫ다고 는다고 라고 다니 ᆫ다니 라니 다구 ᆫ다구 는다구 라구".split())
_YIELDING = frozenset("지 죠 지요 쥬 고 구 ".split())  # a statement, or a question when a question mark follows

#: Verbs that no will governs: a bare -어 of theirs is a statement, never a command.
_STATES = frozenset(
    "알 모르 되 들 나 걸리 좋아하 싫어하 원하 있 없 느끼 보이 들리 생기 살 다니 남 모자라 맞 틀리 어울리 닮 아프 죽 "
    "그렇 이렇 저렇 어떻 생각하 기억하 사랑하 "
    "필요하 믿 바라 못하 못되 잘되 안되 나오 오르 떨어지 지나 끝나 시작되 늦 고맙 미안하 부럽 답답하 궁금하 걱정되 "
    "힘들 졸리 헷갈리 팔리 열리 닫히 막히 밀리 "
    "잡히 풀리 줄 늘 변하 달라지 같 다르 심하 비 차 크 자라 망하 통하 뜨 이기 지 놀라 지치 당황하 실망하 후회하  "
    "동의하 의미하 뜻하 포함하 "
    "않 축하하 환영하 감사하 추천하 약속하 인정하 부탁하 부탁드리 감사드리 축하드리 사과드리 추천드리 들어있 재밌 맛있 멋있 웃기".split()
)
_URGING = frozenset("빨리 어서 얼른 제발 당장 좀 그만 천천히 조심히".split())
_HABITUAL = frozenset("정말 진짜 항상 늘 자주 많이 잘 가끔 매일 보통 언제나".split())
_TOGETHER = frozenset({"같이", "함께", "다같이"})
PEOPLE = frozenset("분 그분 부모 부모님 가족 남편 아내 직원 동료 상사 사람 교수 원장 사모님 그 그녀".split())
_WH = frozenset("뭐 무엇 누구 누 어디 언제 왜 몇 무슨 어떤 어느 어떻 얼마 얼마나 어찌 어떡하 뭣".split())


_ASKED_BY_MARK = frozenset("ᆫ다 는다 다 습니다 ᆸ니다 더라 는데 ᆫ데 은데 던데".split())
# The first class that names an ending decides (라고 is an echo before it is a command).
_CLASS: dict[str, str] = {}
for _name, _endings in (
    ("advice", frozenset({ADVICE})),
    ("promise", _PROMISING),
    ("doubted", _DOUBTED),
    ("hearsay", _HEARSAY),
    ("willing", _WILLING),
    ("must", _OBLIGING),
    ("intend", _INTENDING),
    ("guess", _GUESSING),
    ("because", _BECAUSE),
    ("propose", _PROPOSING),
    ("echoed", _ECHOED),
    ("wonder", _WONDERING),
    ("ask", _ASKING),
    ("hao", frozenset({"소", "오", "으오"})),
    ("polite", POLITE_COMMANDS),
    ("open", _YIELDING | _PLAIN),
):
    for _ending in _endings:
        _CLASS.setdefault(_ending, _name)


def asks_for(morphemes: Sequence[Morpheme], found: Predicate) -> int | None:
    """The index of the 주 by which a sentence asks a favour (해 주세요, 해 줄 수 있어요?, 해 줬으면 좋겠어), None without one."""
    stem = found.stem.form
    if stem in {"주", "주시"} and found.stem.tag in {"VV", "VX"}:
        return found.at
    forms = [m.form for m in morphemes[: found.at + 1]]
    if (stem == "있" and len(forms) >= 4 and forms[-2] == "수") or (stem == "있" and len(forms) >= 5 and forms[-3] == "수"):
        back = 3 if forms[-2] == "수" else 4
    elif stem == "되" and len(forms) >= 4 and forms[-2] == "안":
        back = 3
    elif stem in {"좋", "하", "고맙"} and len(forms) >= 3:
        back = 2
    else:
        return None
    connective = morphemes[found.at + 1 - back]
    if connective.form not in {"ᆯ", "면", "으면"}:
        return None
    place = found.at - back
    while place > 0 and morphemes[place].tag == "EP":
        place -= 1
    return place if morphemes[place].form == "주" and morphemes[place].tag in {"VV", "VX"} else None


def interrogative(morphemes: Sequence[Morpheme]) -> bool:
    """Whether a question word (뭐, 어디, 왜, 몇 ...) is among them."""
    return any(m.form in _WH for m in morphemes)


def act(clause: Clause, found: Predicate, *, answering: bool = False) -> Act | None:
    """What the speaker does with this clause; None when its form leaves it open.

    Args:
        answering: It follows a question of someone else, so that a bare -어 is a statement and no command.

    Example:
        >>> from yoyak.text.clauses import clause
        >>> from yoyak.text.morphemes import analyze
        >>> from yoyak.text.predicates import predicate
        >>> said = [clause(analyze(text)) for text in ("밥 먹었어?", "내가 할게.", "빨리 와!", "눈이 온대.", "밥 먹어.")]
        >>> [act(c, predicate(c.morphemes)) for c in said]
        ['ask', 'promise', 'command', 'hearsay', None]
    """
    if _rhetorical(clause, found):
        return None
    morphemes, ending, copula = clause.morphemes, found.ending, found.stem.tag in {"VCP", "VCN"}
    favour = asks_for(morphemes, found) is not None
    # 해 줄 수 있어요? and 해 주면 안 돼? ask a favour by an auxiliary; 해 줄까? and 주니? have 주다 itself at the end.
    indirectly = favour and found.stem.form != "주"
    match _CLASS.get(ending), clause.asks:
        case "advice", _:
            return "command"
        case "promise" | "guess" as same, _:
            return same
        case "willing", asks:
            return ("request" if favour else "ask") if asks else "promise"
        case "must", _:
            # 일찍 자야지 resolves, 더 일찍 왔어야지 blames whoever did not.
            return "must" if not found.past or subjects(morphemes) & {"first", "third"} else None
        case "intend", asks:
            return "ask" if asks else "intend"
        case "because", asks:
            return None if asks else "because"
        case "doubted", asks:
            return "echo" if asks else None
        case "hearsay", asks:
            return "hearsay" if not asks else None if ending in {"래", "으래", "재", "냬"} else "ask"
        case "propose", asks:
            return None if asks and ending in {"자고", "자구"} else "propose"
        case "echoed", True:
            return "echo"
        case "wonder", asks:
            together = asks and _together(morphemes) and not interrogative(morphemes)
            return "request" if indirectly else "propose" if together else "wonder"
        case "ask", _:
            return "request" if indirectly else "ask"
        case "hao", asks:
            return "command" if found.honorific and ending != "소" else "ask" if asks else "tell"
        case "polite", _:
            return _polite(clause, found)
        case "open", _:
            return _open(clause, found, answering=answering, favour=favour)
    if ending in _COMMANDING and not copula:
        # 잘 들리게. is a purpose more often than a command of 하게체.
        familiar = ending != "게" or "자네" in (m.form for m in morphemes) or found.stem.form in {"주", "보"}
        return ("request" if favour else "command") if familiar else None
    if ending in _TELLING or ending in {"라고", "라구"}:
        return _told(clause, found, indirectly=indirectly)
    return None


def _told(clause: Clause, found: Predicate, *, indirectly: bool) -> Act:
    """-다, -는데, -네 and their like: statements, but for a question mark behind some and for wishes that ask a favour."""
    if clause.asks and found.ending in _ASKED_BY_MARK:
        return "ask" if found.ending.endswith("다") or interrogative(clause.morphemes) else "tell"
    return "request" if indirectly and found.stem.form != "있" else "tell"


def _rhetorical(clause: Clause, found: Predicate) -> bool:
    """Forms that say the opposite of what they seem to: 얼마나 기특한데!, 다 끝난 거 아냐., and what no report can finish (…만 빼고요)."""
    forms = [m.form for m in clause.morphemes]
    before = clause.morphemes[found.at - 1] if found.at else None
    if before is not None and before.tag == "NNB" and before.form in {"거", "것"} and (found.stem.form == "아니" or found.ending == "냐"):
        return found.stem.form in {"아니", "알"}
    if before is not None and before.form == "말" and found.stem.tag == "VCP":
        return True  # 오면 말이야, 그것들 말이야
    if found.ending in _ECHOED | {"으라고", "자고"} and not (clause.asks or found.polite or "!" in clause.mark):
        return found.stem.tag not in {"VCP", "VCN"}  # 당신이나 받으라고.: whose words these are stays open
    if found.ending in {"니까", "으니까", "고", "는데", "지만"} and clause.mark.startswith(("..", "…")):
        return True  # 곰곰이 따져 보니까...: broken off
    if found.ending in {"고", "구"} and found.stem.form in {"빼", "말", "제외하", "두"}:
        return True
    exclaims = not clause.asks and bool({"얼마나", "왜", "어찌", "어떻게"} & set(forms))
    return exclaims and not any(
        m.form in {"지", "는지", "ᆫ지", "은지", "ᆯ지", "을지", "든", "든지", "냐고", "냐", "까"} or m.tag == "ETM"
        for m in clause.morphemes[: found.at + 1]
    )


def _together(morphemes: Sequence[Morpheme]) -> bool:
    if any(m.form in _TOGETHER and m.tag == "MAG" for m in morphemes):
        return True
    return bool(morphemes) and morphemes[0].form == "우리" and subjects(morphemes[1:]) == frozenset()


def _polite(clause: Clause, found: Predicate) -> Act | None:
    """-세요: a question with its mark, else a command, unless a third person is its subject or it describes."""
    if clause.asks:
        return "request" if asks_for(clause.morphemes, found) == found.at and found.stem.tag == "VX" else "ask"
    if found.stem.form == "말":
        return "command"
    named = subjects(clause.morphemes)
    own = bool(named & {"third", "second"}) and main_subject(clause.morphemes, found.at)
    if own and not _honoured(clause.morphemes):
        own = False  # 남은 반찬은 싸 가세요: nobody honours an object
    favour = asks_for(clause.morphemes, found) is not None
    if favour and any(m.tag == "EC" and m.form.endswith(("다고", "라고", "자고", "냐고")) for m in clause.morphemes[: found.at]):
        return "request"  # 형이 다녀갔다고 전해 주세요: the subject is that of what is to be passed on
    if found.adjectival or own:
        return "tell"
    if favour:
        return "request"
    if own is None:
        return None
    # 좋아하세요, 그렇게 생각하세요 speak of somebody unnamed: nobody orders a state.
    return None if _stative(clause.morphemes, found.at) else "command"


def _honoured(morphemes: Sequence[Morpheme]) -> bool:
    """Whether a subject is named that -시- can honour: anybody with 이/가, as topic only a person by title, kinship or name."""
    return any(
        m.tag == "JKS" or (m.tag == "JX" and m.form in {"은", "는", "ᆫ"} and (calls([morphemes[i]]) or morphemes[i].form in PEOPLE))
        for i, m in enumerate(morphemes[1:])
    )


def _open(clause: Clause, found: Predicate, *, answering: bool, favour: bool) -> Act | None:
    """-어(요), -지(요), -고(요): statement, question, command or proposal."""
    morphemes, stem = clause.morphemes, found.stem.form
    if clause.asks:
        if favour and (found.stem.form != "주" or "겠" in found.prefinals):
            return "request"
        return "ask" if found.ending not in {"고", "구"} or interrogative(morphemes) else None
    if favour and stem != "주" and stem != "있":
        return "request"
    if found.ending == "지" and (decided := _reminding(clause, found, answering=answering)) != "open":
        return decided
    if found.prefinals or found.adjectival or found.ending not in _PLAIN:
        # Without any mark (a chat), a question word just before the end leaves statement or question open.
        return None if not clause.mark and interrogative(morphemes) else "tell"
    return _bare_verb(clause, found, answering=answering, favour=favour)


def _reminding(clause: Clause, found: Predicate, *, answering: bool) -> Act | Literal["open"] | None:
    """-지(요) without a question mark: 이제 그만하죠, 제가 하죠 and 비가 오죠 differ by their subject; "open" leaves it to the rest."""
    named = subjects(clause.morphemes)
    if not found.prefinals and not found.adjectival and not _stative(clause.morphemes, found.at):
        if "first" in named and found.polite:
            return "promise"
        return "tell" if answering or any(m.tag == "JKS" for m in clause.morphemes) else None
    knows = "겠" in found.prefinals and not named  # 이제 알겠지: the hearer's knowledge
    tagged = clause.mark == "," and "second" in named  # 너 만났지, 맞지?
    return None if knows or tagged else "open"


def _bare_verb(clause: Clause, found: Predicate, *, answering: bool, favour: bool) -> Act | None:
    """A verb with nothing but -어(요): what is said of it, asked for, ordered or proposed."""
    morphemes, stem = clause.morphemes, found.stem.form
    named = subjects(morphemes)
    if stem == "보" and len(morphemes) < 4:
        return None  # 봐요!, 저거 봐
    if stem == "말":
        return "command"
    if stem == "주" and named == {"third"}:
        # 이 앱은 한눈에 볼 수 있게 해 줘요 tells, 형이 산 책 좀 줘 asks.
        return "request" if any(m.form == "좀" for m in morphemes) and not main_subject(morphemes, found.at) else None
    if named & {"first", "third"}:
        return "tell" if clause.mark or not interrogative(morphemes) else None
    if favour:
        # 살 수 있고 문 앞까지 갖다 줘: after a state -아 줘 tells of it too.
        states = any(
            m.form in {"고", "는데", "지만"} and m.tag == "EC" and _state(morphemes[i]) for i, m in enumerate(morphemes[1 : found.at])
        )
        habit = not found.polite and any(m.form in _HABITUAL and m.tag == "MAG" for m in morphemes)  # 정말 잘 도와줘
        return "request" if not (answering or states or habit) else None
    if not clause.mark and interrogative(morphemes):
        return None
    if stem not in _STATES and any(m.form in _TOGETHER and m.tag == "MAG" for m in morphemes):
        return "propose" if not answering else "tell"
    if _stative(morphemes, found.at) or found.honorific:
        return "tell"
    if found.polite and any(m.tag == "EP" and m.form in {"시", "으시"} for m in morphemes[: found.at]):
        return "command"  # 지나시면 꼭 들러요: said to the hearer
    if any(m.form in _URGING and m.tag == "MAG" for m in morphemes) or (stem == "보" and found.stem.tag == "VX"):
        return "command"
    habitual = found.polite and any(m.form in _HABITUAL and m.tag == "MAG" for m in morphemes)
    return "tell" if answering or habitual else None  # 겨울만이라도 와서 지내요 may be said of anybody, or to anybody


def _state(stem: Morpheme) -> bool:
    return stem.tag.startswith(("VA", "VC", "XSA")) or stem.form in {"있", "없"}


def _stative(morphemes: Sequence[Morpheme], at: int) -> bool:
    """Whether no will governs the predicate: a verb of state (알다, 생각하다), a negation, an auxiliary of state or duty."""
    whole = (morphemes[at - 1].form if at else "") + morphemes[at].form
    return morphemes[at].form in _STATES or whole in _STATES or _fixed(morphemes, at)


def _fixed(morphemes: Sequence[Morpheme], at: int) -> bool:
    """Whether a negation, an auxiliary of state or 어야/면 before the stem makes the sentence a statement."""
    before = [m.form for m in morphemes[max(0, at - 3) : at]]
    if morphemes[at].form == "하" and morphemes[at].tag == "VX" and before[-1:] == ["어"]:
        return True  # 가고 싶어 하다, 아파하다
    if morphemes[at].form == "하" and before[-1:] and before[-1].endswith("려고"):
        return True  # 고르려고 해
    return bool({"안", "못", "어야", "아야", "여야"} & set(before)) or (morphemes[at].form in {"지", "가지"} and morphemes[at].tag == "VX")
