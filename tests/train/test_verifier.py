"""A tiny verifier: branches are what separate sequences would be, and what is learned can be merged and gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("peft")
tokenizers = pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")

from yoyak.errors import ModelError  # noqa: E402
from yoyak.models.judgement import ANSWERS  # noqa: E402
from yoyak.records import Dialogue, Turn  # noqa: E402
from yoyak.train.adapters import Lora  # noqa: E402
from yoyak.train.corruptions import Statement  # noqa: E402
from yoyak.train.recipe import Data, Optimizer, load_recipe  # noqa: E402
from yoyak.train.verifier import Limits, Recipe, Row, _Coder, logits_of, outline, train  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
Make = Callable[..., Path]


def tiny(folder: Path, *, answers: tuple[str, ...] = ANSWERS, window: int = 512) -> Path:
    """A random Gemma 3 of two layers with a vocabulary of single characters and the answers."""
    letters = sorted(set("대화:요약 #Person12지훈수아내일세시에만나자좋다고한다.?,밥을먹었어아직은는이가와않기로지\n▁"))
    vocab = {token: i for i, token in enumerate(["<pad>", "<eos>", "<bos>", "<unk>", *answers, *letters])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocab, merges=[], unk_token="<unk>"))
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = transformers.Gemma3TextConfig(
        vocab_size=len(vocab),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        layer_types=["sliding_attention", "full_attention"],
        sliding_window=window,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        bos_token_id=2,
        eos_token_id=1,
        pad_token_id=0,
    )
    model = transformers.Gemma3ForCausalLM(config)
    with torch.no_grad():
        model.model.embed_tokens.weight.mul_(15)
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("window", [512, 8])
def test_branches_are_what_separate_sequences_would_be(tmp_path: Path, window: int) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(tiny(tmp_path / "base", window=window)).eval()
    rows = [
        Row((2, 10, 11, 12, 13, 14, 15, 16, 17, 18), ((20, 21, 22), (23, 24, 25, 26, 27), (20,)), (0, 1, 2)),
        Row((2, 19, 18), ((20, 21), (30, 31, 32)), (0, 4)),
    ]
    with torch.no_grad():
        found = logits_of(model, rows, answers=[4, 5, 6, 7, 8], pad=0, round_to=8)
        alone = [model(torch.tensor([[*row.prefix, *branch]])).logits[0, -1, 4:9] for row in rows for branch in row.branches]
    torch.testing.assert_close(found, torch.stack(alone), atol=1e-4, rtol=1e-4)


def test_tails_are_the_tokens_that_know(tmp_path: Path) -> None:
    coder = _Coder(tiny(tmp_path / "base"), 100)
    talk = Dialogue("d", (Turn("지훈", "내일 세시에 만나자"),))
    true, false, unknown = (
        Statement("지훈은 세시에 만나자고 한다."),
        "지훈은 내일 만나자고 한다.",
        Statement("수아는 밥을 먹었다.", "invented"),
    )
    [row], _ = coder.rows([(talk, (true, Statement(false, "detail", true.text), unknown))])
    assert row.tails == (9, 9, 1)
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "base").eval()
    with torch.no_grad():
        whole = logits_of(model, [row], answers=coder.answers, pad=0, round_to=8, tails=True)
        ends = logits_of(model, [row], answers=coder.answers, pad=0, round_to=8)
    assert whole.shape == (sum(row.tails), 5)
    torch.testing.assert_close(whole[[row.tails[0] - 1, sum(row.tails[:2]) - 1, -1]], ends)


@pytest.fixture
def recipe(make: Make, tmp_path: Path) -> Recipe:
    rows: list[dict[str, Any]] = []
    for n in range(16):
        said = ("만나자", "먹자") if n % 2 else ("먹자", "만나자")
        rows.append(
            {
                "id": f"d-{n}",
                "dialogue": [{"speaker": "지훈", "text": f"내일 {said[0]}"}, {"speaker": "수아", "text": f"좋다{'.' * (n // 2)}"}],
                "summary": f"지훈은 {said[0]}고 한다.",
                "sentences": [{"text": f"지훈은 {said[0]}고 한다.", "evidence": [1]}],
                "false_twins": [{"sentence": 1, "kind": "detail", "text": f"지훈은 {said[1]}고 한다."}],
            }
        )
    data = make("train.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    return Recipe(
        model=str(tiny(tmp_path / "base")),
        data=Data(train=[str(data)], dev=[str(data)]),
        lora=Lora(rank=8, alpha=32),
        optimizer=Optimizer(learning_rate=2e-2),
        batches=Limits(tokens=1024, round_to=16, max_input_tokens=120),
        statements=4,
        epochs=12,
        save_steps=50,
        precision="fp32",
    )


def test_it_learns_and_can_be_gone_on_with(recipe: Recipe, tmp_path: Path) -> None:
    adapter = train(recipe, tmp_path / "run")
    losses = [json.loads(line)["loss"] for line in (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sum(losses[-6:]) < 0.8 * sum(losses[:6])
    made = json.loads((adapter / "yoyak.json").read_text(encoding="utf-8"))
    assert made["dev"]["sentences"] == 32
    assert 0.25 <= made["temperature"] <= 10
    again = recipe.model_copy(update={"start": str(adapter), "epochs": 2})
    train(again, tmp_path / "again")
    [first, *_] = (tmp_path / "again" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(first)["loss"] < losses[0]


def test_a_vocabulary_without_the_answers_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    without = recipe.model_copy(update={"model": str(tiny(tmp_path / "without", answers=ANSWERS[:2]))})
    with pytest.raises(ModelError, match="lacks the answers ▁반, ▁값, ▁없"):
        train(without, tmp_path / "run")


def test_the_outline_counts_what_is_trained(recipe: Recipe) -> None:
    found = outline(recipe)
    assert len(found.lengths) == recipe.epochs
    assert all(2 <= labels <= 4 for part in found.lengths for _, labels in part)
    assert sum(learned for _, learned in found.samples[0].pieces) == found.lengths[0][0][1]


def test_the_packaged_recipe_is_valid() -> None:
    assert load_recipe("verifier").method == "verifier"
