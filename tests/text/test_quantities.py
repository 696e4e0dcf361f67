import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.text.quantities import find, number, same

# Hand-made: text, its quantities as (kind, value).
TABLE = [
    ("3시 반에 보자", [("time", 210)]),
    ("오후 세 시 십오 분", [("time", 195)]),
    ("15:30에 출발", [("time", 210)]),
    ("밤 열두 시", [("time", 0)]),
    ("열한 시 반쯤", [("time", 690)]),
    ("두 시간 걸린다", [("number", 2)]),
    ("세 시간 반", [("number", 3)]),
    ("만오천 원", [("money", 15_000)]),
    ("1만 5천 원", [("money", 15_000)]),
    ("15,000원", [("money", 15_000)]),
    ("85만 원을 냈다", [("money", 850_000)]),
    ("2억 3천만 원", [("money", 230_000_000)]),
    ("만 원에서 깎는다", [("money", 10_000)]),
    ("13.99달러", [("money", 13.99)]),
    ("12월 3일에", [("date", 1203)]),
    ("십이월 삼일", [("date", 1203)]),
    ("5월에 이사한다", [("month", 5)]),
    ("시월 구일", [("date", 1009)]),
    ("스물다섯 살", [("number", 25)]),
    ("열두 명이", [("number", 12)]),
    ("이천 명", [("number", 2000)]),
    ("육 개월", [("number", 6)]),
    ("2.4kg", [("number", 2.4)]),
    ("30%", [("number", 30)]),
    ("삼백이십 그램", [("number", 320)]),
    # what only looks like a quantity
    ("이유로 사원에 간다", []),
    ("세상에, 네 시작할게요", []),
    ("일이 많아 이 분은 바쁘다", []),
    ("열차를 타고 일요일에", []),
    ("#Person1#과 #PhoneNumber2#", []),
    ("세 원인을 찾는다", []),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_quantities_by_value(text: str, expected: list[tuple[str, float]]) -> None:
    assert [(q.kind, q.value) for q in find(text)] == expected


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("세 시", "15시", True),
        ("3시", "오후 3시", True),
        ("오전 3시", "15:00", False),
        ("3시", "3시 반", False),
        ("만오천 원", "15,000원", True),
        ("12월 3일", "12월", True),
        ("12월 3일", "3일", True),
        ("12월 3일", "12월 4일", False),
        ("3시", "3개", False),
        ("세 개", "3", True),
    ],
)
def test_the_same_said_differently(one: str, other: str, equal: bool) -> None:
    assert same(find(one)[0], find(other)[0]) is equal
    assert same(find(other)[0], find(one)[0]) is equal


@given(st.integers(0, 10**12))
def test_digits_in_groups_read_as_the_number(value: int) -> None:
    assert number(f"{value:,}") == value


@given(st.integers(1, 9999))
def test_sino_korean_words_read_as_the_number(value: int) -> None:
    digits, words = "영일이삼사오육칠팔구", ""
    for power, unit in ((1000, "천"), (100, "백"), (10, "십"), (1, "")):
        digit = value // power % 10
        words += (digits[digit] if digit > 1 or not unit else "") + unit if digit else ""
    assert number(words) == value


@given(st.text(max_size=80))
def test_any_text_is_searched(text: str) -> None:
    for quantity in find(text):
        assert text[quantity.start : quantity.end].strip() == quantity.text
