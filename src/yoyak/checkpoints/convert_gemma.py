"""A Gemma 3 checkpoint folder -> CTranslate2, from numpy, without torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yoyak._extras import require
from yoyak.checkpoints.merge import load_tensors
from yoyak.checkpoints.vocabulary import rows_named


def convert_gemma(folder: Path, output: Path, *, quantization: str | None) -> None:
    """Write the CTranslate2 model of a Gemma 3 text model in Hugging Face form.

    Args:
        folder: Holds config.json, model.safetensors and tokenizer.json.
        output: An empty folder to write into.
        quantization: `int8`, `float16`, ... as CTranslate2 names them; None keeps fp32.
    """
    require("ctranslate2", extra="ct2")
    tensors = load_tensors(folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    spec = _spec(config)
    _fill(spec, tensors, config)
    spec.register_vocabulary(rows_named(tokenizer, len(tensors["model.embed_tokens.weight"])))
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = "<bos>", "<eos>", "<unk>"
    spec.validate()
    spec.optimize(quantization=quantization)
    spec.save(str(output))


def _spec(config: dict[str, Any]) -> Any:
    from ctranslate2.specs import common_spec, transformer_spec

    rope = config["rope_parameters"]
    local = rope["sliding_attention"]["rope_theta"]
    spec = transformer_spec.TransformerDecoderModelSpec.from_config(
        config["num_hidden_layers"],
        config["num_attention_heads"],
        activation=common_spec.Activation.GELUTanh,
        pre_norm=True,
        ffn_glu=True,
        rms_norm=True,
        rotary_dim=config["head_dim"],
        rotary_interleave=False,
        rotary_base=local,
        num_heads_kv=config["num_key_value_heads"],
        head_dim=config["head_dim"],
        sliding_window=config["sliding_window"],
        pre_post_layer_norm=True,
        qk_norm=True,
    )
    for layer, kind in zip(spec.decoder.layer, config["layer_types"], strict=True):
        whole = kind == "full_attention"
        layer.self_attention.rotary_base = np.float32(rope["full_attention"]["rope_theta"] if whole else local)
        layer.self_attention.sliding_window = np.int32(0 if whole else config["sliding_window"])
    return spec


def _fill(spec: Any, tensors: dict[str, NDArray[np.float32]], config: dict[str, Any]) -> None:
    decoder = spec.decoder
    decoder.scale_embeddings = True
    decoder.start_from_zero_embedding = False
    embedding = tensors["model.embed_tokens.weight"]
    decoder.embeddings.weight = embedding
    decoder.projection.weight = embedding  # tied
    _norm(decoder.layer_norm, tensors["model.norm.weight"])
    for number, layer in enumerate(decoder.layer):
        prefix = f"model.layers.{number}."

        def get(name: str, prefix: str = prefix) -> NDArray[np.float32]:
            return tensors[f"{prefix}{name}.weight"]

        _norm(layer.input_layer_norm, get("input_layernorm"))
        _norm(layer.post_attention_layer_norm, get("post_attention_layernorm"))
        _norm(layer.pre_feedforward_layer_norm, get("pre_feedforward_layernorm"))
        _norm(layer.post_feedforward_layer_norm, get("post_feedforward_layernorm"))
        _norm(layer.self_attention.q_norm, get("self_attn.q_norm"))
        _norm(layer.self_attention.k_norm, get("self_attn.k_norm"))
        # (heads x head_dim + 2 x kv_heads x head_dim, hidden): CTranslate2 wants query, key and value in one matrix
        layer.self_attention.linear[0].weight = np.concatenate([get(f"self_attn.{part}_proj") for part in "qkv"])
        layer.self_attention.linear[1].weight = get("self_attn.o_proj")
        layer.ffn.linear_0.weight = get("mlp.gate_proj")
        layer.ffn.linear_0_noact.weight = get("mlp.up_proj")
        layer.ffn.linear_1.weight = get("mlp.down_proj")
        for block in (layer.self_attention, layer.ffn):
            if hasattr(block, "layer_norm"):
                delattr(block, "layer_norm")


def _norm(spec: Any, weight: NDArray[np.float32]) -> None:
    spec.gamma = weight
    spec.layer_norm_use_residual = True  # gamma is stored without the 1 that is added to it
