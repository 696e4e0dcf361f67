"""Who is meant: 나, 너 and 우리 said anew from outside the conversation, as edits of the turn's own text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yoyak.text import josa
from yoyak.text.morphemes import Morpheme
from yoyak.text.predicates import FIRST, HEARERS, SECOND, calls_hearer, subjects
from yoyak.text.register import Edit
from yoyak.text.speech_acts import Act

SELF = "자신"
_GROUP = frozenset({"우리", "저희"})
_PAIR = {
    "은": "은/는", "는": "은/는", "ᆫ": "은/는", "이": "이/가", "가": "이/가", "을": "을/를", "를": "을/를",
    "ᆯ": "을/를", "과": "과/와", "와": "과/와",
    "랑": "과/와", "이랑": "과/와", "하고": "과/와", "으로": "으로/로", "로": "으로/로", "나": "이나/나", "이나": "이나/나",
    "께서": "이/가",
}  # fmt: skip
_DATIVES = {"한테": "에게", "께": "에게", "더러": "에게", "보고": "에게", "게": "에게", "한테서": "에게서"}
_TOPIC = frozenset({"은", "는", "ᆫ", "야", "이야"})
_OPINION = frozenset({"생각", "의견", "판단", "짐작"})
_OWNED = frozenset(
    "집 가족 엄마 아빠 어머니 아버지 부모 부모님 아들 딸 아이 애 남편 아내 와이프 회사 팀 반 학교 동네 할머니 "
    "할아버지 언니 누나 오빠 형 동생 강아지 고양이 부서 "
    "가게 매장 호텔 식당 병원 은행 나라 사무실 아파트 학원 과 선생님 사장님 상사 팀장님 부장님 차 방 이모 삼촌 고모 "
    "손주 손자 며느리 사위 시어머니 장모님 공장 마을".split()
)
_OWNERS = frozenset({"너희", "귀하", "그쪽", "당신"})
_POSSESSIONS = frozenset("차 집 방 옷 책 말 생각 덕분 핸드폰 휴대폰 전화 가방 얼굴 성격 동네 회사 학교 이름 나이 생일 친구".split())
_LIGHT_NOUNS = frozenset("거 것 수 줄 적 참 뻔 만 듯 모양 테 터 예정 계획 생각 셈 편 지".split())
_COUNTED = frozenset("사람 식구 가족 학기 과목 팀 조 종류 단계 자리 줄 쪽 곳 군데 시간 달 가지 배 번 명 개 살".split())

_TO_HEARER = frozenset({"ask", "propose", "command", "request", "echo"})
_NOT_OF_SPEAKER = frozenset({"ask", "wonder", "command", "request", "echo"})


class _Unsure(Exception):
    """A person is meant whom nothing names."""


@dataclass(frozen=True, slots=True)
class _Context:
    """A clause whose persons are to be named: its morphemes up to `until` (the predicate), what it does, and to whom.

    `named` tells that the frame names the hearer; `contrast` that both speaker and hearer are subjects (나는 ..., 너는 ...), so that
    neither may go.
    """

    morphemes: Sequence[Morpheme]
    until: int
    act: Act
    hearer: str | None
    named: bool
    contrast: bool

    def follower(self, index: int) -> Morpheme | None:
        return self.morphemes[index + 1] if index + 1 < len(self.morphemes) and index + 1 <= self.until else None

    def particle(self, index: int) -> Morpheme | None:
        """The josa that leans on the word: 네가 (너 + 의 + 가) and 께서는 count as one."""
        now, found = self.morphemes[index], self.follower(index)
        if found is None or found.tag[0] != "J" or found.start > now.end:
            return None
        after = self.morphemes[index + 2] if index + 2 < self.until else None
        if after is not None and found.tag == "JKG" and after.tag == "JKS":
            return Morpheme("가", "JKS", found.start, after.end)
        if after is not None and found.form == "께서" and after.form in {"는", "ᆫ"}:
            return Morpheme("는", "JX", found.start, after.end)
        return found

    def label(self) -> str:
        if self.hearer is None:
            raise _Unsure
        return self.hearer


def persons(morphemes: Sequence[Morpheme], until: int, act: Act, hearer: str | None, *, named: bool) -> list[Edit] | None:
    """Edits that put 자신 for the speaker and the hearer's label for 너; None when a person meant cannot be named.

    Args:
        until: Index of the first morpheme that is not edited (the predicate).
        hearer: The label of the person spoken to, None when there are several or none.
        named: The frame will name the hearer (#Person2#에게), so that 너 as subject can go.

    Example:
        >>> from yoyak.text.morphemes import analyze
        >>> found = analyze("내 책을 너한테 줄게")
        >>> [(edit.text, edit.start, edit.end) for edit in persons(found, 6, "promise", "민지", named=False) or []]
        [('자신의', 0, 1), ('민지에게', 5, 8)]
    """
    meant = [index for index in range(until) if morphemes[index].tag in {"NP", "MM"} or morphemes[index].form in HEARERS]
    if not meant:
        return []
    contrast = {"first", "second"} <= subjects(morphemes[:until])
    context = _Context(morphemes, until, act, hearer, named, contrast)
    try:
        return [edit for index in meant if (edit := _named(context, index)) is not None]
    except _Unsure:
        return None


def _named(context: _Context, index: int) -> Edit | None:
    """The edit for the word at that place, None when it means no person of the conversation."""
    now = context.morphemes[index]
    if now.tag == "MM":
        return _owner(context, index)
    if now.tag != "NP":
        return _hearer(context, index) if context.hearer and calls_hearer(now) and context.particle(index) else None
    if now.form == "자기":
        # Between couples 자기가 ... 내가 means the hearer, elsewhere anybody.
        if context.particle(index) is not None and "first" in subjects(context.morphemes):
            raise _Unsure
        return None
    if now.form not in FIRST | SECOND:
        return None
    follower = context.follower(index)
    if follower is not None and follower.tag == "XSN":
        raise _Unsure  # 당신들
    word = SELF if now.form in FIRST else None
    if follower is not None and follower.tag == "VCP":  # 저예요, 너라면: the predicate, no subject
        label = word or context.label()
        contracted = index + 1 < context.until and follower.start == follower.end and josa.final(label)
        return Edit(now.start, now.end, label + "이" * bool(contracted))
    if now.form not in _GROUP and (_dependent(follower) or (context.contrast and not _owns(context.morphemes, index, context.until))):
        return _kept(context, index, word or context.label())
    if now.form in _GROUP:
        return _group(context, index)
    return _speaker(context, index) if word else _hearer(context, index)


def _owner(context: _Context, index: int) -> Edit | None:
    """네 우산, 내 친구, which Kiwi takes for four umbrellas and a word of its own."""
    now, follower = context.morphemes[index], context.follower(index)
    if follower is None:
        return None
    counts = follower.form in _COUNTED or (index > 0 and context.morphemes[index - 1].tag in {"NNG", "NR"})  # 떡 네 접시, 열네 해
    if now.form == "네" and follower.tag in {"NNG", "NNP", "SL"} and not counts:
        return Edit(now.start, now.end, f"{context.label()}의")
    return Edit(now.start, now.end, f"{SELF}의") if now.form in {"내", "제"} and follower.tag[0] in "NSX" else None


def _kept(context: _Context, index: int, word: str) -> Edit:
    """The pronoun replaced and nothing dropped, as a subject where it is bare."""
    now, particle = context.morphemes[index], context.particle(index)
    if particle is not None:
        return Edit(now.start, particle.end, with_particle(word, particle))
    return Edit(now.start, now.end, word if _dependent(context.follower(index)) else josa.with_josa(word, "이/가"))


def _dependent(follower: Morpheme | None) -> bool:
    """Whether a word follows that leans on a bare pronoun: 너 때문에, 나 대신, 나 같은."""
    return follower is not None and follower.form in {"때문", "만큼", "덕분", "대신", "같", "혼자"} and follower.tag[0] in "NVM"


def with_particle(word: str, particle: Morpheme | None) -> str:
    """The word with the josa that the pronoun had."""
    if particle is None:
        return word
    if particle.tag == "JKG":
        return f"{word}의"
    if particle.form in _PAIR:
        return josa.with_josa(word, _PAIR[particle.form])
    return word + _DATIVES.get(particle.form, particle.form)


def _is_subject(particle: Morpheme | None) -> bool:
    return particle is None or particle.tag == "JKS" or (particle.tag == "JX" and particle.form in _TOPIC)


def _speaker(context: _Context, index: int) -> Edit:
    morphemes, until, act = context.morphemes, context.until, context.act
    now, particle = morphemes[index], context.particle(index)
    end = particle.end if particle is not None else now.end
    opinion = _opinion_end(morphemes, index, until)
    if opinion is not None:
        return Edit(now.start, opinion, "")
    if not _is_subject(particle):
        return Edit(now.start, end, with_particle(SELF, particle))
    if particle is None and _is_object(morphemes, index):
        return Edit(now.start, end, f"{SELF}을")
    if act == "request" and particle is None:
        helped = index + 2 <= until and morphemes[index + 1].form == "좀" and morphemes[index + 2].tag.startswith("V")
        return Edit(now.start, end, f"{SELF}을" if helped else "")  # 저 좀 도와주세요; 나 부탁 하나 들어줘
    if act in _NOT_OF_SPEAKER:
        return Edit(now.start, end, with_particle(SELF, particle) if particle is not None else f"{SELF}이")
    topic = particle is None or particle.tag == "JX"
    return Edit(now.start, end, "" if topic or not _embedded(morphemes, index, until) else f"{SELF}이")


def _opinion_end(morphemes: Sequence[Morpheme], index: int, until: int) -> int | None:
    """Where 제 생각에는, / 내가 보기엔, ends in the text when it begins at this pronoun: a report of what one says needs no such hedge."""
    phrase = morphemes[index + 1 : min(index + 6, until)]
    noun = len(phrase) > 2 and phrase[0].tag == "JKG" and phrase[1].form in _OPINION and phrase[2].form == "에"
    end = index + 3 if noun else None
    for offset, morpheme in enumerate(phrase):
        if morpheme.form == "기에" or (morpheme.form == "에" and phrase[offset - 1].form == "기"):
            end = index + 1 + offset
    if end is None:
        return None
    while end + 1 < until and morphemes[end + 1].tag in {"JX", "SP"}:
        end += 1
    return morphemes[end].end


def _embedded(morphemes: Sequence[Morpheme], index: int, until: int) -> bool:
    """Whether a subject belongs to a clause inside the sentence, so that it must stay (내가 아는 사람이, 내가 가면 네가)."""
    for place in range(index + 2, until):
        tag = morphemes[place].tag
        if tag == "ETM":
            following = morphemes[place + 1] if place + 1 < len(morphemes) else None
            modal = place + 2 < len(morphemes) and morphemes[place + 2].form in {"이", "있", "없", "같", "하", "때문"}
            return not (following is not None and following.form in _LIGHT_NOUNS and (modal or following.form not in {"것", "거"}))
        if tag == "ETN":
            return True
        if tag == "EC" and any(m.tag == "JKS" for m in morphemes[place:until]):
            return True
    return False


def _group(context: _Context, index: int) -> Edit:
    """우리, 저희: gone where both are meant (proposals, questions), 자신의 before what one has, 자신들 elsewhere."""
    now, particle = context.morphemes[index], context.particle(index)
    shared = context.act in {"propose", "ask", "wonder"}
    if particle is None:
        noun = context.morphemes[index + 1] if index + 1 < context.until else None
        if noun is not None and noun.form in _OWNED:
            return Edit(now.start, now.end, f"{SELF}의")
        if shared or (noun is not None and noun.tag in {"SN", "NR", "MM"}):
            return Edit(now.start, now.end, "")
        if noun is not None and noun.tag in {"NNG", "NNP", "NP", "NR", "SL"} and noun.start > now.end:
            raise _Unsure
        return Edit(now.start, now.end, f"{SELF}들이")
    if shared and _is_subject(particle):
        return Edit(now.start, particle.end, "")
    return Edit(now.start, particle.end, with_particle(f"{SELF}들", particle))


def _is_object(morphemes: Sequence[Morpheme], index: int) -> bool:
    """Whether a bare pronoun comes after a subject, so that it is what the verb acts on (내가 너 데리러 갈게, 누나가 나 밀었어)."""
    return bool(subjects(morphemes[:index]) & {"first", "second", "third"}) or (index > 0 and morphemes[index - 1].form in FIRST | SECOND)


def _owns(morphemes: Sequence[Morpheme], index: int, until: int) -> bool:
    """Whether a bare 너, 당신 stands before a subject, as its owner (당신 말이 맞아)."""
    if index + 2 < until and morphemes[index + 1].tag == "NNG" and morphemes[index].form in _OWNERS:
        # 당신 나라와, but 당신 밥을 먹었어요?
        return morphemes[index].form != "당신" or not morphemes[index + 2].tag.startswith(("V", "M", "JKO"))
    if (
        index + 2 < until
        and morphemes[index].form == "너"
        and morphemes[index + 1].form in _POSSESSIONS
        and morphemes[index + 2].tag[0] != "J"
    ):
        return True  # 너 차 같이 타자
    return (
        index + 2 < min(until + 1, len(morphemes))
        and morphemes[index + 1].tag == "NNG"
        and morphemes[index + 2].form in {"이", "가", "은", "는"}
    )


def _hearer(context: _Context, index: int) -> Edit:
    morphemes, hearer = context.morphemes, context.label()
    now, particle = morphemes[index], context.particle(index)
    end = particle.end if particle is not None else now.end
    owner = _owns(morphemes, index, context.until)
    if (particle is not None and particle.tag == "JKG") or (particle is None and owner):
        return Edit(now.start, end, f"{hearer}의")
    if particle is None and (context.act == "promise" or _is_object(morphemes, index)):
        return Edit(now.start, end, josa.with_josa(hearer, "을/를"))
    if not _is_subject(particle):
        return Edit(now.start, end, with_particle(hearer, particle))
    if context.named and context.act in _TO_HEARER:
        return Edit(now.start, end, "")
    return Edit(now.start, end, josa.with_josa(hearer, "이/가"))
