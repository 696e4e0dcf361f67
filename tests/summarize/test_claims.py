"""A sentence taken apart: who says or does what, in which manner, denied or not."""

from __future__ import annotations

import pytest

from yoyak.records import Dialogue, Turn
from yoyak.summarize.claims import Act, acts, claims, heard
from yoyak.text.morphemes import analyze

LABELS = ("지훈", "수아")


def read(sentence: str, labels: tuple[str, ...] = LABELS) -> list[tuple[str | None, str, list[str]]]:
    return [(claim.who, claim.manner, claim.words) for claim in claims(sentence, labels)]


def test_each_clause_has_its_own_subject() -> None:
    assert read("지훈이 표를 사고 수아는 밥을 낸다.") == [("지훈", "plain", ["표", "사"]), ("수아", "plain", ["밥", "내"])]


def test_a_clause_without_subject_has_the_topic_before_it_or_the_subject_behind_it() -> None:
    assert [who for who, *_ in read("지훈은 표를 사고 밥을 낸다.")] == ["지훈", "지훈"]
    assert [who for who, *_ in read("비가 온다며 수아는 집에 간다.")] == ["수아", "수아"]


def test_a_relative_clause_belongs_to_the_speaker_it_describes() -> None:
    told = claims("수아는 표를 다 내겠다는 지훈의 말을 마다한다.", LABELS)
    assert (told[0].who, told[0].relative) == ("지훈", True)
    first, *_ = claims("수영복이 없는 지훈에게 수아가 검은색을 내놓는다.", LABELS)
    assert (first.who, first.relative) == ("지훈", True)


@pytest.mark.parametrize(
    ("sentence", "manner"),
    [
        ("지훈은 세 시에 보자고 한다.", "propose"),
        ("지훈은 책을 빌려 달라고 한다.", "request"),
        ("지훈은 책을 읽으라고 한다.", "command"),
        ("지훈은 학생이라고 한다.", "say"),
        ("지훈은 책을 읽겠다고 한다.", "promise"),
        ("지훈은 책을 읽었냐고 묻는다.", "ask"),
        ("지훈은 책을 읽기로 한다.", "decide"),
        ("지훈은 책을 읽는다.", "plain"),
        ("지훈은 여행을 제안한다.", "propose"),
        ("지훈은 도움을 요청한다.", "request"),
    ],
)
def test_the_manner_is_that_of_the_quotation_or_of_the_verb(sentence: str, manner: str) -> None:
    assert claims(sentence, LABELS)[-1].manner == manner


def test_the_hearer_is_no_subject() -> None:
    [claim] = claims("지훈은 수아에게 책을 준다.", LABELS)
    assert (claim.who, claim.hearer) == ("지훈", "수아")


def test_a_label_within_a_word_is_none() -> None:
    assert [who for who, *_ in read("엄마표 김치는 지훈이 먹는다.", ("엄마", "지훈"))] == ["지훈"]


def test_denials_count_once_and_twice() -> None:
    assert acts(analyze("가지 않는다")) == (Act("가", True),)
    assert acts(analyze("안 간다")) == (Act("가", True),)
    assert acts(analyze("시간이 없지 않다"))[0] == Act("있", False)
    assert acts(analyze("갚지 못한다")) == (Act("갚", True),)


def test_numerals_are_quantities_and_no_words() -> None:
    [claim] = claims("지훈은 육천사백을 찾는다.", LABELS)
    assert [q.value for q in claim.quantities] == [6400.0]
    assert claim.words == ["찾"]


def test_a_dialogue_is_heard_clause_by_clause() -> None:
    talk = heard(Dialogue("a", (Turn("지훈", "내일 세 시에 볼까? 나는 못 가."), Turn("수아", "좋아."))))
    assert [(clause.turn, clause.speaker, clause.asks) for clause in talk.clauses] == [
        (0, "지훈", True),
        (0, "지훈", False),
        (1, "수아", False),
    ]
    assert [q.kind for q in talk.clauses[0].quantities] == ["time"]
    assert Act("가", True) in talk.clauses[1].acts
