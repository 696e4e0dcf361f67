"""Groups of topic phrases: readable, the same every time, and as people edit them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.errors import DataError, ModelError
from yoyak.topics.taxonomy import Taxonomy, fit_taxonomy

Make = Callable[..., Path]
THINGS = {
    "병원": ["병원 예약", "병원 진료", "병원 접수", "병원 검사", "병원 입원", "병원 퇴원", "병원 면회", "병원 상담"],
    "여행": ["제주 여행", "부산 여행", "해외 여행", "여행 계획", "여행 가방", "여행 비용", "가족 여행", "여행 사진"],
    "면접": ["취업 면접", "면접 준비", "면접 질문", "면접 복장", "면접 결과", "화상 면접", "면접 시간", "면접 장소"],
}
PHRASES = [phrase for mine in THINGS.values() for phrase in mine]


def test_the_same_phrases_give_the_same_readable_groups() -> None:
    pytest.importorskip("sklearn")
    found, choice = fit_taxonomy(PHRASES, groups=3)
    again, _ = fit_taxonomy(list(reversed(PHRASES)), groups=3)
    assert found == again
    assert choice.groups == 3
    for name, mine in THINGS.items():
        [group] = {found.of(phrase) for phrase in mine}
        assert group is not None
        assert name in group.split("·")
        assert set(found.examples(group)) <= set(mine)


def test_dialogues_bring_phrases_together_that_share_no_word() -> None:
    pytest.importorskip("sklearn")
    phrases = [f"{word} {n}호" for n in range(5) for word in ("주사", "체온", "이자", "대출")]
    texts = [["의사", "아프다", "약"] if phrase.startswith(("주사", "체온")) else ["통장", "은행", "돈"] for phrase in phrases]
    found, _ = fit_taxonomy(phrases, texts=texts, groups=2)
    assert found.of("주사 1호") == found.of("체온 3호") != found.of("이자 1호") == found.of("대출 2호")


def test_an_edited_table_holds_as_it_is(make: Make) -> None:
    path = make("t.csv", "\ufefftopic,group\n병원 예약,건강\n제주 여행,놀이\n")
    known = Taxonomy.read(path)
    found, choice = fit_taxonomy(["병원 예약", "병원 진료", "부산 여행", "양자 얽힘"], known=known)
    assert found.topics == {"병원 예약": "건강", "병원 진료": "건강", "부산 여행": "놀이", "제주 여행": "놀이"}
    assert choice.stability == {}
    found.write(path)
    assert Taxonomy.read(path) == found


@pytest.mark.parametrize(
    "text",
    ["topic,group\n", "주제,묶음\n가,나\n", "topic,group\n가,\n", "topic,group\n가,나\n가,다\n", ""],
    ids=["empty", "names", "hole", "two", "none"],
)
def test_a_broken_table_says_what_is_expected(make: Make, text: str) -> None:
    with pytest.raises(ModelError, match="topic,group"):
        Taxonomy.read(make("t.csv", text))


def test_too_few_phrases_are_refused() -> None:
    with pytest.raises(DataError, match="too few"):
        fit_taxonomy(["가", "나"])
