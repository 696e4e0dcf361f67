"""Limits learned from the dialogue's length: they let through what summaries need, and stop what runs on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoyak.errors import ModelError
from yoyak.summarize.decoding import DecodeConfig, of_checkpoint
from yoyak.summarize.lengths import LengthLimit, fitted


@given(st.integers(0, 2**16), st.floats(0, 0.5), st.floats(5, 60))
def test_nearly_all_lie_below_the_line(seed: int, slope: float, spread: float) -> None:
    random = np.random.default_rng(seed)
    inputs = random.integers(50, 900, 400)
    pairs = [(int(n), 1 + int(slope * n + random.exponential(spread))) for n in inputs]
    tight, wide = fitted(pairs, margin=1.0), fitted(pairs)
    assert tight is not None
    assert wide is not None
    assert np.mean([tight.of(n) >= length for n, length in pairs]) >= 0.98
    assert all(wide.of(n) >= tight.of(n) for n, _ in pairs)


def test_few_pairs_show_no_line() -> None:
    assert fitted([(100, 20)] * 49) is None


@given(st.integers(0, 5000), st.integers(1, 400))
def test_the_fixed_limit_holds_too(tokens: int, most: int) -> None:
    decode = DecodeConfig(max_new_tokens=most, length_limit=LengthLimit(20.0, 0.25))
    assert 1 <= decode.most(tokens) <= most
    assert DecodeConfig(max_new_tokens=most).most(tokens) == most


def test_a_checkpoint_s_own_limit(tmp_path: Path) -> None:
    (tmp_path / "yoyak.json").write_text(json.dumps({"length_limit": {"constant": 20, "per_token": 0.25}, "decoding": {"num_beams": 4}}))
    assert of_checkpoint(tmp_path).decode == DecodeConfig(num_beams=4, length_limit=LengthLimit(20.0, 0.25))
    saved = of_checkpoint(tmp_path).as_dict()
    (tmp_path / "yoyak.json").write_text(json.dumps({"decoding": saved}))
    assert of_checkpoint(tmp_path).as_dict() == saved


@pytest.mark.parametrize("wrong", [{"constant": 20}, {"constant": 20, "per_token": -1}, {"constant": "many", "per_token": 0}, [1, 2]])
def test_what_is_no_limit_is_told(tmp_path: Path, wrong: object) -> None:
    (tmp_path / "yoyak.json").write_text(json.dumps({"length_limit": wrong}))
    with pytest.raises(ModelError, match="length limit"):
        of_checkpoint(tmp_path)


def test_engines_stop_at_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ctranslate2")
    from tiny_models import tiny_bart, tiny_gemma
    from yoyak.records import Dialogue, Turn
    from yoyak.summarize.summarizer import Summarizer

    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    talk = Dialogue("a", (Turn("가", "내일 세 시에 도서관에서 만나자"),))
    for made in (tiny_bart(tmp_path / "bart"), tiny_gemma(tmp_path / "gemma")):
        for beams in (1, 4):
            decode = DecodeConfig(num_beams=beams, max_new_tokens=20)
            [long] = Summarizer.load(made, decode=decode, compute_type="float32").candidates([talk])
            limited = replace(decode, length_limit=LengthLimit(5.0, 0.0))
            [short] = Summarizer.load(made, decode=limited, compute_type="float32").candidates([talk])
            assert {one.length for one in long.candidates} == {20}
            assert {one.length for one in short.candidates} == {5}


def test_what_a_user_asks_for_goes_before_what_was_learned(tmp_path: Path) -> None:
    from yoyak.cli.summarize import _decoding

    (tmp_path / "yoyak.json").write_text(json.dumps({"length_limit": {"constant": 20, "per_token": 0.25}}))
    asked, _ = _decoding(str(tmp_path), None, None, 90, "split")
    learned, _ = _decoding(str(tmp_path), None, None, None, "split")
    assert (asked.most(100), learned.most(100)) == (90, 45)
