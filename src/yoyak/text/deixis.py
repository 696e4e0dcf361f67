"""Who is meant: 나, 너, 우리 and honorific forms said anew from outside the conversation.

Each function gives edits of the turn's own text, so that names, numbers and tags stay as they were written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yoyak.text import josa
from yoyak.text.morphemes import Morpheme, join
from yoyak.text.predicates import FIRST, SECOND, calls_hearer, subjects
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
_LIGHT_NOUNS = frozenset("거 것 수 줄 적 참 뻔 만 듯 모양 테 터 예정 계획 생각 셈 편 지".split())
_COUNTED = frozenset("사람 식구 가족 학기 과목 팀 조 종류 단계 자리 줄 쪽 곳 군데 시간 달 가지 배 번 명 개 살".split())
#: Honorific and humble words and the plain ones that a reporter uses.
PLAIN_STEMS = {
    "계시": ("있", "VA"), "드시": ("먹", "VV"), "잡수시": ("먹", "VV"), "주무시": ("자", "VV"), "편찮으시": ("아프", "VA"),
    "드리": ("주", "VX"), "주시": ("주", "VX"), "뵙": ("만나", "VV"), "뵈": ("만나", "VV"),
    "여쭤보": ("물어보", "VV"), "여쭙": ("묻", "VV-I"), "여쭈": ("묻", "VV-I"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters `start` to `end` of a text and what stands there instead."""

    start: int
    end: int
    text: str


def apply(text: str, start: int, end: int, edits: Iterable[Edit]) -> str:
    """`text[start:end]` with the edits made; of two that overlap the first counts. A deletion takes the blank behind it along."""
    pieces: list[str] = []
    place = start
    for edit in sorted(edits, key=lambda e: (e.start, -e.end)):
        if edit.start < place or edit.end > end:
            continue
        pieces += [text[place : edit.start], edit.text]
        place = edit.end
        if not edit.text:
            while place < end and text[place] in " ,":
                place += 1
    pieces.append(text[place:end])
    return "".join(pieces)


def plain_stem(stem: Morpheme) -> tuple[str, str]:
    """Form and tag of a stem without its honorific or humble colour (계시 -> 있, 드리 -> 주)."""
    if stem.tag == "XSV" and stem.form == "드리":
        return ("하", "XSV")
    if stem.form == "드리" and stem.tag == "VV":
        return ("주", "VV")
    return PLAIN_STEMS.get(stem.form, (stem.form, stem.tag))


def plain_verbs(morphemes: Sequence[Morpheme], until: int) -> list[Edit]:
    """Edits that take -시- and honorific words out of the verbs before index `until` (가시는 -> 가는, 계신 -> 있는)."""
    edits = []
    index = 0
    while index < until:
        stem = morphemes[index]
        if stem.tag.split("-")[0] not in {"VV", "VA", "VX", "XSV", "XSA", "VCP"}:
            index += 1
            continue
        last = index
        while last + 1 < until and morphemes[last + 1].tag[0] == "E" and morphemes[last + 1].start <= morphemes[last].end:
            last += 1
        group = morphemes[index : last + 1]
        if any(m.tag == "EP" and m.form in {"시", "으시"} for m in group) or stem.form in PLAIN_STEMS:
            kept = [plain_stem(stem)] + [(m.form, m.tag) for m in group[1:] if m.form not in {"시", "으시"}]
            model = josa.choose(morphemes[index - 1].form, "책/차") if stem.tag == "VCP" and index else ""
            said = join([(model, "NNG"), *kept])[1:] if model else join(kept)
            edits.append(Edit(stem.start, group[-1].end, said))
        index = last + 1
    return edits


def plain_josa(morphemes: Sequence[Morpheme], until: int) -> list[Edit]:
    """Edits for honorific josa: 께서 -> 이/가, 께서는 -> 은/는, 께 -> 에게."""
    edits = []
    for index in range(1, until):
        now, noun = morphemes[index], morphemes[index - 1]
        if now.form == "께서" and now.tag == "JKS":
            topic = index + 1 < until and morphemes[index + 1].tag == "JX" and morphemes[index + 1].form in {"는", "ᆫ"}
            end = morphemes[index + 1].end if topic else now.end
            edits.append(Edit(now.start, end, josa.choose(noun.form, "은/는" if topic else "이/가")))
        elif now.form == "께" and now.tag == "JKB":
            edits.append(Edit(now.start, now.end, "에게"))
    return edits


#: Spoken words and the written ones of a report; degree words and softeners that a report leaves out.
_WRITTEN = {"거": "것", "한테": "에게", "더러": "에게", "한테서": "에게서"}
_HONORIFIC_NOUNS = {"성함": "이름", "연세": "나이", "말씀": "말"}
_LEFT_OUT = frozenset("좀 정말 진짜 혹시 막 되게 완전 일단 좀더 그저 정말로 진짜로 사실".split())


def written(morphemes: Sequence[Morpheme], until: int) -> list[Edit]:
    """Edits from spoken to written words (한테 -> 에게, 친구랑 -> 친구와) and without softeners (좀, 정말, 혹시)."""
    edits = []
    for index in range(until):
        now = morphemes[index]
        if now.tag == "MAG" and now.form in _LEFT_OUT and index + 1 < len(morphemes) and morphemes[index + 1].tag != "JX":
            edits.append(Edit(now.start, now.end, ""))
        elif now.tag == "NNG" and now.form in _HONORIFIC_NOUNS:
            edits.append(Edit(now.start, now.end, _HONORIFIC_NOUNS[now.form]))
        elif now.form in _WRITTEN and (now.tag == "JKB" or (now.tag == "NNB" and now.end - now.start == 1 and _own(morphemes, index))):
            edits.append(Edit(now.start, now.end, _WRITTEN[now.form]))
        elif index and now.form in {"랑", "이랑", "하고"} and now.tag in {"JC", "JKB"} and morphemes[index - 1].tag != "NP":
            edits.append(Edit(now.start, now.end, josa.choose(morphemes[index - 1].form, "과/와")))
    return edits


def _own(morphemes: Sequence[Morpheme], index: int) -> bool:
    """Whether a morpheme shares no character with the next one and no vowel-only josa leans on it (거는, 거를)."""
    after = morphemes[index + 1] if index + 1 < len(morphemes) else None
    return after is None or (after.start >= morphemes[index].end and after.start > morphemes[index].end)


def persons(morphemes: Sequence[Morpheme], until: int, act: Act, hearer: str | None, *, named: bool) -> list[Edit] | None:
    """Edits that put 자신 for the speaker and the hearer's label for 너; None when a person meant cannot be named.

    Args:
        until: Index of the first morpheme that is not edited (the predicate).
        hearer: The label of the person spoken to, None when there are several or none.
        named: The frame will name the hearer (#Person2#에게), so that 너 as subject can go.
    """
    edits: list[Edit] = []
    contrast = _contrast(morphemes, until)
    for index in range(until):
        now = morphemes[index]
        follower = morphemes[index + 1] if index + 1 < len(morphemes) and index + 1 <= until else None
        particle = follower if follower is not None and follower.tag[0] == "J" and follower.start <= now.end else None
        if particle is not None and particle.tag == "JKG" and index + 2 < until and morphemes[index + 2].tag == "JKS":
            particle = Morpheme("가", "JKS", particle.start, morphemes[index + 2].end)  # 네가 as 너 + 의 + 가
        if particle is not None and particle.form == "께서" and index + 2 < until and morphemes[index + 2].form in {"는", "ᆫ"}:
            particle = Morpheme("는", "JX", particle.start, morphemes[index + 2].end)
        if now.tag == "NP" and (contrast or _dependent(follower)) and (now.form in FIRST - _GROUP or now.form in SECOND):
            word = SELF if now.form in FIRST else hearer
            if word is None:
                return None
            bare = particle is None and not _dependent(follower)
            filled = with_particle(word, particle) if not bare else josa.with_josa(word, "이/가")
            edit = Edit(now.start, particle.end if particle is not None else now.end, filled)
        elif now.tag == "NP" and now.form in _GROUP:
            edit = _group(morphemes, index, until, act, particle)
        elif now.tag == "NP" and now.form in FIRST:
            edit = _speaker(morphemes, index, until, act, particle)
        elif calls_hearer(now) and (particle is not None or now.tag == "NP"):
            if hearer is None:
                if now.tag != "NP":
                    continue
                return None
            edit = _hearer(now, particle, act, hearer, named=named, owner=_owns(morphemes, index, until))
        elif now.tag == "MM" and now.form == "네" and follower is not None and follower.tag in {"NNG", "NNP", "SL"} and follower.form not in _COUNTED:
            if hearer is None:
                return None
            edit = Edit(now.start, now.end, f"{hearer}의")  # Kiwi reads 네 우산 as four umbrellas
        elif now.tag == "MM" and now.form in {"내", "제"} and follower is not None and follower.tag[0] in "NSX":
            edit = Edit(now.start, now.end, f"{SELF}의")  # and 내 친구 as a word of its own
        else:
            continue
        if edit is None:
            return None
        edits.append(edit)
    return edits


def _contrast(morphemes: Sequence[Morpheme], until: int) -> bool:
    """Whether both speaker and hearer are subjects of the sentence (나는 ..., 너는 ...), so that neither may go."""
    return {"first", "second"} <= subjects(morphemes[:until])


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


def _speaker(morphemes: Sequence[Morpheme], index: int, until: int, act: Act, particle: Morpheme | None) -> Edit | None:
    now = morphemes[index]
    if particle is not None and particle.tag == "JKG":
        after = index + 2
        if after + 1 < until and morphemes[after].form in _OPINION and morphemes[after + 1].form == "에":
            end = after + 1
            while end + 1 < until and morphemes[end + 1].tag in {"JX", "SP"}:
                end += 1
            return Edit(now.start, morphemes[end].end, "")
        return Edit(now.start, particle.end, f"{SELF}의")
    subject = particle is None or particle.tag == "JKS" or (particle.tag == "JX" and particle.form in _TOPIC)
    end = particle.end if particle is not None else now.end
    if not subject:
        return Edit(now.start, end, with_particle(SELF, particle))
    if act == "request" and particle is None:
        helped = index + 2 <= until and morphemes[index + 1].form == "좀" and morphemes[index + 2].tag.startswith("V")
        return Edit(now.start, end, f"{SELF}을" if helped else "")  # 저 좀 도와주세요; 나 부탁 하나 들어줘
    if act in {"ask", "wonder", "command", "request", "echo"}:
        return Edit(now.start, end, with_particle(SELF, particle) if particle is not None else f"{SELF}이")
    topic = particle is None or particle.tag == "JX"
    if topic or not _embedded(morphemes, index, until):
        return Edit(now.start, end, "")
    return Edit(now.start, end, f"{SELF}이")


def _embedded(morphemes: Sequence[Morpheme], index: int, until: int) -> bool:
    """Whether a subject belongs to a clause inside the sentence, so that it must stay (내가 아는 사람이, 내가 가면 네가)."""
    for place in range(index + 2, until):
        tag = morphemes[place].tag
        if tag == "ETM":
            following = morphemes[place + 1] if place + 1 < len(morphemes) else None
            return not (following is not None and following.form in _LIGHT_NOUNS)
        if tag == "ETN":
            return True
        if tag == "EC" and any(m.tag == "JKS" for m in morphemes[place:until]):
            return True
    return False


def _group(morphemes: Sequence[Morpheme], index: int, until: int, act: Act, particle: Morpheme | None) -> Edit | None:
    """우리, 저희: gone where both are meant (proposals, questions), 자신의 before what one has, 자신들 elsewhere."""
    now = morphemes[index]
    if particle is None:
        noun = morphemes[index + 1] if index + 1 < until else None
        if noun is not None and noun.form in _OWNED:
            return Edit(now.start, now.end, f"{SELF}의")
        if act in {"propose", "ask", "wonder"} or (noun is not None and noun.tag in {"SN", "NR", "MM"}):
            return Edit(now.start, now.end, "")
        if noun is not None and noun.tag in {"NNG", "NNP", "NP", "NR", "SL"} and noun.start > now.end:
            return None
        return Edit(now.start, now.end, f"{SELF}들이")
    subject = particle.tag == "JKS" or (particle.tag == "JX" and particle.form in _TOPIC)
    if subject and act in {"propose", "ask", "wonder"}:
        return Edit(now.start, particle.end, "")
    if particle.tag == "JKG":
        return Edit(now.start, particle.end, f"{SELF}들의")
    return Edit(now.start, particle.end, with_particle(f"{SELF}들", particle))


def _owns(morphemes: Sequence[Morpheme], index: int, until: int) -> bool:
    """Whether a bare 너, 당신 stands before a subject, as its owner (당신 말이 맞아)."""
    return index + 2 < min(until + 1, len(morphemes)) and morphemes[index + 1].tag == "NNG" and morphemes[index + 2].form in {"이", "가", "은", "는"}


def _hearer(now: Morpheme, particle: Morpheme | None, act: Act, hearer: str, *, named: bool, owner: bool) -> Edit:
    end = particle.end if particle is not None else now.end
    if (particle is not None and particle.tag == "JKG") or (particle is None and owner):
        return Edit(now.start, end, f"{hearer}의")
    subject = particle is None or particle.tag == "JKS" or (particle.tag == "JX" and particle.form in _TOPIC)
    if subject and named and act in {"ask", "propose", "command", "request", "echo"}:
        return Edit(now.start, end, "")
    if subject:
        return Edit(now.start, end, josa.with_josa(hearer, "이/가"))
    return Edit(now.start, end, with_particle(hearer, particle))
