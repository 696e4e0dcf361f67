"""What ko-pii misses in dialogues: numbers said digit by digit, 골뱅이 and 닷컴, plates before a josa, what the turn before asked for.

Every quantifier is bounded or runs over characters that nothing beside it takes, so that time grows with the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from yoyak.data.pii.base import Finding
from yoyak.data.pii.detector import NAME, bank_words, birth_words, car_words, is_room, known_place, other_number
from yoyak.data.pii.views import SPOKEN, View, closed_up, folded, spoken_digits

_D = f"[0-9{SPOKEN}]"
_GAP = r"[-. ,/)]{0,3}"
#: Texts without any of these hold nothing for the rules.
_HINT = re.compile(
    rf"@|골뱅이|앳|\d \d|{_D}{{4}}|{_D}(?:[ ,.\-/에의다시]{{0,3}}{_D}){{5}}|(?:로|길|동|리|가) {{0,2}}\d|[{SPOKEN}십백천0-9] ?년"
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """One pattern; `keep(match, before, after)` decides on a match by itself and the words around it."""

    name: str
    kind: str
    pattern: re.Pattern[str]
    keep: Callable[[re.Match[str], str, str], bool]


def _always(match: re.Match[str], before: str, after: str) -> bool:
    return True


def _no_other(match: re.Match[str], before: str, after: str) -> bool:
    return not other_number(before, after)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _card(match: re.Match[str], before: str, after: str) -> bool:
    digits = re.sub(r"\D", "", match[0])
    named = "카드" in before[-24:] or "카드" in after[:10]
    return not other_number(before, after) and (named or (digits[0] in "234569" and _luhn(digits)))


def _account(match: re.Match[str], before: str, after: str) -> bool:
    digits = re.sub(r"\D", "", match[0])
    return 10 <= len(digits) <= 16 and bank_words(before, after) and not other_number(before, after)


def _passport(match: re.Match[str], before: str, after: str) -> bool:
    return not other_number(before, after) and (match["gap"] == "" or "여권" in before[-24:] or "여권" in after[:24])


_UNITS = re.compile(r" ?(?:원|년|월|일|명|개|호|번|시|분|만|억|천|회|점|달러|킬로|미터|장|권|세대|kg|km|%)")


def _plate(match: re.Match[str], before: str, after: str) -> bool:
    if other_number(before, after) or _UNITS.match(after):
        return False
    if car_words(before, after):
        return True
    digits = sum(c.isdigit() for c in match[0])
    return digits > 4 and not is_room(match[0])


def _spoken_plate(match: re.Match[str], before: str, after: str) -> bool:
    if match["front"].isdigit() and match["back"].isdigit():
        return _plate(match, before, after)
    return (bool(match["gap"]) or car_words(before, after)) and not other_number(before, after)


def _birth(match: re.Match[str], before: str, after: str) -> bool:
    return birth_words(before, after) or match[0].endswith("생")


_PLACE_AFTER = re.compile(r" ?(?:번 ?(?:출구|버스|게이트|승강장)|출구|원|명|개|킬로|분|시간|차선|호선|년|월|가지|살)")


def _address(match: re.Match[str], before: str, after: str) -> bool:
    return not _PLACE_AFTER.match(after) and known_place(match[0])


_HOME = re.compile(r"주소|집[은이]|우리 집|배송지|사는 곳|댁|배달")


def _bare_address(match: re.Match[str], before: str, after: str) -> bool:
    return _HOME.search(before[-24:]) is not None and not _PLACE_AFTER.match(after)


_PROVINCE = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_REGION = rf"(?:(?:{_PROVINCE}|[가-힣]{{1,6}}(?:특별시|광역시|시|도|군|구|읍|면)) {{1,2}}){{1,4}}"
_DETAIL = (
    r"(?:번지)?(?:,? {0,2}(?:[가-힣A-Za-z0-9]{1,12}(?:아파트|빌라|빌딩|타워|오피스텔)|(?:[0-9]{1,4}|[A-Za-z가나다라])(?:동|호|층))){0,4}"
)
_NUMBER = r" {0,2}\d{1,4}(?:-\d{1,4})?(?!\d)"
_PLATE_LETTER = "[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호]"
_TLD = r"(?:컴|com|넷|net|오알지|org|케이알|kr|(?:씨오|시오|co)(?: ?(?:닷|점|쩜|\.) ?)?(?:케이알|kr))"
_YEAR = rf"(?:{_D}{{4}}|{_D}{{2}}|[삼사오육칠팔구]십[일이삼사오육칠팔구]?|천구백[가-힣]{{2,6}}|이천[가-힣]{{0,4}})"
_MONTH = r"(?:\d{1,2}|[일이삼사오육유칠팔구시십]{1,2})"
_DAY = r"(?:\d{1,2}|[일이삼사오육칠팔구십]{1,3})"

#: On the view with spoken digits as digits.
_ON_DIGITS = (
    _Rule("mobile", "PhoneNumber", re.compile(rf"(?<![\d])01[016789]{_GAP}\d{{3,4}}{_GAP}\d{{4}}(?!\d)"), _always),
    _Rule("landline", "PhoneNumber", re.compile(rf"(?<![\d])0(?:2|[3-6][1-5]|70|50\d){_GAP}\d{{3,4}}{_GAP}\d{{4}}(?!\d)"), _no_other),
    _Rule(
        "resident number",
        "SSN",
        re.compile(rf"(?<!\d)\d{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]){_GAP}[0-8]\d{{6}}(?!\d)"),
        _no_other,
    ),
    _Rule("card", "CardNumber", re.compile(rf"(?<!\d)\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{4}}(?!\d)"), _card),
    _Rule("account", "AccountNumber", re.compile(r"(?<![\d-])(?:\d{2,6}(?:[-. ,]{1,2}\d{1,7}){1,4}|\d{10,16})(?!\d)"), _account),
    _Rule(
        "passport",
        "PassportNumber",
        re.compile(r"(?<![A-Za-z0-9])(?:[MSRODGTmsrodgt]|엠|앰|에스)(?P<gap>[- ]?)(?:\d{8}|\d{3}[A-Z]\d{4})(?![A-Za-z0-9])"),
        _passport,
    ),
    _Rule(
        "birth digits", "DateOfBirth", re.compile(r"(?<![\d-])(?:(?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?![\d-])"), _birth
    ),
)
#: On the view with letters closed up.
_ON_LETTERS = (
    _Rule(
        "e-mail",
        "Email",
        re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64} ?@ ?[A-Za-z0-9-]{1,63}(?: ?\. ?[A-Za-z0-9-]{2,30}){1,4}"),
        _always,
    ),
    _Rule(
        "spoken e-mail",
        "Email",
        re.compile(
            r"(?:(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]{1,64}|(?<![가-힣A-Za-z0-9._+-])[가-힣A-Za-z0-9._+-]{1,30}) ?(?:골뱅이|앳|@) ?"
            r"(?:[A-Za-z0-9-]{2,63}|[가-힣]{1,8}?) ?(?:닷|점|쩜|\.) ?" + _TLD,
            re.IGNORECASE,
        ),
        _always,
    ),
    _Rule(
        "plate",
        "CarNumber",
        re.compile(
            rf"(?<![0-9{SPOKEN}])(?<![0-9{SPOKEN}][-, .])(?P<front>{_D}{{2,3}})(?P<gap> ?){_PLATE_LETTER}[ -]{{0,2}}(?P<back>{_D}{{4}})"
            rf"(?![0-9])(?![-, ]{_D}{{2}})"
        ),
        _spoken_plate,
    ),
    _Rule(
        "address",
        "Address",
        re.compile(rf"(?<![가-힣]){_REGION}[가-힣0-9]{{1,12}}(?:(?:로|길)(?: {{0,2}}\d{{1,4}}번?길)?|동|리|\d가){_NUMBER}{_DETAIL}"),
        _address,
    ),
    _Rule(
        "street",
        "Address",
        re.compile(rf"(?<![가-힣])[가-힣0-9]{{2,12}}(?:로|길)(?: {{0,2}}\d{{1,4}}번?길)?{_NUMBER}{_DETAIL}"),
        _bare_address,
    ),
    _Rule(
        "birth date",
        "DateOfBirth",
        re.compile(
            rf"(?<![0-9{SPOKEN}]){_YEAR} ?년 ?{_MONTH} ?월 ?{_DAY} ?일(?:생)?"
            r"|(?<!\d)(?:19|20)?\d{2}(?P<mark>[-./ ]) ?\d{1,2}(?P=mark) ?\d{1,2}(?!\d)"
        ),
        _birth,
    ),
)


def find(text: str, before: str = "") -> list[Finding]:
    """What the rules find in one turn; `before` is the end of the turn before it, which may have asked for the number.

    Example:
        >>> [(hit.rule, hit.start, hit.end) for hit in find("공일공 일이삼사에 오육칠팔이에요.")]
        [('mobile', 0, 14)]
        >>> [hit.kind for hit in find("minsu 골뱅이 네이버 닷컴이요. 차는 12가 3456이에요.")]
        ['Email', 'CarNumber']
    """
    plain = folded(text)
    if not _HINT.search(plain.text):
        return []
    letters = closed_up(plain)
    digits = spoken_digits(letters)
    found = [*_matches(_ON_DIGITS, digits, before), *_matches(_ON_LETTERS, letters, before)]
    return sorted(found, key=lambda finding: finding.start)


def _matches(rules: tuple[_Rule, ...], view: View, before: str) -> Iterator[Finding]:
    for rule in rules:
        for match in rule.pattern.finditer(view.text):
            head = before + "\n" + view.text[max(0, match.start() - 60) : match.start()]
            if rule.keep(match, head, view.text[match.end() : match.end() + 40]):
                start, end = view.origin(match.start(), match.end())
                yield Finding(rule.kind, start, end, "yoyak", rule.name)


_INTRODUCED = re.compile(
    r"(?:(?<![가-힣])(?:저는|나는|전|난|저희는) |(?:제|내|저의|나의)? ?(?:이름|성함)[은이] |제가 )"
    r"(?P<name>[가-힣]{2,4}?|[A-Z][a-z]{1,15}(?: [A-Z][a-z]{1,15})?)"
    r"(?:이?라고 (?:합니다|해요|해|불러|부르|하는데|하고)|입니다|이에요|예요|이야)"
)
_ROLES = frozenset(
    "학생 선생님 선생 직원 담당자 상담사 상담원 고객 사람 남자 여자 부모 엄마 아빠 의사 간호사 기사 사장 팀장 과장 대리 부장 회사원 직장인 "
    "한국인 외국인 초보 신입 처음 진심 정말 아직 찬성 반대 괜찮 그대로".split()
)


def find_introduced(text: str) -> list[Finding]:
    """Names that people give as their own: 저는 X라고 합니다, 제 이름은 X예요.

    Example:
        >>> [(hit.kind, hit.start, hit.end) for hit in find_introduced("저는 김하늘이라고 합니다.")]
        [('@이름', 3, 6)]
    """
    return [
        Finding(NAME, match.start("name"), match.end("name"), "yoyak", "introduction")
        for match in _INTRODUCED.finditer(text)
        if match["name"] not in _ROLES
    ]
