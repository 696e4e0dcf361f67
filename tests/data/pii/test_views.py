"""Every view knows where each of its characters came from."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from yoyak.data.pii.base import Finding, merged
from yoyak.data.pii.views import View, closed_up, folded, spoken_digits

_TEXT = st.text(st.sampled_from("공일이사 에다시,-01 2３４가\u200b…이에요ㅋa@"), max_size=40)


@given(_TEXT)
def test_places_rise_and_lie_inside_the_original(text: str) -> None:
    view = spoken_digits(closed_up(folded(text)))
    ends = [view.origin(index, index + 1) for index in range(len(view.text))]
    assert all(0 <= start < end <= len(text) for start, end in ends)
    assert all(before[0] <= after[0] for before, after in pairwise(ends))


@given(_TEXT)
def test_folding_is_idempotent(text: str) -> None:
    once = folded(text).text
    assert folded(once).text == once


def test_the_copula_is_no_digit_and_the_digit_two_is_no_copula() -> None:
    def seen(text: str) -> str:
        return spoken_digits(View(text)).text

    assert seen("공일공 일이삼사 오육칠팔이에요") == "010-1234-5678이에요"
    assert seen("공일공 일이삼사 오육칠이예요") == "010-1234-5672예요"
    assert seen("공일공 일이삼사 오육칠이입니다") == "010-1234-5672입니다"
    assert seen("010에 1234에 5678이에요") == "010-1234-5678이에요"
    assert seen("이 일이 오래 걸려요") == "이 일이 오래 걸려요"


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=8))
def test_merged_findings_cover_all_and_never_overlap(spans: list[tuple[int, int]]) -> None:
    found = [Finding("Email", start, start + size, "yoyak", "x") for start, size in spans]
    out = merged(found[::2], found[1::2])
    assert all(left.end <= right.start for left, right in pairwise(out))
    assert {p for f in found for p in range(f.start, f.end)} == {p for f in out for p in range(f.start, f.end)}
