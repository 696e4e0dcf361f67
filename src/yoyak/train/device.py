"""Where a run computes and in what precision: decided here, once, for every method."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from yoyak.models import hardware
from yoyak.train.parallel import world
from yoyak.train.recipe import Run

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Compute:
    """The device of this process and the choices made for it.

    Args:
        device: torch's name of it: `cpu`, `cuda:1`. A job puts its model and its batches there.
        plan: Precision, attention and quantization, each with its reason.
    """

    device: str
    plan: hardware.HardwarePlan

    @property
    def precision(self) -> str:
        """`bf16`, `fp16` or `fp32`."""
        return self.plan.precision.value

    @property
    def attention(self) -> str:
        """What `from_pretrained(attn_implementation=...)` is given."""
        return self.plan.attention.value

    @property
    def dtype(self) -> torch.dtype:
        """Of what is computed; frozen weights may be kept in it, learned ones stay fp32."""
        import torch

        return {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}[self.precision]

    def autocast(self) -> AbstractContextManager[None]:
        """The block in which a loss is computed."""
        import torch

        kind = self.device.partition(":")[0]
        return torch.autocast(kind, dtype=self.dtype if self.precision != "fp32" else torch.bfloat16, enabled=self.precision != "fp32")


def compute_of(recipe: Run) -> Compute:
    """The device and the plan of that recipe on this machine.

    Raises:
        ConfigError: The recipe asks for what the machine cannot do.
    """
    return _compute(recipe.device, recipe.precision, recipe.attention)


@lru_cache(maxsize=8)
def _compute(
    device: Literal["auto", "cpu", "cuda"],
    precision: Literal["auto", "bf16", "fp16", "fp32"],
    attention: Literal["auto", "flash_attention_2", "sdpa", "eager"],
) -> Compute:
    facts = hardware.facts(device)
    plan = hardware.plan(facts, precision=precision, attention=attention)
    for line in plan.lines():
        log.info("%s", line)
    return Compute(f"cuda:{world().local_rank}" if facts.kind == "cuda" else "cpu", plan)
