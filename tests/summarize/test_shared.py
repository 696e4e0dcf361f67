"""Beams that share their prompt: they are CTranslate2's beams, together as one by one, within the memory that they may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("ctranslate2")
pytest.importorskip("tokenizers")
pytest.importorskip("safetensors")

from tiny_models import tiny_bart, tiny_gemma
from yoyak.checkpoints.convert import converted, read_form
from yoyak.checkpoints.stored import StoredModel, cache_bytes
from yoyak.errors import ModelError
from yoyak.records import Dialogue, Turn
from yoyak.summarize.calibrate import usual
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.engines import shared, tree
from yoyak.summarize.engines.ct2 import CTranslate2Runtime
from yoyak.summarize.search import BeamSearch, top
from yoyak.summarize.summarizer import Summarizer
from yoyak.summarize.tokens import Codec

TALKS = [
    Dialogue(f"d{i}", tuple(Turn(f"#Person{1 + n % 2}#", "내일 세 시에 도서관 만나자"[: 4 + (i * n) % 11]) for n in range(2 + i % 5)))
    for i in range(12)
]
DECODE = DecodeConfig(num_beams=4, max_new_tokens=12)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    return converted(tiny_gemma(tmp_path / "tiny"), quantization=None)


def searched(
    folder: Path, prompts: Sequence[Sequence[int]], *, ends: set[int], rows: int = 64, memory: int = 2**28, **more: object
) -> object:
    begin = [BeamSearch(4, ends=frozenset(ends), most=12, **more) for _ in prompts]  # type: ignore[arg-type]
    return tree.searched(tree.TreeModel(folder), prompts, begin, rows=rows, memory=memory)


@pytest.mark.parametrize("penalty", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("fewest", [0, 5])
def test_beams_are_those_of_ctranslate2(folder: Path, penalty: float, fewest: int) -> None:
    form = read_form(folder)
    decode = replace(DECODE, length_penalty=penalty, min_new_tokens=fewest)
    codec = Codec(folder / "tokenizer.json", form, decode)
    reference = CTranslate2Runtime(folder, form, codec, decode, usual(), device="cpu", compute_type="float32")
    prompts = [codec.tokens(talk.turns) for talk in TALKS]
    # Ends that this random model writes now and then, so that beams end at different steps.
    written = [ids for prompt in prompts for ids in reference.ids([list(prompt)])[0]]
    ends = {ids[len(ids) // 2] for ids in written[:3]}
    names = [codec.shown([one]) for one in ends]
    found = searched(folder, [codec.ids(p) for p in prompts], ends=ends, length_penalty=penalty, fewest=fewest)
    for prompt, beams in zip(prompts, found, strict=True):  # type: ignore[call-overload]
        [expected] = reference.raw([list(prompt)], end_token=names, num_hypotheses=4, return_scores=True)
        assert [list(one.ids) for one in beams] == expected.sequences_ids
        assert [one.score for one in beams] == pytest.approx(expected.scores, abs=1e-4)
    assert len({len(one.ids) for beams in found for one in beams}) > 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(("rows", "memory"), [(1, 2**28), (9, 2**28), (64, 1)])
def test_however_few_are_computed_at_a_time(folder: Path, rows: int, memory: int) -> None:
    prompts = [[2, *range(10, 14 + 3 * i)] for i in range(6)]
    whole = searched(folder, prompts, ends={1})
    parts = searched(folder, prompts, ends={1}, rows=rows, memory=memory)
    assert [[h.ids for h in one] for one in parts] == [[h.ids for h in one] for one in whole]  # type: ignore[attr-defined]


def test_a_window_forgets_what_lies_before_it(tmp_path: Path) -> None:
    """A step of beams through windows gives the logits that reading the whole text gives."""
    model = tree.TreeModel(converted(tiny_gemma(tmp_path / "tiny"), quantization=None, key=str(tmp_path.name)))
    model._layers = [replace(layer, window=7) for layer in model._layers]
    prompt, beams = [2, *range(20, 29)], [[30, 31, 32, 33, 34, 35, 36, 37, 38], [40, 31, 42, 33, 44, 35, 46, 37, 48]]
    context, _ = model.read(prompt)
    for step in range(9):
        context.branch(np.array([0, 0] if step == 0 else [0, 1]))
        [logits] = model.step([context], [np.array([beams[0][step], beams[1][step]])])
        for row, ids in zip(logits, beams, strict=True):
            assert row == pytest.approx(model.read([*prompt, *ids[: step + 1]])[1][0], abs=1e-4)


def test_the_summarizer_searches_beams_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))
    checkpoint = tiny_gemma(tmp_path / "tiny")
    expected = list(Summarizer.load(checkpoint, decode=DECODE, compute_type="float32").summarize(TALKS))
    beams = list(Summarizer.load(checkpoint, decode=DECODE, compute_type="float32").candidates(TALKS))
    assert [item.candidates[0].text for item in beams] == [prediction.summary for prediction in expected]
    monkeypatch.setattr(shared, "suits", lambda *_: False)
    assert list(Summarizer.load(checkpoint, decode=DECODE, compute_type="float32").summarize(TALKS)) == expected


def test_what_it_does_not_know_is_left_to_ctranslate2(tmp_path: Path, folder: Path) -> None:
    bart = converted(tiny_bart(tmp_path / "bart"), quantization=None)
    assert not shared.suits(bart, read_form(bart), DECODE, "cpu")
    for decode, device in ((replace(DECODE, num_beams=1), "cpu"), (replace(DECODE, repetition_penalty=1.1), "cpu"), (DECODE, "cuda")):
        assert not shared.suits(folder, read_form(folder), decode, device)
    assert shared.suits(folder, read_form(folder), DECODE, "cpu")


def test_what_a_token_takes_in_memory(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # two layers, two heads of 16 that share one key and one value: CTranslate2 keeps both, in fp32
    assert cache_bytes(StoredModel(folder)) == 2 * 2 * (2 * 16) * 4
    assert tree.TreeModel(folder).row_bytes == 2 * 2 * 16 * 4
    assert cache_bytes(StoredModel(converted(tiny_bart(tmp_path / "bart"), quantization="int8"))) == 2 * 2 * 32 * 4


def test_int8_is_multiplied_out(tmp_path: Path, folder: Path) -> None:
    eight = StoredModel(converted(tiny_gemma(tmp_path / "tiny"), quantization="int8"))
    exact, name = StoredModel(folder), "decoder/layer_1/ffn/linear_1/weight"
    step = np.abs(exact.floats(name)).max(axis=1, keepdims=True) / 127
    assert (np.abs(eight.floats(name) - exact.floats(name)) <= 0.51 * step).all()
    assert exact.same("decoder/projection/weight", "decoder/embeddings/weight")
    with pytest.raises(ModelError, match="not a CTranslate2 model"):
        (tmp_path / "model.bin").write_bytes(b"nothing of the kind")
        StoredModel(tmp_path)


@given(st.lists(st.lists(st.floats(-9, 9, width=32), min_size=5, max_size=5), min_size=1, max_size=4), st.integers(1, 8))
def test_the_best_continuations_are_the_best(rows: list[list[float]], count: int) -> None:
    logits = np.array(rows, np.float32)
    before = np.linspace(0, -2, len(rows), dtype=np.float32)
    every = (logits - np.log(np.exp(logits.astype(np.float64)).sum(axis=1, keepdims=True)) + before[:, None]).reshape(-1)
    scores, origins, tokens = top(logits.copy(), before, min(count, logits.size))
    assert scores == pytest.approx(np.sort(every)[::-1][: len(scores)], abs=1e-4)
    assert every[origins * 5 + tokens] == pytest.approx(scores, abs=1e-4)
