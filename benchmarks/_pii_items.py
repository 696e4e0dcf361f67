"""1,000 invented personal values in 8 spellings each, and 300 sentences that only look like they hold one.

Written before the rules that are measured on it, and not changed to suit them. No value belongs to anyone: numbers are drawn at random
with a fixed seed. The ten kinds come in turn, each in a sentence of a dialogue.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

KINDS = (
    *("PhoneNumber", "Landline", "Email", "SSN", "CardNumber"),
    *("AccountNumber", "PassportNumber", "CarNumber", "Address", "DateOfBirth"),
)
#: Five spellings of people and three that come from odd keyboards, PDF forms and copied web pages.
PLAIN = ("usual", "compact", "grouped", "dotted", "spoken")
VARIANTS = ("full-width", "spaced", "zero-width")
SPELLINGS = PLAIN + VARIANTS


@dataclass(frozen=True)
class Item:
    """A sentence and where in it the personal value stands: `text[start:end]`."""

    kind: str
    spelling: str
    text: str
    start: int
    end: int


_SENTENCES = {
    "PhoneNumber": ("제 번호는 {}이에요.", "{}로 연락 주세요.", "연락처가 {} 맞으시죠?", "네, {}입니다.", "휴대폰은 {}인데 문자도 돼요."),
    "Landline": ("사무실 전화는 {}이에요.", "{}로 전화 주세요.", "집 전화가 {} 맞죠?", "네, {}입니다."),
    "Email": ("메일은 {}로 보내 주세요.", "{}이 제 이메일이에요.", "주소가 {} 맞나요?", "자료는 {}으로 부탁드려요."),
    "SSN": ("주민등록번호는 {}입니다.", "{}이에요, 확인해 주세요.", "주민번호 {} 맞으시죠?", "네, {}이요."),
    "CardNumber": ("카드번호는 {}입니다.", "카드는 {}이에요.", "{} 카드로 결제해 주세요.", "카드 번호 불러 드릴게요. {}요."),
    "AccountNumber": (
        "국민은행 {}으로 보내 주세요.",
        "계좌번호는 {}입니다.",
        "입금은 신한은행 {}로 하시면 돼요.",
        "계좌가 농협 {} 맞아요?",
    ),
    "PassportNumber": ("여권번호는 {}입니다.", "여권 번호가 {}이에요.", "{}, 이게 제 여권번호예요.", "여권은 {} 맞습니다."),
    "CarNumber": ("차 번호는 {}예요.", "{}이에요, 주차 등록해 주세요.", "차량번호 {} 맞으시죠?", "{} 차 좀 빼 주세요."),
    "Address": ("집은 {}예요.", "{}으로 보내 주세요.", "주소가 {} 맞나요?", "저는 {}에 살아요."),
    "DateOfBirth": ("생년월일은 {}입니다.", "생일이 {}이에요.", "생년월일 {} 맞으시죠?", "제가 태어난 날은 {}이에요."),
}
_DIGITS = dict(zip("0123456789", "공일이삼사오육칠팔구", strict=True))
_LOCALS = ("minsu", "jiwoo", "hana", "seojun", "dahye", "yuna", "taemin", "sora")
_DOMAINS = {
    "naver.com": "네이버 닷컴",
    "gmail.com": "지메일 닷컴",
    "daum.net": "다음 닷넷",
    "kakao.com": "카카오 닷컴",
    "nate.com": "네이트 닷컴",
}
_ROADS = (
    *("서울시 강남구 테헤란로", "서울특별시 마포구 월드컵북로", "부산광역시 해운대구 센텀중앙로", "대구시 수성구 달구벌대로"),
    *(
        "경기도 성남시 분당구 판교역로",
        "인천시 연수구 송도과학로",
        "대전시 유성구 대학로",
        "광주광역시 북구 용봉로",
        "강원도 춘천시 중앙로",
    ),
)
_PLATE_LETTERS = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주하허호"
_FULL_WIDTH = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)} | {" ": "\u3000"}


def _number(draw: random.Random, length: int) -> str:
    return "".join(draw.choice("0123456789") for _ in range(length))


def _luhn(body: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def _spoken(groups: tuple[str, ...], draw: random.Random) -> str:
    said = ["".join(_DIGITS[digit] for digit in group) for group in groups]
    return draw.choice((" ", "에 ", " ", "-", ", ")).join(said)


def _grouped(groups: tuple[str, ...], draw: random.Random, dots: str = ".") -> tuple[str, str, str, str, str]:
    return "-".join(groups), "".join(groups), " ".join(groups), dots.join(groups), _spoken(groups, draw)


def _phone(draw: random.Random) -> tuple[str, ...]:
    return _grouped(("010", draw.choice("23456789") + _number(draw, 3), _number(draw, 4)), draw)


def _landline(draw: random.Random) -> tuple[str, ...]:
    area = draw.choice(("02", "031", "032", "051", "042", "062", "070"))
    return _grouped((area, draw.choice("3456789") + _number(draw, 3 if area == "070" else 2), _number(draw, 4)), draw)


def _email(draw: random.Random) -> tuple[str, ...]:
    name, number = draw.choice(_LOCALS), _number(draw, draw.choice((2, 3)))
    domain, said = draw.choice(list(_DOMAINS.items()))
    at = draw.choice((" 골뱅이 ", "골뱅이", " 골뱅이 "))
    usual, dotted = f"{name}{number}@{domain}", f"{name}.{number}@{domain}"
    return usual, f"{name}@{domain}", f"{name}_{number}@{domain}", dotted, f"{name}{number}{at}{said}"


def _ssn(draw: random.Random) -> tuple[str, ...]:
    year, month, day = draw.randint(40, 99), draw.randint(1, 12), draw.randint(1, 28)
    return _grouped((f"{year:02d}{month:02d}{day:02d}", draw.choice("12") + _number(draw, 6)), draw)


def _card(draw: random.Random) -> tuple[str, ...]:
    digits = _luhn(draw.choice("459") + _number(draw, 14))
    return _grouped((digits[:4], digits[4:8], digits[8:12], digits[12:]), draw)


def _account(draw: random.Random) -> tuple[str, ...]:
    shape = draw.choice(((3, 3, 6), (6, 2, 6), (4, 2, 7), (3, 4, 4, 2)))
    return _grouped(tuple(draw.choice("123456789") + _number(draw, size - 1) for size in shape), draw)


def _passport(draw: random.Random) -> tuple[str, ...]:
    number, letter = _number(draw, 7) + draw.choice("123456789"), draw.choice("MS")
    modern = f"M{number[:3]}{draw.choice('ABCDEFGH')}{number[4:]}"
    said = {"M": "엠", "S": "에스"}[letter] + " " + "".join(_DIGITS[digit] for digit in number)
    return f"{letter}{number}", modern, f"{letter} {number}", f"{letter}-{number}", said


def _plate(draw: random.Random) -> tuple[str, ...]:
    front, letter, back = _number(draw, draw.choice((1, 2))), draw.choice(_PLATE_LETTERS), draw.choice("123456789") + _number(draw, 3)
    front = draw.choice("123456789") + front
    said = "".join(_DIGITS[digit] for digit in front) + " " + letter + " " + "".join(_DIGITS[digit] for digit in back)
    return f"{front}{letter} {back}", f"{front}{letter}{back}", f"{front} {letter} {back}", f"{front}{letter}-{back}", said


def _address(draw: random.Random) -> tuple[str, ...]:
    road, number = draw.choice(_ROADS), draw.randint(2, 480)
    building, flat = draw.randint(101, 119), draw.randint(101, 2504)
    usual = f"{road} {number}"
    return usual, f"{road}{number}", f"{usual}, {building}동 {flat}호", f"{usual}-{draw.randint(1, 30)}", f"{usual}번지"


def _birth(draw: random.Random) -> tuple[str, ...]:
    year, month, day = draw.randint(1940, 2015), draw.randint(1, 12), draw.randint(1, 28)
    short = f"{year % 100:02d}"
    return (
        f"{year}년 {month}월 {day}일",
        f"{short}{month:02d}{day:02d}" if year < 2000 else f"{year}{month:02d}{day:02d}",
        f"{year} {month:02d} {day:02d}",
        f"{year}.{month}.{day}",
        f"{''.join(_DIGITS[digit] for digit in short)}년 {month}월 {day}일생",
    )


_MAKERS: dict[str, Callable[[random.Random], tuple[str, ...]]] = {
    "PhoneNumber": _phone,
    "Landline": _landline,
    "Email": _email,
    "SSN": _ssn,
    "CardNumber": _card,
    "AccountNumber": _account,
    "PassportNumber": _passport,
    "CarNumber": _plate,
    "Address": _address,
    "DateOfBirth": _birth,
}


def _full_width(value: str) -> str:
    return "".join(_FULL_WIDTH.get(character, character) for character in value)


def _spaced(value: str) -> str:
    """A blank between all characters; in what is made of Hangul words between the digits alone."""
    if any("가" <= character <= "힣" for character in value) and len(value) > 12:
        return "".join(f" {c}" if i and c.isdigit() and value[i - 1].isdigit() else c for i, c in enumerate(value))
    return " ".join(value.replace(" ", ""))


def _zero_width(value: str, draw: random.Random) -> str:
    places = set(draw.sample(range(1, len(value)), min(2, len(value) - 1)))
    return "".join((draw.choice("\u200b\u200d\u2060\ufeff") if i in places else "") + c for i, c in enumerate(value))


def items(count: int = 1000, seed: int = 20261124) -> Iterator[Item]:
    """`count` values in the eight spellings, an Item each: 8 x count in all."""
    draw = random.Random(seed)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        sentence = draw.choice(_SENTENCES[kind])
        spelt = _MAKERS[kind](draw)
        variants = (_full_width(spelt[0]), _spaced(spelt[0]), _zero_width(spelt[0], draw))
        for spelling, value in zip(SPELLINGS, spelt + variants, strict=True):
            before, after = sentence.split("{}")
            yield Item(
                "PhoneNumber" if kind == "Landline" else kind, spelling, before + value + after, len(before), len(before) + len(value)
            )


_HARD = (
    (
        "order",
        (
            "주문번호는 {y}{mm}{dd}-{n7}이에요.",
            "주문 번호 {n4}-{n4}-{n4}-{n4} 조회해 주세요.",
            "송장번호 {n12}로 조회돼요.",
            "접수번호 {y}-{n6} 맞으시죠?",
        ),
    ),
    (
        "price",
        (
            "모두 합쳐서 {p},{n3},{n3}원입니다.",
            "월세가 {n2}만 원에 관리비 {n1}만 원이에요.",
            "잔액이 {p}{n7}원 남았어요.",
            "보증금 {p}억 {n4}만 원이요.",
        ),
    ),
    (
        "date",
        (
            "회의는 {y}년 {m}월 {d}일이에요.",
            "{y}.{m}.{d}까지 제출해 주세요.",
            "{y}-{mm}-{dd}에 출발해요.",
            "{m}월 {d}일에 봐요, {y}년 행사예요.",
        ),
    ),
    (
        "time",
        (
            "{h}시 {mi}분에 출발해서 {h}시에 도착해요.",
            "오후 {h}:{mi}부터 {h}:{mi}까지예요.",
            "{mi}분 뒤에 {n4}번 버스가 와요.",
            "{n2}시간 {mi}분 걸려요.",
        ),
    ),
    (
        "model",
        ("모델명은 SM-G{n3}N이에요.", "노트북은 M{n4}-{n4} 모델이에요.", "프린터 L{n4}W {n2}대 있어요.", "제품 번호가 S{n8} 모델이에요."),
    ),
    (
        "service number",
        ("고객센터는 1588-{n4}입니다.", "1544-{n4}로 전화하세요.", "대표번호 1577-{n4}예요.", "1600{n4}로 문의하시면 돼요."),
    ),
    ("count", ("{n4}명 중에 {n3}명이 왔어요.", "{n2}가지 중 {n4}개가 팔렸어요.", "조회 수가 {n7}회예요.", "{n2}대 {n4}원짜리예요.")),
    ("room", ("{n3}호 말고 {n3}호예요.", "{n3}동 {n4}호로 배정됐어요.", "회의실 {n4}호예요.", "{h}층 {n3}호실이에요.")),
    ("speech", ("일이 삼사일 걸리고 오육백 들어요.", "이 일이 오 일이나 남았다고요?", "구 일이 사 일 뒤예요.", "둘이 사이가 이상해요.")),
    ("code", ("인증번호 {n6} 입력하세요.", "쿠폰 코드는 {n4}-{n4}예요.", "버전 {n1}.{n2}.{n3} 깔았어요.", "우편함 비밀번호가 {n4}래요.")),
    ("law", ("제{n2}조 {n4}년 개정안이에요.", "법 제{n3}조를 보세요.", "시행령 {y}년 {n4}호예요.", "{y}가합{n4} 사건이에요.")),
    (
        "score",
        ("점수는 {n2} 대 {n2}였어요.", "{n2}점에서 {n2}점으로 올랐어요.", "평균 {n2}.{n2}점이에요.", "학번이 아니라 수험번호 {n6}이에요."),
    ),
    (
        "place",
        (
            "서울에서 부산까지 {n3}킬로예요.",
            "강남역 {n1}번 출구에서 만나요.",
            "역삼동 맛집이 {n2}곳이에요.",
            "제주도에 {n1}박 {n1}일 다녀왔어요.",
        ),
    ),
    (
        "at",
        (
            "이메일 주소 형식이 이상해요 @만 있어요.",
            "골뱅이 무침에 소주 한잔해요.",
            "인스타 @{w}{n2} 팔로우했어요.",
            "골뱅이는 {n4}원이고 닷컴 회사래요.",
        ),
    ),
    ("long", ("바코드 880{n10} 찍어 보세요.", "일련번호 {n10}이에요.", "운송장 {n10}요.", "등기번호 {n13}이에요.")),
)


def hard_negatives(count: int = 300, seed: int = 7) -> Iterator[tuple[str, str]]:
    """(class, sentence): order numbers, prices, dates, times, model names, 1588 numbers and their like, none of them personal data."""
    draw = random.Random(seed)
    for number in range(count):
        name, sentences = _HARD[number % len(_HARD)]
        sentence = sentences[number // len(_HARD) % len(sentences)]
        values = {f"n{size}": "" for size in (1, 2, 3, 4, 6, 7, 8, 10, 12, 13)}
        text = sentence
        for key in values:
            while "{" + key + "}" in text:
                size = int(key[1:])
                text = text.replace("{" + key + "}", draw.choice("123456789") + _number(draw, size - 1), 1)
        month, day = draw.randint(1, 12), draw.randint(1, 28)
        text = text.replace("{y}", str(draw.randint(2021, 2026))).replace("{mm}", f"{month:02d}").replace("{dd}", f"{day:02d}")
        text = text.replace("{m}", str(month)).replace("{d}", str(day)).replace("{p}", str(draw.randint(1, 9)))
        while "{h}" in text or "{mi}" in text:
            text = text.replace("{h}", str(draw.randint(1, 12)), 1).replace("{mi}", f"{draw.randint(10, 59)}", 1)
        yield name, text.replace("{w}", draw.choice(_LOCALS))
