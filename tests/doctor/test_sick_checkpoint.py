"""KoBART's own faults in a tiny checkpoint: found, cured in a copy, and gone from it; why a model never stops."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tokenizers")

from tiny_kobart import change, tiny_kobart, write
from yoyak.checkpoints.repair import CURES, repair, stray_specials
from yoyak.doctor.checkpoint import curable, diagnose, position_limit
from yoyak.doctor.folder import ModelFolder
from yoyak.doctor.stopping import runaway
from yoyak.errors import ModelError, UsageError

KOBART = ["foreign-start", "foreign-end", "no-bos-eos", "token-type-ids", "position-limit", "emoticons-special"]


@pytest.fixture
def kobart(tmp_path: Path) -> Path:
    return tiny_kobart(tmp_path / "kobart")


def codes(folder: Path) -> list[str]:
    return [finding.code for finding in diagnose(ModelFolder.open(folder))]


def content(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / name).read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_kobarts_faults_are_found_and_each_says_what_to_do(kobart: Path) -> None:
    findings = diagnose(ModelFolder.open(kobart))
    assert [finding.code for finding in findings if finding.level != "note"] == KOBART
    assert all(finding.why and finding.fix for finding in findings if finding.level != "note")
    assert "'<usr>'" in findings[0].what


def test_the_cured_copy_has_none_of_them_and_the_original_all(kobart: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in kobart.iterdir()}
    cured = repair(kobart, tmp_path / "fixed", curable(diagnose(ModelFolder.open(kobart))))
    assert sorted(cured) == sorted(KOBART)
    assert [f.code for f in diagnose(ModelFolder.open(tmp_path / "fixed")) if f.level != "note"] == []
    assert {path.name: path.read_bytes() for path in kobart.iterdir()} == before
    fixed = tmp_path / "fixed"
    assert (fixed / "model.safetensors").read_bytes() == before["model.safetensors"]
    assert content(fixed, "config.json")["decoder_start_token_id"] == 0
    assert content(fixed, "generation_config.json")["forced_eos_token_id"] == 1
    assert content(fixed, "tokenizer_config.json")["model_max_length"] == 256
    model = ModelFolder.open(fixed)
    ids = model.engine.encode("가", add_special_tokens=True).ids
    assert (ids[0], ids[-1]) == (0, 1)
    assert model.decode_usual(model.encode("슬퍼 ㅠㅠ")) == "슬퍼 ㅠㅠ"
    assert content(fixed, "repairs.json")["cured"] == list(cured)


def test_curing_twice_changes_nothing_more(kobart: Path, tmp_path: Path) -> None:
    repair(kobart, tmp_path / "once", CURES)
    repair(tmp_path / "once", tmp_path / "twice", CURES)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        assert content(tmp_path / "once", name) == content(tmp_path / "twice", name), name


def test_only_what_is_asked_for_is_cured(kobart: Path, tmp_path: Path) -> None:
    assert repair(kobart, tmp_path / "fixed", ["position-limit", "no-such-fault"]) == ("position-limit",)
    assert content(tmp_path / "fixed", "config.json")["decoder_start_token_id"] == 2


def test_a_copy_never_overwrites(kobart: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exists"):
        repair(kobart, kobart, CURES)
    with pytest.raises(ModelError, match="no folder"):
        repair(tmp_path / "nothing", tmp_path / "fixed", CURES)
    assert not (tmp_path / "fixed").exists()


def test_transformers_opens_the_cured_copy(kobart: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    repair(kobart, tmp_path / "fixed", CURES)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "fixed")
    encoded = tokenizer("안녕 ㅠㅠ")
    assert sorted(encoded) == ["attention_mask", "input_ids"]
    assert encoded["input_ids"][0] == 0
    assert encoded["input_ids"][-1] == 1
    assert tokenizer.decode(encoded["input_ids"], skip_special_tokens=True) == "안녕 ㅠㅠ"
    assert tokenizer.model_max_length == 256
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "fixed")
    assert model.generation_config.decoder_start_token_id == 0


def test_ids_of_another_vocabulary(kobart: Path, tmp_path: Path) -> None:
    change(kobart, "config.json", eos_token_id=2, pad_token_id=1)
    assert {"ids-disagree", "end-differs"} & set(codes(kobart)) == {"ids-disagree"}  # generation_config.json still has the right end
    change(kobart, "generation_config.json", eos_token_id=2)
    assert {"ids-disagree", "end-differs"} <= set(codes(kobart))
    repair(kobart, tmp_path / "fixed", ["ids-disagree"])
    assert not {"ids-disagree", "end-differs"} & set(codes(tmp_path / "fixed"))


def test_ids_and_tokens_outside_the_table(kobart: Path) -> None:
    change(kobart, "generation_config.json", bos_token_id=99999)
    assert "id-outside" in codes(kobart)
    tokenizer = content(kobart, "tokenizer.json")
    tokenizer["added_tokens"].append(tokenizer["added_tokens"][-1] | {"id": 99998, "content": "새말"})
    write(kobart, "tokenizer.json", tokenizer)
    assert "ids-beyond-rows" in codes(kobart)


def test_the_position_limit_is_the_tables(kobart: Path) -> None:
    assert position_limit(ModelFolder.open(kobart)) == 256
    change(kobart, "config.json", max_position_embeddings=1026)
    assert position_limit(ModelFolder.open(kobart)) == 256
    assert "positions-disagree" in codes(kobart)


def test_padding(kobart: Path) -> None:
    change(kobart, "tokenizer_config.json", model_input_names=["input_ids"])
    change(kobart, "config.json", pad_token_id=None)
    assert {"padding-unmasked", "no-padding"} <= set(codes(kobart))


def test_pickled_weights_are_named(kobart: Path) -> None:
    (kobart / "model.safetensors").unlink()
    assert "no-weights" in codes(kobart)
    (kobart / "pytorch_model.bin").write_bytes(b"")
    assert "pickle" in codes(kobart)


def test_a_broken_safetensors_file_is_an_error(kobart: Path) -> None:
    (kobart / "model.safetensors").write_bytes(b"\x05")
    with pytest.raises(ModelError, match="cut off"):
        ModelFolder.open(kobart)
    with pytest.raises(ModelError, match="no checkpoint"):
        ModelFolder.open(kobart.parent)


def test_emoticons_are_neither_controls_nor_tags(kobart: Path) -> None:
    assert stray_specials(content(kobart, "tokenizer.json")) == {"ㅠㅠ", "^^", ":)"}


def decoder(folder: Path, **config: Any) -> Path:
    """A decoder-only model's small files; the end token is </s>, id 1."""
    folder.mkdir()
    source = tiny_kobart(folder.parent / "source")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((source / name).read_bytes())
    write(folder, "config.json", {"model_type": "llama", "vocab_size": 20000, "bos_token_id": 0, "pad_token_id": 3} | config)
    return folder


@pytest.mark.parametrize(
    ("config", "generation", "expected"),
    [
        ({}, {}, "end-missing"),
        ({"eos_token_id": 2}, {}, "end-differs"),
        ({"eos_token_id": 1}, {"eos_token_id": 2}, "end-differs"),
        ({"eos_token_id": 1, "pad_token_id": 1}, {}, "pad-is-eos"),
        ({"eos_token_id": 1}, {"suppress_tokens": [1]}, "end-forbidden"),
        ({"eos_token_id": 1}, {"min_new_tokens": 100, "max_new_tokens": 100}, "end-forbidden"),
        ({"eos_token_id": 1}, {"eos_token_id": [1, 4]}, None),
        ({"eos_token_id": 1}, {}, None),
    ],
)
def test_why_a_model_never_stops(tmp_path: Path, config: dict[str, Any], generation: dict[str, Any], expected: str | None) -> None:
    folder = decoder(tmp_path / "model", **config)
    if generation:
        write(folder, "generation_config.json", generation | {"eos_token_id": generation.get("eos_token_id", 1)})
    found = {f.code for f in diagnose(ModelFolder.open(folder)) if f.code.startswith("end-") or f.code == "pad-is-eos"}
    assert found == ({expected} if expected else set())


def test_a_chat_templates_end_has_to_end_generation(tmp_path: Path) -> None:
    folder = decoder(tmp_path / "model", eos_token_id=1)
    tokenizer = content(folder, "tokenizer.json")
    tokenizer["added_tokens"].append(tokenizer["added_tokens"][0] | {"id": 11285, "content": "<end_of_turn>"})
    write(folder, "tokenizer.json", tokenizer)
    change(folder, "tokenizer_config.json", chat_template="{{ message }}<end_of_turn>")
    assert "chat-end-missing" in codes(folder)
    repair(folder, tmp_path / "fixed", ["chat-end-missing"])
    assert "chat-end-missing" not in codes(tmp_path / "fixed")
    assert content(tmp_path / "fixed", "generation_config.json")["eos_token_id"] == [1, 11285]


def test_an_end_token_behind_every_prompt(tmp_path: Path) -> None:
    folder = decoder(tmp_path / "model", eos_token_id=1)
    repair(folder, tmp_path / "ended", ["no-bos-eos"])
    assert "end-after-prompt" in codes(tmp_path / "ended")


def test_outputs_that_never_stop(kobart: Path) -> None:
    model = ModelFolder.open(kobart)
    fine = [f"#Person1#은 #Person2#에게 {'책을 ' * (n % 7)}준다." for n in range(40)]
    assert runaway(fine, model=model) == []
    assert runaway([], model=model) == []
    circling = [f"{text} 그리고 다시 " * 12 for text in fine]
    assert [f.code for f in runaway(circling)] == ["never-stops"]
    cut = [("가나다라마바사아자차카타파하" * 9)[:100] for _ in range(40)]
    assert "the limit ended them" in runaway(cut, model=model)[0].what
