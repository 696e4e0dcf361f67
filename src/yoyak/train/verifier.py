"""A verifier: is this sentence of a summary true for the dialogue, and if not, what is wrong with it?

A decoder-only model reads the dialogue once; every sentence branches off it (its tokens see the dialogue and their own sentence alone), and
the answer is one token out of five, so that ten sentences cost little more than the dialogue. What it learns from: the sentences of the
summaries, the false twins that people wrote beside them where a file holds them, and corruptions made anew for every epoch.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from yoyak._extras import require
from yoyak.checkpoints import bases, gemma
from yoyak.checkpoints.bases import Base
from yoyak.checkpoints.cache import atomic_folder
from yoyak.checkpoints.convert import read_config
from yoyak.checkpoints.hub import quiet_transformers
from yoyak.checkpoints.manifest import update_manifest
from yoyak.errors import ModelError
from yoyak.metrics.calibration import first_probability, fit_temperature
from yoyak.models.cost import Setup
from yoyak.models.inputs import TAIL
from yoyak.models.judgement import ANSWERS, KINDS, opening, question
from yoyak.models.tag_policy import TAGS
from yoyak.provenance import hashes, version
from yoyak.train import adapters
from yoyak.train.adapters import Adapted, Lora
from yoyak.train.batches import IGNORED, rounded
from yoyak.train.corruptions import Statement
from yoyak.train.device import Compute, compute_of
from yoyak.train.loop import Progress, bound_memory, fit, prepare
from yoyak.train.outline import Outline, sample_of
from yoyak.train.recipe import Batches, Run
from yoyak.train.statements import Told, of_epoch, retold, told_rows

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


class Limits(Batches):
    """Dialogues beyond the limit are left out: one that has lost turns would make true sentences false."""

    # Dialogue and sentence together stay within Gemma's window of 512 tokens, beyond which CTranslate2 attends to other tokens.
    max_input_tokens: int = Field(default=448, ge=32, description="tokens of a dialogue; longer ones are left out and counted")


class Recipe(Run):
    """A verifier run."""

    method: Literal["verifier"] = "verifier"
    lora: Lora = Lora()
    start: str | None = Field(default=None, description="an adapter to go on with (a summarizer's): its folder, or `embedded`")
    batches: Limits = Limits()
    tail_weight: float = Field(
        default=0.5, ge=0, description="what the tokens before the last that know the answer already weigh together, against the last's 1"
    )
    statements: int = Field(default=8, ge=2, description="most sentences judged for each dialogue and epoch, about half of them true")


@dataclass(frozen=True, slots=True)
class Row:
    """A dialogue and its branches as token ids, with the class of each branch (0: true, then KINDS).

    `tails` says of each branch how many of its last tokens know the answer: behind the error of a false sentence, in the second half of a
    true one. Empty: the last token alone.
    """

    prefix: tuple[int, ...]
    branches: tuple[tuple[int, ...], ...]
    classes: tuple[int, ...]
    tails: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.prefix) + sum(map(len, self.branches))


@dataclass(frozen=True, slots=True)
class Layout:
    """One padded row, position by position: token, position in the text, segment (0: dialogue, n: branch n, -1: padding)."""

    ids: list[int]
    positions: list[int]
    segments: list[int]
    ends: list[int]  # where each branch's last token stands


def lay_out(row: Row, *, width: int, pad: int) -> Layout:
    """The dialogue, then branch after branch; each branch's positions go on from the dialogue's end.

    Example:
        >>> made = lay_out(Row((5, 6), ((7, 8), (9,)), (0, 1)), width=6, pad=0)
        >>> made.ids, made.positions, made.segments, made.ends
        ([5, 6, 7, 8, 9, 0], [0, 1, 2, 3, 2, 0], [0, 0, 1, 1, 2, -1], [3, 4])
    """
    ids, positions, segments, ends = list(row.prefix), list(range(len(row.prefix))), [0] * len(row.prefix), []
    for number, branch in enumerate(row.branches, start=1):
        ids += branch
        positions += range(len(row.prefix), len(row.prefix) + len(branch))
        segments += [number] * len(branch)
        ends.append(len(ids) - 1)
    gap = width - len(ids)
    return Layout(ids + [pad] * gap, positions + [0] * gap, segments + [-1] * gap, ends)


def masks(segments: torch.Tensor, positions: torch.Tensor, window: int) -> dict[str, torch.Tensor]:
    """What each token may look at: earlier tokens of the dialogue and of its own branch; itself in any case.

    Args:
        segments: (rows, length).
        positions: (rows, length).
        window: Tokens that a layer with sliding attention sees.

    Returns:
        `full_attention` and `sliding_attention`, each (rows, 1, length, length), True where it may look.
    """
    import torch

    length, device = segments.shape[1], segments.device
    earlier = torch.ones(length, length, dtype=torch.bool, device=device).tril()
    key, query = segments[:, None, :], segments[:, :, None]
    seen = earlier & ((key == 0) | (key == query)) & (key >= 0)
    seen = (seen | torch.eye(length, dtype=torch.bool, device=device))[:, None]
    near = (positions[:, :, None] - positions[:, None, :] < window)[:, None]
    return {"full_attention": seen, "sliding_attention": seen & near}


def logits_of(causal: Any, rows: Sequence[Row], *, answers: Sequence[int], pad: int, round_to: int, tails: bool = False) -> torch.Tensor:
    """The answers' logits for every branch of every row: (branches, answers), row after row.

    Args:
        causal: A Gemma 3 model with its head.
        rows: What to judge.
        answers: Ids of the answers' tokens.
        pad: Id of the padding token.
        round_to: Lengths are rounded up to this.
        tails: For every token of every branch's tail instead, in order.
    """
    import torch

    width = rounded(max(map(len, rows)), round_to)
    laid = [lay_out(row, width=width, pad=pad) for row in rows]
    device = causal.lm_head.weight.device
    positions = torch.tensor([one.positions for one in laid], device=device)
    segments = torch.tensor([one.segments for one in laid], device=device)
    hidden = causal.model(
        input_ids=torch.tensor([one.ids for one in laid], device=device),
        attention_mask=masks(segments, positions, causal.config.sliding_window),
        position_ids=positions,
        use_cache=False,
    ).last_hidden_state  # (rows, length, width)
    places = [
        (number, place)
        for number, (row, one) in enumerate(zip(rows, laid, strict=True))
        for end, tail in zip(one.ends, (row.tails if tails and row.tails else [1] * len(one.ends)), strict=True)
        for place in range(end - tail + 1, end + 1)
    ]
    row_of, place_of = zip(*places, strict=True)
    return torch.nn.functional.linear(hidden[list(row_of), list(place_of)], causal.lm_head.weight[list(answers)])


def train(
    recipe: Recipe, output: Path, *, resume: bool | Path = False, on_step: Callable[[Progress], None] = lambda progress: None
) -> Path:
    """Train an adapter and return the folder `output/adapter` (PEFT's form, bf16), its temperature fitted on the dev files.

    Args:
        recipe: What to do.
        output: The run's folder: checkpoints, metrics.jsonl, adapter.
        resume: Go on from the newest complete checkpoint, or from the one that is named.
        on_step: Called after each step.

    Raises:
        UsageError: The folder holds another run and `resume` was not asked for.
        DataError: A training file has no usable row.
        ModelError: The adapter to start from does not fit, or the vocabulary lacks an answer.
    """
    torch = require("torch", extra="train")
    bound_memory()
    begin = prepare(output, resume=resume)
    compute = compute_of(recipe)
    rows = told_rows(recipe.data.train, limit=recipe.data.limit)
    base, made_of = _base(recipe, rows)
    coder = _Coder(base, recipe.batches.max_input_tokens)
    extracts = retold(rows)
    epochs: list[list[Row]] = []
    for epoch in range(recipe.epochs):
        found, long = coder.rows(of_epoch(rows, extracts, most=recipe.statements, seed=recipe.seed * 1_000_003 + epoch))
        epochs.append(found)
        if epoch == 0:
            sentences = sum(len(row.branches) for row in found)
            log.info("%d dialogues with %d sentences; %d dialogues are too long and left out", len(found), sentences, long)

    torch.manual_seed(recipe.seed)
    trained = _model(recipe, base, made_of, compute)
    job = _Job(trained.model, epochs, coder, round_to=recipe.batches.round_to, tail_weight=recipe.tail_weight)
    fit(job, recipe, output, start=begin, on_step=on_step)
    target = output / "adapter"
    _write(target, trained, base, _manifest(recipe, made_of, _dev(job, recipe)))
    return target


def _base(recipe: Recipe, rows: Sequence[Told]) -> tuple[Path, Base]:
    """The model to start from, Gemma with the tokens of these rows and of the answers."""
    texts = [text for dialogue, statements in rows for text in (opening(dialogue.turns), *(question(s.text) for s in statements))]
    model = str(Path(recipe.model).resolve()) if Path(recipe.model).is_dir() else recipe.model
    made_of = Base(model, vocabulary="cut" if recipe.model == gemma.NAME else "whole")
    return bases.build(made_of, [*TAGS, "".join(ANSWERS).replace("▁", " "), *texts]), made_of


def _model(recipe: Recipe, base: Path, made_of: Base, compute: Compute) -> Adapted:
    transformers = require("transformers", extra="train")
    with quiet_transformers():
        # Attention by masks of our own, which sdpa and eager take.
        attention = "eager" if compute.attention == "eager" else "sdpa"
        model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=compute.dtype, attn_implementation=attention)
    if recipe.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    found = adapters.attach(model, recipe.lora, base=made_of.model, start=adapters.start_folder(recipe.start))
    return replace(found, model=found.model.to(compute.device).train())


def outline(recipe: Recipe) -> Outline:
    """What `train --dry-run` shows and reckons with."""
    rows = told_rows(recipe.data.train, limit=recipe.data.limit)
    base, _ = _base(recipe, rows)
    coder = _Coder(base, recipe.batches.max_input_tokens)
    extracts = retold(rows)
    epochs, left_out = [], 0
    for epoch in range(recipe.epochs):
        found, left_out = coder.rows(of_epoch(rows, extracts, most=recipe.statements, seed=recipe.seed * 1_000_003 + epoch))
        epochs.append(found)
    samples = []
    for row in epochs[0][:3]:
        ids = [*row.prefix, *(id_ for branch in row.branches for id_ in branch)]
        ends = set(lay_out(row, width=len(ids), pad=coder.pad).ends)
        samples.append(sample_of("", ids, [id_ if place in ends else IGNORED for place, id_ in enumerate(ids)], coder.text))
    compute = compute_of(recipe)
    narrow = 4 if compute.precision == "fp32" else 2
    setup = Setup(
        learned="lora",
        rank=recipe.lora.rank,
        targets=recipe.lora.targets,
        weight_bytes=narrow,
        activation_bytes=narrow,
        attention="eager" if compute.attention == "eager" else "sdpa",
        checkpointing=recipe.gradient_checkpointing,
    )
    lengths = [[(len(row) - len(row.branches), len(row.branches)) for row in part] for part in epochs]
    return Outline(read_config(base), setup, lengths, left_out, tuple(samples))


def known_from(statement: Statement) -> int:
    """The character of a statement from which on what was read tells whether it is true.

    Its second half, but of a false one only what stands behind the last place where it differs from the sentence that it twists; nothing
    where that sentence is unknown.

    Example:
        >>> known_from(Statement("지훈은 네 시에 집에 온다.", "detail", "지훈은 세 시에 집에 온다."))
        7
        >>> known_from(Statement("지훈은 세 시에 집에 간다.", "negation", "지훈은 세 시에 집에 온다."))
        13
        >>> known_from(Statement("지훈은 네 시에 온다.", "detail"))
        12
    """
    text = " ".join(statement.text.split())
    if statement.kind is None:
        return len(text) // 2
    origin = " ".join((statement.origin or "").split())
    same = 0
    while same < min(len(text), len(origin)) and text[-1 - same] == origin[-1 - same]:
        same += 1
    return max(len(text) - same, len(text) // 2)


class _Coder:
    """Text to rows of ids."""

    def __init__(self, base: Path, limit: int) -> None:
        self._tokenizer = require("tokenizers", extra="train").Tokenizer.from_file(str(base / "tokenizer.json"))
        config = json.loads((base / "config.json").read_text(encoding="utf-8"))
        self._bos, self.pad, self._limit = config["bos_token_id"], config["pad_token_id"], limit
        ids = [self._tokenizer.token_to_id(answer) for answer in ANSWERS]
        if None in ids:
            missing = ", ".join(answer for answer, id_ in zip(ANSWERS, ids, strict=True) if id_ is None)
            raise ModelError(f"the vocabulary of {base} lacks the answers {missing}; use a model whose vocabulary keeps Korean")
        self.answers: list[int] = ids

    def _ids(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def _branch(self, statement: Statement) -> tuple[tuple[int, ...], int]:
        """A statement's tokens, and how many of the last know whether it is true."""
        found = self._tokenizer.encode(question(statement.text), add_special_tokens=False)
        start = len(TAIL) + known_from(statement)
        return tuple(found.ids), max(1, sum(begin >= start for begin, _ in found.offsets))

    def text(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=False))

    def rows(self, told: Iterable[Told]) -> tuple[list[Row], int]:
        """The rows, and how many dialogues were too long."""
        found: list[Row] = []
        long = 0
        for dialogue, statements in told:
            prefix = (self._bos, *self._ids(opening(dialogue.turns)))
            if len(prefix) > self._limit:
                long += 1
                continue
            classes = tuple(0 if s.kind is None else 1 + KINDS.index(s.kind) for s in statements)
            branches, tails = zip(*map(self._branch, statements), strict=True)
            found.append(Row(prefix, branches, classes, tails))
        return found, long


class _Job:
    """Dialogues and sentences about them, for the loop."""

    def __init__(self, model: Any, epochs: Sequence[Sequence[Row]], coder: _Coder, *, round_to: int, tail_weight: float) -> None:
        self.model, self.epochs, self.coder = model, epochs, coder
        self.round_to, self.tail_weight = round_to, tail_weight
        self.learned = adapters.learned(model)
        self.lengths = [[len(row) for row in part] for part in epochs]

    def weight(self, epoch: int, indices: Sequence[int]) -> float:
        return sum(len(self.epochs[epoch][i].branches) for i in indices)

    def logits(self, rows: Sequence[Row], *, tails: bool = False) -> torch.Tensor:
        causal, coder = self.model.get_base_model(), self.coder
        return logits_of(causal, rows, answers=coder.answers, pad=coder.pad, round_to=self.round_to, tails=tails)

    def loss(self, epoch: int, indices: Sequence[int]) -> torch.Tensor:
        import torch

        rows = [self.epochs[epoch][i] for i in indices]
        tails = [(one, tail) for row in rows for one, tail in zip(row.classes, row.tails, strict=True)]
        logits = self.logits(rows, tails=True).float()
        wanted = torch.tensor([one for one, tail in tails for _ in range(tail)], device=logits.device)
        each = torch.nn.functional.cross_entropy(logits, wanted, reduction="none")
        share = [self.tail_weight / (tail - 1) if left else 1.0 for _, tail in tails for left in range(tail - 1, -1, -1)]
        return (each * torch.tensor(share, device=logits.device)).sum()


def _dev(job: _Job, recipe: Recipe) -> dict[str, Any]:
    """Balanced accuracy and temperature on the dev files' own sentences and twins; empty without any."""
    import torch

    rows, _ = job.coder.rows(told_rows(recipe.data.dev)) if recipe.data.dev else ([], 0)
    if not rows:
        return {}
    job.model.eval()
    with torch.no_grad():
        logits = torch.cat([job.logits([row]).float().cpu() for row in rows]).numpy()
    true = [one == 0 for row in rows for one in row.classes]
    temperature = round(fit_temperature(logits, true), 3)
    return {
        "temperature": temperature,
        "dev": {"sentences": len(true), "balanced_accuracy": balanced(first_probability(logits).tolist(), true)},
    }


def balanced(probabilities: Sequence[float], true: Sequence[bool]) -> float:
    """The mean of the shares of true and of false sentences that are taken for what they are: 0.5 for one answer to everything.

    Example:
        >>> balanced([0.9, 0.2, 0.3, 0.1], [True, True, False, False]), balanced([0.1, 0.1, 0.1], [True, False, False])
        (0.75, 0.5)
    """
    right = {kind: [(p >= 0.5) == one for p, one in zip(probabilities, true, strict=True) if one == kind] for kind in (True, False)}
    return round(sum(sum(found) / len(found) for found in right.values() if found) / sum(map(bool, right.values())), 4)


def _manifest(recipe: Recipe, made_of: Base, dev: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "yoyak": version(),
        "method": recipe.method,
        "max_input_tokens": recipe.batches.max_input_tokens,
        "data": hashes(recipe.data.train),
        "recipe": json.loads(recipe.model_dump_json()),
        "base": made_of.to_json(),
        **dev,
    }


def _write(target: Path, trained: Adapted, base: Path, made: Mapping[str, Any]) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    with quiet_transformers(), atomic_folder(target) as folder:
        adapters.write(folder, trained)
        for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json", "base.json", "NOTICE"):
            if (base / name).is_file():
                shutil.copyfile(base / name, folder / name)
        update_manifest(folder, made)
