"""The sliced loss is the usual loss: its value, its gradients, whatever the slices; and padding changes nothing."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from yoyak.train.batches import Example, collate  # noqa: E402
from yoyak.train.head import is_plain, loss_of, sliced  # noqa: E402


@pytest.mark.parametrize("rows", [1, 3, 7, 100, None])
@pytest.mark.parametrize("learned", [True, False])
def test_value_and_gradients_are_those_of_cross_entropy(rows: int | None, learned: bool) -> None:
    torch.manual_seed(0)
    hidden, weight, labels = torch.randn(7, 8), torch.randn(50, 8), torch.randint(0, 50, (7,))
    results = []
    for ours in (True, False):
        h, w = hidden.clone().requires_grad_(), weight.clone().requires_grad_(learned)
        usual = torch.nn.functional.cross_entropy(h @ w.T, labels, reduction="sum")
        loss = sliced(h, w, labels, rows=rows) if ours else usual
        (loss * 3).backward()
        results.append((loss.detach(), h.grad, w.grad))
    for mine, other in zip(*results, strict=True):
        assert (mine is None and other is None) or torch.allclose(mine, other, atol=1e-5)


@pytest.mark.parametrize("rows", [2, None])
def test_bias_and_label_smoothing_are_torchs(rows: int | None) -> None:
    torch.manual_seed(0)
    hidden, weight, bias, labels = torch.randn(7, 8), torch.randn(50, 8), torch.randn(1, 50), torch.randint(0, 50, (7,))
    results = []
    for ours in (True, False):
        h, w = hidden.clone().requires_grad_(), weight.clone().requires_grad_()
        usual = torch.nn.functional.cross_entropy(h @ w.T + bias, labels, reduction="sum", label_smoothing=0.2)
        loss = sliced(h, w, labels, rows=rows, bias=bias, label_smoothing=0.2) if ours else usual
        loss.backward()
        results.append((loss.detach(), h.grad, w.grad))
    for mine, other in zip(*results, strict=True):
        assert torch.allclose(mine, other, atol=1e-5)


def small(family: str, **more: object) -> object:
    torch.manual_seed(0)
    kind, config = {
        "llama": (transformers.LlamaForCausalLM, transformers.LlamaConfig),
        "gemma2": (transformers.Gemma2ForCausalLM, transformers.Gemma2Config),
    }[family]
    return kind(
        config(
            vocab_size=60,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=16,
            **more,
        )
    )


def usual_loss(model: object, batch: object) -> object:
    ids, mask, labels = (torch.tensor(getattr(batch, name)) for name in ("ids", "mask", "labels"))
    logits = model(input_ids=ids, attention_mask=mask).logits  # type: ignore[operator]
    return torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, 60), labels[:, 1:].reshape(-1), reduction="sum")


@pytest.mark.parametrize("family", ["llama", "gemma2"])
def test_the_loss_of_a_padded_batch_is_that_of_the_whole_model_with_its_mask(family: str) -> None:
    model = small(family)
    assert is_plain(model) == (family == "llama")  # Gemma 2 caps its logits: its own forward pass is used
    batch = collate([Example("a", (2, 5, 6, 7, 9, 11, 1), 3), Example("b", (2, 5, 9, 1), 2)], pad=0, round_to=8)
    mine = loss_of(model, batch)
    mine.backward()
    gradients = [parameter.grad.clone() for parameter in model.parameters()]  # type: ignore[attr-defined]
    model.zero_grad()  # type: ignore[attr-defined]
    usual = usual_loss(model, batch)
    usual.backward()  # type: ignore[attr-defined]
    assert mine.item() == pytest.approx(usual.item(), rel=1e-5)  # type: ignore[attr-defined]
    for found, parameter in zip(gradients, model.parameters(), strict=True):  # type: ignore[attr-defined]
        assert torch.allclose(found, parameter.grad, atol=1e-4)


def test_parts_of_a_batch_add_up_to_the_batch() -> None:
    model = small("llama")
    rows = [Example(str(n), (2, *range(3, 8 + n), 1), 4) for n in range(4)]
    whole = loss_of(model, collate(rows, pad=0, round_to=8)).item()
    parts = sum(loss_of(model, collate([row], pad=0, round_to=1)).item() for row in rows)
    assert whole == pytest.approx(parts, rel=1e-5)
