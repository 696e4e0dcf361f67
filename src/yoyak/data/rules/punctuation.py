"""Blanks, punctuation, stage directions, hanja (N17-N20, N28) and fillers."""

from __future__ import annotations

import re

from yoyak.data.rules.base import Context, Rule, guarded, has_words

_BLANKS = re.compile(r"[ \t\u3000]{2,}")


def single_blanks(text: str, context: Context) -> str:
    """N17."""
    lines = [_BLANKS.sub(" ", line).strip(" \t\u3000") for line in text.split("\n")]
    if context.tagged and context.labelled:
        lines = [line for line in lines if line]
    return "\n".join(lines).strip("\n")


_DOTS = frozenset(".…⋯‥")
_ONE = {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "‚": "'", "，": ",", "。": ".", "．": ".", "！": "!", "？": "?"} | {
    "～": "~",
    "〜": "~",
    "∼": "~",
    "―": "-",
    "—": "-",
    "–": "-",
    "‒": "-",
}


def _usual(match: re.Match[str]) -> str:
    found = match[0]
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    if before.isdigit() and after.isdigit():
        return found  # a range or a version: part of a number
    if found[0] in _DOTS:
        return "..."
    if found[0] in "!?！？":
        marks = {"！": "!", "？": "?"}
        kinds = {marks.get(mark, mark) for mark in found}
        return "?!" if len(kinds) == 2 else kinds.pop()
    if found[0] in "~～〜∼":
        return "~"
    return _ONE[found]


_variant = guarded(r"[.…⋯‥]{2,}|[…⋯‥]|[!?！？]{2,}|[！？]|[~～〜∼]{2,}|[～〜∼]|[“”„‘’‚，。．―—–‒]", _usual)


def usual_punctuation(text: str, context: Context) -> str:
    """N19."""
    return _variant(text)


_STAGE = guarded(
    r"\((?:[^()\n]{0,30}(?:연결음|소리|후|침묵|웃음|웃으며|한숨|박수|음악|벨|잠시|전화|끊)[^()\n]{0,20})\)|\[(?:응|네|예|어|음|아|그래)[.~]?\]",
    lambda match: "",
)


def without_stage_directions(text: str, context: Context) -> str:
    """N18."""
    cleaned = _STAGE(text)
    if cleaned == text:
        return text
    cleaned = _BLANKS.sub(" ", cleaned).strip(" \t")
    return cleaned if has_words(cleaned) else text


_FILLER = guarded(r"(?<![가-힣A-Za-z0-9])(?:어|음|아|그|저|에|으음|어어)(?:~+|\.{2,}|…)[ \t]*(?:,[ \t]*)?", lambda match: "")


def without_fillers(text: str, context: Context) -> str:
    """N18b."""
    cleaned = _FILLER(text)
    return cleaned.strip(" \t") if cleaned != text and has_words(cleaned) else text


_HANJA = re.compile(r"[一-龥]{1,6} ?\((?P<read>[A-Z][A-Za-z' -]{1,40}|[가-힣]{1,10})\)")


def without_hanja(text: str, context: Context) -> str:
    """N20."""
    return _HANJA.sub(lambda match: match["read"], text)


def final_punctuation(text: str, context: Context) -> str:
    """N28."""
    return f"{text}." if text and "가" <= text[-1] <= "힣" and text[-1] in "다요죠까네지어아해" else text


RULES = (
    Rule(
        "N18",
        ("stage directions and back-channels", "지문과 맞장구((15분 후), [응.])"),
        "They are nobody's words. Off by default: (15분 후) may be what the summary needs.",
        (("(전화 연결음...) 여보세요?", "여보세요?"), ("그래서 [응.] 갔어", "그래서 갔어"), ("(15분 후)", "(15분 후)")),
        without_stage_directions,
        re.compile(r"[(\[]"),
        default=False,
    ),
    Rule(
        "N18b",
        ("fillers of transcribed speech", "말버릇 간투사(어~, 음...)"),
        "Transcripts keep every 어~ and 음.... Off by default: hesitation may be the point.",
        (("어~ 주말에 갔어요", "주말에 갔어요"), ("음... 글쎄요", "글쎄요"), ("어...", "어...")),
        without_fillers,
        re.compile(r"[어음아그저에](?:~|\.\.|…)"),
        default=False,
    ),
    Rule(
        "N19",
        ("punctuation variants", "문장 부호의 변형"),
        "…, .... and ... are three tokens for one thing. Titles in 『 』 and < >, the middle dot, prices, times and ranges stay.",
        (("글쎄….", "글쎄..."), ("정말?!!", "정말?!"), ("‘네’라고", "'네'라고"), ("<라라랜드>!!!", "<라라랜드>!"), ("10–20", "10–20")),
        usual_punctuation,
        re.compile(r"[…⋯‥！？～〜∼“”„‘’‚，。．―—–‒]|\.\.|[!?]{2}|~~"),
    ),
    Rule(
        "N20",
        ("hanja with its reading", "읽는 법이 붙은 한자"),
        "成龍(Cheng Long) is one name twice; the reading stays. Off by default: it changes a name.",
        (("成龍(Cheng Long) 봤어?", "Cheng Long 봤어?"),),
        without_hanja,
        re.compile("[一-龥]"),
        default=False,
    ),
    Rule(
        "N28",
        ("missing final punctuation", "빠진 마침표"),
        "Messengers leave it out. Off by default: a model trained on chats has learnt to do without.",
        (("먼저 갈게요", "먼저 갈게요."), ("지금?", "지금?")),
        final_punctuation,
        re.compile("[가-힣]"),
        default=False,
    ),
    Rule(
        "N17",
        ("trailing and double blanks", "줄 끝 공백과 겹친 공백"),
        "They split tokens and make equal turns look different. Line ends are never touched: they part the turns.",
        (("#Person1#: 네  그래요. ", "#Person1#: 네 그래요."), ("#Person1#: 네 \n#Person2#: 응", "#Person1#: 네\n#Person2#: 응")),
        single_blanks,
        re.compile(r"[ \t\u3000]{2}|[ \t\u3000](?:\n|$)|\n[ \t\u3000\n]|^\s|\n$"),
        scope="text",
    ),
)
