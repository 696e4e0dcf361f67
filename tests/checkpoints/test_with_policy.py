"""A tag policy applied to a folder: tokenizer, configuration and embedding stay in step, and transformers agrees."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tokenizers")

from tiny_kobart import change, tiny_kobart
from yoyak.checkpoints.merge import load_tensors
from yoyak.checkpoints.tags import with_policy
from yoyak.errors import ModelError
from yoyak.models.tag_policy import TAGS, broken

EMBEDDING = "model.shared.weight"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_kobart(tmp_path_factory.mktemp("base") / "model")


def test_text_changes_nothing(base: Path, tmp_path: Path) -> None:
    made = with_policy(base, tmp_path / "made", "text")
    assert not made.added
    assert (tmp_path / "made" / "model.safetensors").read_bytes() == (base / "model.safetensors").read_bytes()
    for name in ("config.json", "tokenizer.json"):
        assert json.loads((tmp_path / "made" / name).read_text("utf-8")) == json.loads((base / name).read_text("utf-8"))


@pytest.mark.parametrize("policy", ["tokens", "special"])
def test_new_rows_are_means_of_their_pieces_and_old_rows_stay(base: Path, tmp_path: Path, policy: str) -> None:
    made = with_policy(base, tmp_path / "made", policy)  # type: ignore[arg-type]
    before, after = (load_tensors(folder / "model.safetensors") for folder in (base, tmp_path / "made"))
    rows = len(before[EMBEDDING])
    assert after[EMBEDDING].shape == (rows + len(TAGS), 32)
    assert np.array_equal(after[EMBEDDING][:rows], before[EMBEDDING])
    for tag, id_ in made.added.items():
        assert np.allclose(after[EMBEDDING][id_], before[EMBEDDING][list(made.pieces[tag])].mean(axis=0))
    assert after["final_logits_bias"].shape == (1, rows + len(TAGS))
    assert json.loads((tmp_path / "made" / "config.json").read_text("utf-8"))["vocab_size"] == rows + len(TAGS)


def test_spare_rows_of_a_padded_table_are_used_first(base: Path, tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    padded = tmp_path / "padded"
    with_policy(base, padded, "text")
    tensors = load_tensors(padded / "model.safetensors")
    spare = np.zeros((64, 32), np.float32)
    tensors[EMBEDDING] = np.concatenate([tensors[EMBEDDING], spare])
    tensors["final_logits_bias"] = np.zeros((1, len(tensors[EMBEDDING])), np.float32)
    save_file(tensors, padded / "model.safetensors", metadata={"format": "pt"})
    change(padded, "config.json", vocab_size=len(tensors[EMBEDDING]))
    made = with_policy(padded, tmp_path / "made", "tokens")
    assert load_tensors(tmp_path / "made" / "model.safetensors")[EMBEDDING].shape == tensors[EMBEDDING].shape
    assert max(made.added.values()) < len(tensors[EMBEDDING])


def test_twice_adds_nothing_more(base: Path, tmp_path: Path) -> None:
    with_policy(base, tmp_path / "once", "tokens")
    again = with_policy(tmp_path / "once", tmp_path / "twice", "tokens")
    assert not again.added
    for name in ("tokenizer.json", "model.safetensors"):
        assert (tmp_path / "twice" / name).read_bytes() == (tmp_path / "once" / name).read_bytes()


def test_transformers_reads_and_writes_the_tags(base: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    made = with_policy(base, tmp_path / "made", "special")
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "made")

    def encode(text: str) -> list[int]:
        return list(tokenizer(text, add_special_tokens=False).input_ids)

    assert broken(encode, lambda ids: tokenizer.decode(ids, skip_special_tokens=False)) == []
    assert set(TAGS) <= set(tokenizer.all_special_tokens)
    assert tokenizer.convert_tokens_to_ids("#Person1#") == made.added["#Person1#"]
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "made")
    assert model.get_input_embeddings().weight.shape[0] == len(tokenizer)


def test_what_cannot_be_done_is_said(base: Path, tmp_path: Path) -> None:
    with_policy(base, tmp_path / "made", "tokens")
    with pytest.raises(ModelError, match="exists"):
        with_policy(base, tmp_path / "made", "tokens")
    with pytest.raises(ModelError, match="already holds"):
        with_policy(tmp_path / "made", tmp_path / "back", "text")
    assert not (tmp_path / "back").exists()
