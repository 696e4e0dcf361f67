"""The same faults in files that transformers and PEFT themselves wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")

from tiny_kobart import tiny_kobart  # noqa: E402
from yoyak.doctor.case import Case  # noqa: E402
from yoyak.doctor.folder import ModelFolder  # noqa: E402
from yoyak.doctor.tags import trace  # noqa: E402

TAGS = ["#Person1#", "#Person2#"]
pytestmark = [
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Setting `save_embedding_layers`:UserWarning"),
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_kobart(tmp_path_factory.mktemp("base") / "model")


def found(folder: Path) -> tuple[str, str] | None:
    first = trace(Case(model=ModelFolder.open(folder))).first_lost
    return (first[0].name, first[1].code) if first else None


def extended(base: Path) -> Any:
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    tokenizer.add_tokens(TAGS)
    return tokenizer


def adapter(base: Path, folder: Path, *, save_embedding_layers: Any = "auto", **config: Any) -> Path:
    tokenizer = extended(base)
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(base)
    model.resize_token_embeddings(len(tokenizer))
    settings = peft.LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type="SEQ_2_SEQ_LM", **config)
    peft.get_peft_model(model, settings).save_pretrained(folder, save_embedding_layers=save_embedding_layers)
    tokenizer.save_pretrained(folder)
    return folder


def test_special_tokens_and_a_list_that_was_replaced(base: Path, tmp_path: Path) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    tokenizer.add_special_tokens({"extra_special_tokens": TAGS})
    tokenizer.save_pretrained(tmp_path / "once")
    assert found(tmp_path / "once") == ("decode", "special-dropped")
    tokenizer.add_special_tokens({"extra_special_tokens": ["<topic>"]})
    tokenizer.save_pretrained(tmp_path / "twice")
    assert found(tmp_path / "twice") == ("encode", "list-replaced")


def test_a_model_that_was_resized_with_its_tokenizer_and_without(base: Path, tmp_path: Path) -> None:
    tokenizer = extended(base)
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(base)
    model.save_pretrained(tmp_path / "small")
    tokenizer.save_pretrained(tmp_path / "small")
    assert found(tmp_path / "small") == ("rows", "ids-beyond-rows")
    model.resize_token_embeddings(len(tokenizer))
    model.save_pretrained(tmp_path / "whole")
    tokenizer.save_pretrained(tmp_path / "whole")
    assert found(tmp_path / "whole") is None


def test_adapters_with_frozen_missing_and_trained_rows(base: Path, tmp_path: Path) -> None:
    rows = {"trainable_token_indices": {"shared": extended(base).convert_tokens_to_ids(TAGS)}}
    assert found(adapter(base, tmp_path / "frozen")) == ("rows", "rows-frozen")
    assert found(adapter(base, tmp_path / "missing", save_embedding_layers=False)) == ("rows", "adapter-without-rows")
    assert found(adapter(base, tmp_path / "trained", save_embedding_layers=False, **rows)) is None
    assert found(adapter(base, tmp_path / "copied", modules_to_save=["shared"])) is None
