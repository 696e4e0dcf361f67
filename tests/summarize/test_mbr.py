"""The vote of the candidates: agreement wins, weak ones have no voice, order and failures are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.records import Dialogue, Prediction, Turn
from yoyak.summarize.candidates import Candidate, Candidates, of_predictions
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.mbr import Remembering, choose, chosen, expected, pruned, utilities, utility

WORDS = st.lists(st.sampled_from("가나다라"), min_size=0, max_size=6)


@given(WORDS, WORDS)
def test_utility_is_symmetric_and_bounded(a: list[str], b: list[str]) -> None:
    assert utility(a, b) == pytest.approx(utility(b, a))
    assert 0 <= utility(a, b) <= 1
    assert utility(a, a) == 1


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_the_table_is_the_utility_of_every_pair(lists: list[list[str]]) -> None:
    table = utilities(lists)
    for i, one in enumerate(lists):
        assert table[i] == pytest.approx([utility(one, other) for other in lists])


@given(st.lists(WORDS, min_size=1, max_size=6), st.randoms())
def test_the_choice_does_not_depend_on_the_order_but_for_ties(lists: list[list[str]], dice: object) -> None:
    values = expected(lists, [1.0] * len(lists))
    backwards = expected(lists[::-1], [1.0] * len(lists))
    assert values == pytest.approx(backwards[::-1])


def test_known_numbers() -> None:
    # a = b shares nothing with c; d shares one word of two with a and b
    tokens = [["가", "나"], ["가", "나"], ["다", "라"], ["가", "라"]]
    values = expected(tokens, [1.0] * 4)
    assert values[0] == values[1] > values[3] > values[2]
    assert chosen([Candidate(" ".join(t)) for t in tokens], tokens) == 0


def test_weak_and_empty_candidates_are_pruned() -> None:
    given = [Candidate("가.", -0.2), Candidate("", -0.1), Candidate("나.", -0.5), Candidate("다.", -3.0)]
    assert [c.text for c in pruned(given)] == ["가.", "나."]
    assert pruned([Candidate("가."), Candidate("나.")]) == [Candidate("가."), Candidate("나.")]
    assert pruned([Candidate("")]) == [Candidate("")]
    assert pruned([]) == []


def test_one_that_is_alone_with_what_it_says_has_no_voice() -> None:
    # the second and third agree; the first and the fourth share a word with each other and nothing with these
    tokens = [["가", "나", "다"], ["라", "마", "바"], ["라", "마", "사"], ["가", "아", "자"]]
    given = [Candidate("".join(words)) for words in tokens]
    assert chosen(given, tokens) == 1
    assert chosen([Candidate(c.text, -0.1) for c in given], tokens) == 1
    # with a lone outlier that shares frames with everybody, pruning decides
    frames = [["은", "말한다", "가"], ["은", "말한다", "나", "다"], ["은", "말한다", "나", "다", "라"], ["은"]]
    values = expected(frames, [1.0] * 4)
    assert values[3] < 0.9 * max(values)
    assert chosen([Candidate(str(i)) for i in range(4)], frames, agreement=0.9) in (1, 2)


def test_the_second_criterion_decides_among_equals_alone() -> None:
    tokens = [["가", "나", "다"], ["가", "나", "라"], ["마", "바", "사"]]
    given = [Candidate("하나"), Candidate("둘"), Candidate("셋")]
    assert chosen(given, tokens, judge=lambda text: text == "하나") == 1
    assert chosen(given, tokens, judge=lambda text: text != "셋") == 0  # the third is faultless, but agrees with nobody


def test_a_text_is_tokenized_once_and_memory_is_bounded() -> None:
    seen: list[str] = []

    class Counting:
        signature = "counting"

        def tokenize(self, texts):  # type: ignore[no-untyped-def]
            seen.extend(texts)
            return [tuple(text) for text in texts]

    tokenizer = Remembering(Counting(), most=3)
    assert tokenizer.tokenize(["가", "나", "가"]) == [("가",), ("나",), ("가",)]
    assert tokenizer.tokenize(["나", "다", "라"]) == [("나",), ("다",), ("라",)]
    assert seen == ["가", "나", "다", "라"]
    tokenizer.tokenize(["가"])  # forgotten by now
    assert seen[-1] == "가"


def test_choose_keeps_the_order_and_says_where_there_is_nothing() -> None:
    items = [
        Candidates(str(i), (Candidate("#Person1#은 밥을 먹는다."), Candidate("#Person1#은 밥을 먹는다!"), Candidate("비가 온다.")))
        for i in range(70)
    ]
    items[3] = Candidates("3", (), error="failed")
    found = list(choose(items, tokenize="char"))
    assert [item.id for item, _ in found] == [str(i) for i in range(70)]
    assert found[3][1] is None
    assert {choice.text for _, choice in found if choice} == {"#Person1#은 밥을 먹는다."}


def test_predictions_of_several_systems_become_candidates() -> None:
    a = [Prediction("1", "가.", "a"), Prediction("2", "나.", "a")]
    b = [Prediction("2", "", "b", error="failed"), Prediction("1", "다.", "b")]
    assert [[c.source for c in item.candidates] for item in of_predictions([a, b])] == [["a", "b"], ["a"]]
    with pytest.raises(ValueError, match="system 2"):
        list(of_predictions([a, b[:1]]))


def test_beams_of_a_model_vote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ctranslate2")
    from tiny_models import tiny_bart
    from yoyak.summarize.summarizer import Summarizer

    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    model = tiny_bart(tmp_path / "tiny")
    decode = DecodeConfig(num_beams=4, max_new_tokens=8, max_input_tokens=200)
    talks = [Dialogue(f"d{i}", (Turn("#Person1#", "내일 만나자"[:i]), Turn("#Person2#", "좋아"))) for i in range(1, 6)]
    talks.insert(2, Dialogue("empty", ()))
    found = list(Summarizer.load(model, decode=decode, compute_type="float32", mbr=True).summarize(talks))
    assert [p.id for p in found] == [d.id for d in talks]
    assert [p.error is None for p in found] == [True, True, False, True, True, True]
    one = list(Summarizer.load(model, decode=replace(decode, num_beams=1), compute_type="float32", mbr=True).summarize(talks))
    greedy = list(Summarizer.load(model, decode=replace(decode, num_beams=1), compute_type="float32").summarize(talks))
    assert [p.summary for p in one if p.summary] == [p.summary for p in greedy if p.summary]
