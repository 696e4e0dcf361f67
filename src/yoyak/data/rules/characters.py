"""What came with the file and not from a speaker: escapes, HTML, invisible characters (N4, N5, N21)."""

from __future__ import annotations

import html
import re
import unicodedata

from yoyak.data.rules.base import PERSON, URL, Context, Rule

_NEXT_TURN = re.compile(rf"\s*(?:{PERSON}[ \t]*[:：]|$)")


def _line_end(match: re.Match[str], context: Context) -> str:
    """A line end where the next turn begins (or nothing comes), else a blank."""
    if _NEXT_TURN.match(match.string, match.end()):
        return "\n"
    blank = match.string[match.start() - 1 : match.start()].isspace() or match.string[match.end() : match.end() + 1].isspace()
    return "" if blank else " "


_ESCAPE = re.compile(r"(?<![A-Za-z:\\])(?:\\r\\n|\\[nrt])(?![a-z])")


def unescape(text: str, context: Context) -> str:
    """N4. A whole dialogue on one line gets its lines back."""
    if context.labelled and not context.tagged and "\n" not in text:
        return _ESCAPE.sub(lambda match: " " if match[0] == "\\t" else "\n", text)
    return _ESCAPE.sub(lambda match: _line_end(match, context), text)


_BREAK = re.compile(r"<br ?/?>|</?(?:p|div|span|font|strong|em)(?: [^<>\n]{0,200})?>", re.IGNORECASE)
_AMP = r"(?:amp|#0*38|#[xX]0*26)"
_ENTITY = re.compile(rf"(?P<url>{URL})|&(?:{_AMP};)*+(?:nbsp;|lt;|gt;|quot;|apos;|#\d{{1,7}};|#[xX][0-9a-fA-F]{{1,6}};)|&(?:{_AMP};)++")
_SAFE_ASCII = frozenset("\"'<> ")


def _character(match: re.Match[str]) -> str:
    entity = match[0]
    if match["url"]:
        return entity
    last = entity[entity.rstrip(";").rfind(";") + 1 :] if entity.count(";") > 1 else entity
    last = last if last.startswith("&") else f"&{last}"
    character = html.unescape(last)
    if last in ("&nbsp;", "&#160;"):
        return " "
    if len(character) != 1 or (character < "\xa0" and character not in _SAFE_ASCII and character != "&"):
        return entity  # a letter spelt as a number could make another entity
    return character


def without_html(text: str, context: Context) -> str:
    """N5. Only line breaks, a few container tags and entities: <시민 케인> is a film."""
    return _ENTITY.sub(_character, _BREAK.sub(lambda match: _line_end(match, context), text))


_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]|(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d"
)
_BLANK = re.compile("[\x0b\x0c\x1c-\x1f\x85\u00a0\u2028\u2029\u2000-\u200a\u202f\u205f]")
_CARRIAGE = re.compile("\r\n?")
_CONJOINING = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?")
_HALFWIDTH = re.compile("[\uffa1-\uffdc]+")
_ODD = re.compile(_INVISIBLE.pattern + "|" + _BLANK.pattern + "|\r|" + "[\u1100-\u1112][\u1161-\u1175]|[\uffa1-\uffdc]")


def visible(text: str, context: Context) -> str:
    """N21. Emoji keep their joiners."""
    text = _CARRIAGE.sub("\n", text)
    text = _BLANK.sub(" ", _INVISIBLE.sub("", text))
    text = _HALFWIDTH.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return _CONJOINING.sub(lambda match: unicodedata.normalize("NFC", match[0]), text)


RULES = (
    Rule(
        "N21",
        ("control and invisible characters", "제어 문자와 보이지 않는 문자"),
        "Zero-width spaces, BOMs, bidi marks and lone surrogates split words unseen or crash a writer; decomposed Hangul of Mac file names "
        "is put together.",
        (("안\u200b녕\x08", "안녕"), ("#Person1#: 네\r\n#Person2#: 응", "#Person1#: 네\n#Person2#: 응"), ("\u1112\u1161\u11ab글", "한글")),
        visible,
        _ODD,
        scope="text",
    ),
    Rule(
        "N5",
        ("HTML line breaks and entities", "HTML 줄바꿈과 특수 기호"),
        "Left from a web page. Nothing else in angle brackets is touched: film titles stand in them.",
        (
            ("#Person1#: 네.<br>#Person2#: 응", "#Person1#: 네.\n#Person2#: 응"),
            ("A&amp;B", "A&B"),
            ("<시민 케인> 봤어?", "<시민 케인> 봤어?"),
        ),
        without_html,
        re.compile(r"&|<[bpdsfe/BPDSFE]"),
        scope="text",
    ),
    Rule(
        "N4",
        ("a literal backslash-n", "글자로 적힌 \\n"),
        "A line end that was escaped twice. It becomes a line end before the next turn and a blank within one; C:\\new stays.",
        (("#Person1#: 안녕\\n하세요", "#Person1#: 안녕 하세요"), ("#Person1#: 네\\n#Person2#: 응", "#Person1#: 네\n#Person2#: 응")),
        unescape,
        re.compile(r"\\[nrt]"),
        scope="text",
    ),
)
