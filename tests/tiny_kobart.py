"""A tiny checkpoint with KoBART's habits: Metaspace and NFKC, control tokens first, emoticons registered as special, no post-processor,
a decoder that starts from <usr>. Its vocabulary spells all of Korean, so that tags and josa can be traced through it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tiny_models import tiny_bart
from yoyak.checkpoints.merge import load_tensors

CONTROLS = ("<s>", "</s>", "<usr>", "<pad>", "<sys>", "<unk>", "<mask>")
EMOTICONS = ("ㅠㅠ", "^^", ":)")
_LETTERS = [chr(code) for code in (*range(0x21, 0x7F), *range(0xAC00, 0xD7A4))]
# As in KoBART: `▁` before a word is part of its first piece, for some pieces.
_MERGES = [("▁", "#"), ("P", "er"), ("e", "r"), ("Per", "son"), ("o", "n"), ("s", "on"), ("▁", "은"), ("▁", "말")]


def tokenizer_json() -> dict[str, Any]:
    """The tokenizer file: controls, emoticons, characters, a few merged pieces."""
    merges = sorted(_MERGES, key=lambda pair: len(pair[0] + pair[1]))
    tokens = list(dict.fromkeys([*CONTROLS, *EMOTICONS, "▁", *_LETTERS, *(left + right for left, right in merges)]))
    kind = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": number, "content": token, **kind} for number, token in enumerate([*CONTROLS, *EMOTICONS])],
        "normalizer": {"type": "NFKC"},
        "pre_tokenizer": dict(metaspace),
        "post_processor": None,
        "decoder": dict(metaspace),
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: number for number, token in enumerate(tokens)},
            "merges": [list(pair) for pair in merges],
        },
    }


def tokenizer_config() -> dict[str, Any]:
    """The file beside it, without a length limit, as KoBART has it."""
    return {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
        "extra_special_tokens": {},
        "model_max_length": 10**30,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }


def tiny_kobart(folder: Path, *, seed: int = 0) -> Path:
    """The checkpoint's folder, with random weights of two layers and width 32."""
    from safetensors.numpy import save_file

    tiny_bart(folder, seed=seed)
    tokenizer = tokenizer_json()
    rows = len(tokenizer["model"]["vocab"])
    write(folder, "tokenizer.json", tokenizer)
    write(folder, "tokenizer_config.json", tokenizer_config())
    change(folder, "config.json", vocab_size=rows)
    random = np.random.default_rng(seed)
    tensors = load_tensors(folder / "model.safetensors")
    tensors["model.shared.weight"] = random.normal(0, 0.1, (rows, 32)).astype(np.float32)
    tensors["final_logits_bias"] = np.zeros((1, rows), np.float32)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def change(folder: Path, name: str, **values: Any) -> None:
    """Set keys of a JSON file of the folder."""
    path = folder / name
    write(folder, name, json.loads(path.read_text(encoding="utf-8")) | values)


def write(folder: Path, name: str, value: Any) -> None:
    """Write a JSON file of the folder."""
    (folder / name).write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
