"""Several processes train one model: `torchrun --nproc-per-node 2 -m yoyak.cli.main train RECIPE`, or `accelerate launch -m ...`.

Every process holds the whole model and computes its share of each batch's rows; the gradients are added up before the step. A job's loss
is summed over its labels, so the sum is what one process would have computed, whatever their number. Process 0 writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

# The others wait while process 0 evaluates by generation or writes a checkpoint.
_PATIENCE = timedelta(hours=6)
# Gradients travel in pieces of this many elements: one copy of all of them at once would cost a second set of gradients.
_PIECE = 1 << 22


@dataclass(frozen=True, slots=True)
class World:
    """This process among those of the run; `size` 1 needs no process group.

    Args:
        rank: Number of this process.
        size: How many there are.
        local_rank: Its number on this machine: the GPU that it takes.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def writes(self) -> bool:
        """Whether this process writes checkpoints, metrics and results."""
        return self.rank == 0

    def share(self, indices: Sequence[int]) -> list[int]:
        """The rows of a batch that this process computes; rows come sorted by length, so every n-th keeps the shares alike.

        Example:
            >>> World(rank=1, size=2).share([4, 7, 9, 1, 3])
            [7, 1]
        """
        return list(indices[self.rank :: self.size])

    def add_up(self, tensors: Iterable[torch.Tensor]) -> None:
        """Replace each tensor by its sum over the processes."""
        if self.size == 1:
            return
        import torch
        from torch import distributed

        held: list[torch.Tensor] = []

        def send() -> None:
            if held:
                flat = torch.cat([tensor.reshape(-1) for tensor in held])
                distributed.all_reduce(flat)
                place = 0
                for tensor in held:
                    tensor.copy_(flat[place : place + tensor.numel()].view_as(tensor))
                    place += tensor.numel()
                held.clear()

        for tensor in tensors:
            if held and (tensor.dtype != held[0].dtype or sum(t.numel() for t in held) + tensor.numel() > _PIECE):
                send()
            held.append(tensor)
        send()

    def sums(self, values: Sequence[float], device: str = "cpu") -> list[float]:
        """Each number's sum over the processes."""
        if self.size == 1:
            return list(values)
        import torch
        from torch import distributed

        tensor = torch.tensor(values, dtype=torch.float64, device=device)
        distributed.all_reduce(tensor)
        return [float(value) for value in tensor.tolist()]

    def told(self, value: Any) -> Any:
        """What process 0 says, in every process (numbers, text, lists)."""
        if self.size == 1:
            return value
        from torch import distributed

        box = [value]
        distributed.broadcast_object_list(box, src=0)
        return box[0]

    def wait(self) -> None:
        """Until all processes are here."""
        if self.size > 1:
            from torch import distributed

            distributed.barrier()


def world(environment: dict[str, str] | None = None) -> World:
    """This process's place, as the launcher's environment says; alone without a launcher.

    Example:
        >>> world({"WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "1"})
        World(rank=3, size=4, local_rank=1)
        >>> world({})
        World(rank=0, size=1, local_rank=0)
    """
    said = os.environ if environment is None else environment
    return World(int(said.get("RANK", 0)), int(said.get("WORLD_SIZE", 1)), int(said.get("LOCAL_RANK", 0)))


def join(device: str) -> World:
    """Meet the other processes of the run (once; later calls find the group there): NCCL between GPUs, Gloo between CPUs."""
    place = world()
    if place.size > 1:
        import torch
        from torch import distributed

        if device.startswith("cuda"):
            torch.cuda.set_device(device)
        if not distributed.is_initialized():
            distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo", timeout=_PATIENCE)
    return place


def leave() -> None:
    """End the process group, if there is one."""
    if world().size > 1:
        from torch import distributed

        if distributed.is_initialized():
            distributed.destroy_process_group()
