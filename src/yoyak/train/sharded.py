"""Several processes hold one frozen model between them: FSDP for what does not fit on one card.

Under LoRA nearly all bytes are weights that never change. Each process keeps its share of every layer's frozen weights; before a layer
computes, the processes hand each other the rest, and forget it afterwards. The adapter stays whole in each process, and so do the
embedding and the head, whose rows are looked up outside of any layer: gradients, optimizer, checkpoints and the finished folder are
those of an unsharded run.

All processes have to do the same steps in the same order, so a batch is never cut into more parts here: out of memory ends the run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from yoyak.train.parallel import World


def is_wanted(shard: bool, place: World, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether weights are shared out: the recipe or accelerate's configuration says so, and there is somebody to share with.

    Example:
        >>> is_wanted(True, World(size=1)), is_wanted(True, World(size=2))
        (False, True)
        >>> is_wanted(False, World(size=2), {"ACCELERATE_USE_FSDP": "true"})
        True
    """
    return place.size > 1 and (shard or environment.get("ACCELERATE_USE_FSDP", "").lower() == "true")


def shard(model: Any, *, device: str) -> None:
    """Share the frozen weights of the layers out over the processes of the run.

    Args:
        model: PEFT's model around a causal language model, every process the same.
        device: This process's own.
    """
    from torch import distributed
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    causal = model.get_base_model()
    ends = [module for module in (causal.get_input_embeddings(), causal.get_output_embeddings()) if module is not None]
    whole = {parameter for parameter in model.parameters() if parameter.requires_grad}
    whole |= {parameter for module in ends for parameter in module.parameters()}
    mesh = init_device_mesh(device.partition(":")[0], (distributed.get_world_size(),))
    body = causal.base_model
    for layer in body.layers:
        fully_shard(layer, mesh=mesh, ignored_params=whole)
    fully_shard(body, mesh=mesh, ignored_params=whole)
