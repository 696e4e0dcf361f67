"""A LoRA run, from top to bottom: examples, model, steps, checkpoints, a merged model to evaluate.

Loss on the summary and the end token only. Logits are computed where there is a label and nowhere else: of a dialogue's 250 tokens
some 40 are the summary's.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from yoyak._extras import require
from yoyak._files import atomic, sha256
from yoyak.checkpoints import gemma
from yoyak.checkpoints.cache import atomic_folder
from yoyak.data.read import read
from yoyak.errors import DataError
from yoyak.models.inputs import fit as fit_turns
from yoyak.models.inputs import prompt
from yoyak.provenance import version
from yoyak.records import Dialogue, Problem
from yoyak.train.augment import deal_speakers
from yoyak.train.batches import Batch, Example, collate
from yoyak.train.loop import Progress, bound_memory, computes_in_bf16, fit, prepare
from yoyak.train.recipe import Run, Strict

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


class Lora(Strict):
    """The adapter (Hu et al., 2021)."""

    rank: int = Field(default=32, ge=1)
    alpha: int = Field(default=64, ge=1, description="updates are scaled by alpha / rank")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="above 0 a CPU spends a fifth of the step on drawing it")
    targets: list[str] = Field(default=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])


class Recipe(Run):
    """A LoRA run."""

    method: Literal["lora"] = "lora"
    lora: Lora = Lora()


def examples(
    dialogues: Iterable[Dialogue], *, encode: Callable[[str], list[int]], bos: int, eos: int, max_input_tokens: int
) -> tuple[list[Example], int]:
    """Tokenized rows, one for each reference, and how many dialogues lost turns to the limit."""
    found: list[Example] = []
    cut = 0
    for dialogue in dialogues:
        turns, left_out = fit_turns(dialogue, count=lambda text: len(encode(text)), budget=max_input_tokens - 1)
        cut += left_out > 0
        head = [bos, *encode(prompt(turns))]
        for reference in dialogue.references:
            found.append(Example(dialogue.id, (*head, *encode(reference.strip()), eos), len(head)))
    return found, cut


def train(recipe: Recipe, output: Path, *, resume: bool = False, on_step: Callable[[Progress], None] = lambda progress: None) -> Path:
    """Train an adapter and return the folder `output/adapter` (PEFT's form, bf16).

    Args:
        recipe: What to do.
        output: The run's folder: checkpoints, metrics.jsonl, adapter.
        resume: Go on from the newest complete checkpoint, if there is one.
        on_step: Called after each step.

    Raises:
        UsageError: The folder holds another run and `resume` was not asked for.
        DataError: A training file has no usable row.
    """
    torch = require("torch", extra="train")
    peft = require("peft", extra="train")
    transformers = require("transformers", extra="train")
    bound_memory()
    start = prepare(output, resume=resume)
    torch.manual_seed(recipe.seed)

    rows = _rows(recipe.data.train, recipe.data.limit)
    base = _base(recipe, rows)
    tokenizer = require("tokenizers", extra="train").Tokenizer.from_file(str(base / "tokenizer.json"))
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    told: list[list[Example]] = []  # one list for each epoch
    for epoch in range(recipe.epochs):
        found, cut = examples(
            _told(rows, epoch, recipe),
            encode=lambda text: list(tokenizer.encode(text, add_special_tokens=False).ids),
            bos=config["bos_token_id"],
            eos=config["eos_token_id"],
            max_input_tokens=recipe.batches.max_input_tokens,
        )
        told.append(found)
        if epoch == 0:
            log.info("%d examples, %d dialogues lost turns to the limit of %d tokens", len(found), cut, recipe.batches.max_input_tokens)

    # What is frozen needs no more digits than it is computed with; the adapter's own weights stay fp32.
    dtype = torch.bfloat16 if computes_in_bf16(recipe) else torch.float32
    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=dtype)
    settings = peft.LoraConfig(
        r=recipe.lora.rank,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules=recipe.lora.targets,
        task_type="CAUSAL_LM",
    )
    model = peft.get_peft_model(model, settings)
    model.train()
    fit(_Job(model, told, pad=config["pad_token_id"], round_to=recipe.batches.round_to), recipe, output, start=start, on_step=on_step)
    return _finish(output, model, settings, base, recipe)


class _Job:
    """Dialogues and their summaries, for the loop."""

    def __init__(self, model: Any, told: Sequence[Sequence[Example]], *, pad: int, round_to: int) -> None:
        self.model, self.told, self.pad, self.round_to = model, told, pad, round_to
        self.learned = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
        self.lengths = [[len(example.ids) for example in part] for part in told]

    def weight(self, epoch: int, indices: Sequence[int]) -> float:
        return sum(len(self.told[epoch][i].ids) - self.told[epoch][i].start for i in indices)

    def loss(self, epoch: int, indices: Sequence[int]) -> torch.Tensor:
        return loss_of(self.model, collate([self.told[epoch][i] for i in indices], pad=self.pad, round_to=self.round_to))


def loss_of(model: Any, batch: Batch) -> torch.Tensor:
    """Cross-entropy summed over the labels. The head is applied at the positions before a label only: (labels, vocabulary)."""
    import torch

    ids, labels = torch.tensor(batch.ids), torch.tensor(batch.labels)
    causal = model.get_base_model()
    hidden = causal.model(input_ids=ids, attention_mask=torch.tensor(batch.mask)).last_hidden_state  # (rows, length, width)
    wanted = labels[:, 1:]
    places = wanted != -100
    logits = causal.lm_head(hidden[:, :-1][places])  # (labels, vocabulary)
    return torch.nn.functional.cross_entropy(logits.float(), wanted[places], reduction="sum")


def _rows(paths: Sequence[str], limit: int | None) -> list[Dialogue]:
    rows = [dialogue for path in paths for dialogue in read(path) if dialogue.references][:limit]
    if not rows:
        message = "the training files hold no dialogue with a summary"
        raise DataError([Problem(", ".join(paths), None, message, "give files with summaries", "no-reference")])
    return rows


def _base(recipe: Recipe, rows: Sequence[Dialogue]) -> Path:
    if recipe.model != gemma.NAME:
        return Path(recipe.model)
    texts = [text for dialogue in rows for text in (prompt(dialogue.turns), *dialogue.references)]
    return gemma.base_folder(keep_tokens=gemma.tokens_of(texts))


def _told(rows: Sequence[Dialogue], epoch: int, recipe: Recipe) -> Sequence[Dialogue]:
    if epoch == 0 or not recipe.data.deal_speakers:
        return rows
    rng = random.Random(recipe.seed * 1_000_003 + epoch)
    return [deal_speakers(dialogue, rng) for dialogue in rows]


def _finish(output: Path, model: Any, settings: Any, base: Path, recipe: Recipe) -> Path:
    from safetensors.torch import save_file

    target = output / "adapter"
    parts = {name.replace(".default.", "."): p.detach().bfloat16().contiguous() for name, p in model.named_parameters() if p.requires_grad}
    with atomic_folder(target) as folder:
        save_file(parts, folder / "adapter_model.safetensors", metadata={"format": "pt"})
        config = {key: sorted(value) if isinstance(value, set) else value for key, value in settings.to_dict().items()}
        kept = {key: config[key] for key in ("peft_type", "task_type", "r", "lora_alpha", "lora_dropout", "target_modules")}
        (folder / "adapter_config.json").write_text(
            json.dumps(kept | {"base_model_name_or_path": recipe.model}, indent=1), encoding="utf-8"
        )
        (folder / "tokenizer.json").write_bytes((base / "tokenizer.json").read_bytes())
        (folder / "base.json").write_bytes((base / "base.json").read_bytes() if (base / "base.json").is_file() else b"{}")
        made = {
            "yoyak": version(),
            "input": "plain",
            "max_input_tokens": recipe.batches.max_input_tokens,
            "data": {path: sha256(path) for path in recipe.data.train if Path(path).is_file()},
            "recipe": json.loads(recipe.model_dump_json()),
        }
        with atomic(folder / "yoyak.json") as file:
            json.dump(made, file, ensure_ascii=False, indent=1)
    return target
