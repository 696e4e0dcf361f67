"""A LoRA run, from top to bottom: examples, model, steps, checkpoints, a merged model to evaluate.

Loss on the summary and the end token only. Logits are computed where there is a label and nowhere else: of a dialogue's 250 tokens
some 40 are the summary's.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yoyak._extras import require
from yoyak._files import atomic, sha256
from yoyak.checkpoints import gemma
from yoyak.checkpoints.cache import atomic_folder
from yoyak.data.read import read
from yoyak.errors import DataError, UsageError
from yoyak.models.inputs import fit, prompt
from yoyak.provenance import version
from yoyak.records import Dialogue, Problem
from yoyak.train import checkpoint as checkpoints
from yoyak.train.batches import Batch, Example, collate, plan
from yoyak.train.recipe import Recipe

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


@dataclass
class Progress:
    """Where a run stands; given to `on_step` after each step."""

    step: int
    steps: int
    epoch: int
    loss: float
    tokens_per_s: float
    notes: list[str] = field(default_factory=list)


def examples(
    dialogues: Iterable[Dialogue], *, encode: Callable[[str], list[int]], bos: int, eos: int, max_input_tokens: int
) -> tuple[list[Example], int]:
    """Tokenized rows, one for each reference, and how many dialogues lost turns to the limit."""
    found: list[Example] = []
    cut = 0
    for dialogue in dialogues:
        turns, left_out = fit(dialogue, count=lambda text: len(encode(text)), budget=max_input_tokens - 1)
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
    _bound_memory(torch)
    done = checkpoints.complete(output / "checkpoints")
    if done and not resume:
        raise UsageError(f"{output} holds a run that got to {done[-1].name}; add --resume to go on with it, or choose another folder")
    torch.manual_seed(recipe.seed)

    rows = _rows(recipe.data.train, recipe.data.limit)
    base = _base(recipe, rows)
    tokenizer = require("tokenizers", extra="train").Tokenizer.from_file(str(base / "tokenizer.json"))
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    prepared, cut = examples(
        rows,
        encode=lambda text: list(tokenizer.encode(text, add_special_tokens=False).ids),
        bos=config["bos_token_id"],
        eos=config["eos_token_id"],
        max_input_tokens=recipe.batches.max_input_tokens,
    )
    log.info("%d examples, %d dialogues lost turns to the limit of %d tokens", len(prepared), cut, recipe.batches.max_input_tokens)

    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    settings = peft.LoraConfig(
        r=recipe.lora.rank,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules=recipe.lora.targets,
        task_type="CAUSAL_LM",
    )
    model = peft.get_peft_model(model, settings)
    learned = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    optimizer = torch.optim.AdamW(
        learned.values(), lr=recipe.optimizer.learning_rate, weight_decay=recipe.optimizer.weight_decay, betas=(0.9, 0.999)
    )

    schedule = _schedule(recipe, [len(example.ids) for example in prepared])
    steps = len(schedule)
    step = _restore(done[-1], learned, optimizer) if done else 0
    output.mkdir(parents=True, exist_ok=True)
    (output / "recipe.json").write_text(recipe.model_dump_json(indent=1), encoding="utf-8")
    amp = recipe.precision == "bf16" or (recipe.precision == "auto" and _has_bf16())
    model.train()
    with open(output / "metrics.jsonl", "a", encoding="utf-8") as metrics:
        while step < steps:
            epoch, indices = schedule[step]
            started = time.perf_counter()
            batch = collate([prepared[i] for i in indices], pad=config["pad_token_id"], round_to=recipe.batches.round_to)
            # Dropout depends on the step alone, so that a resumed run draws what an uninterrupted one draws.
            torch.manual_seed(recipe.seed * 1_000_003 + step)
            for group in optimizer.param_groups:
                group["lr"] = recipe.optimizer.learning_rate * rate(step, steps, recipe.optimizer.warmup)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=amp):
                loss: Any = loss_of(model, batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learned.values(), recipe.optimizer.max_gradient_norm)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            speed = batch.tokens / (time.perf_counter() - started)
            metrics.write(json.dumps({"step": step, "epoch": epoch, "loss": round(loss.item(), 5), "tokens_per_s": round(speed)}) + "\n")
            metrics.flush()
            on_step(Progress(step, steps, epoch, loss.item(), speed))
            if step % recipe.save_steps == 0 or step == steps:
                _save(output / "checkpoints", step, learned, optimizer, seed=recipe.seed)
    return _finish(output, model, settings, base, recipe)


def loss_of(model: Any, batch: Batch) -> torch.Tensor:
    """Mean cross-entropy over the labels. The head is applied at the positions before a label only: (labels, vocabulary)."""
    import torch

    ids, labels = torch.tensor(batch.ids), torch.tensor(batch.labels)
    causal = model.get_base_model()
    hidden = causal.model(input_ids=ids, attention_mask=torch.tensor(batch.mask)).last_hidden_state  # (rows, length, width)
    wanted = labels[:, 1:]
    places = wanted != -100
    logits = causal.lm_head(hidden[:, :-1][places])  # (labels, vocabulary)
    return torch.nn.functional.cross_entropy(logits.float(), wanted[places])


def rate(step: int, steps: int, warmup: float) -> float:
    """Share of the peak learning rate at a 0-based optimizer step: a linear rise, then half a cosine down to zero.

    Example:
        >>> rate(0, 100, 0.1), rate(9, 100, 0.1), round(rate(50, 100, 0.0), 2)
        (0.1, 1.0, 0.5)
    """
    rise = round(warmup * steps)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


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


def _schedule(recipe: Recipe, lengths: Sequence[int]) -> list[tuple[int, list[int]]]:
    """(epoch, indices of a batch) for every step of the run: a function of recipe and data alone, so that a resumed run sees the same."""
    found: list[tuple[int, list[int]]] = []
    for epoch in range(recipe.epochs):
        batches = plan(lengths, tokens=recipe.batches.tokens, round_to=recipe.batches.round_to, seed=recipe.seed + epoch)
        found.extend((epoch, batch) for batch in batches)
    return found


def _save(folder: Path, step: int, learned: dict[str, Any], optimizer: Any, *, seed: int) -> None:
    named = {id(parameter): name for name, parameter in learned.items()}
    moments = {
        f"{named[id(parameter)]}|{key}": value
        for parameter, state in optimizer.state.items()
        for key, value in state.items()
        if hasattr(value, "contiguous")
    }
    weights = {name: parameter.detach() for name, parameter in learned.items()}
    checkpoints.save(folder, step, tensors={"weights": weights, "optimizer": moments}, state={"step": step, "seed": seed})


def _restore(folder: Path, learned: dict[str, Any], optimizer: Any) -> int:
    import torch

    tensors, state = checkpoints.read(folder)
    with torch.no_grad():
        for name, parameter in learned.items():
            parameter.copy_(tensors["weights"][name])
    for key, value in tensors["optimizer"].items():
        name, _, part = key.rpartition("|")
        optimizer.state[learned[name]][part] = value
    log.info("going on from %s", folder)
    return int(state["step"])


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


def _has_bf16() -> bool:
    """Whether the processor computes in bf16 by itself; emulated, it is slower than fp32."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _bound_memory(torch: Any) -> None:
    """Keep oneDNN from caching a kernel for each of thousands of batch shapes; set before the first kernel, it holds for the process."""
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")
    torch.set_num_threads(max(1, (os.cpu_count() or 1)))
