"""The decision: known numbers, and the rule's own promises."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from yoyak.eda import decision
from yoyak.eda.facts import facts
from yoyak.models.cost import KOBART, shape_of
from yoyak.records import Dialogue, Turn


def _talk(words: int, *, number_at_end: bool = False, name: str = "a") -> Dialogue:
    text = "가 " * words + ("그러면 17번 버스" if number_at_end else "")
    summary = "#Person1#은 17번 버스를 탄다." if number_at_end else "#Person1#은 말한다."
    return Dialogue(name, (Turn("#Person1#", text),), (summary,))


def test_short_dialogues_need_the_smallest_limits() -> None:
    found = decision.recommend([_talk(3)] * 5, count=lambda text: len(text.split()))
    assert (found.encoder, found.decoder, found.dialogues_cut, found.summaries_cut) == (128, 32, 0.0, 0.0)


def test_one_dialogue_in_a_hundred_may_be_cut_but_not_two() -> None:
    short, long = [_talk(10)] * 99, [_talk(600)]
    count: Callable[[str], int] = lambda text: len(text.split())  # noqa: E731
    assert decision.recommend(short + long, count=count).encoder == 128
    assert decision.recommend(short + long * 2, count=count).encoder == 640


def test_a_number_that_would_be_lost_raises_the_limit() -> None:
    count: Callable[[str], int] = lambda text: len(text.split())  # noqa: E731
    talks = [_talk(10)] * 99 + [_talk(150, number_at_end=True)]
    found = decision.recommend(talks, count=count)
    assert found.encoder == 192
    assert found.facts_lost == 0.0
    assert "192" in found.reason


def test_limits_stay_within_the_position_table_and_say_what_to_do() -> None:
    found = decision.recommend(
        [_talk(900)] * 3, count=lambda text: len(text.split()), config={"model_type": "bart", "max_position_embeddings": 514}
    )
    assert found.encoder == 512
    assert found.dialogues_cut == 1.0
    assert "split" in found.reason


def test_a_prompt_counts_for_a_decoder_only_model() -> None:
    talk, count = [_talk(125)] * 3, len
    alone = decision.recommend(talk, count=count).longest_dialogue
    prompted = decision.recommend(talk, count=count, config={"model_type": "llama", "max_position_embeddings": 4096}).longest_dialogue
    assert prompted > alone


def test_without_summaries_the_decoder_is_left_at_what_is_safe() -> None:
    found = decision.recommend([Dialogue("a", (Turn("#Person1#", "네."),))], count=len)
    assert found.decoder == decision.UNSEEN


def test_no_dialogue_is_an_error() -> None:
    with pytest.raises(ValueError, match="no dialogue"):
        decision.recommend([], count=len)


def test_shares_by_hand() -> None:
    lengths = np.array([10, 20, 30, 40], dtype=np.int32)
    assert decision.share_cut(lengths, 20) == 0.5
    assert decision.share_lost(lengths, 20) == 30 / 100
    assert decision.share_cut(np.zeros(0, np.int32), 20) == 0.0


def test_choices_fall_as_limits_rise_and_the_recommended_one_costs_one() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(50, 900, 400).astype(np.int32)
    needs = {"number": rng.integers(10, 800, 100).astype(np.int32)}
    flops, bytes_ = decision.encoder_cost(shape_of(KOBART), 64)
    found = decision.choices(lengths, decision.ENCODER, needs=needs, flops=flops, bytes_=bytes_, beside=512)
    for before, after in pairwise(found):
        assert before.cut >= after.cut
        assert before.tokens_lost >= after.tokens_lost
        assert before.facts_lost["number"] >= after.facts_lost["number"]
        assert before.padded_time < after.padded_time
        assert before.grouped_time <= after.grouped_time
        assert before.memory_bytes < after.memory_bytes
    usual = next(each for each in found if each.limit == 512)
    assert usual.padded_time == usual.grouped_time == 1.0


def test_batches_by_length_cost_less_than_padding_when_few_are_long() -> None:
    lengths = np.array([100] * 99 + [1000], dtype=np.int32)
    flops, bytes_ = decision.encoder_cost(shape_of(KOBART), 64)
    [long] = decision.choices(lengths, [1024], needs={}, flops=flops, bytes_=bytes_, beside=128)
    assert long.padded_time > 5
    assert long.grouped_time < 1.15


def test_facts_are_compared_by_value_and_absent_ones_are_none() -> None:
    found = list(facts("#Person1#: 세 시에 Jimmy랑 봐.", "#Person1#은 3시에 Jimmy를 만나고 4시에 Tom을 본다.", ["#Person1#"]))
    assert [fact.kind for fact in found] == ["tag", "number", "name"]
