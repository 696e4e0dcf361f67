"""Masking takes personal data out and gives back every byte; a summary gets its values with the right josa."""

from __future__ import annotations

import pytest

from private_dialogues import private_dialogues
from yoyak.data.mask import find, mask_dialogue, mask_text, unmask_dialogue, unmask_text
from yoyak.data.pii import detector
from yoyak.errors import DataError
from yoyak.records import Dialogue, Turn


def gives_back(count: int, seed: int) -> None:
    changed = 0
    for dialogue in private_dialogues(count, seed):
        for options in ({}, {"speakers": True}, {"names": True})[: 3 if dialogue.id.endswith("0") else 2]:
            masked = mask_dialogue(dialogue, **options)
            assert unmask_dialogue(masked.dialogue, masked.values) == dialogue
            assert mask_dialogue(dialogue, **options) == masked
            changed += masked.dialogue != dialogue
    assert changed > count


def test_mask_then_unmask_gives_back_every_byte() -> None:
    gives_back(300, seed=1)


@pytest.mark.proof
def test_mask_then_unmask_gives_back_every_byte_of_10000_dialogues() -> None:
    gives_back(10_000, seed=2)


def talk(*texts: str, **more: object) -> Dialogue:
    turns = tuple(Turn(f"#Person{number % 2 + 1}#", text) for number, text in enumerate(texts))
    return Dialogue("a", turns, **more)  # type: ignore[arg-type]


def test_several_values_of_a_kind_stay_apart_and_one_keeps_its_tag() -> None:
    masked = mask_dialogue(talk("010-1234-5678 아니면 02-345-6789요.", "010-1234-5678, minsu@example.com이죠?"))
    assert [turn.text for turn in masked.dialogue.turns] == ["#PhoneNumber1# 아니면 #PhoneNumber2#요.", "#PhoneNumber1#, #Email#이죠?"]
    assert len(masked.values) == 3


def test_tags_of_the_file_stay_what_they_were() -> None:
    masked = mask_dialogue(talk("#PhoneNumber#로 걸어 보고, 안 되면 010-1234-5678로요."))
    assert masked.dialogue.turns[0].text == "#PhoneNumber#로 걸어 보고, 안 되면 #PhoneNumber1#로요."
    assert unmask_text("#PhoneNumber#로 건다.", masked.values).left == ("#PhoneNumber#",)


def test_what_the_turn_before_asks_for_tells_what_a_number_is() -> None:
    masked = mask_dialogue(talk("계좌번호가 어떻게 되세요?", "110-234-567890이요.", references=("#Person2#의 계좌는 110-234-567890이다.",)))
    assert masked.dialogue.turns[1].text == "#AccountNumber#이요."
    assert masked.dialogue.references == ("#Person2#의 계좌는 #AccountNumber#이다.",)
    assert mask_text("110-234-567890이요.").text == "110-234-567890이요."


def test_josa_are_inflected_for_the_value() -> None:
    values = {"#PhoneNumber#": "010-1234-5678", "#Email#": "a@b.com", "#CarNumber#": "12가3452"}
    text = "#PhoneNumber#와 #Email#를 적고 #CarNumber#은 #PhoneNumber#로 알린다."
    assert unmask_text(text, values).text == "010-1234-5678과 a@b.com을 적고 12가3452는 010-1234-5678로 알린다."


def test_a_tag_that_could_stand_for_two_values_stays_and_is_told() -> None:
    unmasked = unmask_text("#Person1#은 #PhoneNumber#를, #PhoneNumber3#을 말한다.", {"#PhoneNumber1#": "1", "#PhoneNumber2#": "2"})
    assert unmasked.text == "#Person1#은 #PhoneNumber#를, #PhoneNumber3#을 말한다."
    assert unmasked.left == ("#PhoneNumber#", "#PhoneNumber3#")


def test_names_of_speakers_only_when_asked() -> None:
    dialogue = Dialogue("a", (Turn("김민수", "지우 씨 있어요?"), Turn("이지우", "민수야, 나 지우야. 김민수가 웬일?")))
    assert mask_dialogue(dialogue).dialogue == dialogue
    masked = mask_dialogue(dialogue, speakers=True)
    assert masked.dialogue.labels == ("#Person1#", "#Person2#")
    shown = masked.dialogue.text
    assert "민수" not in shown
    assert "지우" not in shown
    assert unmask_text("#Person1#은 #Person2#와 이야기한다.", masked.values).text == "김민수는 이지우와 이야기한다."


def test_a_role_is_no_name_inside_speech() -> None:
    masked = mask_dialogue(Dialogue("a", (Turn("고객", "고객센터죠?"), Turn("상담사", "네, 고객님."))), speakers=True)
    assert masked.dialogue.text == "#Person1#: 고객센터죠?\n#Person2#: 네, 고객님."


def test_introductions_only_with_names() -> None:
    assert mask_text("저는 김하늘이라고 합니다.").text == "저는 김하늘이라고 합니다."
    assert mask_text("저는 김하늘이라고 합니다.", names=True).text == "저는 #@이름#이라고 합니다."


def test_a_number_as_a_label_of_an_unsaved_contact_is_masked() -> None:
    masked = mask_dialogue(Dialogue("a", (Turn("010-1234-5678", "누구세요?"), Turn("나", "010-1234-5678 맞죠?"))))
    assert masked.dialogue.labels == ("#PhoneNumber#", "나")
    assert masked.dialogue.turns[1].text == "#PhoneNumber# 맞죠?"


def test_more_values_than_numbers_is_an_error_without_a_value() -> None:
    many = ", ".join(f"010-1234-{number:04d}" for number in range(1200))
    with pytest.raises(DataError, match="more than 999") as caught:
        mask_text(many)
    assert "1234" not in str(caught.value)


def test_no_repr_shows_a_value() -> None:
    masked = mask_dialogue(talk("010-1234-5678이요."))
    assert "5678" not in repr(masked)
    assert "5678" not in repr(mask_text("010-1234-5678"))
    assert "5678" not in repr(unmask_text("#PhoneNumber#", masked.values))


def test_ko_pii_is_asked_as_it_stands_and_the_short_way_loses_nothing() -> None:
    texts = [turn.text for dialogue in private_dialogues(60, seed=3) for turn in dialogue.turns]
    for text in [*texts, "O1O-l234-5678", "팔팔.1.1", "①②③④", "생일 88.1.1", "minsu[at]naver.com", "역삼동 1", "서울 강남구 역삼동1"]:
        whole = [hit for hit in detector.structural(text) if detector.refused(hit, text) is None]
        assert [(hit.start, hit.end) for hit in detector.find(text)] == [(hit.start, hit.end) for hit in whole]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("공일공 일이삼사 오육칠팔이에요.", "PhoneNumber"),
        ("공일공에 일이삼사에 오육칠이인데요", "PhoneNumber"),
        ("휴대폰은 010 다시 1234 다시 5678요", "PhoneNumber"),
        ("minsu 골뱅이 네이버 점 컴이에요", "Email"),
        ("ｍｉｎｓｕ＠ｎａｖｅｒ．ｃｏｍ", "Email"),
        ("제 차는 12가 3456이에요.", "CarNumber"),
        ("오칠육 어 칠삼삼칠 차 좀 빼 주세요", "CarNumber"),
        ("9 0 0 1 0 1 - 1 2 3 4 5 6 7", "SSN"),
        ("서울시 강남구 테헤란로 12, 101동 203호예요", "Address"),
        ("생일은 칠공년 4월 25일이에요", "DateOfBirth"),
        ("여권은 M 12345678이요", "PassportNumber"),
        ("토스 1000-1234-5678로 보내줘", "AccountNumber"),
        ("경기 성남시 분당구 판교로 12길 34요", "Address"),
        ("생일이 구십년 삼월 오일이에요", "DateOfBirth"),
    ],
)
def test_spellings(text: str, kind: str) -> None:
    assert [hit.kind for hit in find(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "고객센터는 1588-1234예요.",
        "주문번호 241125-1234567이에요.",
        "보증금 2억 5026만 원이요.",
        "101호 1203호예요.",
        "강남역 3번 출구에서 봐요.",
        "오늘은 2026년 11월 24일이에요.",
        "골뱅이 무침에 소주 한잔해요.",
        "이 일이 오 일이나 남았다고요?",
        "제24조 8104년 개정안이에요.",
        "그러시다면 13번 방을 추천해요.",
    ],
)
def test_what_only_looks_like_it(text: str) -> None:
    assert find(text) == []
