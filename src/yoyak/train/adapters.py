"""What is learned beside the frozen weights: a fresh adapter or one to go on with, put onto the model and written to a folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from yoyak._extras import require
from yoyak.checkpoints.load import embedded_folder
from yoyak.errors import ModelError
from yoyak.train.recipe import Strict

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

#: `start: embedded`: the adapter that comes with yoyak.
EMBEDDED = "yoyak-gemma-270m"


class Lora(Strict):
    """The adapter (Hu et al., 2021)."""

    rank: int = Field(default=32, ge=1)
    alpha: int = Field(default=64, ge=1, description="updates are scaled by alpha / rank")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="above 0 a CPU spends a fifth of the step on drawing it")
    targets: list[str] = Field(default=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"])


@dataclass(frozen=True, slots=True)
class Adapted:
    """A model with its adapter.

    Args:
        model: PEFT's model.
        config: What stands in adapter_config.json.
        notes: What was decided, in words.
    """

    model: Any
    config: dict[str, Any]
    notes: tuple[str, ...] = ()


def start_folder(start: str | None) -> Path | None:
    """The folder of the adapter to go on with: `embedded`, or a folder.

    Raises:
        ModelError: There is no adapter.
    """
    if start is None:
        return None
    folder = embedded_folder(EMBEDDED) if start == "embedded" else Path(start)
    if not (folder / "adapter_config.json").is_file():
        raise ModelError(f"start: {start} is no adapter's folder (it has no adapter_config.json); give `embedded` or what a LoRA run wrote")
    return folder


def attach(model: Any, lora: Lora, *, base: str, start: Path | None = None, rows: Sequence[int] = ()) -> Adapted:
    """Put an adapter on the model; everything else is frozen.

    Args:
        model: A causal language model, in 16 bits or quantized or not. The adapter's own weights are fp32.
        lora: Its settings; those of the adapter to go on with, where there is one, hold instead.
        base: What the model is called: a name or a folder.
        start: An adapter whose weights are gone on with.
        rows: Ids of tokens whose own rows are learned too (new tags): of the embedding, and of the head unless it is the same table.

    Raises:
        ModelError: The adapter to go on with is of another model, or of other tokens.
    """
    peft = require("peft", extra="train")
    notes: list[str] = []
    if start is not None:
        lora = _started(start, lora, base, notes)
    tied = bool(getattr(model.config, "tie_word_embeddings", False))
    indices = {name: list(rows) for name in (("embed_tokens",) if tied else ("embed_tokens", "lm_head"))} if rows else None
    settings = peft.LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.targets),
        trainable_token_indices=indices,
        task_type="CAUSAL_LM",
    )
    adapted = peft.get_peft_model(model, settings)
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    if start is not None:
        _load(adapted, start)
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": lora.rank,
        "lora_alpha": lora.alpha,
        "lora_dropout": lora.dropout,
        "target_modules": sorted(lora.targets),
        "trainable_token_indices": indices,
        "base_model_name_or_path": base,
    }
    return Adapted(adapted, config, tuple(notes))


def _started(start: Path, lora: Lora, base: str, notes: list[str]) -> Lora:
    """The settings of the adapter to go on with."""
    saved = json.loads((start / "adapter_config.json").read_text(encoding="utf-8"))
    if saved.get("base_model_name_or_path") != base:
        raise ModelError(
            f"the adapter in {start} was trained on {saved.get('base_model_name_or_path')!r}, not on {base!r}; name that model"
        )
    found = lora.model_copy(update={"rank": saved["r"], "alpha": saved["lora_alpha"], "targets": sorted(saved["target_modules"])})
    if (found.rank, found.alpha, found.targets) != (lora.rank, lora.alpha, sorted(lora.targets)):
        notes.append(f"rank {found.rank}, alpha {found.alpha} and targets are those of the adapter that the run starts from")
    notes.append(f"goes on from the weights of {start.name}")
    return found


def _load(model: Any, start: Path) -> None:
    peft = require("peft", extra="train")
    from safetensors.torch import load_file

    saved = load_file(start / "adapter_model.safetensors")
    mine = {name: tuple(value.shape) for name, value in state(model).items()}
    other = {name: tuple(value.shape) for name, value in saved.items()}
    if mine != other:
        name = sorted({*mine.items()} ^ {*other.items()})[0][0]
        raise ModelError(
            f"the adapter in {start} does not fit: {name} is {other.get(name, 'absent')} there and {mine.get(name, 'absent')} in this run; "
            "model, targets and tags have to be those it was trained with"
        )
    peft.set_peft_model_state_dict(model, {name: value.float() for name, value in saved.items()})


def keep_layer_inputs_only(model: Any) -> None:
    """Gradient checkpointing: each layer keeps its input and is computed again in the backward pass."""
    # transformers 5.20 renamed it and warns of the old name.
    enable = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    enable({"use_reentrant": False})


def state(model: Any) -> dict[str, torch.Tensor]:
    """The adapter's weights under the names that PEFT keeps them by."""
    peft = require("peft", extra="train")
    found: dict[str, torch.Tensor] = peft.get_peft_model_state_dict(model, save_embedding_layers=False)
    return found


def write(folder: Path, adapted: Adapted) -> None:
    """Write PEFT's two files; the weights in bf16, half the size and no worse."""
    from safetensors.torch import save_file

    parts = {name: value.detach().cpu().bfloat16().contiguous() for name, value in state(adapted.model).items()}
    save_file(parts, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    text = json.dumps({key: value for key, value in adapted.config.items() if value is not None}, indent=1)
    (folder / "adapter_config.json").write_text(text + "\n", encoding="utf-8")


def learned(model: Any) -> Mapping[str, torch.nn.Parameter]:
    """What the optimizer moves."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def share(model: Any) -> str:
    """Learned weights among all, in words; a 4-bit matrix counts its weights, not its bytes."""
    mine = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    whole = sum(_weights(parameter) for parameter in model.parameters())
    return f"{mine:,} of {whole:,} weights are learned ({mine / whole:.2%})"


def _weights(parameter: Any) -> int:
    quantized = getattr(parameter, "quant_state", None)
    return int(quantized.shape.numel()) if quantized is not None else int(parameter.numel())
