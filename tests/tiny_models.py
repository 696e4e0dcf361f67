"""Tiny checkpoints with random weights in Hugging Face form, made from numpy: real enough to be converted, loaded and compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHARACTERS = [chr(c) for c in (*range(0x20, 0x7F), *range(0xAC00, 0xAC00 + 600, 3))] + list(
    "내일세시에도서관만나자좋아책가져갈게요안녕은는이를\n"
)


def tokenizer(folder: Path, *, controls: tuple[str, ...], emoticon: str | None = None) -> int:
    """Write a character tokenizer with these control tokens first; returns its size."""
    tokens = [*controls, *([emoticon] if emoticon else []), *dict.fromkeys(CHARACTERS)]
    added = [
        {"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for i, t in enumerate(tokens)
        if t in controls or t == emoticon
    ]
    value = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {"type": "Fuse"},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {t: i for i, t in enumerate(tokens)},
            "merges": [],
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>", "eos_token": controls[1]}), encoding="utf-8"
    )
    return len(tokens)


def tiny_bart(folder: Path, *, seed: int = 0, positions: int = 256, eagerness: float = 0.0) -> Path:
    """Two layers, width 32; starts from <usr> (id 2) as KoBART does. `eagerness` is added to the end token's logit."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = tokenizer(folder, controls=("<s>", "</s>", "<usr>", "<pad>", "<unk>"), emoticon="ㅠㅠ")
    width, wide = 32, 64
    config: dict[str, Any] = {
        "architectures": ["BartForConditionalGeneration"],
        "model_type": "bart",
        "is_encoder_decoder": True,
        "activation_function": "gelu",
        "d_model": width,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
        "encoder_ffn_dim": wide,
        "decoder_ffn_dim": wide,
        "max_position_embeddings": positions,
        "vocab_size": rows,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "decoder_start_token_id": 2,
        "forced_eos_token_id": 2,
        "pad_token_id": 3,
        "scale_embedding": False,
        "num_hidden_layers": 2,
    }
    random = np.random.default_rng(seed)
    tensors = {"model.shared.weight": _normal(random, rows, width, scale=0.1), "final_logits_bias": _normal(random, 1, rows, scale=0.3)}
    tensors["final_logits_bias"][0, 1] += eagerness
    for stack in ("encoder", "decoder"):
        prefix = f"model.{stack}."
        tensors[f"{prefix}embed_positions.weight"] = _normal(random, positions + 2, width, scale=0.5)
        _norm(tensors, f"{prefix}layernorm_embedding", width)
        for layer in range(2):
            name = f"{prefix}layers.{layer}."
            for attention in ("self_attn",) if stack == "encoder" else ("self_attn", "encoder_attn"):
                for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
                    _linear(tensors, random, f"{name}{attention}.{part}", width, width)
                _norm(tensors, f"{name}{attention}_layer_norm", width)
            _linear(tensors, random, f"{name}fc1", wide, width)
            _linear(tensors, random, f"{name}fc2", width, wide)
            _norm(tensors, f"{name}final_layer_norm", width)
    return _write(folder, config, tensors, {"decoder_start_token_id": 2, "eos_token_id": 1, "bos_token_id": 0, "pad_token_id": 3})


def tiny_gemma(folder: Path, *, seed: int = 0) -> Path:
    """Gemma 3's text model with two layers, width 32."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = tokenizer(folder, controls=("<pad>", "<eos>", "<bos>", "<unk>"))
    _prepend_bos(folder)
    width, head, heads, wide = 32, 16, 2, 64
    ends = {"bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0}
    config: dict[str, Any] = {
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "head_dim": head,
        "hidden_activation": "gelu_pytorch_tanh",
        "hidden_size": width,
        "intermediate_size": wide,
        "layer_types": ["sliding_attention", "full_attention"],
        "max_position_embeddings": 512,
        "num_attention_heads": heads,
        "num_hidden_layers": 2,
        "num_key_value_heads": 1,
        "query_pre_attn_scalar": head,
        "rms_norm_eps": 1e-6,
        "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": 1_000_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        },
        "sliding_window": 512,
        "tie_word_embeddings": True,
        "vocab_size": rows,
        **ends,
    }
    random = np.random.default_rng(seed)
    tensors = {"model.embed_tokens.weight": _normal(random, rows, width, scale=0.3), "model.norm.weight": _normal(random, width, scale=0.1)}
    for layer in range(2):
        name = f"model.layers.{layer}."
        shapes = {
            "self_attn.q_proj": (heads * head, width),
            "self_attn.k_proj": (head, width),
            "self_attn.v_proj": (head, width),
            "self_attn.o_proj": (width, heads * head),
            "mlp.gate_proj": (wide, width),
            "mlp.up_proj": (wide, width),
            "mlp.down_proj": (width, wide),
        }
        tensors |= {f"{name}{part}.weight": _normal(random, *shape, scale=0.3) for part, shape in shapes.items()}
        norms = ("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm")
        # Large after the blocks, so that the context and not the last token alone decides what comes next.
        tensors |= {f"{name}{part}.weight": _normal(random, width, scale=0.1) + 3 * part.startswith("post") for part in norms}
        tensors |= {f"{name}self_attn.{part}.weight": _normal(random, head, scale=0.1) for part in ("q_norm", "k_norm")}
    return _write(folder, config, tensors, ends)


def _prepend_bos(folder: Path) -> None:
    path = folder / "tokenizer.json"
    value = json.loads(path.read_text(encoding="utf-8"))
    bos = {"SpecialToken": {"id": "<bos>", "type_id": 0}}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    value["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [bos, text],
        "pair": [bos, text, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<bos>": {"id": "<bos>", "ids": [2], "tokens": ["<bos>"]}},
    }
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


Tensors = dict[str, NDArray[np.float32]]


def _normal(random: np.random.Generator, *shape: int, scale: float) -> NDArray[np.float32]:
    return random.normal(0, scale, shape).astype(np.float32)


def _linear(tensors: Tensors, random: np.random.Generator, name: str, outputs: int, inputs: int) -> None:
    tensors[f"{name}.weight"] = _normal(random, outputs, inputs, scale=0.3)
    tensors[f"{name}.bias"] = _normal(random, outputs, scale=0.1)


def _norm(tensors: Tensors, name: str, width: int) -> None:
    tensors[f"{name}.weight"] = np.ones(width, np.float32)
    tensors[f"{name}.bias"] = np.zeros(width, np.float32)


def _write(folder: Path, config: Mapping[str, Any], tensors: Tensors, generation: Mapping[str, Any]) -> Path:
    from safetensors.numpy import save_file

    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "generation_config.json").write_text(json.dumps(generation), encoding="utf-8")
    return folder
