"""The model card: README.md of a checkpoint, from what the run knows, with nothing that it does not.

It names files and hashes, never a row of the data and never a folder of the machine that trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from yoyak._files import atomic
from yoyak.provenance import version

_PACKAGES = ("torch", "transformers", "tokenizers", "peft", "safetensors", "ctranslate2", "kiwipiepy")


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says.

    Args:
        name: What the model is called.
        base: What it was trained from: a name on the hub, or a folder, of which the name alone is shown.
        method: `seq2seq`, `lora`, ...
        recipe: The run's whole recipe.
        data: Training file -> SHA-256.
        rows: Training rows.
        dev: Dev file -> SHA-256, where a checkpoint was chosen on it.
        scores: On the dev files, each in 0..1.
        signature: What those scores depend on.
        limits: Tokens read and written at most.
        licence: An SPDX id or `other`; the base model's terms hold.
        base_licence: Words on the terms of the base model.
        notes: Lines on what a user should know.
    """

    name: str
    base: str
    method: str
    recipe: Mapping[str, Any]
    data: Mapping[str, str]
    rows: int
    dev: Mapping[str, str] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    signature: str = ""
    limits: tuple[int, int] | None = None
    licence: str = "other"
    base_licence: str = "The terms of the base model and of the training data hold for this model too."
    notes: Sequence[str] = ()


def write_card(folder: Path, card: Card) -> Path:
    """Write the card as `folder/README.md`."""
    with atomic(folder / "README.md") as file:
        file.write(card_text(card))
    return folder / "README.md"


def card_text(card: Card) -> str:
    """The card as Markdown with the hub's header.

    Example:
        >>> text = card_text(Card("m", "owner/base", "seq2seq", {"epochs": 1}, {"secret/place/train.csv": "ab" * 32}, 10))
        >>> "base_model: owner/base" in text, "train.csv" in text, "secret" in text
        (True, True, False)
    """
    import yaml

    base = _public(card.base)
    header: dict[str, Any] = {"language": "ko", "license": card.licence, "library_name": "transformers", "pipeline_tag": "summarization"}
    if "/" in base:
        header["base_model"] = base
    header["tags"] = ["yoyak", "dialogue-summarization", card.method]
    recipe = yaml.safe_dump(_without_paths(card.recipe), allow_unicode=True, sort_keys=False)
    parts = [
        f"---\n{yaml.safe_dump(header, allow_unicode=True, sort_keys=False)}---",
        f"# {card.name}",
        f"Summaries of Korean dialogues, from {base} by yoyak ({card.method}). {card.base_licence}",
        "```\npip install 'yoyak[ct2]'\nyoyak summarize FILE --model PATH/TO/THIS/FOLDER\n```",
        "`yoyak.json` holds what was decided in training (limits, tags, cleaning, decoding); `yoyak summarize` goes by it.",
    ]
    if card.limits:
        parts.append(f"It reads at most {card.limits[0]} tokens (longer dialogues are split) and writes at most {card.limits[1]}.")
    parts.append("## Data\n\n" + _table(("file", "SHA-256"), [(Path(name).name, digest) for name, digest in card.data.items()]))
    parts.append(f"{card.rows} pairs of a dialogue and a summary.")
    if card.scores:
        parts.append("## Scores on the dev files\n\n" + _scores(card))
    parts.append(
        "## Limits\n\nROUGE does not see whether a summary is true. Models of this size that were chosen by it often say that one speaker "
        "did what another did, or turn a refusal into consent: check what matters against the dialogue."
    )
    parts.extend(card.notes)
    parts.append(f"## Recipe\n\n```yaml\n{recipe}```")
    parts.append("## Versions\n\n" + ", ".join(f"{name} {number}" for name, number in versions().items()))
    return "\n\n".join(parts) + "\n"


def versions() -> dict[str, str]:
    """Versions of yoyak and of the packages that a result can depend on, those that are installed."""
    found = {"yoyak": version()}
    for name in _PACKAGES:
        try:
            found[name] = installed(name)
        except PackageNotFoundError:
            continue
    return found


def _scores(card: Card) -> str:
    table = _table(("metric", "x 100"), [(name, f"{100 * value:.1f}") for name, value in card.scores.items()])
    lines = [table]
    if card.signature:
        lines.append(f"`{card.signature}`")
    if card.dev:
        files = ", ".join(f"{Path(name).name} ({digest[:12]})" for name, digest in card.dev.items())
        lines.append(f"The checkpoint was chosen by these scores, on {files}: they flatter it. Score it on files that it has not seen.")
    return "\n\n".join(lines)


def _table(head: tuple[str, str], rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join([f"| {head[0]} | {head[1]} |", "|---|---|", *(f"| {left} | {right} |" for left, right in rows)])


def _public(name: str) -> str:
    """A name on the hub as it is; of a folder its own name alone."""
    return Path(name).name if Path(name).is_absolute() or name.startswith(".") or name.count("/") > 1 or Path(name).is_dir() else name


def _without_paths(value: Any, key: str = "") -> Any:
    """The recipe with file names in place of paths."""
    if isinstance(value, Mapping):
        return {name: _without_paths(item, str(name)) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_paths(item, key) for item in value]
    if isinstance(value, Path):
        return value.name
    if isinstance(value, str) and key in ("train", "dev"):
        return Path(value).name
    return _public(value) if isinstance(value, str) and "/" in value else value
