"""LoRA, QLoRA or all weights of a decoder-only model (Gemma, Llama, Qwen), top to bottom: base, examples, model, steps, a folder to use.

Loss on the summary and the end token only. The model is given the very ids that it will be given in use, since both go through the same
codec, and what was decided here stands in the finished folder's yoyak.json, by which `Summarizer` goes.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from yoyak._extras import require
from yoyak.checkpoints import bases, gemma
from yoyak.checkpoints.bases import Base
from yoyak.checkpoints.cache import atomic_folder
from yoyak.checkpoints.card import Card, write_card
from yoyak.checkpoints.convert import InputForm, form_of, read_config
from yoyak.checkpoints.hub import quiet_transformers
from yoyak.checkpoints.manifest import read_manifest, update_manifest
from yoyak.checkpoints.merge import merge
from yoyak.checkpoints.prompts import prompt_form
from yoyak.models import hardware
from yoyak.models.chat import INSTRUCTION, PromptChoice
from yoyak.models.cost import Setup
from yoyak.models.inputs import PLAIN, PromptForm, source
from yoyak.models.tag_policy import TAGS, TagPolicy, require_round_trip, tags_in
from yoyak.provenance import hashes, version
from yoyak.records import Dialogue
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.tokens import Codec
from yoyak.topics.hints import Hints
from yoyak.train import adapters, fused, head, parallel, sharded, tiny
from yoyak.train import data as training_data
from yoyak.train.adapters import Adapted, Lora
from yoyak.train.batches import IGNORED, Example, collate
from yoyak.train.device import Compute, compute_of
from yoyak.train.evaluation import Decoding, DevSet
from yoyak.train.examples import Cut, end_and_padding, examples
from yoyak.train.loop import Outcome, Progress, bound_memory, fit, prepare, with_notes
from yoyak.train.outline import Outline, sample_of
from yoyak.train.recipe import Run, Topics
from yoyak.train.tiny_decoder import tiny_llama

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

# What a summary may take when it is used; more where the training data has longer ones.
_MAX_NEW_TOKENS = 160
# Words of chat templates.
_ROLES = ("system", "user", "assistant", "model")


class Recipe(Run):
    """A run of a decoder-only model."""

    method: Literal["lora", "full"] = Field(default="lora", description="`full` learns all weights: the same as `lora: null`")
    revision: str | None = Field(default=None, description="branch, tag or commit on the hub; a pull request is refs/pr/N")
    lora: Lora | None = Field(default=Lora(), description="the adapter; null: all weights are learned")
    start: str | None = Field(default=None, description="an adapter to go on with: its folder, or `embedded` for the one in yoyak")
    quantization: Literal["none", "auto", "nf4"] = Field(
        default="none", description="frozen weights in 4 bits (QLoRA); auto: where bitsandbytes runs"
    )
    vocabulary: Literal["auto", "whole", "cut"] = Field(
        default="auto", description="cut: only the tokens that Korean and the data need are trained with; auto: gemma-3-270m is cut"
    )
    tags: TagPolicy = Field(default="text", description="tags are plain text, added tokens, or special tokens that decoding keeps")
    prompt: PromptChoice = Field(default="auto", description="auto: instruct models get their chat template, base models the plain prompt")
    decoding: Decoding = Decoding()
    topics: Topics = Topics()
    shard: bool = Field(
        default=False, description="several processes share the layers' frozen weights out among them (FSDP), for what fits no single card"
    )

    @model_validator(mode="before")
    @classmethod
    def _full(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and values.get("method") == "full":
            if values.get("lora"):
                raise ValueError("method: full learns all weights; leave lora out, or use method: lora")
            return {**values, "lora": None}
        return values

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.lora is None and self.quantization == "nf4":
            raise ValueError("quantization: nf4 freezes the weights, so all of them cannot be learned; use method: lora")
        if self.lora is None and self.start is not None:
            raise ValueError("start: names an adapter; with all weights learned give the merged model's folder as model")
        if self.shard and (self.lora is None or self.quantization != "none" or self.tags != "text"):
            raise ValueError("shard: shares out frozen weights of 16 or 32 bits; use method: lora, quantization: none, tags: text")
        return self


def train(
    recipe: Recipe, output: Path, *, resume: bool | Path = False, on_step: Callable[[Progress], None] = lambda progress: None
) -> Path:
    """Train and return the folder of the result: `output/adapter` (PEFT's form, bf16), or `output/model` where all weights were learned.

    Args:
        recipe: What to do.
        output: The run's folder: checkpoints, metrics.jsonl, dev predictions, the result.
        resume: Go on from the newest complete checkpoint, or from the one that is named.
        on_step: Called after each step.

    Raises:
        UsageError: The folder holds another run and `resume` was not asked for.
        DataError: The training or dev files have no usable row.
        ModelError: The model cannot be fetched or trained, or tags do not survive its tokenizer.
        ConfigError: The recipe asks for what the device cannot do.
    """
    require("torch", extra="train")
    bound_memory()
    begin = prepare(output, resume=resume)
    compute = compute_of(recipe)
    place = parallel.join(compute.device)
    rows = training_data.rows(
        recipe.data.train, limit=recipe.data.limit, clean=recipe.data.clean, pairs=recipe.data.pairs, topic=recipe.topics.column
    )
    dev = _dev(recipe)
    if place.writes and place.size > 1:  # of several processes one builds the base; transformers writes whole folders in that one alone
        _base(recipe, rows, output)
    place.wait()
    ready = _ready(recipe, rows, output)
    for line in ready.notes:
        log.info("%s", line)

    trained = _model(recipe, ready, compute)
    notes = [*ready.notes, *trained.notes]
    job = _Job(trained.model, ready.epochs, pad=ready.pad, round_to=recipe.batches.round_to)
    job.is_sharded = sharded.is_wanted(recipe.shard, place)
    made = _manifest(recipe, ready)
    decode = recipe.decoding.config(max_input_tokens=recipe.batches.max_input_tokens, max_new_tokens=ready.max_new_tokens)

    def evaluate(step: int) -> Mapping[str, float]:
        assert dev is not None
        with TemporaryDirectory(prefix=".dev-", dir=output) as scratch:
            folder = Path(scratch) / f"step-{step:06d}"
            _write(folder, trained, recipe, ready, made)
            if recipe.lora is not None:
                whole = Path(scratch) / f"merged-{step:06d}"
                whole.mkdir()
                merge(ready.base, folder, whole)
                update_manifest(whole, made)
                folder = whole
            return dev.scores(folder, decode=decode, keep=output / "dev" / f"step-{step:06d}.jsonl")

    outcome = fit(job, recipe, output, start=begin, on_step=with_notes(on_step, notes), evaluate=evaluate if dev else None)
    target = output / ("adapter" if recipe.lora is not None else "model")
    if place.writes:
        if target.is_dir():
            shutil.rmtree(target)
        chosen = dev.chosen_on() if dev is not None and outcome.best is not None else {}
        _write(target, trained, recipe, ready, {**made, "step": outcome.best or outcome.step, "scores": dict(outcome.scores), **chosen})
        write_card(target, _card(recipe, ready, dev, outcome))
    place.wait()
    return target


@dataclass(frozen=True, slots=True)
class _Ready:
    """All that the steps need besides the model."""

    base: Path
    made_of: Base | None  # None: the base was made for this run and is no model that anybody else has
    config: Mapping[str, Any]
    form: InputForm
    codec: Codec
    epochs: list[list[Example]]
    ends: list[int]
    pad: int
    cut: Cut
    notes: list[str]
    hints: Hints | None

    @property
    def max_new_tokens(self) -> int:
        longest = max((len(example.ids) - example.start for part in self.epochs for example in part), default=0)
        return max(_MAX_NEW_TOKENS, longest)


def _dev(recipe: Recipe) -> DevSet | None:
    if not recipe.data.dev:
        return None
    # Cleaned, if at all, by Summarizer.
    return DevSet(recipe.data.dev, training_data.rows(recipe.data.dev, limit=recipe.data.dev_limit))


def _ready(recipe: Recipe, rows: Sequence[Dialogue], output: Path) -> _Ready:
    """Build the base and tokenize every epoch; the gate on tags comes first."""
    start = adapters.start_folder(recipe.start)
    base, made_of = _base(recipe, rows, output)
    config = read_config(base)
    prompt, why = _prompt(recipe, base, start)
    form = form_of(base, config, prompt=prompt)
    codec = Codec(base / "tokenizer.json", form, DecodeConfig())
    require_round_trip(codec.encode, codec.text)
    ends, pad = end_and_padding(base, config, codec, form)
    epochs, cut = [], Cut()
    hints = training_data.hints_of(recipe.topics)
    for epoch in range(recipe.epochs):
        told = training_data.told(rows, epoch=epoch, deal=recipe.data.deal_speakers, seed=recipe.seed, hints=hints)
        found, lost = examples(told, codec, form, end=ends[0], max_input_tokens=recipe.batches.max_input_tokens)
        epochs.append(found)
        cut = cut if epoch else lost
    notes = [
        f"prompt: {prompt.name} ({why})",
        f"{len(epochs[0])} examples; {len(cut.turns)} dialogues lost turns to the limit of {recipe.batches.max_input_tokens} tokens"
        + (f"; {len(cut.left_out)} rows beyond the model's {form.max_tokens} positions were left out" if cut.left_out else ""),
    ]
    return _Ready(base, made_of, config, form, codec, epochs, ends, pad, cut, notes, hints)


def _base(recipe: Recipe, rows: Sequence[Dialogue], output: Path) -> tuple[Path, Base | None]:
    texts = [text for row in rows for text in (source(row.turns), *row.references)]
    if recipe.model == tiny.NAME:
        return tiny_llama(_prompts(rows), output / "base", seed=recipe.seed), None
    cut = recipe.vocabulary == "cut" or (recipe.vocabulary == "auto" and recipe.model == gemma.NAME)
    names = tuple(tags_in(texts)) if recipe.tags != "text" else ()
    model = str(Path(recipe.model).resolve()) if Path(recipe.model).is_dir() else recipe.model
    made_of = Base(model, recipe.revision, "cut" if cut else "whole", recipe.tags if names else "text", names)
    return bases.build(made_of, _prompts(rows)), made_of


def _prompts(rows: Iterable[Dialogue]) -> list[str]:
    """Every text that the model reads or writes in training."""
    return [*TAGS, *_ROLES, INSTRUCTION, *(text for row in rows for text in (PLAIN(row.turns), *row.references))]


def _prompt(recipe: Recipe, base: Path, start: Path | None) -> tuple[PromptForm, str]:
    """An adapter that is gone on with is spoken to as before."""
    if start is not None and recipe.prompt == "auto":
        return PromptForm.from_json(read_manifest(start)), "as the adapter that the run starts from"
    return prompt_form(base, recipe.prompt, name=None if Path(recipe.model).is_dir() else recipe.model.rpartition("/")[2])


def _model(recipe: Recipe, ready: _Ready, compute: Compute) -> Adapted:
    """The model as it is trained, on its device; for all weights the same without an adapter."""
    torch = require("torch", extra="train")
    transformers = require("transformers", extra="train")
    four_bits = _quantization(recipe)
    options: dict[str, Any] = {}
    if four_bits.value == "nf4":
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=compute.dtype,
        )
        options["device_map"] = {"": compute.device}
    torch.manual_seed(recipe.seed)
    with quiet_transformers():
        model = transformers.AutoModelForCausalLM.from_pretrained(
            ready.base,
            # What is frozen needs no more digits than it is computed with; what is learned stays fp32.
            dtype=compute.dtype if recipe.lora is not None else torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            attn_implementation=compute.attention,
            **options,
        )
    if recipe.gradient_checkpointing:
        adapters.keep_layer_inputs_only(model)
    notes = [f"quantization: {four_bits}"] if recipe.quantization != "none" else []
    if recipe.lora is None:
        found = Adapted(model, {})
    else:
        rows = ready.codec.ids(ready.made_of.names) if ready.made_of and ready.made_of.tags != "text" else []
        name = ready.made_of.model if ready.made_of else str(ready.base.resolve())
        found = adapters.attach(model, recipe.lora, base=name, start=adapters.start_folder(recipe.start), rows=rows)
        fused.fuse(found.model)
        if sharded.is_wanted(recipe.shard, parallel.world()):
            sharded.shard(found.model, device=compute.device)
    whole = found.model if four_bits.value == "nf4" else found.model.to(compute.device)
    return Adapted(whole.train(), found.config, (*notes, *found.notes, adapters.share(whole)))


def _quantization(recipe: Recipe) -> hardware.Choice:
    facts = hardware.facts(recipe.device)
    return hardware.plan(facts, precision=recipe.precision, attention=recipe.attention, quantization=recipe.quantization).quantization


class _Job:
    """Dialogues and their summaries, for the loop."""

    def __init__(self, model: Any, told: Sequence[Sequence[Example]], *, pad: int, round_to: int) -> None:
        self.model, self.told, self.pad, self.round_to = model, told, pad, round_to
        self.learned = adapters.learned(model)
        self.is_sharded = False
        self.lengths = [[len(example.ids) for example in part] for part in told]

    def weight(self, epoch: int, indices: Sequence[int]) -> float:
        return sum(len(self.told[epoch][i].ids) - self.told[epoch][i].start for i in indices)

    def loss(self, epoch: int, indices: Sequence[int]) -> torch.Tensor:
        return head.loss_of(self.model, collate([self.told[epoch][i] for i in indices], pad=self.pad, round_to=self.round_to))


def outline(recipe: Recipe) -> Outline:
    """What `train --dry-run` shows and reckons with."""
    rows = training_data.rows(recipe.data.train, limit=recipe.data.limit, clean=recipe.data.clean, topic=recipe.topics.column)
    with TemporaryDirectory(prefix="yoyak-outline-") as scratch:
        ready = _ready(recipe, rows, Path(scratch))
        samples = []
        for example in ready.epochs[0][:3]:
            labels = [IGNORED] * example.start + list(example.ids[example.start :])
            samples.append(sample_of(example.id, example.ids, labels, ready.codec.shown))
    compute = compute_of(recipe)
    narrow = 4 if compute.precision == "fp32" else 2
    four_bits = recipe.quantization != "none" and _quantization(recipe).value == "nf4"
    setup = Setup(
        learned="all" if recipe.lora is None else "lora",
        rank=recipe.lora.rank if recipe.lora else 0,
        targets=recipe.lora.targets if recipe.lora else (),
        weight_bytes=4 if recipe.lora is None else 0.55 if four_bits else narrow,
        activation_bytes=narrow,
        attention="eager" if compute.attention == "eager" else "sdpa",
        checkpointing=recipe.gradient_checkpointing,
        fused=recipe.lora is not None and recipe.lora.dropout == 0 and ready.config["model_type"] in fused.FAMILIES,
        sliced=ready.config["model_type"] in head.FAMILIES and compute.precision != "fp16",
    )
    lengths = [[(example.start, len(example.ids) - example.start) for example in part] for part in ready.epochs]
    return Outline(ready.config, setup, lengths, len(ready.cut.turns), tuple(samples))


def _manifest(recipe: Recipe, ready: _Ready) -> dict[str, Any]:
    decode = recipe.decoding.config(max_input_tokens=recipe.batches.max_input_tokens, max_new_tokens=ready.max_new_tokens)
    return {
        "yoyak": version(),
        "method": recipe.method,
        **ready.form.prompt.to_json(),
        "tags": recipe.tags,
        "clean": recipe.data.clean,
        "max_input_tokens": recipe.batches.max_input_tokens,
        "decoding": {name: getattr(decode, name) for name in (*Decoding.model_fields, "max_new_tokens", "max_input_tokens")},
        "data": hashes(recipe.data.train),
        "recipe": json.loads(recipe.model_dump_json()),
        **({"base": ready.made_of.to_json()} if ready.made_of else {}),
        **({"topics": ready.hints.to_json()} if ready.hints else {}),
    }


def _write(target: Path, trained: Adapted, recipe: Recipe, ready: _Ready, made: Mapping[str, Any]) -> None:
    """The adapter with all that is needed to build its base again, or the whole model."""
    with quiet_transformers(), atomic_folder(target) as folder:
        if recipe.lora is not None:
            adapters.write(folder, trained)
        else:
            trained.model.save_pretrained(folder, max_shard_size="100GB")
        for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "base.json", "NOTICE"):
            if (ready.base / name).is_file():
                shutil.copyfile(ready.base / name, folder / name)
        bos = ready.config.get("bos_token_id")
        ends = {"bos_token_id": bos, "eos_token_id": ready.ends if len(ready.ends) > 1 else ready.ends[0], "pad_token_id": ready.pad}
        (folder / "generation_config.json").write_text(json.dumps(ends, indent=1) + "\n", encoding="utf-8")
        update_manifest(folder, made)


def _card(recipe: Recipe, ready: _Ready, dev: DevSet | None, outcome: Outcome) -> Card:
    return Card(
        name="adapter" if recipe.lora is not None else "model",
        base="a random start" if recipe.model == tiny.NAME else recipe.model,
        method=recipe.method,
        recipe=json.loads(recipe.model_dump_json()),
        data=hashes(recipe.data.train),
        rows=len(ready.epochs[0]),
        dev=hashes(recipe.data.dev) if outcome.best is not None else {},
        scores=outcome.scores,
        signature=dev.signature if dev else "",
        limits=(recipe.batches.max_input_tokens, ready.max_new_tokens),
        notes=(gemma.TERMS,) if recipe.model == gemma.NAME else (),
    )
