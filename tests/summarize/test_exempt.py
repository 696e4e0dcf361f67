"""Repetition rules spare what the dialogue holds, and hit everything else as transformers' own rules do."""

from __future__ import annotations

import pytest

from yoyak.records import Dialogue, Turn
from yoyak.summarize.exempt import ExemptRepetition, banned_after, exempt_ids, exempt_texts


def test_tags_names_and_numbers_of_the_dialogue_are_exempt() -> None:
    talk = Dialogue("a", (Turn("#Person1#", "Kevin이 3,500원 냈어. #PhoneNumber#로 전화해."), Turn("민지", "응, 3,500원.")))
    assert exempt_texts(talk) == ["#Person1#", "#PhoneNumber#", "민지", "3,500", "Kevin"]


def test_every_way_to_spell_them_counts() -> None:
    assert exempt_ids(["ab"], lambda text: [ord(c) for c in text]) == {ord("a"), ord("b"), ord(" ")}


@pytest.mark.parametrize(
    ("written", "size", "banned"),
    [([], 2, []), ([1], 1, [1]), ([1, 2, 1], 2, [2]), ([1, 2, 1, 3, 1], 2, [2, 3]), ([1, 2, 3], 0, []), ([5, 6], 3, [])],
)
def test_what_an_n_gram_rule_bans(written: list[int], size: int, banned: list[int]) -> None:
    assert banned_after(written, size) == banned


def test_the_rules_on_scores() -> None:
    torch = pytest.importorskip("torch")
    scores = torch.tensor([[2.0, -2.0, 4.0, 1.0, 3.0]])
    written = torch.tensor([[9, 0, 1, 2, 0]])  # the first stands before what was written
    rule = ExemptRepetition(2.0, 2, [{2}], prompt_length=1)
    changed = rule(written, scores)[0].tolist()
    # 0 is halved, 1 is banned after 0 (0 1 was written), 2 is exempt, the others were not written
    assert changed == [1.0, -float("inf"), 4.0, 1.0, 3.0]
    assert scores.tolist() == [[2.0, -2.0, 4.0, 1.0, 3.0]]  # inputs are not modified
    assert ExemptRepetition(1.0, 2, [{1}], prompt_length=1)(written, scores)[0].tolist() == scores[0].tolist()


def test_each_beam_is_ruled_by_its_own_input() -> None:
    torch = pytest.importorskip("torch")
    scores = torch.ones(4, 3)
    written = torch.tensor([[0, 1]] * 4)
    changed = ExemptRepetition(2.0, 0, [{1}, set()], prompt_length=1, beams=2)(written, scores)
    assert changed[:, 1].tolist() == [1.0, 1.0, 0.5, 0.5]
