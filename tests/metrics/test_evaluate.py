import pytest

from yoyak.errors import DataError, UsageError
from yoyak.metrics.baselines import lead, shuffled
from yoyak.metrics.evaluate import evaluate
from yoyak.metrics.normalize import normalized
from yoyak.metrics.tokenizers import NAMES, checked, load
from yoyak.records import Dialogue, Turn

REFERENCES = {f"d{n}": (f"#Person1#은 {n}시에 도서관에서 #Person2#를 만나기로 한다.", f"둘은 {n}시에 만난다.") for n in range(1, 9)}
GOOD = {id_: texts[0].replace("만나기로 한다", "만난다") for id_, texts in REFERENCES.items()}
BAD = dict.fromkeys(REFERENCES, "날씨가 춥다.")


def test_baselines_stand_beside_every_score() -> None:
    dialogues = {id_: Dialogue(id_, (Turn("#Person1#", "안녕"), Turn("#Person2#", "응"))) for id_ in REFERENCES}
    found = evaluate(GOOD, REFERENCES, dialogues=dialogues, tokenizer=load("eojeol"))
    assert set(found.baselines) == {"constant", "lead-1", "lead-3", "shuffled", "reference 1", "reference 2"}
    mine = found.systems["predictions"].scores["rouge1"]
    assert mine.low is not None
    assert mine.high is not None
    assert mine.low <= mine.f1 <= mine.high
    assert mine.f1 > found.baselines["constant"]["rouge1"].f1


def test_a_constant_wins_nothing_under_korean_tokens() -> None:
    found = evaluate(GOOD, REFERENCES)
    assert found.baselines["constant"]["rouge2"].f1 < 0.4 < found.systems["predictions"].scores["rouge1"].f1


def test_systems_are_compared_in_pairs() -> None:
    found = evaluate(GOOD, REFERENCES, against={"bad": BAD, "same": GOOD}, tokenizer=load("eojeol"))
    assert found.differences["bad"]["rouge1"].real
    assert found.differences["bad"]["rouge1"].mean > 0
    assert not found.differences["same"]["rouge1"].real


def test_ids_decide_not_order() -> None:
    turned = dict(reversed(GOOD.items()))
    tokenizer = load("eojeol")
    assert evaluate(turned, REFERENCES, tokenizer=tokenizer).systems["predictions"].scores == (
        evaluate(GOOD, REFERENCES, tokenizer=tokenizer).systems["predictions"].scores
    )


@pytest.mark.parametrize(
    ("predictions", "rule"),
    [
        ({k: v for k, v in GOOD.items() if k != "d1"}, "ids-missing"),
        ({**GOOD, "x": "가"}, "ids-extra"),
        ({f"z{k}": v for k, v in GOOD.items()}, "ids-disjoint"),
    ],
)
def test_ids_that_do_not_fit_are_errors_with_a_remedy(predictions: dict[str, str], rule: str) -> None:
    with pytest.raises(DataError) as error:
        evaluate(predictions, REFERENCES, tokenizer=load("char"))
    assert [p.rule for p in error.value.problems] == [rule]
    assert all(p.remedy for p in error.value.problems)


def test_the_signature_names_what_figures_depend_on() -> None:
    signature = evaluate(GOOD, REFERENCES, rule="max", ngrams="unique").signature
    for part in ("tok:morpheme(kiwi-", "tags:atomic", "refs:2,max", "ngrams:unique", "norm:", "v:"):
        assert part in signature


@pytest.mark.parametrize("name", [name for name in NAMES if name != "mecab"])
def test_every_tokenizer_keeps_hangul_and_tags(name: str) -> None:
    [tokens] = load(name).tokenize(["#Person1#은 밥을 먹는다."])
    assert tokens[0] == "#Person1#"
    assert load(name).signature.startswith(name)


def test_tokenizers_that_cannot_score_korean_are_refused() -> None:
    class Ascii:
        signature = "ascii"

        def tokenize(self, texts: object) -> list[tuple[str, ...]]:
            return [("person1",)]

    class Splitting:
        signature = "splitting"

        def tokenize(self, texts: object) -> list[tuple[str, ...]]:
            return [("#", "Person1", "#", "밥")]

    with pytest.raises(UsageError, match="drops Hangul"):
        checked(Ascii())
    with pytest.raises(UsageError, match="drops Hangul"):
        evaluate(GOOD, REFERENCES, tokenizer=Ascii())
    with pytest.raises(UsageError, match="splits tags"):
        checked(Splitting())
    with pytest.raises(UsageError, match="morpheme, eojeol, char, mecab"):
        load("nltk")


def test_shuffled_leaves_no_prediction_in_its_place() -> None:
    moved = shuffled(GOOD)
    assert sorted(moved.values()) == sorted(GOOD.values())
    assert all(moved[id_] != GOOD[id_] for id_ in GOOD)
    assert moved == shuffled(GOOD)


def test_lead_takes_whole_turns() -> None:
    assert lead(Dialogue("a", (Turn("지훈", "가"), Turn("수아", "나"), Turn("지훈", "다"))), 2) == "지훈: 가\n수아: 나"


def test_the_gap_between_tag_and_josa_is_no_difference() -> None:
    assert normalized("#Person1# 은 #Person2# 에게서 듣는다 ") == "#Person1#은 #Person2#에게서 듣는다"
    assert normalized("#Person1# 이야기") == "#Person1# 이야기"


def test_no_reference_is_an_error() -> None:
    with pytest.raises(DataError, match="no reference"):
        evaluate({"a": "가"}, {"a": ()})
    with pytest.raises(DataError, match="there are no references"):
        evaluate({}, {})
