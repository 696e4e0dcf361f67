"""From spoken and honorific to plain written words: 계신 -> 있는, 께서 -> 이/가, 한테 -> 에게, as edits of the text itself.

Editing characters, not rebuilding sentences, keeps names, numbers, tags and spacing as they were written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yoyak.text import josa
from yoyak.text.morphemes import Morpheme, join

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
            if kept[0][0] == "있" and kept[-1] == ("ᆫ", "ETM"):
                kept[-1] = ("는", "ETM")  # 계신 -> 있는
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
