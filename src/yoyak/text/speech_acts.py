"""Speech acts: what a speaker does with a sentence - tells, asks, proposes, commands, asks for, promises, passes on.

Decided from the final ending (종결 어미), the mark, the auxiliary before it and who its subject is. Endings follow the account of
Standard Korean (국립국어원, 한국어 문법, 2005); the forms are those that Kiwi gives, without 요.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from yoyak.text.clauses import Clause
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
    "않 축하하 환영하 감사하 추천하 약속하 인정하 들어있 재밌 맛있 멋있 웃기".split()
)
_URGING = frozenset("빨리 어서 얼른 제발 당장 좀 그만 천천히 조심히".split())
_TOGETHER = frozenset({"같이", "함께", "다같이"})
_WH = frozenset("뭐 무엇 누구 누 어디 언제 왜 몇 무슨 어떤 어느 어떻 얼마 얼마나 어찌 어떡하 뭣".split())


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
    elif stem in {"되", "좋", "하", "고맙"} and len(forms) >= 3:
        back = 2
    else:
        return None
    connective = morphemes[found.at + 1 - back]
    if connective.form not in {"ᆯ", "면", "으면"}:
        return None
    place = found.at - back
    while place > 0 and morphemes[place].tag == "EP":
        place -= 1
    # 담당자에게 주시면 돼요 tells what to do; 보내 주시면 돼요 asks for it.
    return place if morphemes[place].form == "주" and (morphemes[place].tag == "VX" or stem != "되") else None


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
        >>> said = [clause(analyze(text)) for text in ("밥 먹었어?", "내가 할게.", "빨리 와!", "눈이 온대.", "밥 먹어.")]
        >>> [act(c, predicate(c.morphemes)) for c in said]
        ['ask', 'promise', 'command', 'hearsay', None]
    """
    ending, asks = found.ending, clause.asks
    morphemes = clause.morphemes
    favour = asks_for(morphemes, found)
    if _rhetorical(clause, found):
        return None
    if ending == ADVICE:
        return "command"
    if ending in _PROMISING:
        return "promise"
    if ending in _DOUBTED:
        return "echo" if asks else None
    if ending in _HEARSAY:
        return "hearsay" if not asks else "ask" if ending not in {"래", "으래", "재", "냬"} else None
    if ending in _WILLING:
        if asks:
            return "request" if favour is not None else "ask"
        return "promise"
    if ending in _OBLIGING:
        # 일찍 자야지 resolves, 더 일찍 왔어야지 blames whoever did not.
        return "must" if not found.past or subjects(morphemes) & {"first", "third"} else None
    if ending in _INTENDING:
        return "ask" if asks else "intend"
    if ending in _GUESSING:
        return "guess"
    if ending in _BECAUSE:
        return None if asks else "because"
    if ending in _PROPOSING:
        return None if asks and ending in {"자고", "자구"} else "propose"
    if ending in _ECHOED and asks:
        return "echo"
    if ending in _WONDERING:
        if favour is not None and found.stem.form != "주":
            return "request"
        return "propose" if asks and _together(morphemes) and not interrogative(morphemes) else "wonder"
    if ending in _ASKING:
        return "request" if favour is not None and found.stem.form != "주" else "ask"
    if ending == "소":
        return "ask" if asks else "tell"
    if ending in {"오", "으오"}:
        return "command" if found.honorific else "ask" if asks else "tell"
    if ending in POLITE_COMMANDS:
        return _polite(clause, found)
    if ending in {"라고", "라구"} and found.stem.tag in {"VCP", "VCN"}:
        return "tell"
    if ending == "게" and not ("자네" in (m.form for m in morphemes) or found.stem.form in {"주", "보"}):
        return None  # 잘 들리게. is a purpose more often than a command of 하게체
    if ending in _COMMANDING and found.stem.tag not in {"VCP", "VCN"}:
        return "request" if favour is not None else "command"
    if ending in _YIELDING | _PLAIN:
        return _open(clause, found, answering=answering, favour=favour)
    if ending in _TELLING:
        if asks and ending in {"ᆫ다", "는다", "다", "습니다", "ᆸ니다", "더라", "는데", "ᆫ데", "은데", "던데"}:
            return "ask" if interrogative(morphemes) or "다" in ending[-1] else "tell"
        if favour is not None and found.stem.form != "주" and found.stem.form != "있":
            return "request"
        return "tell"
    return None


def _rhetorical(clause: Clause, found: Predicate) -> bool:
    """Forms that say the opposite of what they seem to: 얼마나 좋은데!, 있는 거 아냐., and what no report can finish (…만 빼고요)."""
    forms = [m.form for m in clause.morphemes]
    before = clause.morphemes[found.at - 1] if found.at else None
    if before is not None and before.tag == "NNB" and before.form in {"거", "것"} and (found.stem.form == "아니" or found.ending == "냐"):
        return found.stem.form in {"아니", "알"}
    if before is not None and before.form == "말" and found.stem.tag == "VCP":
        return True  # 오면 말이야, 그것들 말이야
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
    if found.adjectival or (named & {"third", "second"} and main_subject(clause.morphemes, found.at)):
        return "tell"
    if asks_for(clause.morphemes, found) is not None:
        return "request"
    # 좋아하세요, 그렇게 생각하세요 speak of somebody unnamed: nobody orders a state.
    return None if _stative(clause.morphemes, found.at) else "command"


def _open(clause: Clause, found: Predicate, *, answering: bool, favour: int | None) -> Act | None:
    """-어(요), -지(요), -고(요): statement, question, command or proposal."""
    morphemes, stem = clause.morphemes, found.stem.form
    if clause.asks:
        if favour is not None and (found.stem.form != "주" or "겠" in found.prefinals):
            return "request"
        return "ask" if found.ending not in {"고", "구"} or interrogative(morphemes) else None
    if favour is not None and stem != "주" and stem != "있":
        return "request"
    if found.ending == "지" and not found.prefinals and not found.adjectival and not _stative(morphemes, found.at):
        # 이제 그만하죠, 제가 하죠, 비가 오죠: proposal, promise or statement by its subject alone.
        named = subjects(morphemes)
        return "promise" if "first" in named and found.polite else "tell" if any(m.tag == "JKS" for m in morphemes) or answering else None
    if found.ending == "지" and "겠" in found.prefinals and not subjects(morphemes):
        return None  # 이제 알겠지: the hearer's knowledge
    if found.prefinals or found.adjectival or found.ending not in _PLAIN:
        # Without any mark (a chat), a question word just before the end leaves statement or question open.
        return None if not clause.mark and interrogative(morphemes) else "tell"
    named = subjects(morphemes)
    if stem == "말":
        return "command"
    if stem == "주" and named == {"third"}:
        return None if main_subject(morphemes, found.at) else "request"
    if named & {"first", "third"}:
        return "tell" if clause.mark or not interrogative(morphemes) else None
    if favour is not None:
        return "request" if not answering else None
    if not clause.mark and interrogative(morphemes):
        return None
    if stem not in _STATES and any(m.form in _TOGETHER and m.tag == "MAG" for m in morphemes):
        return "propose" if not answering else "tell"
    if _stative(morphemes, found.at) or found.honorific:
        return "tell"
    if any(m.form in _URGING and m.tag == "MAG" for m in morphemes) or (stem == "보" and found.stem.tag == "VX"):
        return "command"
    return "tell" if answering or found.polite else None


def _stative(morphemes: Sequence[Morpheme], at: int) -> bool:
    """Whether no will governs the predicate: a verb of state (알다, 생각하다), a negation, an auxiliary of state or duty."""
    whole = (morphemes[at - 1].form if at else "") + morphemes[at].form
    return morphemes[at].form in _STATES or whole in _STATES or _fixed(morphemes, at)


def _fixed(morphemes: Sequence[Morpheme], at: int) -> bool:
    """Whether a negation, an auxiliary of state or 어야/면 before the stem makes the sentence a statement."""
    before = [m.form for m in morphemes[max(0, at - 3) : at]]
    return bool({"안", "못", "어야", "아야", "여야"} & set(before)) or (morphemes[at].form in {"지", "가지"} and morphemes[at].tag == "VX")
