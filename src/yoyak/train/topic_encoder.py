"""A BERT-family encoder that tells a dialogue's group of topics: klue/bert-base, klue/roberta-base, koelectra, or any of their kind.

What comes out is a topic model's folder (:mod:`yoyak.topics.model`): the fine-tuned checkpoint with the taxonomy and the vocabularies of
the topic model that named the groups.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from yoyak._extras import require
from yoyak.checkpoints.cache import atomic_folder
from yoyak.checkpoints.hub import local_folder, quiet_transformers
from yoyak.checkpoints.manifest import update_manifest
from yoyak.data.formats.base import Columns
from yoyak.data.read import read
from yoyak.errors import ConfigError, DataError, ModelError
from yoyak.provenance import hashes, version
from yoyak.records import Dialogue, Problem
from yoyak.topics.encoder import FAMILIES, Encoder, Reader, reader
from yoyak.topics.linear import fit_temperature
from yoyak.topics.model import CORPUS, TopicModel
from yoyak.train import parallel
from yoyak.train.batches import rounded
from yoyak.train.device import compute_of
from yoyak.train.loop import Progress, bound_memory, fit, prepare
from yoyak.train.outline import Outline
from yoyak.train.recipe import Batches, Run

if TYPE_CHECKING:
    import torch


class Limits(Batches):
    """Encoders read 512 tokens; turns beyond are left out from the middle."""

    max_input_tokens: int = Field(default=512, ge=32)


class Recipe(Run):
    """A topic encoder run."""

    method: Literal["topic-encoder"] = "topic-encoder"
    revision: str | None = Field(default=None, description="branch, tag or commit on the hub; a pull request is refs/pr/N")
    batches: Limits = Limits()
    topics: str = Field(default=CORPUS, description="the topic model whose taxonomy names the groups: `corpus`, or a folder")
    column: str | None = Field(default=None, description="the column that holds the topic, where it is not the usual one")


def train(
    recipe: Recipe, output: Path, *, resume: bool | Path = False, on_step: Callable[[Progress], None] = lambda progress: None
) -> Path:
    """Fine-tune and return the folder `output/topics`.

    Args:
        recipe: What to do.
        output: The run's folder: checkpoints, metrics.jsonl, the result.
        resume: Go on from the newest complete checkpoint, or from the one that is named.
        on_step: Called after each step.

    Raises:
        UsageError: The folder holds another run and `resume` was not asked for.
        DataError: No training dialogue has a topic of the taxonomy, or fewer than two groups occur.
        ModelError: The model cannot be fetched, or is no encoder.
    """
    torch = require("torch", extra="train")
    bound_memory()
    begin = prepare(output, resume=resume)
    compute = compute_of(recipe)
    place = parallel.join(compute.device)
    topics = TopicModel.load(recipe.topics)
    rows = _labelled(recipe, topics, recipe.data.train, limit=recipe.data.limit)
    dev = _labelled(recipe, topics, recipe.data.dev, limit=recipe.data.dev_limit) if recipe.data.dev else []
    groups = tuple(sorted({group for _, group in rows}))
    if len(groups) < 2:
        message = f"the training files hold {len(groups)} group of topics"
        raise DataError([Problem(", ".join(recipe.data.train), None, message, "give dialogues of two groups or more", "few-topics")])
    base = local_folder(recipe.model, revision=recipe.revision)
    read_by = reader(base, limit=recipe.batches.max_input_tokens)
    torch.manual_seed(recipe.seed)
    model = _model(base, groups, compute.device)
    classes = {group: number for number, group in enumerate(groups)}
    job = _Job(
        model, read_by, list(zip(read_by.rows([talk for talk, _ in rows]), [classes[group] for _, group in rows], strict=True)), recipe
    )
    known = [(talk, classes[group]) for talk, group in dev if group in classes]

    def evaluate(step: int) -> Mapping[str, float]:
        scores = Encoder(model, read_by, groups).scores([talk for talk, _ in known])
        return scores_of(scores, np.array([number for _, number in known]))

    outcome = fit(job, recipe, output, start=begin, on_step=on_step, evaluate=evaluate if known else None)
    target = output / "topics"
    if place.writes:
        temperature = 1.0
        if known:
            temperature = fit_temperature(
                Encoder(model, read_by, groups).scores([talk for talk, _ in known]), np.array([number for _, number in known])
            )
        made = {"dialogues": len(rows), "scores": dict(outcome.scores), "model": Path(recipe.model).name, "data": hashes(recipe.data.train)}
        _write(target, job, topics, {"groups": groups, "temperature": round(temperature, 4), "made": made}, recipe)
    place.wait()
    return target


def scores_of(scores: Any, y: Any) -> dict[str, float]:
    """`accuracy`, `macro_f1` and `loss` of scores (rows, groups) for the true groups' numbers.

    Example:
        >>> found = scores_of(np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]]), np.array([0, 1, 1]))
        >>> round(found["accuracy"], 2), round(found["macro_f1"], 2)
        (0.67, 0.67)
    """
    told = scores.argmax(axis=1)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely = powers[np.arange(len(y)), y] / powers.sum(axis=1)
    return {"accuracy": float((told == y).mean()), "macro_f1": macro_f1(told, y), "loss": float(-np.log(likely.clip(1e-12)).mean())}


def macro_f1(told: Any, y: Any) -> float:
    """The mean F1 of the groups that occur."""
    found = []
    for group in np.unique(y):
        both = float(((told == group) & (y == group)).sum())
        found.append(2 * both / float((told == group).sum() + (y == group).sum()))
    return float(np.mean(found))


def _labelled(recipe: Recipe, topics: TopicModel, paths: Sequence[str], *, limit: int | None) -> list[tuple[Dialogue, str]]:
    found = []
    for path in paths:
        for dialogue in read(path, columns=Columns(topic=recipe.column)):
            group = topics.taxonomy.nearest(dialogue.topic or "")
            if group is not None:
                found.append((dialogue, group))
    if not found:
        message = "no dialogue has a topic that the taxonomy knows"
        remedy = "name the topic's column (column:), or fit a taxonomy on these topics: yoyak topics fit"
        raise DataError([Problem(", ".join(paths), None, message, remedy, "no-topic")])
    return found[:limit]


def _model(base: Path, groups: Sequence[str], device: str) -> Any:
    torch = require("torch", extra="train")
    transformers = require("transformers", extra="train")
    kind = json.loads((base / "config.json").read_text(encoding="utf-8")).get("model_type")
    if kind not in FAMILIES and not str(kind).endswith("bert"):
        raise ModelError(f"{base.name} is a {kind} model; a topic encoder needs one of {', '.join(FAMILIES)}")
    names = dict(enumerate(groups))
    said = transformers.utils.logging
    verbosity = said.get_verbosity()
    said.set_verbosity_error()  # that the head is new goes without saying
    with quiet_transformers():
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            base,
            num_labels=len(groups),
            id2label=names,
            label2id={group: number for number, group in names.items()},
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
        )
    said.set_verbosity(verbosity)
    return model.to(device).train()


class _Job:
    """Dialogues and their groups, for the loop."""

    def __init__(self, model: Any, reader: Reader, rows: Sequence[tuple[list[int], int]], recipe: Recipe) -> None:
        self.model, self.reader, self.rows = model, reader, rows
        self.learned: dict[str, torch.nn.Parameter] = dict(model.named_parameters())
        self.lengths = [[rounded(len(ids), recipe.batches.round_to) for ids, _ in rows]] * recipe.epochs

    def weight(self, epoch: int, indices: Sequence[int]) -> float:
        return len(indices)

    def loss(self, epoch: int, indices: Sequence[int]) -> torch.Tensor:
        import torch

        logits = self.model(**self.reader.batch([self.rows[i][0] for i in indices], self.model.device)).logits
        wanted = torch.tensor([self.rows[i][1] for i in indices], device=logits.device)
        return torch.nn.functional.cross_entropy(logits.float(), wanted, reduction="sum")


def outline(recipe: Recipe) -> Outline:
    """An encoder's cost is not reckoned with.

    Raises:
        ConfigError: Always.
    """
    raise ConfigError("--dry-run knows no cost of encoders; they are small: klue/bert-base takes about 2 GB to fine-tune")


def _write(target: Path, job: _Job, topics: TopicModel, values: Mapping[str, Any], recipe: Recipe) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    with quiet_transformers(), atomic_folder(target) as folder:
        job.model.save_pretrained(folder)
        job.reader.tokenizer.save_pretrained(folder)
        topics.taxonomy.write(folder / "taxonomy.csv")
        topics.vocabulary.write(folder / "vocabulary.csv")
        told = {"method": "encoder", **values, "max_input_tokens": recipe.batches.max_input_tokens}
        (folder / "classifier.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        update_manifest(
            folder,
            {
                "yoyak": version(),
                "method": recipe.method,
                "data": hashes(recipe.data.train),
                "recipe": json.loads(recipe.model_dump_json()),
            },
        )
