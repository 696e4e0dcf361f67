"""The arithmetic of cost, against published sizes and against what torch keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from yoyak.errors import ModelError
from yoyak.models.cost import KOBART, Setup, activations, lora_parameters, memory, parameters, read_shape, shape_of, step_flops

T5_SMALL = {"model_type": "t5", "d_model": 512, "d_kv": 64, "d_ff": 2048, "num_layers": 6, "num_heads": 8, "vocab_size": 32128}
MT5_SMALL = T5_SMALL | {"model_type": "mt5", "d_ff": 1024, "num_layers": 8, "num_heads": 6, "feed_forward_proj": "gated-gelu"}
MT5_SMALL |= {"vocab_size": 250112, "tie_word_embeddings": False}
LLAMA_1B = {
    "model_type": "llama",
    "hidden_size": 2048,
    "intermediate_size": 8192,
    "num_hidden_layers": 16,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "vocab_size": 128256,
    "tie_word_embeddings": True,
}
QWEN25_05B = {
    "model_type": "qwen2",
    "hidden_size": 896,
    "intermediate_size": 4864,
    "num_hidden_layers": 24,
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
    "vocab_size": 151936,
    "tie_word_embeddings": True,
    "sliding_window": 32768,
    "use_sliding_window": False,
}
QWEN3_06B = QWEN25_05B | {"model_type": "qwen3", "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28}
QWEN3_06B |= {"num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128}
GEMMA3_270M = {
    "model_type": "gemma3_text",
    "hidden_size": 640,
    "intermediate_size": 2048,
    "num_hidden_layers": 18,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
    "head_dim": 256,
    "vocab_size": 262144,
    "sliding_window": 512,
}
BART_BASE = dict(KOBART) | {"encoder_attention_heads": 12, "vocab_size": 50265, "max_position_embeddings": 1024}


@pytest.mark.parametrize(
    ("config", "published"),
    [
        (KOBART, 123_859_968),
        (BART_BASE, 139_420_416),
        (T5_SMALL, 60_506_624),
        (MT5_SMALL, 300_176_768),
        (LLAMA_1B, 1_235_814_400),
        (QWEN25_05B, 494_032_768),
        (QWEN3_06B, 596_049_920),
        (GEMMA3_270M, 268_098_176),
    ],
    ids=["kobart", "bart-base", "t5-small", "mt5-small", "llama-3.2-1b", "qwen2.5-0.5b", "qwen3-0.6b", "gemma-3-270m"],
)
def test_parameters_are_those_published(config: dict[str, Any], published: int) -> None:
    assert parameters(shape_of(config)).total == published


def test_gemma_slides_in_five_of_six_layers() -> None:
    shape = shape_of(GEMMA3_270M)
    assert (shape.window, shape.sliding_layers) == (512, 15)
    assert shape_of({"model_type": "gemma3", "text_config": GEMMA3_270M}) == shape
    assert shape_of(QWEN25_05B).window is None


def test_peft_counts_the_adapter_alike() -> None:
    # peft.get_peft_model(r=32, all seven linear layers) on Gemma 3 270M
    assert lora_parameters(shape_of(GEMMA3_270M), rank=32) == 7_593_984
    with pytest.raises(ModelError, match="query_proj"):
        lora_parameters(shape_of(GEMMA3_270M), rank=32, targets=["query_proj"])


def test_a_step_takes_six_operations_a_weight_and_token_when_sequences_are_short() -> None:
    shape = shape_of(LLAMA_1B)
    found = parameters(shape)
    step = step_flops(shape, rows=1, source=12, target=4, setup=Setup(labels_only=False))
    assert step == pytest.approx(6 * 16 * (found.decoder + found.embedding), rel=0.01)
    frozen = step_flops(shape, rows=1, source=12, target=4, setup=Setup(learned="lora", labels_only=False))
    assert frozen / step == pytest.approx(2 / 3)


def test_cost_grows_with_length_and_rows() -> None:
    shape = shape_of(KOBART)
    lengths = (128, 256, 512, 1024)
    steps = [step_flops(shape, rows=4, source=n, target=64) for n in lengths]
    bytes_ = [memory(shape, rows=4, source=n, target=64).total for n in lengths]
    assert steps == sorted(steps)
    assert bytes_ == sorted(bytes_)
    assert step_flops(shape, rows=8, source=128, target=64) == 2 * steps[0]


def test_each_saving_saves() -> None:
    def total(**changes: Any) -> int:
        return memory(shape_of(GEMMA3_270M), rows=8, source=448, target=64, setup=Setup(**changes)).total

    assert total(learned="lora") < total()
    assert total(checkpointing=True) < total() < total(attention="eager")
    assert total(labels_only=True) < total(labels_only=False)
    assert total(learned="lora", weight_bytes=2, activation_bytes=2) < total(learned="lora")


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "not there"), ("{", "no JSON"), ("[]", "no JSON object"), ('{"model_type": "bart"}', "lacks 'd_model'"), ("{}", "says ''")],
)
def test_a_useless_config_says_so(make: Callable[..., Path], tmp_path: Path, content: str | None, says: str) -> None:
    if content is not None:
        make("config.json", content)
    with pytest.raises(ModelError, match=says):
        read_shape(tmp_path)


def _small(kind: str) -> Any:
    transformers = pytest.importorskip("transformers")
    decoder = {"hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 6, "num_attention_heads": 4, "num_key_value_heads": 2}
    both = {"vocab_size": 500, "d_model": 64}
    if kind == "bart":
        return transformers.BartConfig(
            **both, encoder_layers=3, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=256,
            decoder_ffn_dim=192, max_position_embeddings=256,
        )  # fmt: skip
    if kind in ("t5", "mt5"):
        made = transformers.T5Config if kind == "t5" else transformers.MT5Config
        return made(**both, d_kv=16, num_layers=3, num_decoder_layers=2, num_heads=4, d_ff=128)
    name = {"llama": "LlamaConfig", "qwen2": "Qwen2Config", "qwen3": "Qwen3Config", "gemma2": "Gemma2Config", "gemma3": "Gemma3TextConfig"}
    width = {} if kind in ("llama", "qwen2") else {"head_dim": 32}
    return getattr(transformers, name[kind])(vocab_size=500, **decoder, **width)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("kind", ["bart", "t5", "mt5", "llama", "qwen2", "qwen3", "gemma2", "gemma3"])
def test_autograd_keeps_what_was_counted(kind: str, attention: Any, precision: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = _small(kind)
    if kind == "gemma2" and attention == "sdpa":
        pytest.skip("transformers has no fused attention for it")
    bf16 = precision == "bf16"
    if bf16 and attention == "eager":
        pytest.skip("counted in fp32")
    made = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
    model = made.from_config(config, attn_implementation=attention).train()
    (tmp_path / "config.json").write_text(json.dumps(config.to_dict()), encoding="utf-8")
    shape = read_shape(tmp_path)
    assert parameters(shape).total == sum(each.numel() for each in model.parameters())

    source, target = torch.randint(5, 500, (2, 128)), torch.randint(5, 500, (2, 32))
    own = {each.untyped_storage().data_ptr() for each in (*model.parameters(), *model.buffers())}
    kept: dict[int, int] = {}
    alive = []

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)  # so that no address is used twice
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        if config.is_encoder_decoder:
            hidden = model.get_encoder()(input_ids=source).last_hidden_state
            model.get_decoder()(input_ids=target, encoder_hidden_states=hidden)
        else:
            model.model(input_ids=torch.cat([source, target], 1))
    setup = Setup(attention=attention, activation_bytes=2 if bf16 else 4)
    counted = activations(shape, source=128, target=32, setup=setup)
    casts = 2 * (parameters(shape).encoder + parameters(shape).decoder) if bf16 else 0
    predicted = 2 * (counted.states * setup.activation_bytes + counted.norms * 4) + casts
    assert predicted == pytest.approx(sum(kept.values()), rel=0.07)
