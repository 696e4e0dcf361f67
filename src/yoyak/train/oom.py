"""Out of memory is no end: the batch is computed in smaller parts and the gradients are added up.

A job's loss is summed over its labels and divided by the labels of the whole batch, so the parts add up to the same gradient (dropout
draws anew): the effective batch stays what the recipe says.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence

from yoyak.errors import YoyakError
from yoyak.train.recipe import Run

# What torch says on a CPU ("DefaultCPUAllocator: can't allocate memory"), in cuBLAS and cuDNN, and in oneDNN.
_SAID = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory", "cublas_status_alloc_failed", "bad_alloc")


class OutOfMemory(YoyakError):
    """Not even one row fits, or the weights and the optimizer's state alone do not."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory ran out: torch's own class, Python's, or a RuntimeError of an allocator.

    Example:
        >>> is_out_of_memory(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"))
        True
        >>> is_out_of_memory(RuntimeError("shapes do not match"))
        False
    """
    if isinstance(error, MemoryError) or type(error).__name__ in ("OutOfMemoryError", "AcceleratorOutOfMemoryError"):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error).lower() for said in _SAID)


class Ladder:
    """How much of a batch is computed at once.

    Args:
        limit: Padded tokens of a part; None: whole batches, until memory runs out. A checkpoint keeps it, so that a resumed run does not
            climb down again.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit

    def parts(self, indices: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
        """The batch cut into parts of at most `limit` padded tokens, at least one row each.

        Example:
            >>> Ladder(limit=200).parts([0, 1, 2, 3, 4], [90, 100, 100, 60, 60])
            [[0, 1], [2, 3], [4]]
        """
        if self.limit is None:
            return [list(indices)] if indices else []
        found: list[list[int]] = []
        for index in indices:
            widest = max(lengths[i] for i in (*found[-1], index)) if found else 0
            if found and (len(found[-1]) + 1) * widest <= self.limit:
                found[-1].append(index)
            else:
                found.append([index])
        return found

    def down(self, indices: Sequence[int], lengths: Sequence[int]) -> bool:
        """Halve the largest part of this batch; False when it holds one row already."""
        parts = self.parts(indices, lengths)
        if not parts or max(len(part) for part in parts) <= 1:
            return False
        # A row longer than the new limit stands alone.
        self.limit = max(len(part) * max(lengths[i] for i in part) for part in parts if len(part) > 1) // 2
        return True


def give_back() -> None:
    """Return what a failed step held to the allocator, so that the next try finds it."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def too_large(recipe: Run, *, longest: int, what: str = "one row") -> OutOfMemory:
    """The error for what cannot be cut any further, with three things to do that this recipe has not done yet."""
    shorter = max(32, recipe.batches.max_input_tokens // 2)
    todo = [f"shorten what is read: --set batches.max_input_tokens={shorter} (the longest row has {longest} tokens)"]
    if not recipe.gradient_checkpointing:
        todo.append("keep less for the backward pass: --set gradient_checkpointing=true (a third slower)")
    if recipe.precision == "fp32":
        todo.append("compute in 16 bits: --set precision=auto")
    if recipe.method != "lora":
        todo.append("train an adapter instead of all weights: a recipe with method lora")
    todo.append("take a smaller model: --set model=NAME; `yoyak train RECIPE --dry-run` says what a run needs before it starts")
    todo.append("take a device with more memory; `--dry-run --gpu 24GB` plans for one that is not there")
    lines = "\n".join(f"  {number}. {line}" for number, line in enumerate(todo[:3], 1))
    return OutOfMemory(f"out of memory with {what} at a time. What helps:\n{lines}")
