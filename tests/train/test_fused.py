"""Fused parts compute what transformers and PEFT compute: outputs and gradients, in fp32 and bf16, with and without checkpointing."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")
transformers = pytest.importorskip("transformers")

from yoyak.models.cost import Setup, activations, shape_of  # noqa: E402
from yoyak.train.adapters import Lora, attach, keep_layer_inputs_only  # noqa: E402
from yoyak.train.batches import Example, collate  # noqa: E402
from yoyak.train.fused import fuse  # noqa: E402
from yoyak.train.head import loss_of  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
FAMILIES = {
    "llama": (transformers.LlamaForCausalLM, transformers.LlamaConfig),
    "gemma3": (transformers.Gemma3ForCausalLM, transformers.Gemma3TextConfig),
    "qwen3": (transformers.Qwen3ForCausalLM, transformers.Qwen3Config),
    "qwen2": (transformers.Qwen2ForCausalLM, transformers.Qwen2Config),
}
ROWS = [Example(str(n), (2, *range(3, 12 + n), 1), 6) for n in range(3)]


def adapted(family: str, dtype: Any, *, targets: list[str] | None = None, dropout: float = 0.0) -> Any:
    torch.manual_seed(0)
    kind, config = FAMILIES[family]
    model = kind(
        config(
            vocab_size=60,
            hidden_size=64,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=16,
        )
    ).to(dtype)
    settings = Lora(rank=4, alpha=8, dropout=dropout, **({"targets": targets} if targets else {}))
    found = attach(model, settings, base="x").model
    with torch.no_grad():  # B starts at zero, which would hide A's gradient
        for name, parameter in found.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.1)
            elif "norm" in name:
                parameter.normal_(0.5, 0.2)
    return found.train()


def gradients(model: Any) -> tuple[float, dict[str, Any]]:
    model.zero_grad()
    loss = loss_of(model, collate(ROWS, pad=0, round_to=16))
    loss.backward()
    return loss.item(), {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("checkpointing", [False, True])
def test_gradients_are_the_same(family: str, checkpointing: bool) -> None:
    model = adapted(family, torch.float32)
    if checkpointing:
        keep_layer_inputs_only(model.get_base_model())
    loss, before = gradients(model)
    assert fuse(model) > 2 * 9  # seven LoRA layers, a gated block and at least two norms in each layer, and the last norm
    fused, after = gradients(model)
    assert fused == pytest.approx(loss, rel=1e-5)
    assert before.keys() == after.keys()
    for name, gradient in before.items():
        assert torch.allclose(gradient, after[name], atol=1e-5 * gradient.abs().max() + 1e-7), name


def test_in_bf16_the_gradients_differ_by_rounding_alone() -> None:
    exact = gradients(adapted("gemma3", torch.float32))[1]
    model = adapted("gemma3", torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        usual = gradients(model)[1]
        fuse(model)
        fused = gradients(model)[1]

    def off(found: dict[str, Any]) -> float:
        return float(sum((found[name] - exact[name]).norm() for name in exact) / sum(exact[name].norm() for name in exact))

    assert off(fused) < 1.2 * off(usual)


def test_only_some_targets_and_dropout_leave_the_rest_as_it_was() -> None:
    model = adapted("llama", torch.float32, targets=["q_proj", "up_proj"])
    loss, before = gradients(model)
    fuse(model)
    fused, after = gradients(model)
    assert fused == pytest.approx(loss, rel=1e-5)
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)
    dropping = adapted("llama", torch.float32, dropout=0.5)
    layer = dropping.get_base_model().model.layers[0].self_attn.q_proj
    fuse(dropping)
    assert "forward" not in vars(layer)


def kept(model: Any, rows: int) -> int:
    """Bytes of the body's tensors that autograd holds on to, weights left out."""
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    storages: dict[int, int] = {}
    alive = []

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            storages[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)  # so that no address is used twice
        return tensor

    ids = torch.randint(3, 60, (rows, 128))
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), torch.autocast("cpu", dtype=torch.bfloat16):
        model.get_base_model().model(input_ids=ids, use_cache=False)
    return sum(storages.values())


@pytest.mark.parametrize("family", ["gemma3", "llama"])
def test_less_is_kept_for_the_backward_pass_and_the_plan_knows_how_much(family: str) -> None:
    model = adapted(family, torch.bfloat16)
    usual = kept(model, 4)
    fuse(model)
    found = kept(model, 4)
    assert found < 0.6 * usual
    shape = shape_of(model.get_base_model().config.to_dict())
    setup = Setup(learned="lora", rank=4, weight_bytes=2, activation_bytes=2, fused=True)
    planned = activations(shape, source=100, target=28, setup=setup)
    assert 4 * 2 * planned.states == pytest.approx(found, rel=0.1)
