"""A tiny LoRA run: it learns, it goes on where it stopped, what it saves can be merged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")

from yoyak.checkpoints.merge import merge  # noqa: E402
from yoyak.errors import ModelError, UsageError  # noqa: E402
from yoyak.train import checkpoint as checkpoints  # noqa: E402
from yoyak.train.lora import Lora, Recipe, train  # noqa: E402
from yoyak.train.recipe import Batches, Data, Optimizer  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
Make = Callable[..., Path]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Gemma 3 of two layers with a vocabulary of single characters."""
    folder = tmp_path_factory.mktemp("base")
    letters = sorted(set("대화:요약 #Person12지훈수아내일세시에만나자좋다고한다.?,밥을먹었어아직\n▁"))
    vocab = {token: i for i, token in enumerate(["<pad>", "<eos>", "<bos>", "<unk>", *letters])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocab, merges=[], unk_token="<unk>"))
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
