"""How a checkpoint folder wants to be spoken to: what its yoyak.json recorded, else its chat template, else the plain prompt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from yoyak.checkpoints.manifest import read_manifest
from yoyak.models.chat import PromptChoice, form_for, template_of
from yoyak.models.inputs import PLAIN, PromptForm


def prompt_form(folder: Path, asked: PromptChoice = "auto", *, name: str | None = None) -> tuple[PromptForm, str]:
    """The prompt form of a decoder-only checkpoint, and why.

    Args:
        folder: A checkpoint in Hugging Face form.
        asked: `auto`: what yoyak.json recorded, else the chat template of an instruct model, else plain.
        name: The model's name, which tells instruct models from base models; None takes it from the folder.

    Raises:
        ModelError: `chat` was asked for and the checkpoint has no usable template.

    Example:
        >>> prompt_form(getfixture("tmp_path"))
        (PromptForm(name='plain', head='대화:\\n', tail='\\n\\n요약: ', ends=(), prefix=None), 'it has no chat template')
    """
    saved = read_manifest(folder)
    if asked == "auto" and "input" in saved:
        return PromptForm.from_json(saved), "its yoyak.json says so"
    settings = _json(folder / "tokenizer_config.json")
    path = folder / "chat_template.jinja"
    template = template_of(settings, path.read_text(encoding="utf-8") if path.is_file() else None)
    if asked == "plain" or (template is None and asked == "auto"):
        return PLAIN, "asked for" if asked == "plain" else "it has no chat template"
    special = [entry["content"] for entry in _json(folder / "tokenizer.json").get("added_tokens") or [] if entry["special"]]
    variables = {key: _content(settings.get(key)) for key in ("bos_token", "eos_token", "pad_token", "unk_token")}
    return form_for(asked, name=name or model_name(folder), template=template, variables=variables, special=special)


def model_name(folder: Path) -> str:
    """The folder's name; for a snapshot from the hub the model's (OWNER--NAME), not the commit's.

    Example:
        >>> model_name(Path("hub/models--meta-llama--Llama-3.2-1B-Instruct/snapshots/0cb88a4"))
        'models--meta-llama--Llama-3.2-1B-Instruct'
    """
    return folder.parent.parent.name if folder.parent.name == "snapshots" else folder.name


def _content(token: Any) -> str:
    """A token of tokenizer_config.json is a text, or a mapping that holds it."""
    return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    value = json.loads(path.read_text(encoding="utf-8"))
    return value if isinstance(value, dict) else {}
