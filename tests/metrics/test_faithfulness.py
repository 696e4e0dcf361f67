import pytest

from yoyak.metrics.evidence import evidence, sentences
from yoyak.metrics.faithfulness import check, copy_rate, holds, length_ratio, rates
from yoyak.records import Dialogue, Turn

TALK = Dialogue(
    "talk",
    (
        Turn("#Person1#", "Kevin, 내일 오후 세 시에 도서관에서 만날까?"),
        Turn("#Person2#", "도서관은 문을 닫아. 카페가 낫겠어."),
        Turn("#Person1#", "그럼 카페로 하자. 책값 만오천 원도 가져올래?"),
        Turn("#Person2#", "책값은 12월 3일에 줄게. 전화는 #PhoneNumber#로 해."),
    ),
)


def found(summary: str) -> set[str]:
    return {finding.check for finding in check(TALK, summary)}


TRUE = [
    "#Person1#은 Kevin에게 15시에 도서관에서 만나자고 하고, #Person2#는 카페가 낫다고 한다.",
    "#Person1#은 #Person2#에게 15,000원을 가져오라고 한다.",
    "#Person2#는 책값을 12월 3일에 주겠다고 하고 #PhoneNumber#로 전화하라고 한다.",
    "두 사람은 카페에서 한 번 만나기로 한다.",
]


@pytest.mark.parametrize("summary", TRUE)
def test_true_summaries_pass(summary: str) -> None:
    assert check(TALK, summary) == []


@pytest.mark.parametrize(
    ("summary", "name"),
    [
        ("#Person3#은 카페에 간다.", "tag"),
        ("#Person1#은 책 세 권을 산다.", "number"),
        ("#Person1#은 책값 만육천 원을 말한다.", "money"),
        ("#Person1#은 네 시에 만나자고 한다.", "time"),
        ("#Person1#은 오전 3시에 만나자고 한다.", "time"),
        ("#Person2#는 책값을 12월 4일에 준다.", "date"),
        ("#Person1#은 Steven을 만난다.", "name"),
        ("#Person1#은 도서관이 문을 닫으니 카페가 낫다고 한다.", "speaker"),
        ("는 카페로 가자고 한다.", "orphaned-josa"),
        ("#Person1#는 카페로 가자고 한다.", "wrong-josa"),
        ("#Person1#은 カフェ에 간다.", "foreign-script"),
        ("#Person1#은 카페에 간다. #Person1#은 카페에 간다.", "repetition"),
    ],
)
def test_each_check_finds_its_fault(summary: str, name: str) -> None:
    assert name in found(summary)


def test_rates_count_only_summaries_that_hold_such_an_item() -> None:
    dialogues = {"a": TALK, "b": TALK, "c": TALK}
    result = rates(dialogues, {"a": "#Person1#은 네 시에 만난다.", "b": "#Person1#은 세 시에 만난다.", "c": "둘은 만난다."})
    assert (result["time"].flagged, result["time"].applicable) == (1, 2)
    assert result["money"].share == 0.0
    assert "time" not in holds(TALK, "둘은 만난다.")


def test_evidence_points_to_the_turns() -> None:
    support = evidence(TALK, "#Person2#는 도서관이 문을 닫는다고 한다. #Person1#은 책값을 가져오라고 한다.")
    assert [s.turns[0] for s in support] == [2, 3]
    assert all(0.0 <= s.score <= 1.0 for s in support)
    assert evidence(TALK, "") == []


def test_sentences_keep_decimals_and_abbreviations_of_numbers_whole() -> None:
    assert sentences("점수는 3.5점이다. 끝이다!") == ["점수는 3.5점이다.", "끝이다!"]


def test_copy_rate_and_length() -> None:
    assert copy_rate(TALK, "도서관은 문을 닫아. 카페가 낫겠어.") > 0.7
    assert copy_rate(TALK, "둘은 다른 곳에서 보기로 정한다.") < 0.2
    assert copy_rate(TALK, "") == 0.0
    assert length_ratio(Dialogue("a", (Turn("가", "나다라"),)), "가나다") == 0.5
