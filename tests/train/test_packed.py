"""Packed rows give the loss and the gradients of the padded batch, whatever the company and however the sequence is filled up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tiny_models import tiny_bart  # noqa: E402
from yoyak.checkpoints.encoder_decoder import Controls  # noqa: E402
from yoyak.checkpoints.hub import quiet_transformers  # noqa: E402
from yoyak.train.adapters import keep_layer_inputs_only  # noqa: E402
from yoyak.train.pair_job import PairJob, loss_of  # noqa: E402
from yoyak.train.pairs import Pair, collate  # noqa: E402

ROWS = [
    Pair("a", (0, 9, 10, 11, 12, 1), (7, 8, 1)),
    Pair("b", (0, 9, 1), (8, 9, 10, 11, 12, 13, 1)),
    Pair("c", (0, 1), (1,)),
]


def model(folder: Path, **more: Any) -> Any:
    with quiet_transformers():
        found = transformers.BartForConditionalGeneration.from_pretrained(tiny_bart(folder / "bart"), dropout=0.0, **more)
    found.final_logits_bias.copy_(torch.randn(found.final_logits_bias.shape, generator=torch.Generator().manual_seed(0)))
    return found.train()


def job(of: Any, *, round_to: int = 8, smoothing: float = 0.0) -> PairJob:
    return PairJob(of, [ROWS], controls=Controls(end=1, pad=3, start=2), round_to=round_to, label_smoothing=smoothing)


def gradients(of: Any, loss: Any) -> dict[str, Any]:
    of.zero_grad()
    loss.backward()
    return {name: parameter.grad.clone() for name, parameter in of.named_parameters()}


@pytest.mark.parametrize("round_to", [1, 8, 32])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_loss_and_gradients_are_those_of_the_padded_batch(tmp_path: Path, round_to: int, smoothing: float, checkpointing: bool) -> None:
    padded = model(tmp_path)
    usual = loss_of(padded, collate(ROWS, pad=3, start=2, round_to=4), label_smoothing=smoothing)
    mine = model(tmp_path)
    if checkpointing:
        keep_layer_inputs_only(mine)
    ours = job(mine, round_to=round_to, smoothing=smoothing)
    assert ours.packs
    loss = ours.loss(0, [0, 1, 2])
    assert float(loss.detach()) == pytest.approx(float(usual.detach()), rel=1e-5)
    found, expected = gradients(mine, loss), gradients(padded, usual)
    for name, gradient in expected.items():
        # The padded batch moves the row of the padding position too; the packed one has none.
        assert torch.allclose(found[name], gradient, atol=2e-4, rtol=1e-4), name


def test_the_parts_of_a_batch_add_up_to_it(tmp_path: Path) -> None:
    ours = job(model(tmp_path))
    parts = sum(float(ours.loss(0, [n]).detach()) for n in range(3))
    assert float(ours.loss(0, [0, 1, 2]).detach()) == pytest.approx(parts, rel=1e-5)


def test_a_packed_model_still_reads_padded_batches_and_writes(tmp_path: Path) -> None:
    mine = model(tmp_path)
    batch = collate(ROWS, pad=3, start=2, round_to=4)
    before = float(loss_of(mine, batch).detach())
    job(mine)
    assert float(loss_of(mine, batch).detach()) == pytest.approx(before, rel=1e-6)
    mine.eval()
    assert mine.generate(torch.tensor(batch.source), attention_mask=torch.tensor(batch.mask), max_new_tokens=3, num_beams=1).shape[0] == 3


def test_others_are_padded(tmp_path: Path) -> None:
    assert not job(model(tmp_path, attn_implementation="eager")).packs
    config = transformers.T5Config(vocab_size=40, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=0)
    assert not job(transformers.T5ForConditionalGeneration(config)).packs
