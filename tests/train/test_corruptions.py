"""Corruptions change one thing, keep the josa right, and are not made where the sentence would stay true."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from yoyak.errors import DataError
from yoyak.models.judgement import KINDS
from yoyak.records import Dialogue, Turn
from yoyak.train.corruptions import Statement, change_detail, corrupt, last_clause, negate, rename, swap_speakers
from yoyak.train.statements import of_epoch, retold, told_rows

Make = Callable[..., Path]
TALK = Dialogue(
    "a-1", (Turn("지훈", "토요일 세 시에 영화 볼래, 일요일 다섯 시에 볼래?"), Turn("수아", "토요일은 결혼식이 있어. 일요일에 보자."))
)
TAGGED = Dialogue("a-2", (Turn("#Person1#", "책을 빌려줄래?"), Turn("#Person2#", "응, 내일 줄게."), Turn("#Person3#", "나도.")))


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("지훈은 수아와 영화를 보려 한다.", "수아는 지훈과 영화를 보려 한다."),
        ("지훈이 묻자 수아가 대답한다.", "수아가 묻자 지훈이 대답한다."),
        ("지훈의 말에 수아도 웃는다.", "수아의 말에 지훈도 웃는다."),
        ("지훈이네 집에 수아가 온다.", None),
    ],
)
def test_names_change_places_with_their_josa(sentence: str, expected: str | None) -> None:
    assert rename(sentence, {"지훈": "수아", "수아": "지훈"}) == expected


def test_who_did_it_together_is_not_swapped() -> None:
    for sentence in ("지훈과 수아는 영화를 본다.", "지훈과 수아가 서로 미룬다.", "지훈은 수아와 함께 간다."):
        assert swap_speakers(sentence, TALK, random.Random(0)) is None
    assert swap_speakers("수아는 결혼식이 있다고 한다.", TALK, random.Random(0)) == "지훈은 결혼식이 있다고 한다."


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("지훈은 가지 않기로 한다.", "지훈은 가기로 한다."),
        ("지훈은 가지 말라고 한다.", "지훈은 가라고 한다."),
        ("지훈은 비싸지 않다고 한다.", "지훈은 비싸다고 한다."),
        ("수아는 책을 사겠다고 한다.", "수아는 책을 사지 않겠다고 한다."),
        ("수아는 책을 사자고 한다.", "수아는 책을 사지 말자고 한다."),
        ("수아는 책을 두고 갔다.", "수아는 책을 두고 가지 않았다."),
    ],
)
def test_negation_is_put_in_or_taken_out(sentence: str, expected: str) -> None:
    assert negate(sentence, random.Random(0)) == expected


def test_details_come_from_the_dialogue_where_they_can() -> None:
    made = {change_detail("지훈은 토요일 세 시에 영화를 보자고 한다.", TALK, random.Random(n)) for n in range(40)}
    assert "지훈은 일요일 세 시에 영화를 보자고 한다." in made
    assert "지훈은 토요일 다섯 시에 영화를 보자고 한다." in made
    assert "지훈은 토요일 세 시에 영화를 보자고 한다." not in made


def test_a_whole_clause_of_another_stays_true_by_itself() -> None:
    assert last_clause("지훈이 영화를 보자고 하자, 수아는 결혼식이 있다고 대답한다.", TALK.labels) == "수아는 결혼식이 있다고 대답한다."
    assert last_clause("영화를 보자고 하지만, 결혼식이 있다고 한다.", TALK.labels) is None


def test_every_kind_changes_the_sentence() -> None:
    rng = random.Random(1)
    for kind in KINDS:
        made = corrupt("#Person1#은 #Person2#에게 내일 책을 빌려 달라고 한다.", kind, TAGGED, ("수미가 표를 산다.", ("수미",)), rng)
        assert made is None or (made.kind == kind and "#Person1#는" not in made.text)


def rows(make: Make) -> Path:
    said = [{"speaker": t.speaker, "text": t.text} for t in TALK.turns]
    true = ["지훈은 영화를 보자고 하고, 수아는 토요일에 결혼식이 있다고 한다.", "수아는 일요일에 보자고 한다."]
    false = {"sentence": 2, "kind": "detail", "text": "수아는 월요일에 보자고 한다."}
    row = {"id": "a-1", "dialogue": said, "summary": " ".join(true), "sentences": [{"text": text} for text in true], "false_twins": [false]}
    return make("t.jsonl", json.dumps(row, ensure_ascii=False))


def test_an_epoch_is_level_and_new(make: Make) -> None:
    told = told_rows([str(rows(make))])
    [(_, statements)] = told
    assert [s.kind for s in statements] == [None, None, "detail"]
    extracts = retold(told)
    made = [of_epoch(told, extracts, most=8, seed=seed)[0] for seed in range(30)]
    for talk, some in made:
        true = sum(s.kind is None for s in some)
        assert 2 <= true <= 4
        assert abs(true - (len(some) - true)) <= 1
        assert len({s.text for s in some}) == len(some)
        names = set(talk.labels)
        assert names == {"지훈", "수아"} or names == {"#Person1#", "#Person2#"}
    assert len({some for _, some in made}) > 20
    assert of_epoch(told, extracts, most=8, seed=3)[0] == made[3]


def test_summaries_alone_are_enough(make: Make) -> None:
    path = make("plain.jsonl", json.dumps({"id": "x", "dialogue": "지훈: 가자.\n수아: 좋아.", "summary": "지훈은 간다. 수아도 간다."}))
    [(_, statements)] = told_rows([str(path)])
    assert statements == (Statement("지훈은 간다."), Statement("수아도 간다."))


def test_files_without_summaries_are_refused(make: Make) -> None:
    path = make("none.jsonl", json.dumps({"id": "x", "dialogue": "지훈: 가자.\n수아: 좋아."}))
    with pytest.raises(DataError, match="no dialogue with a summary"):
        told_rows([str(path)])
