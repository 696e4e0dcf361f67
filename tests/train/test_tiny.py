"""The tiny models' tokenizer is the same in every process."""

from __future__ import annotations

import pytest

pytest.importorskip("tokenizers")

from yoyak.train.tiny import tiny_tokenizer


def test_of_letters_that_are_equally_frequent_the_first_ones_are_kept() -> None:
    # Left to the trainer, which of them are kept depends on a hash that is another in each process.
    rare = ["뷁", "쀍", "쁅", "쀼", "뿳", "쀐"]
    vocabulary = tiny_tokenizer(rare, tokens=6).get_vocab()
    assert [letter for letter in rare if letter in vocabulary] == sorted(rare)[:2]
    assert "▁" in vocabulary


def test_a_frequent_letter_is_kept_before_a_rare_one() -> None:
    vocabulary = tiny_tokenizer(["뷁 뷁 쀍 쀍 쁅", "쀍"], tokens=3).get_vocab()
    assert "쀍" in vocabulary
    assert "뷁" not in vocabulary
