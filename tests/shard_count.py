"""One process of two that share a small model out; process 0 prints what it holds. Started by torchrun."""

from __future__ import annotations

import json
import sys

import torch
import transformers

from yoyak.train import adapters, fused, parallel, sharded


def main() -> None:
    """Print the numbers held of frozen layers and of what is learned, and whether a step moves the adapter alike in both."""
    place = parallel.join("cpu")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=60, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1
    )
    lora = adapters.Lora(rank=2)
    model = adapters.attach(transformers.LlamaForCausalLM(config), lora, base="here").model
    fused.fuse(model)
    frozen = [parameter for name, parameter in model.named_parameters() if ".layers." in name and not parameter.requires_grad]
    before = sum(parameter.numel() for parameter in frozen)
    sharded.shard(model, device="cpu")
    held = learned = 0
    for name, parameter in model.named_parameters():
        local = parameter.to_local() if hasattr(parameter, "to_local") else parameter
        if parameter.requires_grad:
            learned += local.numel()
        elif ".layers." in name:
            held += local.numel()
    if place.writes:
        print(json.dumps({"before": before, "held": held, "learned": learned}))
    place.wait()
    parallel.leave()


if __name__ == "__main__":
    main()
    sys.exit(0)
