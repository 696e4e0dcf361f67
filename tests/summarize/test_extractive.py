"""The extractive engine: order, evidence, nothing but what the dialogue holds, and honest summaries of next to nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count, islice

import pytest

from yoyak.errors import UsageError
from yoyak.records import Dialogue, Turn
from yoyak.summarize.engines.extractive import Extractive
from yoyak.text import tags
from yoyak.text.endings import Style, restyle

TALKS = {
    "move": """#Person1#: 누나, 이사 날짜 28일로 확정됐어.
#Person2#: 28일? 나 그날 부산 출장이라 못 도와줘.
#Person1#: 괜찮아. 포장 이사로 불렀어. 85만 원 들어.
#Person2#: 그럼 입주 청소는 27일에 부르자.
#Person1#: 좋아. 열쇠는 내가 26일에 받을게.""",
    "clinic": """의사: 무릎이 언제부터 아프셨어요?
환자: 2주 전에 마라톤을 뛰고 나서부터 아파요.
의사: 뼈는 괜찮습니다. 인대가 조금 늘어났어요.
환자: 그럼 다음 달 대회에는 나갈 수 있을까요?
의사: 아니요, 한 달은 뛰지 마세요.""",
    "card": """상담사: 무엇을 도와드릴까요?
고객: 카드를 잃어버렸어요. 번호는 #CardNumber#예요.
상담사: 바로 정지해 드리겠습니다. 재발급은 5일 걸립니다.
고객: 새 카드는 #Address#로 보내 주세요.
상담사: 네, 알겠습니다.""",
    "laptop": """Kevin: 내일 발표인데 내 노트북이 안 켜져.
민아: USB 충전기는 바꿔 봤어?
Kevin: 응, 두 개 다 써 봤는데 안 돼. 네 노트북 하루만 빌려줄 수 있어?
민아: 오전에는 나도 써야 해. 오후 1시부터는 빌려줄 수 있어.""",
    "three": """지훈: 다음 주 금요일에 회식 어때?
수아: 저는 그날 못 가요. 치과 예약이 있어요.
민호: 저는 괜찮아요. 그런데 고깃집은 말고요.
지훈: 그럼 목요일 7시로 합시다.""",
    "discount": """#Person1#: 이 냉장고 8%까지 할인돼요?
#Person2#: 네, 카드로 사시면 8% 할인됩니다.""",
    "yes": "#Person1#: 네.",
    "noise": "지훈: 음...\n수아: ㅋㅋㅋㅋ\n지훈: 어...",
    "symbols": "#Person1#: ?!\n#Person2#: 😀😀",
    "monologue": "지훈: 오늘은 회사에 안 갔다. 하루 종일 책을 읽었다.",
}


def talk(name: str) -> Dialogue:
    turns = (line.partition(": ") for line in TALKS[name].splitlines())
    return Dialogue(name, tuple(Turn(speaker, text) for speaker, _, text in turns))


ALL = [talk(name) for name in TALKS]


def test_order_ids_and_model() -> None:
    predictions = list(Extractive().summarize(ALL * 20))
    assert [p.id for p in predictions] == [d.id for d in ALL * 20]
    assert {p.model for p in predictions} == {"extractive"}
    assert all(p.summary and p.error is None for p in predictions)


def test_together_equals_one_by_one_and_every_time() -> None:
    alone = [prediction for dialogue in ALL for prediction in Extractive().summarize([dialogue])]
    assert list(Extractive().summarize(ALL)) == alone == list(Extractive().summarize(iter(ALL)))


def test_evidence_names_turns_one_group_for_each_sentence() -> None:
    for dialogue, prediction in zip(ALL, Extractive().summarize(ALL), strict=True):
        assert len(prediction.evidence) == prediction.summary.count(".")
        for group in prediction.evidence:
            assert group == tuple(sorted(set(group)))
            assert all(1 <= turn <= len(dialogue.turns) for turn in group)


@pytest.mark.parametrize("dialogue", ALL, ids=lambda d: d.id)
def test_tags_numbers_and_names_come_from_the_dialogue(dialogue: Dialogue) -> None:
    [prediction] = Extractive().summarize([dialogue])
    rest = tags.PATTERN.sub(" ", prediction.summary)
    assert {t.text for t in tags.find(prediction.summary)} <= {t.text for t in tags.find(dialogue.text)}
    assert set(re.findall(r"\d+%?", rest)) <= set(re.findall(r"\d+%?", tags.PATTERN.sub(" ", dialogue.text)))
    assert set(re.findall(r"[A-Za-z]+", rest)) <= set(re.findall(r"[A-Za-z]+", dialogue.text))


@pytest.mark.parametrize("dialogue", ALL, ids=lambda d: d.id)
def test_every_sentence_is_about_a_speaker(dialogue: Dialogue) -> None:
    [prediction] = Extractive().summarize([dialogue])
    for sentence in re.findall(r"[^.]+\.", prediction.summary):
        assert sentence.strip().startswith(dialogue.labels)


def test_a_question_and_its_answer_become_one_sentence() -> None:
    [prediction] = Extractive(sentences=1).summarize([talk("discount")])
    assert (
        prediction.summary == "#Person1#이 #Person2#에게 이 냉장고 8%까지 할인되냐고 묻자, #Person2#는 카드로 사면 8% 할인된다고 대답한다."
    )
    assert prediction.evidence == ((1, 2),)


@pytest.mark.parametrize("word", ["네.", "응", "그래요.", "네네", "ㅇㅇ"])
def test_a_vague_answer_never_stands_alone(word: str) -> None:
    asked = Dialogue("a", (Turn("민지", "내일 병원에 갈 거야?"), Turn("현우", word)))
    [prediction] = Extractive().summarize([asked])
    assert prediction.summary == "민지가 현우에게 내일 병원에 갈 것이냐고 묻자, 현우는 그렇다고 대답한다."


def test_refusal_stays_refusal() -> None:
    asked = Dialogue("a", (Turn("#Person1#", "같이 점심 먹자."), Turn("#Person2#", "미안, 나는 오늘 약속이 있어서 못 가.")))
    [prediction] = Extractive().summarize([asked])
    assert "동의" not in prediction.summary
    assert "못 간다고" in prediction.summary


def test_next_to_nothing_gets_an_honest_summary() -> None:
    summaries = {p.id: p.summary for p in Extractive().summarize([talk("yes"), talk("noise"), talk("symbols")])}
    assert summaries == {
        "yes": "#Person1#은 그렇다고 대답한다.",
        "noise": "지훈과 수아는 이야기를 나눈다.",
        "symbols": "#Person1#과 #Person2#는 이야기를 나눈다.",
    }


def test_no_turns_no_summary() -> None:
    [prediction] = Extractive().summarize([Dialogue("empty", ())])
    assert (prediction.summary, prediction.evidence) == ("", ())


@pytest.mark.parametrize("ending", ["한다", "합니다", "함"])
def test_endings_agree_with_restyle(ending: Style) -> None:
    plain = [p.summary for p in Extractive().summarize(ALL)]
    assert [p.summary for p in Extractive(ending=ending).summarize(ALL)] == [restyle(text, to=ending) for text in plain]


def test_a_stream_is_drawn_as_it_is_read() -> None:
    drawn = count()

    def endless() -> Iterator[Dialogue]:
        while True:
            next(drawn)
            yield talk("move")

    assert len(list(islice(Extractive().summarize(endless()), 3))) == 3
    assert next(drawn) < 5000


def test_an_unknown_ending_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="한다, 합니다, 함"):
        Extractive(ending="해요")  # type: ignore[arg-type]
