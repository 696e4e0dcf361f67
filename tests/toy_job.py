"""A model of a few hundred numbers and a job for the loop, with memory that can be made to run out; as a script, one process of a run."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from yoyak.train.loop import fit, prepare
from yoyak.train.recipe import Batches, Data, Evaluation, Optimizer, Run

WORDS = 40


class ToyJob:
    """Predict the next of random words that follow a rule; `oom(rows, width)` says when memory runs out."""

    def __init__(
        self,
        *,
        rows: int = 24,
        epochs: int = 2,
        width: int = 8,
        dropout: float = 0.0,
        seed: int = 0,
        oom: Callable[[int, int], BaseException | None] = lambda rows, width: None,
    ) -> None:
        torch.manual_seed(seed)
        self.model = torch.nn.Sequential(torch.nn.Embedding(WORDS, width), torch.nn.Dropout(dropout), torch.nn.Linear(width, WORDS))
        rng = random.Random(seed)
        self.told = [[_row(rng) for _ in range(rows)] for _ in range(epochs)]
        self.lengths = [[len(row) for row in part] for part in self.told]
        self.oom = oom
        self.calls: list[int] = []  # rows of each call

    @property
    def learned(self) -> dict[str, torch.nn.Parameter]:
        return dict(self.model.named_parameters())

    def weight(self, epoch: int, indices: Sequence[int]) -> float:
        return sum(len(self.told[epoch][i]) - 1 for i in indices)

    def loss(self, epoch: int, indices: Sequence[int]) -> torch.Tensor:
        rows = [self.told[epoch][i] for i in indices]
        width = max(map(len, rows))
        self.calls.append(len(rows))
        if error := self.oom(len(rows), width):
            raise error
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
        labels = torch.tensor([row[1:] + [-100] * (width - len(row)) for row in rows])
        logits = self.model(ids[:, :-1])
        return torch.nn.functional.cross_entropy(logits.reshape(-1, WORDS), labels.reshape(-1), reduction="sum")


def _row(rng: random.Random) -> list[int]:
    start = rng.randrange(WORDS)
    return [(start + 3 * n) % WORDS for n in range(rng.randint(5, 40))]


def recipe(**changes: Any) -> Run:
    values: dict[str, Any] = {
        "method": "lora",
        "model": "toy",
        "data": Data(train=[]),
        "optimizer": Optimizer(learning_rate=0.05),
        "batches": Batches(tokens=128, round_to=8),
        "epochs": 2,
        "save_steps": 3,
        "precision": "fp32",
        "device": "cpu",
        "evaluation": Evaluation(),
    }
    return Run(**(values | changes))


if __name__ == "__main__":  # toy_job.py FOLDER: one process of a run, started with the variables that torchrun sets
    torch.set_num_threads(1)
    fit(ToyJob(), recipe(), Path(sys.argv[1]), start=prepare(Path(sys.argv[1]), resume=False))
