"""A tiny random BERT learns two topics by `yoyak train`, and its folder is a topic model like any other."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")

from yoyak.data.read import read  # noqa: E402
from yoyak.errors import ConfigError, DataError, ModelError  # noqa: E402
from yoyak.topics.encoder import reader  # noqa: E402
from yoyak.topics.hints import Hints  # noqa: E402
from yoyak.topics.model import TopicModel  # noqa: E402
from yoyak.train.recipe import load_recipe, run  # noqa: E402
from yoyak.train.topic_encoder import Recipe, outline, train  # noqa: E402

Make = Callable[..., Path]
LETTERS = "대화#Person12:통장을만들고대출이자를물었다네의사가열이나서주사맞자 .\n"


def _folder(folder: Path, family: str) -> Path:
    """A random encoder of one layer whose tokens are letters."""
    vocab = {token: i for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(LETTERS))])}
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocab, unk_token="[UNK]"))
    model.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    model.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])]
    )
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=model, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]"
    )
    fast.save_pretrained(folder)
    sizes = {"vocab_size": len(vocab), "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    torch.manual_seed(0)
    kinds = {
        "bert": (transformers.BertConfig, transformers.BertModel),
        "roberta": (transformers.RobertaConfig, transformers.RobertaModel),
        "electra": (transformers.ElectraConfig, transformers.ElectraModel),
    }
    config, kind = kinds[family]
    kind(config(max_position_embeddings=80, pad_token_id=0, **sizes)).save_pretrained(folder)
    return folder


def _data(make: Make, name: str) -> Path:
    said = {"bank": "통장을 만들고 대출 이자를 물었다", "hospital": "의사가 열이 나서 주사 맞자"}
    rows = [
        {"id": f"{domain}{n}", "dialogue": f"#Person1#: {text}{'.' * (n % 3)}\n#Person2#: 네", "domain": domain}
        for n in range(12)
        for domain, text in said.items()
    ]
    return make(name, "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.parametrize("family", ["bert", "roberta", "electra"])
def test_it_learns_and_is_used_like_the_linear_one(make: Make, tmp_path: Path, family: str) -> None:
    base = _folder(tmp_path / family, family)
    data = _data(make, "d.jsonl")
    settings = [f"model={base}", f'data.train=["{data}"]', f'data.dev=["{data}"]', "epochs=12", "optimizer.learning_rate=1e-2"]
    made = run(load_recipe("topic-encoder", settings=[*settings, "batches.tokens=256", "device=cpu"]), tmp_path / "run")
    model = TopicModel.load(made)
    talks = list(read(data))
    groups = model.groups_of(talks)
    assert sum(group == ("은행" if talk.id.startswith("bank") else "병원") for talk, group in zip(talks, groups, strict=True)) >= 22
    assert model.classifier.probabilities(talks).sum(axis=1) == pytest.approx(1)
    [told] = Hints("topic", model).dialogues(talks[:1])
    assert str(told.turns[0]) == f"주제: {groups[0]}"


def test_long_dialogues_lose_turns_and_the_log_says_so(make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for family in ("bert", "roberta"):
        found = reader(_folder(tmp_path / family, family), limit=512)
        [talk] = read(make("l.txt", "\n".join(f"#Person{1 + n % 2}#: 통장을 만들고" for n in range(20))))
        short = replace(talk, turns=talk.turns[:1])
        caplog.clear()
        assert len(found.ids(short)) < 40
        assert caplog.messages == []
        assert [len(row) <= (80 if family == "bert" else 79) for row in found.rows([talk, short])] == [True, True]
        assert "1 of 2 dialogues exceed" in caplog.text


def test_what_cannot_be_learned_is_refused(make: Make, tmp_path: Path) -> None:
    data = _data(make, "d.jsonl")
    with pytest.raises(DataError, match="topics fit"):
        train(Recipe(model=str(_folder(tmp_path / "b", "bert")), data={"train": [str(data)]}), tmp_path / "a")  # type: ignore[arg-type]
    folder = _folder(tmp_path / "c", "bert")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "llama"}), encoding="utf-8")
    recipe = Recipe(model=str(folder), data={"train": [str(data)]}, column="domain")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="topic encoder needs"):
        train(recipe, tmp_path / "d")
    with pytest.raises(ConfigError, match="dry-run"):
        outline(recipe)
