"""A tiny LoRA run: it learns, it goes on where it stopped, what it saves can be merged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")

from yoyak.checkpoints.convert import form_of, read_config  # noqa: E402
from yoyak.checkpoints.load import huggingface_folder  # noqa: E402
from yoyak.checkpoints.manifest import read_manifest  # noqa: E402
from yoyak.checkpoints.merge import merge  # noqa: E402
from yoyak.data.read import read  # noqa: E402
from yoyak.errors import ConfigError, ModelError, UsageError  # noqa: E402
from yoyak.models.tag_policy import probes  # noqa: E402
from yoyak.summarize.decoding import DecodeConfig  # noqa: E402
from yoyak.summarize.summarizer import Summarizer  # noqa: E402
from yoyak.summarize.tokens import Codec  # noqa: E402
from yoyak.train import checkpoint as checkpoints  # noqa: E402
from yoyak.train.lora import Lora, Recipe, outline, train  # noqa: E402
from yoyak.train.recipe import Batches, Data, Evaluation, Optimizer, load_recipe, packaged  # noqa: E402
from yoyak.train.tiny_decoder import tiny_llama  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
Make = Callable[..., Path]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Gemma 3 of two layers with a vocabulary of single characters."""
    folder = tmp_path_factory.mktemp("base")
    texts = ["대화:요약 #Person12지훈수아내일세시에만나자좋다고한다.?,밥을먹었어아직\n", *(text for _, text in probes())]
    letters = sorted({letter for text in texts for letter in text})
    vocab = {token: i for i, token in enumerate(["<pad>", "<eos>", "<bos>", "<unk>", *letters])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocab, merges=[], unk_token="<unk>"))
    tokenizer.decoder = tokenizers.decoders.Fuse()
    tokenizer.add_special_tokens(["<pad>", "<eos>", "<bos>", "<unk>"])
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = transformers.Gemma3TextConfig(
        vocab_size=len(vocab),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=512,
        bos_token_id=2,
        eos_token_id=1,
        pad_token_id=0,
    )
    model = transformers.Gemma3ForCausalLM(config)
    with torch.no_grad():  # rows that differ: a frozen, nearly constant embedding could not be told apart by any adapter
        model.model.embed_tokens.weight.mul_(15)
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def recipe(base: Path, make: Make) -> Recipe:
    rows = [
        {"id": f"d{n}", "dialogue": f"지훈: 내일 세시에 만나자{'.' * n}\n수아: 좋다", "summary": "지훈 수아 세시에 만나다"}
        for n in range(12)
    ]
    data = make("train.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    return Recipe(
        model=str(base),
        data=Data(train=[str(data)]),
        lora=Lora(rank=8, alpha=32, dropout=0.05),
        optimizer=Optimizer(learning_rate=1e-2),
        batches=Batches(tokens=256, round_to=16, max_input_tokens=120),
        epochs=4,
        save_steps=3,
        precision="fp32",
    )


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def test_it_learns_and_the_merged_model_is_the_trained_one(recipe: Recipe, base: Path, tmp_path: Path) -> None:
    adapter = train(recipe, tmp_path / "run")
    found = losses(tmp_path / "run")
    assert sum(found[-3:]) < 0.85 * sum(found[:3])
    (tmp_path / "merged").mkdir()
    merge(base, adapter, tmp_path / "merged")
    before = transformers.AutoModelForCausalLM.from_pretrained(base)
    after = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    ids = torch.tensor([[2, 10, 11, 12]])
    assert not torch.allclose(before(ids).logits, after(ids).logits, atol=1e-3)
    made = json.loads((adapter / "yoyak.json").read_text(encoding="utf-8"))
    assert list(made["data"].values()) != [""]


def test_a_run_that_was_cut_off_ends_like_one_that_was_not(recipe: Recipe, tmp_path: Path) -> None:
    train(recipe, tmp_path / "whole")

    class Cut(Exception):
        pass

    def cut(progress: object) -> None:
        if getattr(progress, "step", 0) == 5:
            raise Cut

    with pytest.raises(Cut):
        train(recipe, tmp_path / "cut", on_step=cut)
    with pytest.raises(UsageError, match="--resume"):
        train(recipe, tmp_path / "cut")
    train(recipe, tmp_path / "cut", resume=True)
    assert losses(tmp_path / "cut")[-1] == pytest.approx(losses(tmp_path / "whole")[-1], abs=1e-4)


def test_only_complete_checkpoints_count(recipe: Recipe, tmp_path: Path) -> None:
    train(recipe, tmp_path / "run")
    [older, newest] = checkpoints.complete(tmp_path / "run" / "checkpoints")
    (newest / "weights.safetensors").write_bytes(b"half")
    assert checkpoints.complete(tmp_path / "run" / "checkpoints") == [older]
    size = (older / "weights.safetensors").stat().st_size
    (older / "weights.safetensors").write_bytes(b"x" * size)
    with pytest.raises(ModelError, match="damaged"):
        checkpoints.read(older)


def test_an_adapter_of_another_model_is_refused(recipe: Recipe, base: Path, tmp_path: Path) -> None:
    adapter = train(recipe.model_copy(update={"epochs": 1}), tmp_path / "run")
    other = tmp_path / "other"
    config = transformers.Gemma3TextConfig.from_pretrained(base)
    config.hidden_size = 48
    transformers.Gemma3ForCausalLM(config).save_pretrained(other)
    (tmp_path / "merged").mkdir()
    with pytest.raises(ModelError, match="does not fit"):
        merge(other, adapter, tmp_path / "merged")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOYAK_CACHE", str(tmp_path / "cache"))


def again(recipe: Recipe, **changes: object) -> Recipe:
    return Recipe(**{**recipe.model_dump(), "epochs": 1, **changes})


def trained_ids(recipe: Recipe, base: Path, adapter: Path) -> None:
    """The ids that training gave are those that inference gives to the merged model."""
    folder = huggingface_folder(adapter)
    form = form_of(folder, read_config(folder))
    codec = Codec(folder / "tokenizer.json", form, DecodeConfig())
    dialogue = next(iter(read(recipe.data.train[0])))
    shown = outline(recipe).samples[0]
    prompt = "".join(text for text, learned in shown.pieces if not learned)
    assert prompt == codec.shown(codec.ids(codec.tokens(dialogue.turns)))


def test_what_is_learned_is_the_summary_and_its_end_alone(recipe: Recipe) -> None:
    pieces = outline(recipe).samples[0].pieces
    assert [learned for _, learned in pieces] == [False, True]
    assert pieces[0][0].startswith("<bos>대화:\n지훈: ")
    assert pieces[0][0].endswith("\n\n요약: ")
    assert pieces[1][0] == "지훈 수아 세시에 만나다<eos>"


def test_training_and_inference_give_the_same_bytes(recipe: Recipe, base: Path, tmp_path: Path) -> None:
    trained_ids(recipe, base, train(again(recipe), tmp_path / "run"))


def test_the_adapter_summarizes_and_says_how_it_was_made(recipe: Recipe, tmp_path: Path) -> None:
    adapter = train(again(recipe, epochs=2), tmp_path / "run")
    made = read_manifest(adapter)
    assert (made["input"], made["tags"], made["base"]["vocabulary"]) == ("plain", "text", "whole")
    assert (adapter / "README.md").read_text(encoding="utf-8").startswith("---\nlanguage: ko")
    assert str(tmp_path) not in (adapter / "README.md").read_text(encoding="utf-8")
    dialogues = list(read(recipe.data.train[0]))[:2]
    found = list(Summarizer.load(adapter, engine="hf", decode=DecodeConfig(max_new_tokens=8)).summarize(dialogues))
    assert [prediction.id for prediction in found] == ["d0", "d1"]
    assert not any(prediction.error for prediction in found)


def test_peft_itself_loads_the_adapter(recipe: Recipe, base: Path, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    adapter = train(again(recipe), tmp_path / "run")
    model = peft.PeftModel.from_pretrained(transformers.AutoModelForCausalLM.from_pretrained(base), adapter)
    merged = transformers.AutoModelForCausalLM.from_pretrained(huggingface_folder(adapter))
    ids = torch.tensor([[2, 10, 11, 12]])
    assert torch.allclose(model(ids).logits, merged(ids).logits, atol=1e-4)


def test_a_run_goes_on_with_an_adapter(recipe: Recipe, tmp_path: Path) -> None:
    first = train(recipe, tmp_path / "one")
    second = again(recipe, start=str(first), lora=Lora(rank=2).model_dump(), optimizer=Optimizer(learning_rate=1e-6).model_dump())
    other = train(second, tmp_path / "two")
    assert losses(tmp_path / "two")[0] < losses(tmp_path / "one")[0] * 0.9
    assert json.loads((other / "adapter_config.json").read_text(encoding="utf-8"))["r"] == 8
    with pytest.raises(ModelError, match="no adapter's folder"):
        train(again(recipe, start=str(tmp_path)), tmp_path / "three")


def test_an_adapter_of_another_base_is_not_gone_on_with(recipe: Recipe, base: Path, tmp_path: Path) -> None:
    adapter = train(again(recipe), tmp_path / "one")
    copy = tmp_path / "copy"
    shutil.copytree(base, copy)
    with pytest.raises(ModelError, match="was trained on"):
        train(again(recipe, model=str(copy), start=str(adapter)), tmp_path / "two")


@pytest.mark.parametrize("policy", ["tokens", "special"])
def test_rows_of_new_tags_are_learned_saved_and_merged(recipe: Recipe, base: Path, tmp_path: Path, make: Make, policy: str) -> None:
    rows = [{"id": f"d{n}", "dialogue": "#Person1#: 좋다\n#Person2#: 아직", "summary": "#Person1#은 좋다고 한다"} for n in range(4)]
    data = make("tags.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    adapter = train(again(recipe, tags=policy, data=Data(train=[str(data)]).model_dump()), tmp_path / "run")
    folder = huggingface_folder(adapter)
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = [tokenizer.token_to_id(f"#Person{n}#") for n in (1, 2)]
    rows_before = len(json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"])
    assert ids == [rows_before, rows_before + 1]
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["trainable_token_indices"] == {"embed_tokens": ids}
    table = transformers.AutoModelForCausalLM.from_pretrained(folder).get_input_embeddings().weight
    old = transformers.AutoModelForCausalLM.from_pretrained(base).get_input_embeddings().weight
    assert torch.equal(table[:rows_before], old)
    pieces = base_pieces(base, "#Person1#")
    assert not torch.allclose(table[ids[0]], old[pieces].mean(dim=0), atol=1e-4)  # it has moved from where it began
    # The run goes on from it, new rows included.
    train(again(recipe, tags=policy, data=Data(train=[str(data)]).model_dump(), start=str(adapter)), tmp_path / "more")


def base_pieces(base: Path, text: str) -> list[int]:
    return list(tokenizers.Tokenizer.from_file(str(base / "tokenizer.json")).encode(text, add_special_tokens=False).ids)


def test_all_weights_by_the_same_code(recipe: Recipe, tmp_path: Path) -> None:
    full = again(recipe, method="full", lora=None, optimizer=Optimizer(learning_rate=3e-3).model_dump(), epochs=3)
    assert full.lora is None
    model = train(full, tmp_path / "run")
    assert model.name == "model"
    found = losses(tmp_path / "run")
    assert sum(found[-3:]) < 0.85 * sum(found[:3])
    assert huggingface_folder(model) == model
    assert outline(full).setup.learned == "all"


def test_settings_that_exclude_each_other_are_told_apart(recipe: Recipe) -> None:
    with pytest.raises(ValueError, match="cannot be learned"):
        again(recipe, lora=None, quantization="nf4")
    with pytest.raises(ValueError, match="leave lora out"):
        again(recipe, method="full")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")
def test_four_bits_on_a_processor(recipe: Recipe, base: Path, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    adapter = train(again(recipe, quantization="nf4", epochs=4), tmp_path / "run")
    found = losses(tmp_path / "run")
    assert sum(found[-3:]) < 0.9 * sum(found[:3])
    assert outline(again(recipe, quantization="nf4")).setup.weight_bytes < 1
    assert huggingface_folder(adapter).is_dir()


def test_early_stopping_looks_at_dev_and_keeps_its_hash(recipe: Recipe, tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    data = Data(train=recipe.data.train, dev=recipe.data.train, dev_limit=2)
    adapter = train(again(recipe, data=data.model_dump(), evaluation=Evaluation(every="epoch").model_dump()), tmp_path / "run")
    made = read_manifest(adapter)
    assert set(made["scores"]) >= {"rouge", "rougeL", "tag_recall"}
    assert list(made["selected_on"]) == data.dev


def test_checkpointing_and_parts_change_no_loss(recipe: Recipe, tmp_path: Path) -> None:
    plain = Lora(rank=8, alpha=32).model_dump()
    train(again(recipe, lora=plain), tmp_path / "plain")
    train(again(recipe, lora=plain, gradient_checkpointing=True), tmp_path / "less")
    assert losses(tmp_path / "less") == pytest.approx(losses(tmp_path / "plain"), abs=2e-4)


def test_a_vocabulary_is_cut_for_training_and_again_for_merging(recipe: Recipe, base: Path, tmp_path: Path) -> None:
    adapter = train(again(recipe, vocabulary="cut"), tmp_path / "run")
    folder = huggingface_folder(adapter)
    assert read_config(folder)["vocab_size"] < read_config(base)["vocab_size"] or read_manifest(adapter)["base"]["vocabulary"] == "cut"
    assert (folder / "tokenizer.json").read_bytes() == (adapter / "tokenizer.json").read_bytes()


@pytest.mark.parametrize("name", [name for name in packaged() if load_recipe(name).method in ("lora", "full")])
def test_packaged_recipes_are_valid(name: str) -> None:
    assert load_recipe(name).epochs >= 1


CHAT = (
    "{{ bos_token }}{% for message in messages %}{{ '<turn>' + message['role'] + '\\n' + message['content'] + '<done>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<turn>model\\n' }}{% endif %}"
)


@pytest.fixture
def instruct(tmp_path: Path) -> Path:
    """A tiny Llama whose tokenizer has a chat template with an end of its own."""
    texts = [text for _, text in probes()] + [
        "다음 대화를 요약하세요. 말하는 사람의 이름과 표시는 그대로 씁니다.",
        "지훈 수아 내일 세시 만나자 좋다 대화:\n\n",
    ]
    folder = tiny_llama(texts, tmp_path / "tiny-it", tokens=600, width=64)
    value = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    named = {"<turn>": None, "<done>": None}
    tokenizer = tokenizers.Tokenizer.from_str(json.dumps(value))
    tokenizer.add_special_tokens(list(named))
    tokenizer.save(str(folder / "tokenizer.json"))
    model = transformers.LlamaForCausalLM.from_pretrained(folder)
    model.resize_token_embeddings(tokenizer.get_vocab_size(), mean_resizing=False)
    model.save_pretrained(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8")) | {"chat_template": CHAT}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def test_an_instruct_model_is_spoken_to_by_its_template_and_stops_at_its_end(recipe: Recipe, instruct: Path, tmp_path: Path) -> None:
    pytest.importorskip("ctranslate2")
    spoken = again(recipe, model=str(instruct), method="full", lora=None, epochs=20, optimizer=Optimizer(learning_rate=1e-2).model_dump())
    shown = outline(spoken).samples[0].pieces
    assert shown[0][0].startswith("<s><turn>user\n다음 대화를 요약하세요.")
    assert shown[0][0].endswith("좋다<done>\n<turn>model\n")
    assert shown[1][0] == "지훈 수아 세시에 만나다<done>"
    model = train(spoken, tmp_path / "run")
    assert read_manifest(model)["input"] == "chat"
    ends = json.loads((model / "generation_config.json").read_text(encoding="utf-8"))
    assert ends["eos_token_id"][0] == tokenizers.Tokenizer.from_file(str(model / "tokenizer.json")).token_to_id("<done>")
    assert ends["pad_token_id"] not in ends["eos_token_id"]
    dialogues = list(read(recipe.data.train[0]))[:2]
    for engine in ("hf", "ct2"):
        opened = Summarizer.load(model, engine=engine, compute_type="float32", decode=DecodeConfig(max_new_tokens=40))
        assert [found.summary for found in opened.summarize(dialogues)] == ["지훈 수아 세시에 만나다"] * 2, engine


def test_a_misspelt_key_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="quantization"):
        load_recipe("tiny-lora", settings=["quantisation=nf4"])
