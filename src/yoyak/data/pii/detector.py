"""ko-pii, the one place that imports it: structural personal data, found exactly as it finds them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yoyak.data.pii.base import Finding
from yoyak.data.pii.views import folded

if TYPE_CHECKING:
    from ko_pii import DetectionResult

#: ko-pii's label -> kind of tag. A licence number has no tag in DialogSum and takes one of AI-Hub's form.
LABELS = {
    "RRN": "SSN",
    "FRN": "SSN",
    "CARD": "CardNumber",
    "PHONE": "PhoneNumber",
    "FAX": "PhoneNumber",
    "EMAIL": "Email",
    "PASSPORT": "PassportNumber",
    "VEHICLE": "CarNumber",
    "ADDRESS": "Address",
    "DT_BIRTH": "DateOfBirth",
    "ACCOUNT": "AccountNumber",
    "DRIVER_LICENSE": "@면허번호",
}
NAME = "@이름"
_FEWEST = 4  # digits in the shortest date (88.1.1)
_AT = re.compile(r"@|[\[(][ \t]{0,9}at", re.IGNORECASE)
_HOUSE = re.compile(r"(?:로|길|동|리|가|읍|면)\s{0,9}\d")


def may_hold(text: str) -> bool:
    """Whether ko-pii could find anything in it that is masked: its structural patterns need four digits, an at-sign or a house number.

    Only texts for which this is True are given to it, since it takes a millisecond for each; a test holds the two equal.
    """
    text = folded(text).text
    return sum(map(str.isnumeric, text)) >= _FEWEST or _AT.search(text) is not None or _HOUSE.search(text) is not None


def structural(text: str) -> list[DetectionResult]:
    """What `ko_pii.detect_all` alone finds with the labels in :data:`LABELS`."""
    from ko_pii import detect_all

    return detect_all(text, include=LABELS)


def find(text: str, before: str = "") -> list[Finding]:
    """ko-pii's structural findings, less those that are no personal data: see :func:`refused`."""
    if not may_hold(text):
        return []
    return [
        Finding(LABELS[hit.label], hit.start, hit.end, "ko-pii", hit.label)
        for hit in structural(text)
        if refused(hit, text, before) is None
    ]


def find_names(text: str) -> list[Finding]:
    """What ko-pii's name label finds. It takes many everyday words for names."""
    from ko_pii import detect_all

    return [Finding(NAME, hit.start, hit.end, "ko-pii", hit.label) for hit in detect_all(text, include=["PERSON"])]


_BIRTH = re.compile(r"생년월일|생일|생신|출생|태어|탄생|birth|dob", re.IGNORECASE)
_BANK = re.compile(r"계좌|은행|뱅크|뱅킹|통장|입금|송금|이체|페이|금고|농협|수협|신협|우체국|카뱅")
# Banks that are called by a bare name right before a number. 우리 and 하나 are everyday words: they do not count.
_BANK_NAME = re.compile(r"(?:국민|신한|기업|토스|카카오|케이|제일|씨티|IBK|KB|NH|SC) ?$")
_CAR = re.compile(r"차|번호판|주차|택시|렌트|운전")
_ROOM = re.compile(r"\d[호조도주대부오구사]\s")
# A label before the number that says what it is: an order, a parcel, a model, ...
_OTHER = re.compile(
    r"(?:주문|송장|운송장|접수|예약|등기|사건|일련|시리얼|인증|승인|쿠폰|바코드|모델|제품|상품|품번|회원|증권|거래|영수증|티켓|문의|관리|"
    r"학번|수험|사번|민원|문서|참조|추적|배송|택배|우편|편명|항공편|버전|코드)"
    r" ?(?:번호|코드|명|넘버)?(?:는|은|이|가|도)?[ :]{0,3}$"
)
_REACH = 24  # characters in which a word says what a number is


def other_number(before: str, after: str) -> bool:
    """Whether the words around a number say that it is of an order, a parcel, a model, ... and of no person."""
    return _OTHER.search(before[-_REACH:]) is not None or re.match(r" ?(?:모델|제품|번 버스)", after) is not None


def birth_words(before: str, after: str) -> bool:
    """Whether the words around a date say that someone was born then."""
    return _BIRTH.search(before[-2 * _REACH :]) is not None or after.startswith("생") or _BIRTH.match(after.lstrip()) is not None


def bank_words(before: str, after: str) -> bool:
    """Whether the words around a number speak of a bank account."""
    if _BANK_NAME.search(before[-8:]):
        return True
    return _BANK.search(before[-2 * _REACH :]) is not None or _BANK.search(after[:_REACH]) is not None


def car_words(before: str, after: str) -> bool:
    """Whether the words around a number speak of a car."""
    return _CAR.search(before[-_REACH:]) is not None or _CAR.search(after[:_REACH]) is not None


def is_room(plate: str) -> bool:
    """Whether what looks like a plate reads as a room, a group, a degree (101호 1203)."""
    return _ROOM.search(plate) is not None


def known_place(address: str) -> bool:
    """Whether one of the first words is a province, a city or a district.

    Example:
        >>> known_place("서울시 강남구 테헤란로 1"), known_place("안 오면 진료비가 8")
        (True, False)
    """
    from ko_pii.dictionaries.districts import PROVINCE_ABBREV, PROVINCES, is_admin_unit

    words = re.findall("[가-힣]{2,}", folded(address).text[:80])[:4]
    if any(is_admin_unit(word) or word[:-1] in PROVINCE_ABBREV for word in words):
        return True
    # Written as one word: 서울시강남구테헤란로
    return any(
        word[:size] in PROVINCES or (word[size - 1 : size] == "시" and word[: size - 1] in PROVINCE_ABBREV)
        for word in words
        for size in range(3, 8)
    )


def refused(hit: DetectionResult, text: str, before: str = "") -> str | None:
    """Why a finding of ko-pii is not masked, None when it is.

    Numbers of services (1588-...), bare places (서울, 강남구 역삼동), a mere year of birth, dates beside a name, everyday words that are
    also banks (우리, 하나), and what the word before it calls the number of an order, a parcel or a model.
    """
    before, after = before + text[: hit.start], text[hit.end :]
    extra = hit.extra
    if hit.label == "PHONE":
        if extra.get("type") == "representative":
            return "service number"
        return "other number" if extra.get("type") != "mobile" and other_number(before, after) else None
    if hit.label == "ADDRESS":
        named = "anchor:keyword" in hit.evidence or known_place(hit.text)
        return None if named and extra.get("format") in ("road_name", "jibun") else "bare place"
    if hit.label == "DT_BIRTH":
        return None if extra.get("format") != "year_only" and birth_words(before, after) else "no date of birth"
    if hit.label == "EMAIL":
        return None
    if hit.label == "ACCOUNT" and not bank_words(before, after):
        return "everyday word"
    if hit.label == "VEHICLE" and is_room(hit.text) and not car_words(before, after):
        return "room"
    return "other number" if other_number(before, after) else None
