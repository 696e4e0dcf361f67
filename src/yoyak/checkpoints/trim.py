"""Cut the vocabulary of a checkpoint whose embedding dwarfs its body (Gemma, mT5, XLM, Qwen): a folder in, a smaller folder out.

Kept are special tokens, byte tokens, single characters of a byte alphabet, every token with Hangul, every token that a corpus uses, and
for BPE every step on the way to one of these. A text whose tokens are all kept is cut into the same tokens as before; with a byte
fallback any other text is spelled in smaller pieces and comes back whole.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from yoyak._extras import require
from yoyak.checkpoints.cache import atomic_folder
from yoyak.checkpoints.convert import read_config
from yoyak.checkpoints.merge import load_tensors
from yoyak.checkpoints.vocabulary import tokens_by_id
from yoyak.errors import ModelError

_HANGUL = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]")
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
# Tensors with one row for each token, in the families that are known.
_BY_TOKEN = re.compile(r"(^|\.)(shared|embed_tokens|lm_head|wte|word_embeddings)\.weight$")

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What became of a model.

    Args:
        rows_before, rows_after: Of the vocabulary.
        parameters_before, parameters_after: Of the whole model.
        texts: Texts of the corpus.
        unchanged: Those of them that are cut into the same tokens as before (all of them, or something is wrong with the tokenizer).
    """

    rows_before: int
    rows_after: int
    parameters_before: int
    parameters_after: int
    texts: int
    unchanged: int


def trim(
    folder: Path,
    output: Path,
    texts: Iterable[str],
    *,
    tokens: Iterable[str] = (),
    progress: Progress = lambda what, share: None,
) -> Trimmed:
    """Write the trimmed model and say what became of it.

    Args:
        folder: A checkpoint in Hugging Face form with safetensors weights.
        output: The folder to make; it must not exist.
        texts: A corpus of the kind that the model will read and write.
        tokens: Tokens to keep besides those that the texts use.
        progress: Called with what is being done and the share done (0..1).

    Raises:
        ModelError: The folder is no checkpoint, its tokenizer is of an unknown type, or the output exists.
    """
    if output.exists():
        raise ModelError(f"{output} exists; name a new folder")
    tokenizers = require("tokenizers", extra="ct2")
    config = read_config(folder)
    if not (folder / "model.safetensors").is_file():
        raise ModelError(f"{folder} has no model.safetensors: save the model in one piece with safetensors (max_shard_size='100GB')")
    progress("reading the corpus", 0.0)
    whole = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    corpus = list(texts)
    before = [encoding.tokens for encoding in whole.encode_batch(corpus)]
    used = {*tokens, *(token for found in before for token in found)}
    value = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    progress("choosing tokens", 0.3)
    ids = kept_ids(value, used, limit=_rows(config, folder))
    with atomic_folder(output) as made:
        progress("writing", 0.6)
        new = {old: number for number, old in enumerate(ids)}
        (made / "tokenizer.json").write_text(json.dumps(cut_tokenizer(value, new), ensure_ascii=False, indent=1), encoding="utf-8")
        sizes = _weights(folder, made, ids)
        _configs(folder, made, new)
        small = tokenizers.Tokenizer.from_file(str(made / "tokenizer.json"))
        after = [encoding.tokens for encoding in small.encode_batch(corpus)]
    progress("writing", 1.0)
    unchanged = sum(a == b for a, b in zip(before, after, strict=True))
    return Trimmed(sizes[0], len(ids), sizes[1], sizes[2], len(corpus), unchanged)


def kept_ids(tokenizer: Mapping[str, Any], used: Iterable[str], *, limit: int) -> list[int]:
    """The ids to keep, in their order; ids from `limit` on have no row in the model and are dropped.

    Raises:
        ModelError: The tokenizer is neither BPE nor Unigram.
    """
    kind = tokenizer["model"].get("type")
    if kind not in {"BPE", "Unigram"}:
        raise ModelError(f"a tokenizer of type {kind!r} cannot be trimmed; BPE and Unigram can")
    by_id = tokens_by_id(tokenizer)
    numbers = {token: i for i, token in by_id.items()}
    special = {entry["content"] for entry in tokenizer.get("added_tokens") or [] if entry["special"]}
    named = {tokenizer["model"].get("unk_token")} | ({by_id[unk]} if (unk := tokenizer["model"].get("unk_id")) is not None else set())
    byte_level = _is_byte_level(tokenizer)
    wanted = {token for token in (*special, *used, *(n for n in named if n)) if token in numbers}
    wanted |= {token for token in numbers if _needed(token, byte_level=byte_level)}
    if kind == "BPE":
        ranks = {tuple(pair): rank for rank, pair in enumerate(_pairs(tokenizer["model"]["merges"]))}
        added = {entry["content"] for entry in tokenizer.get("added_tokens") or []}
        for token in sorted(wanted - added):
            if not _BYTE.fullmatch(token):
                wanted.update(piece for piece in steps(token, ranks) if piece in numbers)
    return sorted(numbers[token] for token in wanted if numbers[token] < limit)


def _is_byte_level(tokenizer: Mapping[str, Any]) -> bool:
    return '"ByteLevel"' in json.dumps([tokenizer.get("pre_tokenizer"), tokenizer.get("decoder")])


def _needed(token: str, *, byte_level: bool) -> bool:
    if _BYTE.fullmatch(token) or (len(token) == 1 and (byte_level or token.isascii() or token == "▁")):
        return True
    return _HANGUL.search(_text_of(token) if byte_level else token) is not None


def _text_of(token: str) -> str:
    """The text of a byte-level token (GPT-2's alphabet of printable stand-ins); broken characters become U+FFFD."""
    return bytes(_BYTES[character] for character in token if character in _BYTES).decode("utf-8", "replace")


def _byte_alphabet() -> dict[str, int]:
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


_BYTES = _byte_alphabet()


def _pairs(merges: Sequence[Any]) -> list[tuple[str, str]]:
    return [(left, right) for left, right in (merge.split(" ", 1) if isinstance(merge, str) else merge for merge in merges)]


def steps(token: str, ranks: Mapping[tuple[str, ...], int]) -> set[str]:
    """Every piece that BPE passes through on the way to `token`, best merge first, single characters included.

    Example:
        >>> sorted(steps("abc", {("b", "c"): 0, ("a", "bc"): 1, ("a", "b"): 2}))
        ['a', 'abc', 'b', 'bc', 'c']
    """
    pieces = list(token)
    passed = set(pieces)
    while len(pieces) > 1:
        best = min(((ranks[pair], i) for i, pair in enumerate(pairwise(pieces)) if pair in ranks), default=None)
        if best is None:
            break
        place = best[1]
        pieces[place : place + 2] = [pieces[place] + pieces[place + 1]]
        passed.add(pieces[place])
    return passed


def cut_tokenizer(tokenizer: Mapping[str, Any], new: Mapping[int, int]) -> dict[str, Any]:
    """The tokenizer.json of the kept ids under their new numbers."""
    value: dict[str, Any] = json.loads(json.dumps(tokenizer))
    model = value["model"]
    if isinstance(model["vocab"], list):
        model["vocab"] = [entry for i, entry in enumerate(model["vocab"]) if i in new]
        if model.get("unk_id") is not None:
            model["unk_id"] = new[model["unk_id"]]
    else:
        model["vocab"] = {token: new[i] for token, i in model["vocab"].items() if i in new}
        known = model["vocab"]
        pairs = zip(model["merges"], _pairs(model["merges"]), strict=True)
        model["merges"] = [merge for merge, (a, b) in pairs if a in known and b in known and a + b in known]
    value["added_tokens"] = [entry | {"id": new[entry["id"]]} for entry in value.get("added_tokens") or [] if entry["id"] in new]
    _renumber(value.get("post_processor"), new)
    return value


def _renumber(processor: Any, new: Mapping[int, int]) -> None:
    """Ids within a post-processor: lists under `ids`, and the pairs (token, id) of BERT's and RoBERTa's `sep` and `cls`."""
    if isinstance(processor, list):
        for item in processor:
            _renumber(item, new)
    if not isinstance(processor, dict):
        return
    for key, item in processor.items():
        if key == "ids" and isinstance(item, list):
            processor[key] = [new[i] for i in item]
        elif key in {"sep", "cls"} and isinstance(item, list) and len(item) == 2:
            processor[key] = [item[0], new[item[1]]]
        else:
            _renumber(item, new)


def _rows(config: Mapping[str, Any], folder: Path) -> int:
    rows = config.get("vocab_size")
    if not isinstance(rows, int):
        raise ModelError(f"{folder}/config.json names no vocab_size")
    return rows


def _weights(folder: Path, made: Path, ids: Sequence[int]) -> tuple[int, int, int]:
    """Write the tensors with the kept rows; returns rows, parameters before and after. bf16 and fp16 become fp32."""
    from safetensors.numpy import save_file

    tensors = load_tensors(folder / "model.safetensors")
    before = sum(tensor.size for tensor in tensors.values())
    rows = 0
    for name, tensor in tensors.items():
        if _BY_TOKEN.search(name):
            rows = len(tensor)
            tensors[name] = np.ascontiguousarray(tensor[np.asarray(ids)])
        elif name.endswith("final_logits_bias"):
            tensors[name] = np.ascontiguousarray(tensor[..., np.asarray(ids)])
    if not rows:
        raise ModelError(f"{folder}/model.safetensors holds no embedding under a name that is known")
    save_file(tensors, made / "model.safetensors", metadata={"format": "pt"})
    return rows, before, sum(tensor.size for tensor in tensors.values())


def _configs(folder: Path, made: Path, new: Mapping[int, int]) -> None:
    for name in ("config.json", "generation_config.json"):
        if (folder / name).is_file():
            value = {key: _mapped(key, item, new) for key, item in json.loads((folder / name).read_text(encoding="utf-8")).items()}
            value |= {"vocab_size": len(new), "torch_dtype": "float32", "dtype": "float32"} if name == "config.json" else {}
            (made / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    path = folder / "tokenizer_config.json"
    if path.is_file():
        value = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(table := value.get("added_tokens_decoder"), dict):
            value["added_tokens_decoder"] = {str(new[int(i)]): entry for i, entry in table.items() if int(i) in new}
        (made / path.name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for name in ("special_tokens_map.json", "NOTICE", "yoyak.json"):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, made / name)


def _mapped(key: str, value: Any, new: Mapping[int, int]) -> Any:
    if not key.endswith("_token_id"):
        return value
    if isinstance(value, list):
        return [new[i] for i in value if i in new]
    return new.get(value, value) if isinstance(value, int) else value
