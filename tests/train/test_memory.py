"""What a run needs: counted by hand where that can be done, and consistent with the loop's own batches."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")

from toy_job import recipe
from yoyak.cli.main import main
from yoyak.errors import UsageError
from yoyak.models.cost import KOBART, Setup, shape_of
from yoyak.train.batches import IGNORED
from yoyak.train.memory import Batch, batches_of, bytes_of, need_of, on_gpu
from yoyak.train.outline import Outline, sample_of
from yoyak.train.recipe import Batches
from yoyak.train.schedule import steps_of

Make = Callable[..., Path]
LENGTHS = [[(50 + 7 * n % 200, 5 + n % 20) for n in range(60)]] * 2
BIG = recipe(batches=Batches(tokens=1024, round_to=32))


def outline(**setup: object) -> Outline:
    return Outline(KOBART, Setup(**setup), LENGTHS, 0, ())  # type: ignore[arg-type]


def test_batches_are_those_that_the_loop_will_make() -> None:
    found = batches_of(BIG, LENGTHS, seq2seq=True)
    steps = steps_of(BIG, [[read + learned for read, learned in part] for part in LENGTHS])
    assert [batch.rows for batch in found] == [len(rows) for _, rows in steps]
    assert sum(batch.labels for batch in found) == sum(learned for part in LENGTHS for _, learned in part)
    assert all(batch.source % 32 == 0 and batch.target % 8 == 0 for batch in found)


def test_packed_rows_hold_their_own_tokens_and_no_more_than_one_step_of_rounding() -> None:
    lengths = LENGTHS[0]
    for batch, (_, indices) in zip(
        batches_of(BIG, LENGTHS[:1] * 2, seq2seq=True, packed=True),
        steps_of(BIG, [[read + learned for read, learned in lengths]] * 2),
        strict=True,
    ):
        real = sum(lengths[i][0] for i in indices)
        assert real <= batch.rows * batch.source < real + 32 + batch.rows
    packed, padded = (need_of(BIG, outline(packed=flag, sliced=flag), shape_of(KOBART)) for flag in (True, False))
    assert packed.total <= padded.total
    assert not on_gpu(Setup(packed=True, sliced=True), precision="bf16").packed


def test_the_decoder_reads_both_in_one_sequence() -> None:
    for batch in batches_of(BIG, LENGTHS, seq2seq=False):
        assert (batch.source + batch.target) % 32 == 0
        assert batch.rows * (batch.source + batch.target) <= 1024 or batch.rows == 1


def test_all_weights_of_kobart_with_adamw() -> None:
    need = need_of(BIG, outline(), shape_of(KOBART))
    assert need.weights == 4 * 123_859_968
    assert need.optimizer == 8 * 123_859_968
    assert need.total == need.training > need.weights + need.optimizer + need.process
    # Small batches: all gradients together are more than what one batch keeps, and then nothing else is there.
    small = need_of(recipe(batches=Batches(tokens=64, round_to=8)), outline(), shape_of(KOBART))
    assert (small.gradients, small.activations, small.logits) == (4 * 123_859_968, 0, 0)


def test_less_is_kept_where_less_is_asked_for() -> None:
    shape = shape_of(KOBART)
    usual = need_of(BIG, outline(), shape)
    assert need_of(BIG, outline(checkpointing=True), shape).activations < usual.activations
    assert need_of(BIG, outline(activation_bytes=2), shape).activations < usual.activations
    lora = need_of(BIG, outline(learned="lora"), shape)
    assert lora.optimizer < usual.optimizer / 10
    assert need_of(recipe(batches=Batches(tokens=2048, round_to=32)), outline(), shape).activations > usual.activations


def test_the_largest_batch_counts() -> None:
    need = need_of(BIG, outline(), shape_of(KOBART))
    for batch in batches_of(BIG, LENGTHS, seq2seq=True):
        assert batch.rows * batch.source <= 1.35 * need.batch.rows * need.batch.source
    assert isinstance(need.batch, Batch)


def test_on_a_gpu_frozen_weights_are_kept_in_its_precision() -> None:
    assert on_gpu(Setup(learned="lora"), precision="bf16").weight_bytes == 2
    assert on_gpu(Setup(learned="lora", weight_bytes=0.55), precision="bf16").weight_bytes == 0.55
    assert on_gpu(Setup(), precision="fp16").weight_bytes == 4
    assert on_gpu(Setup(), precision="fp32").activation_bytes == 4


@pytest.mark.parametrize("text", ["24", "GB", "24 cards", "-3GB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="24GB"):
        bytes_of(text)


def test_a_sample_shows_what_is_learned() -> None:
    found = sample_of("a", [1, 2, 3, 4], [IGNORED, IGNORED, 3, 4], lambda ids: f"<{len(ids)}>")
    assert found.pieces == (("<2>", False), ("<2>", True))


@pytest.fixture
def small(make: Make, root: Path) -> list[str]:
    rows = (root / "corpus" / "train.jsonl").read_text(encoding="utf-8").splitlines()[:8]
    data = make("train.jsonl", "\n".join(rows) + "\n")
    return ["tiny-seq2seq", "--set", f"data.train=[{data.as_posix()}]", "--set", "data.dev=[]", "--lang", "en"]


def test_the_command_plans_without_training(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")  # so that the command leaves no variable behind in this process
    run = ["train", *small, "-o", str(tmp_path / "run"), "--dry-run"]
    assert main(run) == 0
    shown = capsys.readouterr().out
    for word in ("activations", "logits", "optimizer", "total", "It fits", "s a step", "checkpoint", "lose turns", "bank-"):
        assert word in shown
    assert "[" in shown, "the learned part stands in brackets"
    assert not (tmp_path / "run").exists()
    assert main([*run, "--gpu", "24GB", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["memory_bytes"] == 24_000_000_000
    assert found["seconds"] is None
    assert found["need"]["total"] > 0
    assert main([*run, "--gpu", "400MB"]) == 1, "what does not fit is said by the exit code"
    assert "Not even one row" in capsys.readouterr().out
    assert main(["train", *small, "--gpu", "24GB"]) == 2
