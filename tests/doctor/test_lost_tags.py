"""Each of the ten known ways to lose tags, seeded: the doctor names the stage and the cause, and the healthy case is healthy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tokenizers")

from tiny_kobart import change, tiny_kobart, write
from yoyak.checkpoints.tags import with_policy
from yoyak.doctor.case import Case
from yoyak.doctor.folder import ModelFolder
from yoyak.doctor.settings import Settings
from yoyak.doctor.tags import STAGES, trace
from yoyak.models.tag_policy import TagPolicy
from yoyak.records import Dialogue, Turn

Make = Callable[..., Path]

TALKS = [
    Dialogue(
        f"d{n}",
        (Turn("#Person1#", f"{n}번 버스 언제 와?"), Turn("#Person2#", "곧 올 거야. 기다려.")),
        references=(f"#Person1#은 #Person2#에게 {n}번 버스를 묻는다. #Person2#는 #Person1#에게 기다리라고 한다.",),
    )
    for n in range(20)
]
# In plain text every tag shares its pieces with every other: nothing is forbidden in these.
CALM = [Dialogue(t.id, t.turns, references=("내일은 모두가 #Person1#에게 간다.",)) for t in TALKS]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A KoBART with its ids as they should be."""
    folder = tiny_kobart(tmp_path_factory.mktemp("base") / "model")
    change(folder, "config.json", decoder_start_token_id=0, forced_eos_token_id=1)
    return folder


def copied(base: Path, tmp_path: Path, policy: TagPolicy = "text") -> Path:
    with_policy(base, tmp_path / "model", policy)
    return tmp_path / "model"


def recipe(make: Make, **values: Any) -> Settings:
    return Settings.read(str(make("recipe.yaml", json.dumps(values))))


def found(case: Case) -> tuple[str, str] | None:
    first = trace(case).first_lost
    return (first[0].name, first[1].code) if first else None


def add_tags(folder: Path, *, special: bool, names: tuple[str, ...] = ("#Person1#", "#Person2#")) -> None:
    """What `tokenizer.add_tokens` or `add_special_tokens` and `save_pretrained` write, without a word to the model."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    start = len(tokenizer["model"]["vocab"])
    for number, name in enumerate(names):
        kind = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": not special, "special": special}
        tokenizer["added_tokens"].append({"id": start + number, "content": name, **kind})
    write(folder, "tokenizer.json", tokenizer)
    if special:
        change(folder, "tokenizer_config.json", extra_special_tokens=list(names))


def resize(folder: Path, *, by: int) -> None:
    """What `model.resize_token_embeddings` and `save_pretrained` write."""
    from safetensors.numpy import save_file

    from yoyak.checkpoints.merge import load_tensors

    tensors = load_tensors(folder / "model.safetensors")
    table = tensors["model.shared.weight"]
    new = np.random.default_rng(1).normal(0, 0.1, (by, table.shape[1])).astype(np.float32)
    tensors["model.shared.weight"] = np.concatenate([table, new])
    tensors["final_logits_bias"] = np.zeros((1, len(table) + by), np.float32)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    change(folder, "config.json", vocab_size=len(table) + by)


def adapter(folder: Path, base: Path, tensors: dict[str, tuple[int, ...]], **config: Any) -> Path:
    """What peft and tokenizer.save_pretrained write into an adapter's folder."""
    from safetensors.numpy import save_file

    folder.mkdir()
    lora = {"base_model.model.model.decoder.layers.0.self_attn.q_proj.lora_A.weight": (2, 32)} | tensors
    save_file({name: np.zeros(shape, np.float32) for name, shape in lora.items()}, folder / "adapter_model.safetensors")
    values = {"peft_type": "LORA", "r": 2, "target_modules": ["q_proj", "v_proj"], "base_model_name_or_path": str(base)}
    write(folder, "adapter_config.json", values | config)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((base / name).read_bytes())
    add_tags(folder, special=False)
    return folder


@pytest.mark.parametrize("policy", ["text", "tokens"])
def test_a_healthy_model_is_healthy(base: Path, tmp_path: Path, policy: TagPolicy) -> None:
    made = trace(Case(model=ModelFolder.open(copied(base, tmp_path, policy)), dialogues=TALKS))
    assert made.first_lost is None
    assert made.first_risk is None
    assert [stage.name for stage in made.stages] == [
        "raw", "clean", "encode", "label", "rows", "generate", "decode", "post-process", "output",
    ]  # fmt: skip
    assert {stage.status for stage in made.stages} == {"ok", "unknown"}
    assert all(stage.needs for stage in made.stages if stage.status == "unknown")


def test_1_special_tokens_dropped_by_decoding(base: Path, tmp_path: Path) -> None:
    case = Case(model=ModelFolder.open(copied(base, tmp_path, "special")), dialogues=TALKS)
    assert found(case) == ("decode", "special-dropped")
    assert "'은 에게 말한다.'" in trace(case).first_lost[1].what  # type: ignore[index]


def test_1_special_tokens_that_yoyak_keeps_are_no_loss(base: Path, tmp_path: Path) -> None:
    folder = copied(base, tmp_path, "special")
    write(folder, "yoyak.json", {"tags": "special"})
    assert found(Case(model=ModelFolder.open(folder), dialogues=TALKS)) is None


def test_2_lora_leaves_new_rows_frozen(base: Path, tmp_path: Path, make: Make) -> None:
    rows = ModelFolder.open(base).rows or 0
    whole = {"base_model.model.model.shared.weight": (rows + 2, 32)}
    folder = adapter(tmp_path / "adapter", base, whole, modules_to_save=None, trainable_token_indices=None)
    assert found(Case(model=ModelFolder.open(folder))) == ("rows", "rows-frozen")
    assert found(Case(recipe=recipe(make, method="lora", tags="tokens"))) == ("rows", "rows-frozen")
    assert found(Case(recipe=recipe(make, peft={"peft_type": "LORA"}, add_tokens=["#Person1#"]))) == ("rows", "rows-frozen")
    trained = {"peft_type": "LORA", "trainable_token_indices": {"shared": [1]}}
    assert found(Case(recipe=recipe(make, peft=trained, add_tokens=["#Person1#"]))) is None


def test_2_rows_that_were_trained_and_saved_are_no_loss(base: Path, tmp_path: Path) -> None:
    delta = {"base_model.model.model.shared.token_adapter.trainable_tokens_delta": (2, 32)}
    folder = adapter(tmp_path / "adapter", base, delta, trainable_token_indices={"shared": [11285, 11286]})
    assert found(Case(model=ModelFolder.open(folder))) is None


def test_3_tokenizer_resized_and_model_not(base: Path, tmp_path: Path) -> None:
    folder = copied(base, tmp_path)
    add_tags(folder, special=False)
    assert found(Case(model=ModelFolder.open(folder))) == ("rows", "ids-beyond-rows")


def test_3_model_resized_and_tokenizer_not_saved(base: Path, tmp_path: Path) -> None:
    folder = copied(base, tmp_path)
    resize(folder, by=3)
    assert found(Case(model=ModelFolder.open(folder))) == ("rows", "tokenizer-not-saved")
    (folder / "tokenizer.json").unlink()
    assert found(Case(model=ModelFolder.open(folder))) == ("rows", "tokenizer-not-saved")


def test_3_a_padded_table_is_no_loss(base: Path, tmp_path: Path) -> None:
    folder = copied(base, tmp_path)
    rows = ModelFolder.open(folder).rows or 0
    resize(folder, by=-rows % 64)
    assert found(Case(model=ModelFolder.open(folder))) is None


def test_4_labels_cut_before_the_tag(base: Path, tmp_path: Path, make: Make) -> None:
    model = ModelFolder.open(copied(base, tmp_path))
    short = recipe(make, tokenizer={"decoder_max_len": 24})
    assert found(Case(model=model, recipe=short, dialogues=TALKS)) == ("label", "label-cut")
    assert found(Case(model=model, recipe=recipe(make, tokenizer={"decoder_max_len": 100}), dialogues=TALKS)) is None


def test_4_the_tail_cut_off_with_the_summary(base: Path, tmp_path: Path, make: Make) -> None:
    folder = copied(base, tmp_path)
    change(folder, "config.json", is_encoder_decoder=False, model_type="llama")
    case = Case(model=ModelFolder.open(folder), recipe=recipe(make, sft={"max_seq_length": 48}), dialogues=TALKS)
    assert found(case) == ("label", "label-cut")


def test_5_padding_that_is_the_end_token(base: Path, tmp_path: Path) -> None:
    folder = copied(base, tmp_path)
    change(folder, "config.json", pad_token_id=1)
    assert found(Case(model=ModelFolder.open(folder), dialogues=TALKS)) == ("label", "pad-is-eos")
    change(folder, "config.json", pad_token_id=3)
    change(folder, "tokenizer_config.json", pad_token="</s>")
    assert found(Case(model=ModelFolder.open(folder), dialogues=TALKS)) == ("label", "pad-is-eos")


def test_5_what_yoyak_trained_masks_by_position(base: Path, tmp_path: Path) -> None:
    folder = copied(base, tmp_path)
    change(folder, "config.json", pad_token_id=1)
    write(folder, "yoyak.json", {"method": "seq2seq"})
    assert found(Case(model=ModelFolder.open(folder), dialogues=TALKS)) is None


def test_6_a_cleaning_pattern_deletes_them(base: Path, tmp_path: Path, make: Make) -> None:
    def cleaner(text: str) -> str:
        return re.sub(r"#[^#]+#", "", text)

    assert found(Case(dialogues=TALKS, clean=cleaner)) == ("clean", "cleaned-away")
    cleaned = [
        Dialogue(t.id, tuple(Turn("화자", turn.text) for turn in t.turns), references=tuple(map(cleaner, t.references))) for t in TALKS
    ]
    assert found(Case(dialogues=TALKS, cleaned=cleaned)) == ("clean", "cleaned-away")
    assert found(Case(dialogues=TALKS, cleaned=TALKS)) is None
    assert found(Case(recipe=recipe(make, data={"clean_patterns": [r"[^가-힣0-9 .]"]}))) == ("clean", "cleaned-away")
    assert found(Case(recipe=recipe(make, data={"clean_patterns": [r"\(.*?\)"]}))) is None


def test_7_the_post_processor_deletes_them(make: Make) -> None:
    decoded = {talk.id: talk.references[0] for talk in TALKS}
    final = {id_: re.sub(r"#\w+#", "", text) for id_, text in decoded.items()}
    assert found(Case(dialogues=TALKS, decoded=decoded, predictions=final)) == ("post-process", "post-processed")
    assert found(Case(dialogues=TALKS, postprocess=lambda text: text.replace("#", ""))) == ("post-process", "post-processed")
    removing = recipe(make, inference={"remove_tokens": ["<usr>", "#Person1#"]})
    assert found(Case(recipe=removing)) == ("post-process", "post-processed")
    assert found(Case(recipe=recipe(make, inference={"remove_tokens": ["<usr>", "<s>", "</s>", "<pad>"]}))) is None


@pytest.mark.parametrize("file", ["generation_config.json", "recipe"])
def test_8_decoding_settings_forbid_them(base: Path, tmp_path: Path, make: Make, file: str) -> None:
    folder = copied(base, tmp_path)
    made = None
    if file == "recipe":
        made = recipe(make, inference={"no_repeat_ngram_size": 2})
    else:
        change(folder, file, no_repeat_ngram_size=2)
    case = Case(model=ModelFolder.open(folder), recipe=made, dialogues=TALKS)
    assert found(case) == ("generate", "forbidden-by-decoding")
    assert "100 % (20 of 20) references impossible" in trace(case).first_lost[1].what  # type: ignore[index]
    assert found(Case(model=ModelFolder.open(folder), recipe=made, dialogues=CALM)) is None


def test_8_without_data_the_tag_itself_is_tried(base: Path, tmp_path: Path) -> None:
    folder = copied(base, tmp_path)
    change(folder, "generation_config.json", no_repeat_ngram_size=2)
    assert found(Case(model=ModelFolder.open(folder))) == ("generate", "forbidden-by-decoding")


def test_8_other_settings(base: Path, tmp_path: Path) -> None:
    folder = copied(base, tmp_path, "tokens")
    tag = ModelFolder.open(folder).vocabulary["#Person1#"]
    for setting, level in (
        ({"bad_words_ids": [[tag]]}, "lost"),
        ({"suppress_tokens": [tag]}, "lost"),
        ({"repetition_penalty": 1.3}, "risk"),
        ({"encoder_no_repeat_ngram_size": 1}, "lost"),
        ({"max_new_tokens": 5}, "lost"),
        ({"no_repeat_ngram_size": 12}, "ok"),
        ({"repetition_penalty": 1.0, "no_repeat_ngram_size": 0, "bad_words_ids": None}, "ok"),
    ):
        write(folder, "generation_config.json", setting)
        stages = {stage.name: stage.status for stage in trace(Case(model=ModelFolder.open(folder), dialogues=TALKS)).stages}
        assert stages["generate"] == level, setting


def test_9_a_second_list_replaces_the_first(base: Path, tmp_path: Path) -> None:
    folder = copied(base, tmp_path, "special")
    change(folder, "tokenizer_config.json", extra_special_tokens=["<topic>", "</topic>"])
    assert found(Case(model=ModelFolder.open(folder), dialogues=TALKS)) == ("encode", "list-replaced")


def test_10_the_adapter_is_saved_without_its_rows(base: Path, tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a", base, {}, trainable_token_indices={"shared": [11285, 11286]})
    assert found(Case(model=ModelFolder.open(folder))) == ("rows", "adapter-without-rows")
    assert found(Case(model=ModelFolder.open(adapter(tmp_path / "b", base, {})))) == ("rows", "adapter-without-rows")


def test_10_without_the_base_it_is_a_risk(base: Path, tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a", base, {})
    change(folder, "adapter_config.json", base_model_name_or_path="somebody/model")
    made = trace(Case(model=ModelFolder.open(folder)))
    rows = next(stage for stage in made.stages if stage.name == "rows")
    assert [(finding.code, finding.level) for finding in rows.findings] == [("adapter-without-rows", "warning")]
    assert made.first_lost is None


def test_yoyaks_own_recipes_cut_no_labels_and_train_new_rows(base: Path, tmp_path: Path, make: Make) -> None:
    model = ModelFolder.open(copied(base, tmp_path))
    data = {"train": ["train.csv"]}
    short = recipe(make, method="seq2seq", model="tiny", data=data, batches={"max_target_tokens": 24})
    made = trace(Case(model=model, recipe=short, dialogues=TALKS))
    assert made.first_lost is None
    assert made.first_risk is not None
    assert made.first_risk[1].code == "label-left-out"
    assert found(Case(recipe=recipe(make, method="lora", model="gemma-3-270m", data=data, tags="tokens"))) is None


def test_the_first_stage_wins_over_later_ones(base: Path, tmp_path: Path) -> None:
    folder = copied(base, tmp_path, "special")
    write(folder, "generation_config.json", {"no_repeat_ngram_size": 1})
    made = trace(Case(model=ModelFolder.open(folder), dialogues=TALKS))
    assert found(Case(model=ModelFolder.open(folder), dialogues=TALKS)) == ("generate", "forbidden-by-decoding")
    assert [stage.name for stage in made.stages if stage.status == "lost"] == ["generate", "decode"]


def test_outputs_alone_tell_dropped_tags_from_unwritten_ones() -> None:
    references = {talk.id: talk.references[0] for talk in TALKS}
    dropped = {id_: re.sub(r"#\w+#", "", text) for id_, text in references.items()}
    assert found(Case(predictions=dropped)) == ("output", "orphaned-josa")
    unwritten = dict.fromkeys(references, "두 사람이 버스를 기다린다.")
    assert found(Case(predictions=unwritten, dialogues=TALKS)) == ("output", "tags-not-written")
    assert found(Case(predictions=references, dialogues=TALKS)) is None


def test_outputs_show_blanks_broken_tags_and_what_is_never_said_twice() -> None:
    def risks(texts: list[str]) -> set[str]:
        made = trace(Case(predictions={f"d{n}": text for n, text in enumerate(texts)}, dialogues=TALKS))
        return {finding.code for finding in made.stages[-1].findings if finding.level == "warning"}

    assert risks(["#Person1# 은 #Person2# 에게 묻는다. #Person1# 은 간다."] * 20) == {"blank-before-josa"}
    assert risks(["#Person1#은 #Person2#에게 #Person1#은 #Person"] * 20) == {"garbled-tags"}
    assert risks(["#Person1#은 #Person2#에게 묻는다."] * 20) == {"never-twice"}


def test_data_that_teach_no_tags() -> None:
    silent = [Dialogue(t.id, t.turns, references=("두 사람이 버스를 기다린다.",)) for t in TALKS]
    assert found(Case(dialogues=silent)) == ("raw", "references-without-tags")
    named = [Dialogue("a", (Turn("지훈", "안녕"),), references=("지훈이 인사한다.",))]
    assert found(Case(dialogues=named)) is None
    odd = [Dialogue("a", (Turn("#Person1#", "안녕"),), references=("#Person1#은 Person2에게 인사한다.",))]
    assert trace(Case(dialogues=odd)).first_risk[1].code == "misspelt-tags"  # type: ignore[index]


def test_unknown_and_mixed_tags(base: Path, tmp_path: Path) -> None:
    folder = copied(base, tmp_path)
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    vocab = tokenizer["model"]["vocab"]
    vocab["☃"] = vocab.pop("#")
    tokenizer["model"]["merges"] = [pair for pair in tokenizer["model"]["merges"] if "#" not in pair]
    write(folder, "tokenizer.json", tokenizer)
    assert found(Case(model=ModelFolder.open(folder))) == ("encode", "unknown-pieces")
    with_policy(base, tmp_path / "mixed", "tokens", names=["#Person1#"])
    risk = trace(Case(model=ModelFolder.open(tmp_path / "mixed"), dialogues=TALKS)).first_risk
    assert risk is not None
    assert risk[1].code == "some-tags-are-tokens"


def test_a_naive_addition_puts_a_blank_before_josa(base: Path, tmp_path: Path) -> None:
    folder = copied(base, tmp_path)
    add_tags(folder, special=False)
    resize(folder, by=2)
    made = trace(Case(model=ModelFolder.open(folder), dialogues=TALKS))
    assert made.first_lost is None
    assert made.first_risk is not None
    assert (made.first_risk[0].name, made.first_risk[1].code) == ("encode", "blank-before-josa")


def test_every_finding_says_what_to_do() -> None:
    assert len(STAGES) == 9
