import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score import rouge_scorer

from yoyak.metrics.rouge import NAMES, rouge, rouge_l, rouge_multi, rouge_n
from yoyak.text.morphemes import forms

TOKENS = st.lists(st.sampled_from("가나다라마바"), max_size=14)


class Given:
    """rouge_score's tokenizer interface over ready tokens."""

    def tokenize(self, text: str) -> list[str]:
        return text.split()


def test_equal_to_rouge_score_on_random_pairs() -> None:
    oracle = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=Given())
    rng = random.Random(0)
    for _ in range(10_000):
        one, two = (rng.choices("가나다라마바사", k=rng.randint(1, 20)) for _ in range(2))
        theirs = oracle.score(" ".join(two), " ".join(one))
        for name, score in rouge(one, two).items():
            if name == "rouge2" and len(one) < 2 and len(two) < 2:
                continue  # no bigram on either side: rouge_score says 0 even for equal texts
            expected = theirs[name]
            assert score.precision == pytest.approx(expected.precision, abs=1e-12)
            assert score.recall == pytest.approx(expected.recall, abs=1e-12)
            assert score.f1 == pytest.approx(expected.fmeasure, abs=1e-12)


# Hand-computed on Kiwi's morphemes.
#   "#Person1#은 밥을 먹는다." = #Person1# 은 밥 을 먹 는다 .   (7)
#   "#Person2#는 밥을 먹는다." = #Person2# 는 밥 을 먹 는다 .   (7): 5 common unigrams, 4 of 6 bigrams, LCS 5
#   "#Person1#은 밥을 먹지 않는다." = #Person1# 은 밥 을 먹 지 않 는다 . (9): 7 common, 4 bigrams + "는다 ." = 5, LCS 7
KOREAN = [
    ("#Person1#은 밥을 먹는다.", "#Person2#는 밥을 먹는다.", (5 / 7, 4 / 6, 5 / 7)),
    ("#Person1#은 밥을 먹는다.", "#Person1#은 밥을 먹지 않는다.", (14 / 16, 10 / 14, 14 / 16)),
]


@pytest.mark.parametrize(("prediction", "reference", "f1"), KOREAN)
def test_known_korean_pairs(prediction: str, reference: str, f1: tuple[float, ...]) -> None:
    scores = rouge(*forms([prediction, reference]))
    assert tuple(scores[name].f1 for name in NAMES) == pytest.approx(f1)


def test_two_unrelated_sentences_share_no_more_than_their_frame() -> None:
    one, two = forms(["#Person1#은 아파트를 계약한다.", "#Person2#는 감기에 걸렸다."])
    assert rouge(one, two)["rouge1"].f1 < 0.3


@given(TOKENS)
def test_a_text_equals_itself(tokens: list[str]) -> None:
    assert all(score.f1 == 1.0 for score in rouge(tokens, tokens).values())


@given(TOKENS, TOKENS)
def test_never_nan_always_in_range_and_symmetric(one: list[str], two: list[str]) -> None:
    for name, score in rouge(one, two).items():
        for value in (score.precision, score.recall, score.f1):
            assert 0.0 <= value <= 1.0
        assert rouge(two, one)[name].f1 == pytest.approx(score.f1)


@given(TOKENS, st.lists(TOKENS, min_size=2, max_size=4), st.sampled_from(["mean", "max"]))
def test_the_order_of_references_is_irrelevant(prediction: list[str], references: list[list[str]], rule: str) -> None:
    forward = rouge_multi(prediction, references, rule=rule)  # type: ignore[arg-type]
    assert forward == rouge_multi(prediction, references[::-1], rule=rule)  # type: ignore[arg-type]


def test_unique_mode_counts_each_ngram_once() -> None:
    assert rouge_n("aab", "aacc", 1).recall == 0.5
    assert rouge_n("aab", "aacc", 1, ngrams="unique").recall == 0.5
    assert rouge_n("aab", "ab", 1, ngrams="unique").f1 == 1.0


def test_mean_and_max_over_references() -> None:
    mean = rouge_multi("ab", ["ab", "cd"])["rouge1"]
    best = rouge_multi("ab", ["ab", "cd"], rule="max")["rouge1"]
    assert (mean.f1, best.f1) == (0.5, 1.0)
    with pytest.raises(ValueError, match="reference"):
        rouge_multi("ab", [])


def test_empty_texts() -> None:
    assert rouge_l([], ["가"]).f1 == 0.0
    assert rouge_n(["가"], ["나"], 2).f1 == 0.0
