"""A tag policy applied to a checkpoint: a folder in, a folder out, with tokenizer, configuration and embedding in step.

Doing it in one place, on files and before training, rules out the usual accidents: a tokenizer changed in one object and a model in
another, rows that were never made, a second list of special tokens that replaces the first.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from yoyak._extras import require
from yoyak.checkpoints.cache import atomic_folder
from yoyak.checkpoints.convert import read_config
from yoyak.checkpoints.merge import load_tensors
from yoyak.errors import ModelError
from yoyak.models.tag_policy import TAGS, Applied, TagPolicy, apply, initial_rows

# Tensors with one row for each token, in the families that are known; the bias has one column for each.
BY_TOKEN = re.compile(r"(^|\.)(shared|embed_tokens|lm_head|wte|word_embeddings)\.weight$")
_BIAS = re.compile(r"(^|\.)final_logits_bias$")


def with_policy(folder: Path, output: Path, policy: TagPolicy, *, names: Sequence[str] = TAGS) -> Applied:
    """Write the checkpoint with that tag policy and say what changed.

    New rows start as the mean of the rows of the pieces by which the tag was spelled before. Rows that the model has beyond its
    tokenizer's last token (padding of the table) are used before new ones are made. Ids of other tokens do not move.

    Args:
        folder: A checkpoint in Hugging Face form: config.json, model.safetensors, tokenizer.json.
        output: The folder to make; it must not exist.
        policy: `text`, `tokens` or `special`; see :mod:`yoyak.models.tag_policy`.
        names: The tags that become tokens.

    Raises:
        ModelError: The folder is no checkpoint in one piece, the output exists, or `text` was asked for and the tokenizer holds tags.
    """
    if output.exists():
        raise ModelError(f"{output} exists; name a new folder")
    config = read_config(folder)
    tokenizers = require("tokenizers", extra="ct2")
    engine = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    applied = apply(
        policy,
        read_json(folder / "tokenizer.json"),
        read_json(folder / "tokenizer_config.json"),
        encode=lambda text: list(engine.encode(text, add_special_tokens=False).ids),
        names=names,
    )
    if applied.added and not (folder / "model.safetensors").is_file():
        raise ModelError(f"{folder} has no model.safetensors: save the model in one piece with safetensors (max_shard_size='100GB')")
    with atomic_folder(output) as made:
        for file in folder.iterdir():
            if file.is_file() and file.name not in {"model.safetensors", "tokenizer.json", "tokenizer_config.json", "config.json"}:
                shutil.copyfile(file, made / file.name)
        write_json(made / "tokenizer.json", applied.tokenizer)
        write_json(made / "tokenizer_config.json", applied.config)
        rows = _weights(folder, made, applied) if applied.added else _copied(folder, made, config)
        write_json(made / "config.json", config | {"vocab_size": rows})
    return applied


def _copied(folder: Path, made: Path, config: dict[str, Any]) -> int:
    for file in folder.glob("*.safetensors"):
        shutil.copyfile(file, made / file.name)
    return int(config["vocab_size"])


def _weights(folder: Path, made: Path, applied: Applied) -> int:
    """Write the tensors with the tags' rows in place; returns the number of rows. bf16 and fp16 become fp32."""
    from safetensors.numpy import save_file

    tensors = load_tensors(folder / "model.safetensors")
    tables = [name for name in tensors if BY_TOKEN.search(name)]
    if not tables:
        raise ModelError(f"{folder}/model.safetensors holds no embedding under a name that is known")
    rows = 0
    for name in tables:
        table = tensors[name]
        rows = max(len(table), applied.rows)
        grown = np.zeros((rows, table.shape[1]), np.float32)
        grown[: len(table)] = table
        grown[list(applied.added.values())] = initial_rows(table, [applied.pieces[tag] for tag in applied.added])
        tensors[name] = grown
    for name in [name for name in tensors if _BIAS.search(name)]:
        bias = tensors[name]
        tensors[name] = np.concatenate([bias, np.zeros((*bias.shape[:-1], rows - bias.shape[-1]), np.float32)], axis=-1)
    save_file(tensors, made / "model.safetensors", metadata={"format": "pt"})
    return rows


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty when there is no such file.

    Raises:
        ModelError: It is not a JSON object.
    """
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} holds no JSON object")
    return value


def write_json(path: Path, value: object) -> None:
    """A JSON file, UTF-8, ended by a line break."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
