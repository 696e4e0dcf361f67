"""Tags that were damaged on the way, and turns that ran together (N6-N16)."""

from __future__ import annotations

import re

from yoyak.data.rules.base import KIND, PERSON, TAG, Context, Rule, beside_tags, split_lines
from yoyak.text import tags

_HASH = re.compile("#")
_OPENING = "\"'(\\[“‘「『<"


def _mended(match: re.Match[str]) -> str:
    return f"#{match['kind']}#"


_spaced = beside_tags(r"#[ \t]{0,3}(?P<kind>Person)[ \t]{0,3}(?P<number>\d{1,3})[ \t]{0,3}#", lambda m: f"#Person{m['number']}#")
_colon = re.compile(rf"({PERSON})[ \t]{{0,8}}[:：](?=([ \t]?)(\S?))")


def space_labels(text: str, context: Context) -> str:
    """N16."""
    return _colon.sub(lambda match: f"{match[1]}:" + (" " if match[3] and not match[2] else ""), _spaced(text))


_runs_of_hash = beside_tags(rf"(?<!#)#{{2,}}+(?={KIND}#)", lambda match: "#")
_after_tag = re.compile(rf"({TAG})(#+)(?!{KIND}#)")
_lone = re.compile(
    r"(?<=\S) #(?=(?:에서|에게|한테|으로|까지|부터|에|은|는|이|가|을|를|로|와|과|도|의|만)(?![가-힣]))"
    r"|(?<![^\s])#+(?=\s|$)[ \t]?"
)


def single_hashes(text: str, context: Context) -> str:
    """N12."""
    text = _after_tag.sub(r"\1", _runs_of_hash(text))
    return _lone.sub("", text) if context.tagged else text


_KOREAN_KINDS = {reading: kind for kind, reading in tags.READINGS.items() if kind != "Person"}
_translated = beside_tags(
    r"#(?:사람|인물|화자|참가자)[ \t]?(?P<a>\d{1,2})#?|(?<![#가-힣])(?:사람|인물|화자|참가자)(?P<b>\d{1,2})#|#(?P<korean>"
    + "|".join(_KOREAN_KINDS)
    + r")#",
    lambda m: f"#{_KOREAN_KINDS[m['korean']]}#" if m["korean"] else f"#Person{int(m['a'] or m['b'])}#",
)
#: A label that names nobody, at the start of a line.
UNKNOWN = re.compile(r"^[ \t]*#(?:[가-힣]{1,10}#?|Person#)[ \t]?[:：]", re.MULTILINE)
_LABEL = re.compile(rf"^[ \t]*({PERSON})[ \t]*[:：]", re.MULTILINE)


def translated_tags(text: str, context: Context) -> str:
    """N9."""
    text = _translated(text)
    return _role_numbered(text) if context.tagged else text


def numberless_tags(text: str, context: Context) -> str:
    """N11."""
    return _by_turn_taking(text) if context.tagged and "#Person#" in text else text


_ROLE_LABEL = re.compile(
    r"^[ \t]*#([가-힣]{0,8}(?:님|씨|고객|환자|상담사|상담원|박사|의사|교수|간호사|점원|직원"
    r"|기사|사장|선생|부장|과장|대리|남자|여자))#?[ \t]?[:：]",
    re.MULTILINE,
)


def _role_numbered(text: str) -> str:
    """`#고객님:` with the number that is free, where all other turns are of one person and nobody else is without a number."""
    known = list(_LABEL.finditer(text))
    if len({match[1] for match in known}) != 1 or len(known) < 2:
        return text  # the number is taken, or this is but one turn of a dialogue: who else speaks cannot be seen
    unknown = list(UNKNOWN.finditer(text))
    roles = {match.start(): match[1] for match in _ROLE_LABEL.finditer(text)}
    if (
        known[0][1] not in ("#Person1#", "#Person2#")
        or any(match.start() not in roles for match in unknown)
        or len(set(roles.values())) != 1
    ):
        return text
    other = "#Person2#" if known[0][1] == "#Person1#" else "#Person1#"
    return text if other in text else _ROLE_LABEL.sub(f"{other}:", text)


def _by_turn_taking(text: str) -> str:
    """`#Person#`, where two people take turns and the other one spoke before."""
    unknown = list(UNKNOWN.finditer(text))
    known = [(match.start(), match[1]) for match in _LABEL.finditer(text)] if unknown else []
    people = sorted({person for _, person in known})
    if len(people) != 2:
        return text
    out, place, index = [], 0, 0
    for match in unknown:
        if "#Person#" not in match[0]:
            continue
        while index < len(known) and known[index][0] < match.start():
            index += 1
        if index == 0:
            continue
        before = known[index - 1][1]
        after = known[index][1] if index < len(known) else before
        nearest_unknown = any(known[index - 1][0] < other.start() < match.start() for other in _near(unknown, match))
        if before == after and not nearest_unknown:
            out += [text[place : match.start()], people[1] if before == people[0] else people[0], ":"]
            place = match.end()
    return "".join([*out, text[place:]])


def _near(unknown: list[re.Match[str]], match: re.Match[str]) -> list[re.Match[str]]:
    place = unknown.index(match)
    return unknown[max(0, place - 1) : place]


_unopened = beside_tags(rf"(?<![#A-Za-z0-9_])(?P<kind>{KIND})#(?![A-Za-z0-9])", _mended)
_unclosed = beside_tags(rf"#(?P<kind>{KIND})(?![A-Za-z0-9#])", _mended)


def open_tags(text: str, context: Context) -> str:
    """N8."""
    return _unopened(text)


def close_tags(text: str, context: Context) -> str:
    """N7."""
    return _unclosed(text)


#: `#고객님:` at the start of a line is a speaker's label: without its # the turn would go on the one before.
_SPEAKER = r"(?P<speaker>(?m:^)[ \t]{0,8}#[가-힣A-Za-z][가-힣A-Za-z0-9 .]{0,20}#?[ \t]?[:：])"


_name = beside_tags(
    _SPEAKER
    + r"|#(?P<name>[A-Z][A-Za-z.'-]{0,20}(?: [A-Z][A-Za-z.'-]{0,20}){0,3}|[가-힣]{2,10}(?: [가-힣]{1,10}){0,2})#"
    + rf"(?!{KIND}#)",
    lambda match: match["speaker"] or match["name"],
)
_swallowed = beside_tags(_SPEAKER + r"|(?<![A-Za-z0-9&#])#(?=[가-힣A-Za-z])", lambda match: match["speaker"] or "")


def unmask_names(text: str, context: Context) -> str:
    """N13."""
    return _name(text) if context.tagged else text


def without_hashes(text: str, context: Context) -> str:
    """N10."""
    return _swallowed(text) if context.tagged else text


_DIGITS = re.compile("(#(?:" + "|".join(kind for kind in tags.READINGS if kind != "Person") + r")#)(?=\d)")


def part_digits(text: str, context: Context) -> str:
    """N14."""
    return _DIGITS.sub(r"\1 ", text)


_RUN_TOGETHER = re.compile(rf"(?<=[^\s{_OPENING}])[ \t\u00a0\u3000]*(?={PERSON}[ \t]*[:：])")


def part_turns(text: str, context: Context) -> str:
    """N6. Only where a line starts with a tag at all; elsewhere tags are talked about."""
    return _RUN_TOGETHER.sub("\n", text) if context.labelled and _LABEL.search(text) else text


_ROLE = re.compile(
    r"[가-힣A-Za-z. ]{0,20}?(?:씨|님|박사|부인|양|군|의사|교수|간호사|점원|직원"
    r"|손님|기사|사장|선생|부장|과장|대리|남자|여자)[ \t]?[:：][ \t]+(?=\S)"
)


def without_roles(text: str, context: Context) -> str:
    """N15."""
    lines = []
    for number, (label, speech) in enumerate(split_lines(text, context)):
        first = bool(label) or (not context.labelled and number == 0)  # on a line of its own it is the only label there is
        match = _ROLE.match(speech) if first else None
        lines.append(label + (speech[match.end() :] if match else speech))
    return "\n".join(lines)


RULES = (
    Rule(
        "N16",
        ("spaced tags and colons without a blank", "띄어 쓴 태그와 붙여 쓴 쌍점"),
        "A label is read as one token sequence only in its one form, `#Person1#: `.",
        (("#Person1#:앤드류.", "#Person1#: 앤드류."), ("# Person1 #: 네", "#Person1#: 네"), ("#Person1# ： 네", "#Person1#: 네")),
        space_labels,
        re.compile(r"#[ \t]{1,3}Person|#Person(?:[ \t]|\d{1,3}(?:[ \t]|#(?:[ \t]{1,8}[:：]|：|:\S)))"),
        scope="text",
    ),
    Rule(
        "N12",
        ("doubled or lone #", "겹치거나 홀로 남은 #"),
        "A # too many hides the tag from every reader. `$#,000` stays: the digits are lost, and a price is not to be guessed.",
        (("##Person1#: 네", "#Person1#: 네"), ("#Person1#: 회사 #에서 만나", "#Person1#: 회사에서 만나"), ("$#,000", "$#,000")),
        single_hashes,
        re.compile(rf"##|(?:^|\s)#(?!{KIND}#)"),
        scope="text",
    ),
    Rule(
        "N9",
        ("translated tags", "번역된 태그(#사람1#)"),
        "A machine translated the tag too. A role in place of a tag (`#고객님:`) becomes #Person1# or #Person2# only where that number is "
        "free and all other turns are of one speaker; elsewhere it stays and is reported.",
        (
            ("#사람1#: 네\n사람2#: 응", "#Person1#: 네\n#Person2#: 응"),
            ("#사람1#: 네\n#고객님: 응\n#사람1#: 또 봐요", "#Person1#: 네\n#Person2#: 응\n#Person1#: 또 봐요"),
            ("#Person1#: #전화번호#로", "#Person1#: #PhoneNumber#로"),
        ),
        translated_tags,
        re.compile(r"(?:사람|인물|화자|참가자)[ \t]?\d|#[가-힣]"),
        scope="text",
    ),
    Rule(
        "N8",
        ("tags without their opening #", "여는 #이 없는 태그"),
        "Without it the turn has no speaker and is read as a part of the turn before.",
        (("Person1#: 네", "#Person1#: 네"), ("그건 Person2#가 했어", "그건 #Person2#가 했어")),
        open_tags,
        re.compile(rf"(?:^|[^#A-Za-z0-9_]){KIND}#"),
        scope="text",
    ),
    Rule(
        "N7",
        ("tags without their closing #", "닫는 #이 없는 태그"),
        "Without it the turn has no speaker, or the mask no end.",
        (("#Person1: 네", "#Person1#: 네"), ("제 번호는 #PhoneNumber이고", "제 번호는 #PhoneNumber#이고")),
        close_tags,
        re.compile(rf"#{KIND}(?![A-Za-z0-9#])"),
        scope="text",
    ),
    Rule(
        "N11",
        ("#Person# without a number", "번호가 없는 #Person#"),
        "Decided by turn-taking: between two turns of one of two speakers it is the other one; elsewhere it stays and is reported.",
        (
            (
                "#Person1#: 네\n#Person#: 응\n#Person1#: 그래\n#Person2#: 좋아",
                "#Person1#: 네\n#Person2#: 응\n#Person1#: 그래\n#Person2#: 좋아",
            ),
        ),
        numberless_tags,
        re.compile("#Person#"),
        scope="text",
    ),
    Rule(
        "N13",
        ("names masked by mistake", "잘못 가려진 이름(#Alex#)"),
        "A name between # is no tag. Only in dialogues whose speakers are tags: elsewhere #맛집# may be a hashtag.",
        (("#Person1#: #Alex#, 왔어?", "#Person1#: Alex, 왔어?"), ("#Person1#: #수도공항#으로 가", "#Person1#: 수도공항으로 가")),
        unmask_names,
        re.compile(rf"#(?!{KIND}#)[A-Z가-힣]"),
        scope="text",
    ),
    Rule(
        "N10",
        ("a # swallowed by speech", "말에 붙은 #(#여기서)"),
        "Left from a mask that was taken back. Only in dialogues whose speakers are tags: elsewhere it is a hashtag.",
        (("#Person1#: #여기서 기다려", "#Person1#: 여기서 기다려"), ("지우: #맛집 갈래?", "지우: #맛집 갈래?")),
        without_hashes,
        re.compile(rf"#(?!{KIND}#)[가-힣A-Za-z]"),
        scope="text",
    ),
    Rule(
        "N14",
        ("digits glued to a mask", "가림 태그에 붙은 숫자"),
        "The rest of a number of which the mask took a part. The digits stay; a blank shows that they are no part of the tag.",
        (("#PhoneNumber#25395", "#PhoneNumber# 25395"),),
        part_digits,
        re.compile(r"#\d"),
        scope="text",
    ),
    Rule(
        "N6",
        ("turns without a line break between them", "줄바꿈 없이 이어진 발화"),
        "Reading parts such turns as well; here the line break is written, so that other tools see the turns too.",
        (
            ("#Person1#: 왔어요.#Person2#: 네", "#Person1#: 왔어요.\n#Person2#: 네"),
            ("#Person1#: #Person2#가 그랬어", "#Person1#: #Person2#가 그랬어"),
        ),
        part_turns,
        re.compile(rf"[^\n]{PERSON}[ \t]*[:：]"),
        scope="text",
    ),
    Rule(
        "N15",
        ("a role prefix inside a turn", "발화 안의 역할 표시(선생님:)"),
        "A second label after the tag. Off by default: it is often the only place that says who speaks.",
        (("선생님: 앉으세요", "앉으세요"), ("로저스 씨: 네", "네")),
        without_roles,
        re.compile("[:：]"),
        scope="text",
        default=False,
    ),
)
