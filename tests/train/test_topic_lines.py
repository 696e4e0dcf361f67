"""A summarizer that is told about topics in training is told the same in use, and one that is not sees the bytes that it always saw."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("peft")

from yoyak.checkpoints.load import huggingface_folder
from yoyak.checkpoints.manifest import read_manifest
from yoyak.data.read import read
from yoyak.errors import ConfigError, DataError
from yoyak.models.inputs import prompt
from yoyak.summarize.summarizer import Summarizer
from yoyak.train import data as training_data
from yoyak.train.recipe import Topics, load_recipe, run

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
Make = Callable[..., Path]


@pytest.fixture
def data(make: Make) -> Path:
    rows = [
        {
            "id": f"a{n}",
            "dialogue": "#Person1#: 통장과 대출 이자를 알아봐요.\n#Person2#: 네.",
            "summary": "대출을 묻는다.",
            "domain": "bank",
        }
        for n in range(4)
    ]
    return make("t.jsonl", "\n".join(json.dumps(row, ensure_ascii=False) for row in rows))


def test_lines_come_only_when_asked_and_after_speakers_are_dealt(data: Path) -> None:
    rows = training_data.rows([str(data)], topic="domain")
    plain = training_data.told(rows, epoch=0, deal=True, seed=0, hints=training_data.hints_of(Topics()))
    assert [prompt(row.turns) for row in plain] == [prompt(row.turns) for row in rows]
    hints = training_data.hints_of(Topics(hints="topic", source="domain"))
    for epoch in (0, 1):
        told = training_data.told(rows, epoch=epoch, deal=True, seed=0, hints=hints)
        assert all(str(row.turns[0]) == "주제: 은행" for row in told)


@pytest.mark.parametrize("recipe", ["tiny-lora", "tiny-seq2seq"])
def test_a_checkpoint_says_what_it_was_told_and_is_told_the_same(data: Path, tmp_path: Path, recipe: str) -> None:
    settings = [f'data.train=["{data}"]', "data.dev=[]", "epochs=1", "topics.hints=keywords", "topics.source=domain", "device=cpu"]
    made = run(load_recipe(recipe, settings=settings), tmp_path / "run")
    assert read_manifest(made)["topics"] == {"hints": "keywords", "model": "corpus", "most": 8}
    model = Summarizer.load(huggingface_folder(made), engine="hf")
    [told, *_] = model._cleaned(read(data))
    assert told.turns[0].speaker == "핵심어"
    assert "대출" in told.turns[0].text


def test_a_checkpoint_of_a_plain_run_says_nothing_of_topics(data: Path, tmp_path: Path) -> None:
    made = run(load_recipe("tiny-lora", settings=[f'data.train=["{data}"]', "data.dev=[]", "epochs=1", "device=cpu"]), tmp_path / "run")
    assert "topics" not in read_manifest(made)


def test_topics_that_no_group_holds_are_refused(data: Path) -> None:
    hints = training_data.hints_of(Topics(hints="topic", source="domain"))
    with pytest.raises(DataError, match="taxonomy"):
        training_data.told(training_data.rows([str(data)], topic="id"), epoch=0, deal=False, seed=0, hints=hints)
    with pytest.raises(ConfigError, match="hints"):
        load_recipe("tiny-lora", settings=["topics.hint=topic"])
