"""A tiny encoder-decoder run: it learns, it goes on where it stopped, and the folder it leaves is one that Summarizer opens and obeys."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("tokenizers")
transformers = pytest.importorskip("transformers")
pytest.importorskip("ctranslate2")

from safetensors.torch import load_file  # noqa: E402

from tiny_kobart import tiny_kobart  # noqa: E402
from tiny_models import tiny_bart  # noqa: E402
from yoyak.checkpoints.hub import quiet_transformers  # noqa: E402
from yoyak.data.read import read  # noqa: E402
from yoyak.errors import ModelError, UsageError  # noqa: E402
from yoyak.metrics.files import tuned_on  # noqa: E402
from yoyak.summarize.decoding import DecodeConfig, of_checkpoint  # noqa: E402
from yoyak.summarize.summarizer import Summarizer  # noqa: E402
from yoyak.train.evaluation import Decoding, DevSet  # noqa: E402
from yoyak.train.pairs import Pair, collate  # noqa: E402
from yoyak.train.recipe import Data, Evaluation, Optimizer  # noqa: E402
from yoyak.train.seq2seq import Lengths, Recipe, loss_of, outline, train  # noqa: E402

Make = Callable[..., Path]
SUMMARIES = ("#Person1#은 내일 만나자고 한다.", "#Person2#는 책을 가져간다.")


@pytest.fixture
def recipe(make: Make) -> Recipe:
    turns = ("#Person1#: 내일 세시에 만나자\n#Person2#: 좋아", "#Person1#: 책은?\n#Person2#: 내가 가져갈게")
    rows = [{"id": f"d{n}", "dialogue": turns[n % 2] + "!" * (n // 2), "summary": SUMMARIES[n % 2]} for n in range(16)]

    def text(part: list[dict[str, str]]) -> str:
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in part)

    return Recipe(
        model="tiny",
        data=Data(train=[str(make("train.jsonl", text(rows)))], dev=[str(make("dev.jsonl", text(rows[:4])))]),
        optimizer=Optimizer(learning_rate=5e-3),
        batches=Lengths(tokens=256, round_to=16, max_input_tokens=120, max_target_tokens=60),
        epochs=12,
        save_steps=5,
        precision="fp32",
        device="cpu",
    )


def losses(folder: Path) -> list[float]:
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row["loss"] for row in rows if "loss" in row]


def test_it_learns_and_the_folder_is_whole_and_obeyed(recipe: Recipe, tmp_path: Path) -> None:
    asked = recipe.model_copy(update={"decoding": Decoding(num_beams=2), "evaluation": Evaluation(every=12)})
    asked.data.clean = ["N2"]
    notes: list[str] = []
    model = train(asked, tmp_path / "run", on_step=lambda progress: notes.extend(progress.notes))

    found = losses(tmp_path / "run")
    assert sum(found[-3:]) < 0.5 * sum(found[:3])
    assert any("control tokens" in line for line in notes)

    # A whole folder: transformers opens it as it is, and nothing of the run's scaffolding stays behind.
    assert transformers.AutoModelForSeq2SeqLM.from_pretrained(model).config.decoder_start_token_id == 0
    assert {"model.safetensors", "tokenizer.json", "README.md", "yoyak.json", "generation_config.json"} <= {f.name for f in model.iterdir()}
    assert not list((tmp_path / "run").glob("start-*"))
    assert (tmp_path / "run" / "curves.svg").read_text(encoding="utf-8").startswith("<svg")

    # What was decided travels: decoding, lengths, cleaning, and on which file it was chosen.
    saved = of_checkpoint(model).decode
    assert (saved.num_beams, saved.max_input_tokens, saved.max_new_tokens) == (2, 120, 60)
    opened = Summarizer.load(model, engine="hf")
    dev = list(read(asked.data.dev[0]))
    summaries = [prediction.summary for prediction in opened.summarize(dev)]
    assert summaries[:2] == list(SUMMARIES)
    noisy = read(_noisy(tmp_path, asked.data.dev[0]))
    assert [prediction.summary for prediction in opened.summarize(noisy)] == summaries, "the run's cleaning rules are applied in use"

    last = sorted((tmp_path / "run" / "dev").glob("*.jsonl"))[-1]
    assert tuned_on(last, asked.data.dev) == asked.data.dev
    assert list(json.loads((model / "yoyak.json").read_text(encoding="utf-8"))["selected_on"]) == asked.data.dev


def _noisy(folder: Path, path: str) -> str:
    """The file with laughter behind its turns, which rule N2 takes away."""
    text = Path(path).read_text(encoding="utf-8").replace("좋아", "좋아ㅋㅋ")
    (folder / "noisy.jsonl").write_text(text, encoding="utf-8")
    return str(folder / "noisy.jsonl")


def test_a_run_that_was_cut_off_ends_like_one_that_was_not(recipe: Recipe, tmp_path: Path) -> None:
    data = recipe.data.model_copy(update={"dev": []})
    batches = Lengths(tokens=64, round_to=16, max_input_tokens=120, max_target_tokens=60)
    short = recipe.model_copy(update={"epochs": 3, "save_steps": 3, "data": data, "dropout": 0.1, "batches": batches})
    whole = train(short, tmp_path / "whole")

    class Cut(Exception):
        pass

    def cut(progress: object) -> None:
        if getattr(progress, "step", 0) == 5:
            raise Cut

    with pytest.raises(Cut):
        train(short, tmp_path / "cut", on_step=cut)
    with pytest.raises(UsageError, match="--resume"):
        train(short, tmp_path / "cut")
    again = train(short, tmp_path / "cut", resume=True)
    first, second = (load_file(folder / "model.safetensors") for folder in (whole, again))
    assert all(torch.allclose(first[name], second[name], atol=1e-5) for name in first)


def test_the_loss_is_that_of_transformers_without_padding_labels(tmp_path: Path) -> None:
    with quiet_transformers():
        model = transformers.BartForConditionalGeneration.from_pretrained(tiny_bart(tmp_path / "bart"), dropout=0.0)
    rows = [Pair("a", (0, 9, 10, 1), (7, 8, 1)), Pair("b", (0, 9, 1), (8, 9, 10, 11, 1))]
    batch = collate(rows, pad=3, start=2, round_to=8)
    labels = torch.tensor(batch.labels)
    theirs = model(
        input_ids=torch.tensor(batch.source),
        attention_mask=torch.tensor(batch.mask),
        decoder_input_ids=torch.tensor(batch.given),
        labels=labels,
    ).loss.detach()
    assert float(loss_of(model, batch).detach()) / 8 == pytest.approx(float(theirs), rel=1e-5)

    # Padding and the company in a batch change nothing.
    alone = sum(float(loss_of(model, collate([row], pad=3, start=2, round_to=1)).detach()) for row in rows)
    assert float(loss_of(model, batch).detach()) == pytest.approx(alone, rel=1e-4)

    # Label smoothing as torch defines it, on the whole logits.
    logits = model(
        input_ids=torch.tensor(batch.source), attention_mask=torch.tensor(batch.mask), decoder_input_ids=torch.tensor(batch.given)
    ).logits
    smooth = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum", label_smoothing=0.1)
    assert float(loss_of(model, batch, label_smoothing=0.1).detach()) == pytest.approx(float(smooth.detach()), rel=1e-5)


def test_a_t5_is_scaled_as_its_own_forward_pass_does_it() -> None:
    config = transformers.T5Config(
        vocab_size=40, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, dropout_rate=0.0, decoder_start_token_id=0, pad_token_id=0
    )
    torch.manual_seed(0)
    model = transformers.T5ForConditionalGeneration(config).train()
    batch = collate([Pair("a", (5, 6, 1), (7, 8, 1)), Pair("b", (5, 1), (9, 1))], pad=0, start=0, round_to=4)
    theirs = model(
        input_ids=torch.tensor(batch.source),
        attention_mask=torch.tensor(batch.mask),
        decoder_input_ids=torch.tensor(batch.given),
        labels=torch.tensor(batch.labels),
    ).loss.detach()
    assert float(loss_of(model, batch).detach()) / 5 == pytest.approx(float(theirs), rel=1e-5)


@pytest.mark.parametrize("tags", ["text", "tokens", "special"])
def test_tags_survive_training_under_every_policy(recipe: Recipe, tmp_path: Path, tags: str) -> None:
    asked = recipe.model_copy(update={"tags": tags, "evaluation": Evaluation(every=24)})
    model = train(asked, tmp_path / "run")
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    rows = load_file(model / "model.safetensors")["model.shared.weight"].shape[0]
    assert config["vocab_size"] == rows, "tokenizer, configuration and embedding are in step"
    [prediction] = Summarizer.load(model).summarize(list(read(asked.data.dev[0]))[:1])
    assert prediction.summary == SUMMARIES[0]


def test_a_checkpoint_with_foreign_ids_is_set_right(recipe: Recipe, tmp_path: Path) -> None:
    base = tiny_kobart(tmp_path / "kobart-like")  # starts from <usr>, forces <usr>, puts nothing around a text
    short = recipe.model_copy(update={"model": str(base), "epochs": 1, "data": recipe.data.model_copy(update={"dev": []})})
    notes: list[str] = []
    model = train(short, tmp_path / "run", on_step=lambda progress: notes.extend(progress.notes))
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    assert (config["decoder_start_token_id"], config["forced_eos_token_id"]) == (0, 1)
    assert any("<usr>" in line for line in notes)
    kept = train(short.model_copy(update={"repair": False}), tmp_path / "kept")
    assert json.loads((kept / "config.json").read_text(encoding="utf-8"))["decoder_start_token_id"] == 2


def test_limits_beyond_the_position_table_are_lowered(recipe: Recipe, tmp_path: Path) -> None:
    base = tiny_kobart(tmp_path / "short")
    long = recipe.model_copy(
        update={"model": str(base), "epochs": 1, "data": recipe.data.model_copy(update={"dev": []}), "batches": Lengths(tokens=1024)}
    )
    model = train(long, tmp_path / "run")
    assert of_checkpoint(model).decode.max_input_tokens == 256


def test_lengths_auto_fills_in_what_the_recipe_leaves_out(recipe: Recipe, tmp_path: Path) -> None:
    open_ = recipe.model_copy(update={"lengths": "auto", "batches": Lengths(tokens=256, max_target_tokens=44)})
    told = outline(open_)
    assert told.cut == 0
    assert len(told.lengths[0]) == 16
    [sample, *_] = told.samples
    assert [learned for _, learned in sample.pieces] == [False, True]
    assert sample.pieces[1][0] == SUMMARIES[0]


def test_a_model_without_an_encoder_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    from tiny_models import tiny_gemma

    base = tiny_gemma(tmp_path / "gemma")
    with pytest.raises(ModelError, match="method lora"):
        train(recipe.model_copy(update={"model": str(base)}), tmp_path / "run")


def test_dev_scores_are_those_of_yoyak_score(recipe: Recipe, tmp_path: Path) -> None:
    dialogues = list(read(recipe.data.dev[0]))
    dev = DevSet(recipe.data.dev, dialogues)
    base = tiny_bart(tmp_path / "bart")
    scores = dev.scores(base, decode=DecodeConfig(max_new_tokens=8), keep=tmp_path / "dev.csv")
    from yoyak.metrics.files import score_files

    result = score_files(tmp_path / "dev.csv", recipe.data.dev)
    assert scores["rouge1"] == pytest.approx(result.systems["dev.csv"].scores["rouge1"].f1)
    assert scores["rouge"] == pytest.approx((scores["rouge1"] + scores["rouge2"] + scores["rougeL"]) / 3)
    assert dev.signature == result.signature
