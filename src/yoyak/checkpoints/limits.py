"""How much a model can read, and how much it was trained to read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from yoyak.checkpoints.manifest import read_manifest

# Their positions are relative: no table ends, and a number such as n_positions in the configuration binds nobody.
_ENDLESS = ("t5", "mt5", "longt5")


@dataclass(frozen=True, slots=True)
class Reach:
    """Tokens of an input.

    Args:
        positions: Where the position table (or what the rotary positions were made for) ends; None: nowhere, or it is not known.
        trained: The longest input in training, as yoyak.json says; None when it says nothing.
    """

    positions: int | None
    trained: int | None


def reach(folder: Path) -> Reach:
    """What the files of a checkpoint say (Hugging Face form, or converted); nothing known where there are none."""
    for name, keys in (("input.json", ("max_tokens",)), ("config.json", ("max_position_embeddings", "n_positions"))):
        if not (folder / name).is_file():
            continue
        values = json.loads((folder / name).read_text(encoding="utf-8"))
        if values.get("model_type") in _ENDLESS:
            return Reach(None, _trained(folder))
        found = next((values[key] for key in keys if isinstance(values.get(key), int)), None)
        if found is not None:
            return Reach(found, _trained(folder))
    return Reach(None, _trained(folder))


def _trained(folder: Path) -> int | None:
    saved = read_manifest(folder).get("max_input_tokens")
    return saved if isinstance(saved, int) else None
