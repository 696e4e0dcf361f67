"""An encoder-decoder fine-tuning (BART, KoBART, T5), from top to bottom: start folder, examples, model, steps, a folder to use.

The encoder reads the very ids that it will read in use, since both go through the same codec; padding is -100 in the labels; the head is
applied at labels alone. What was decided here stands in the finished folder's yoyak.json, and `Summarizer` goes by it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from pydantic import Field

from yoyak._extras import require
from yoyak.checkpoints.cache import atomic_folder
from yoyak.checkpoints.card import Card, write_card
from yoyak.checkpoints.convert import form_of, read_config
from yoyak.checkpoints.encoder_decoder import Controls, controls, prepared
from yoyak.checkpoints.hub import local_folder, quiet_transformers
from yoyak.checkpoints.manifest import update_manifest
from yoyak.eda.decision import recommend
from yoyak.models.cost import Setup
from yoyak.models.inputs import source
from yoyak.models.tag_policy import TagPolicy, require_round_trip
from yoyak.provenance import hashes, version
from yoyak.records import Dialogue
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.tokens import Codec
from yoyak.train import curves, packed, parallel, tiny
from yoyak.train import data as training_data
from yoyak.train.adapters import keep_layer_inputs_only
from yoyak.train.batches import IGNORED
from yoyak.train.device import compute_of
from yoyak.train.evaluation import Decoding, DevSet
from yoyak.train.loop import Outcome, Progress, bound_memory, fit, prepare, with_notes
from yoyak.train.outline import Outline, Sample, sample_of
from yoyak.train.pair_job import PairJob
from yoyak.train.pair_job import loss_of as loss_of
from yoyak.train.pairs import Cut, Limits, Pair, pairs
from yoyak.train.recipe import Batches, Run, Topics

log = logging.getLogger(__name__)


class Lengths(Batches):
    """Batches by tokens of encoder and decoder together."""

    max_target_tokens: int = Field(default=160, ge=8, description="rows with a longer summary are left out, counted and reported")


class Recipe(Run):
    """A run that fine-tunes all weights of an encoder-decoder model."""

    method: Literal["seq2seq"] = "seq2seq"
    revision: str | None = Field(default=None, description="branch, tag or commit on the hub; a pull request is refs/pr/N")
    batches: Lengths = Lengths()
    lengths: Literal["auto"] | None = Field(
        default=None,
        description="auto: those of batches.max_input_tokens and max_target_tokens that the recipe leaves out come from the data",
    )
    tags: TagPolicy = Field(default="text", description="tags are plain text, added tokens, or special tokens that decoding keeps")
    repair: bool = Field(
        default=True, description="set right what `yoyak doctor checkpoint` finds: control tokens of another vocabulary, none at all, ..."
    )
    label_smoothing: float = Field(default=0.0, ge=0, lt=1, description="share of a label's weight spread over all tokens (Szegedy et al.)")
    dropout: float | None = Field(default=None, ge=0, lt=1, description="in place of the model's own")
    decoding: Decoding = Decoding()
    topics: Topics = Topics()


def train(
    recipe: Recipe, output: Path, *, resume: bool | Path = False, on_step: Callable[[Progress], None] = lambda progress: None
) -> Path:
    """Fine-tune and return the folder `output/model`: a whole checkpoint in Hugging Face form, with model card and yoyak.json.

    Args:
        recipe: What to do.
        output: The run's folder: checkpoints, metrics.jsonl, curves.svg, dev predictions, model.
        resume: Go on from the newest complete checkpoint, or from the one that is named.
        on_step: Called after each step.

    Raises:
        UsageError: The folder holds another run and `resume` was not asked for.
        DataError: The training or dev files have no usable row.
        ModelError: The model cannot be fetched or trained, or tags do not survive its tokenizer.
    """
    require("torch", extra="train")
    bound_memory()
    begin = prepare(output, resume=resume)
    compute = compute_of(recipe)
    place = parallel.join(compute.device)
    rows = training_data.rows(recipe.data.train, limit=recipe.data.limit, clean=recipe.data.clean, topic=recipe.topics.column)
    dev = _dev(recipe)

    base = output / f"start-{_stamp(recipe)}"
    notes = [f"precision {compute.plan.precision}", f"attention {compute.plan.attention}"]
    notes += _start(recipe, rows, base) if place.writes else ()
    place.wait()
    ready = _ready(recipe, rows, base)
    notes += ready.notes
    for line in notes:
        log.info("%s", line)

    job = PairJob(
        _model(recipe, base),
        ready.epochs,
        controls=ready.controls,
        round_to=recipe.batches.round_to,
        label_smoothing=recipe.label_smoothing,
    )
    decode = recipe.decoding.config(max_input_tokens=ready.limits.source, max_new_tokens=ready.limits.target)
    made = _manifest(recipe, ready.limits, decode)

    def evaluate(step: int) -> Mapping[str, float]:
        assert dev is not None
        with TemporaryDirectory(prefix=".dev-", dir=output) as scratch:
            folder = Path(scratch) / f"step-{step:06d}"
            _write(job.model, base, folder, made)
            scores = dev.scores(folder, decode=decode, keep=output / "dev" / f"step-{step:06d}.jsonl")
        job.model.train()
        curves.draw(output)
        return scores

    outcome = fit(job, recipe, output, start=begin, on_step=with_notes(on_step, notes), evaluate=evaluate if dev else None)
    target = output / "model"
    if place.writes:
        _finish(target, job.model, base, made, dev, outcome)
        write_card(target, _card(output.resolve().name, recipe, ready, dev, outcome))
        curves.draw(output)
        shutil.rmtree(base)
    place.wait()
    return target


@dataclass(frozen=True, slots=True)
class _Ready:
    """All that the steps need besides the model."""

    epochs: list[list[Pair]]
    controls: Controls
    limits: Limits
    cut: Cut
    notes: list[str]


def _dev(recipe: Recipe) -> DevSet | None:
    if not recipe.data.dev:
        return None
    return DevSet(
        recipe.data.dev,
        training_data.rows(recipe.data.dev, limit=recipe.data.dev_limit),  # cleaned, if at all, by Summarizer
    )


def _stamp(recipe: Recipe) -> str:
    """Ten digits for all that the start folder depends on: a folder left by another recipe is not taken for ours."""
    parts: list[object] = [recipe.model, recipe.revision, recipe.tags, recipe.repair]
    if recipe.model == tiny.NAME:
        parts += [recipe.seed, recipe.data.limit, recipe.data.clean, hashes(recipe.data.train)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:10]


def _start(recipe: Recipe, rows: Sequence[Dialogue], base: Path) -> Sequence[str]:
    """The folder that training starts from: control tokens set right, tag policy applied. Returns what changed, in words."""
    if base.is_dir():
        return ()
    for left in base.parent.glob("start-*"):
        shutil.rmtree(left)
    if recipe.model != tiny.NAME:
        return prepared(local_folder(recipe.model, revision=recipe.revision), base, tags=recipe.tags, cure=recipe.repair)
    with TemporaryDirectory(prefix=".tiny-", dir=_made(base.parent)) as scratch:
        texts = [text for row in rows for text in (source(row.turns), *row.references)]
        return prepared(tiny.tiny_bart(texts, Path(scratch) / "tiny", seed=recipe.seed), base, tags=recipe.tags)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _ready(recipe: Recipe, rows: Sequence[Dialogue], base: Path) -> _Ready:
    """Tokenize every epoch; the gate on tags comes first."""
    config = read_config(base)
    form = form_of(base, config)
    codec = Codec(base / "tokenizer.json", form, DecodeConfig())
    require_round_trip(codec.encode, codec.text)
    control = controls(base)
    limits, notes = _limits(recipe, rows, codec, config, form.max_tokens)
    epochs, cut = [], Cut()
    hints = training_data.hints_of(recipe.topics)
    for epoch in range(recipe.epochs):
        told = training_data.told(rows, epoch=epoch, deal=recipe.data.deal_speakers, seed=recipe.seed, hints=hints)
        found, lost = pairs(told, codec, end=control.end, limits=limits)
        epochs.append(found)
        cut = cut if epoch else lost
    notes.append(
        f"{len(epochs[0])} pairs; {len(cut.turns)} dialogues lost turns to the limit of {limits.source} tokens, "
        f"{len(cut.left_out)} rows were left out (a summary of more than {limits.target} tokens, or a turn beyond the limit)"
    )
    return _Ready(epochs, control, limits, cut, notes)


def _limits(recipe: Recipe, rows: Sequence[Dialogue], codec: Codec, config: Mapping[str, Any], positions: int) -> tuple[Limits, list[str]]:
    batches, notes = recipe.batches, []
    limits = Limits(batches.max_input_tokens, batches.max_target_tokens)
    if recipe.lengths == "auto":
        given = batches.model_fields_set
        found = recommend(rows, count=lambda text: len(codec.encode(text)), config=config)
        limits = Limits(
            batches.max_input_tokens if "max_input_tokens" in given else found.encoder,
            batches.max_target_tokens if "max_target_tokens" in given else found.decoder,
        )
        notes.append(f"lengths auto: {found.reason}")
    for name in ("source", "target"):
        if getattr(limits, name) > positions:
            notes.append(f"the model has {positions} positions: the {name} limit of {getattr(limits, name)} tokens is lowered to that")
            limits = replace(limits, **{name: positions})
    return limits, notes


def _model(recipe: Recipe, base: Path) -> Any:
    transformers = require("transformers", extra="train")
    torch = require("torch", extra="train")
    compute = compute_of(recipe)
    config = transformers.AutoConfig.from_pretrained(base, trust_remote_code=False)
    if recipe.dropout is not None:
        name = "dropout_rate" if hasattr(config, "dropout_rate") else "dropout"  # T5's name, and everyone else's
        setattr(config, name, recipe.dropout)
    kind = transformers.models.auto.modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING[type(config)]
    able = compute.attention != "sdpa" or getattr(kind, "_supports_sdpa", False)
    torch.manual_seed(recipe.seed)
    with quiet_transformers():
        model = kind.from_pretrained(
            base,
            config=config,
            dtype=torch.float32,  # learned weights; what is computed from them is in the plan's precision
            use_safetensors=True,
            attn_implementation=compute.attention if able else "eager",
        )
    if recipe.gradient_checkpointing:
        keep_layer_inputs_only(model)
    return model.to(compute.device).train()


def outline(recipe: Recipe) -> Outline:
    """What `train --dry-run` shows and reckons with."""
    rows = training_data.rows(recipe.data.train, limit=recipe.data.limit, clean=recipe.data.clean, topic=recipe.topics.column)
    with TemporaryDirectory(prefix="yoyak-outline-") as scratch:
        base = Path(scratch) / "start"
        _start(recipe, rows, base)
        ready = _ready(recipe, rows, base)
        config = read_config(base)
        codec = Codec(base / "tokenizer.json", form_of(base, config), DecodeConfig())
    compute = compute_of(recipe)
    packs = config.get("model_type") in packed.FAMILIES and compute.device == "cpu" and compute.attention == "sdpa"
    setup = Setup(
        activation_bytes=4 if compute.precision == "fp32" else 2,
        attention="eager" if compute.attention == "eager" else "sdpa",
        checkpointing=recipe.gradient_checkpointing,
        packed=packs,
        sliced=packs,
    )
    lengths = [[(len(pair.source), len(pair.target)) for pair in part] for part in ready.epochs]
    samples = tuple(_sample(pair, codec) for pair in ready.epochs[0][:3])
    return Outline(config, setup, lengths, len(ready.cut.turns), samples)


def _sample(pair: Pair, codec: Codec) -> Sample:
    ids = [*pair.source, *pair.target]
    labels = [IGNORED] * len(pair.source) + list(pair.target)
    return sample_of(pair.id, ids, labels, codec.text)


def _manifest(recipe: Recipe, limits: Limits, decode: DecodeConfig) -> dict[str, Any]:
    return {
        "yoyak": version(),
        "method": recipe.method,
        "input": "turns",
        "tags": recipe.tags,
        "clean": recipe.data.clean,
        "max_input_tokens": limits.source,
        "max_target_tokens": limits.target,
        "decoding": {name: getattr(decode, name) for name in (*Decoding.model_fields, "max_new_tokens", "max_input_tokens")},
        "data": hashes(recipe.data.train),
        "recipe": json.loads(recipe.model_dump_json()),
        **({"topics": hints.to_json()} if (hints := training_data.hints_of(recipe.topics)) else {}),
    }


def _write(model: Any, base: Path, target: Path, made: Mapping[str, Any]) -> None:
    """A whole checkpoint folder: the weights as they stand, with the start folder's configuration and tokenizer."""
    with quiet_transformers(), atomic_folder(target) as folder:
        model.save_pretrained(folder, max_shard_size="100GB")
        for file in base.iterdir():
            if file.is_file() and file.suffix != ".safetensors":
                shutil.copyfile(file, folder / file.name)
        update_manifest(folder, made)


def _finish(target: Path, model: Any, base: Path, made: Mapping[str, Any], dev: DevSet | None, outcome: Outcome) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    chosen = dev.chosen_on() if dev is not None and outcome.best is not None else {}
    _write(model, base, target, {**made, "step": outcome.best or outcome.step, "scores": dict(outcome.scores), **chosen})


def _card(name: str, recipe: Recipe, ready: _Ready, dev: DevSet | None, outcome: Outcome) -> Card:
    return Card(
        name=name,
        base="a random start" if recipe.model == tiny.NAME else recipe.model,
        method=recipe.method,
        recipe=json.loads(recipe.model_dump_json()),
        data=hashes(recipe.data.train),
        rows=len(ready.epochs[0]),
        dev=hashes(recipe.data.dev) if outcome.best is not None else {},
        scores=outcome.scores,
        signature=dev.signature if dev else "",
        limits=(ready.limits.source, ready.limits.target),
    )
