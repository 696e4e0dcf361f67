"""Glitches of summaries (N23-N25): these rules run on references, when that is asked for, and N24 on dialogues too."""

from __future__ import annotations

import re

from yoyak.data.rules.base import TAG, Context, Rule
from yoyak.text.josa import mend_after_tags, with_josa

_PAIRS = {"은(는)": "은/는", "이(가)": "이/가", "을(를)": "을/를", "과(와)": "과/와", "(으)로": "으로/로"}
_BOTH = re.compile(r"(?P<word>[가-힣A-Za-z0-9#]+)(?P<pair>은\(는\)|이\(가\)|을\(를\)|과\(와\)|\(으\)로)")
_DIGIT = re.compile(r"(?<=[가-힣]\.)\d{1,2}(?=\s|$)")
_GLUED = re.compile(r"(?<=[다요함음임]\.)(?=[가-힣#])")


def mend_glitches(text: str, context: Context) -> str:
    """N23."""
    text = _BOTH.sub(lambda match: with_josa(match["word"], _PAIRS[match["pair"]]), text)
    return _GLUED.sub(" ", _DIGIT.sub("", text))


_JOSA = re.compile(rf"(?P<tag>{TAG})(?P<josa>으로|이라고|이라는|이랑|은|는|이|가|을|를|과|와|로|랑|라고|라는)(?![가-힣])")
_FORMS = ("은/는", "이/가", "을/를", "과/와", "으로/로", "이랑/랑", "이라고/라고", "이라는/라는")
_PAIR_OF = {form: pair for pair in _FORMS for form in pair.split("/")}


def fitting_josa(text: str, context: Context) -> str:
    """N24."""
    return _JOSA.sub(lambda match: with_josa(match["tag"], _PAIR_OF[match["josa"]]), text)


def close_josa(text: str, context: Context) -> str:
    """N25."""
    return mend_after_tags(text)


RULES = (
    Rule(
        "N24",
        ("josa against the digit's reading", "숫자 읽기에 맞지 않는 조사"),
        "1 is read 일 and takes 은, 2 is read 이 and takes 는. Right forms make equal things equal.",
        (("#Person2#은 갔어", "#Person2#는 갔어"), ("#Person1#와 함께", "#Person1#과 함께"), ("#Person1#은행", "#Person1#은행")),
        fitting_josa,
        re.compile("#[가-힣]"),
    ),
    Rule(
        "N23",
        ("glitches in summaries", "요약문의 흠(은(는), 붙은 문장)"),
        "A digit behind the last full stop, sentences without a blank between them, josa in both forms.",
        (
            ("거절합니다.4", "거절합니다."),
            ("요청합니다.폴리는 간다.", "요청합니다. 폴리는 간다."),
            ("#Person1#은(는) 간다.", "#Person1#은 간다."),
        ),
        mend_glitches,
        re.compile(r"\.[\d가-힣#]|\("),
        scope="summary",
    ),
    Rule(
        "N25",
        ("a blank between tag and josa", "태그와 조사 사이의 공백"),
        "An artefact of decoding with added tokens. On summaries only: in speech '#Person1# 이 책' is a determiner.",
        (("#Person1# 은 간다.", "#Person1#은 간다."),),
        close_josa,
        re.compile("# "),
        scope="summary",
    ),
)
