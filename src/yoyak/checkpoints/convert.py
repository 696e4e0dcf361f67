"""A checkpoint folder -> CTranslate2: converted once, kept in the cache by content, whole or not there.

The converted folder holds all that inference needs: `model.bin`, the vocabulary, `tokenizer.json` and `input.json`, which says how text
becomes tokens. Gemma 3 and BART are filled in from numpy, without torch; other families go through CTranslate2's own converter, which
needs transformers and torch.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from yoyak._extras import require
from yoyak._files import sha256
from yoyak.checkpoints import manifest
from yoyak.checkpoints.cache import atomic_folder, cache_folder
from yoyak.checkpoints.convert_bart import convert_bart
from yoyak.checkpoints.convert_gemma import convert_gemma
from yoyak.checkpoints.prompts import prompt_form
from yoyak.errors import ModelError
from yoyak.models.inputs import PLAIN, PromptForm

Progress = Callable[[str, float], None]
Kind = Literal["decoder", "encoder-decoder"]

#: Counts up when what is written changes, so that older conversions are not taken for new ones.
FORM = 1
_WEIGHTS = ("model.safetensors", "pytorch_model.bin", "model.safetensors.index.json")


@dataclass(frozen=True, slots=True)
class InputForm:
    """How a converted model is fed.

    Args:
        kind: `decoder` continues a prompt; `encoder-decoder` reads the dialogue and writes from its start token.
        max_tokens: The position table's length; more raises inside the engine or is cut silently, so nothing longer is ever given.
        prefix: Tokens put before the text (`<bos>`).
        suffix: Tokens put after it (`</s>`).
        source: Name of the folder that was converted.
        max_input_tokens: The longest input that the model was trained on, when its yoyak.json says so.
        prompt: What stands around the turns, for a `decoder`.
    """

    kind: Kind
    max_tokens: int
    prefix: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()
    source: str = ""
    max_input_tokens: int | None = None
    prompt: PromptForm = PLAIN


def is_converted(folder: Path) -> bool:
    """Whether the folder is CTranslate2's."""
    return (folder / "model.bin").is_file()


def read_form(folder: Path) -> InputForm:
    """The `input.json` of a converted folder.

    Raises:
        ModelError: It is missing or not readable: the folder was not converted by yoyak.
    """
    path = folder / "input.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        lists = {"prefix": tuple(values["prefix"]), "suffix": tuple(values["suffix"])}
        return InputForm(**values | lists | {"prompt": PromptForm.from_json(values.get("prompt", {}))})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(
            f"{folder} holds a CTranslate2 model but no usable input.json, so how it wants its input is unknown; give yoyak the folder in "
            "Hugging Face form and it converts that itself"
        ) from error


def content_key(folder: Path) -> str:
    """Twelve hexadecimal digits that stand for the folder's configuration, tokenizer and weights.

    Of yoyak.json only what a conversion reads counts: how to write is no reason to convert again.
    """
    digest = hashlib.sha256(str(FORM).encode())
    for file in sorted(folder.iterdir()):
        if file.suffix in {".json", ".safetensors", ".bin", ".model"} and file.name not in ("base.json", manifest.NAME):
            digest.update(f"{file.name} {sha256(file)}\n".encode())
    digest.update(_trained_form(folder).encode())
    return digest.hexdigest()[:12]


def _trained_form(folder: Path) -> str:
    """What a conversion reads of yoyak.json; empty where it says nothing, so that such a file beside a checkpoint changes no key."""
    limit = _trained_limit(folder)
    return (f"limit {limit}\n" if limit is not None else "") + _trained_prompt(folder)


def converted(
    folder: Path,
    *,
    quantization: str | None = "int8",
    key: str | None = None,
    name: str | None = None,
    progress: Progress = lambda what, share: None,
) -> Path:
    """The CTranslate2 folder of a checkpoint in Hugging Face form, made when the cache does not hold it.

    Args:
        folder: Holds config.json, the weights and tokenizer.json.
        quantization: `int8`, `int8_float32`, `float16`, ... as CTranslate2 names them; None keeps fp32.
        key: What stands for the content; None computes it from the files.
        name: What the converted folder's name starts with; None for the checkpoint folder's own.
        progress: Called with what is being done and the share done (0..1).

    Raises:
        ModelError: The folder is not a checkpoint, or its family cannot be converted.
        MissingDependency: The extra `[ct2]` (or, for other families than Gemma 3 and BART, `[train]`) is not installed.
    """
    config = read_config(folder)
    target = cache_folder() / "ct2" / f"{name or folder.name}-{key or content_key(folder)}-{quantization or 'float32'}"
    if not target.is_dir():
        progress("converting", 0.0)
        with atomic_folder(target) as output:
            _convert(folder, config, output, quantization)
        progress("converting", 1.0)
    manifest.refresh(folder, target)
    return target


def convert(folder: Path, output: Path, *, quantization: str | None = "int8") -> Path:
    """Write a checkpoint's CTranslate2 form into a new folder, apart from the cache; returns that folder.

    Raises:
        ModelError: The folder is not a checkpoint, or its family cannot be converted.
    """
    config = read_config(folder)
    with atomic_folder(output) as made:
        _convert(folder, config, made, quantization)
    return output


def read_config(folder: Path) -> dict[str, Any]:
    """The folder's config.json.

    Raises:
        ModelError: It is missing or broken, or there are no weights or no tokenizer.json beside it; the message says which.
    """
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{folder} is no checkpoint: it has no readable config.json ({error.strerror})") from error
    except ValueError as error:
        raise ModelError(f"{path} is not JSON: {error}") from error
    if not any((folder / name).is_file() for name in _WEIGHTS):
        raise ModelError(f"{folder} has a config.json but no weights; expected one of {', '.join(_WEIGHTS)}")
    if not (folder / "tokenizer.json").is_file():
        raise ModelError(f"{folder} has no tokenizer.json; save the fast tokenizer beside the model: tokenizer.save_pretrained(folder)")
    if not isinstance(config, dict) or "model_type" not in config:
        raise ModelError(f"{path} names no model_type")
    return config


def form_of(folder: Path, config: dict[str, Any], *, prompt: PromptForm | None = None) -> InputForm:
    """How the model wants its input, from its configuration and what its tokenizer's post-processor adds.

    Args:
        folder: A checkpoint in Hugging Face form.
        config: Its config.json.
        prompt: What stands around the turns; None: what :func:`yoyak.checkpoints.prompts.prompt_form` finds.
    """
    tokenizers = require("tokenizers", extra="ct2")
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    bare = tokenizer.encode("가", add_special_tokens=False).tokens
    whole = tokenizer.encode("가", add_special_tokens=True).tokens
    start = next((i for i in range(len(whole)) if whole[i : i + len(bare)] == bare), 0)
    kind: Kind = "encoder-decoder" if config.get("is_encoder_decoder") or config["model_type"] in {"bart", "t5", "mt5"} else "decoder"
    limit = config.get("max_position_embeddings") or config.get("n_positions") or 1024
    suffix = tuple(whole[start + len(bare) :]) if kind == "encoder-decoder" else ()
    prompt = PLAIN if kind != "decoder" else prompt or prompt_form(folder)[0]
    prefix = tuple(whole[:start]) if prompt.prefix is None else prompt.prefix
    return InputForm(kind, int(limit), prefix, suffix, folder.name, _trained_limit(folder), prompt)


def _trained_limit(folder: Path) -> int | None:
    limit = manifest.read_manifest(folder).get("max_input_tokens")
    return limit if isinstance(limit, int) else None


def _trained_prompt(folder: Path) -> str:
    """Empty for the plain prompt, so that what was converted before chat templates were known stays valid."""
    saved = manifest.read_manifest(folder).get("prompt")
    return f" prompt {json.dumps(saved, ensure_ascii=False, sort_keys=True)}" if saved else ""


def _convert(folder: Path, config: dict[str, Any], output: Path, quantization: str | None) -> None:
    require("ctranslate2", extra="ct2")
    converters = {"gemma3_text": convert_gemma, "bart": convert_bart}
    own = converters.get(config["model_type"])
    if own is not None and (folder / "model.safetensors").is_file():
        own(folder, output, quantization=quantization)
    else:
        _by_transformers(folder, config, output, quantization)
    shutil.copyfile(folder / "tokenizer.json", output / "tokenizer.json")
    for name in ("yoyak.json", "NOTICE"):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, output / name)
    found = form_of(folder, config)
    form = asdict(found) | {"prompt": found.prompt.to_json()}
    (output / "input.json").write_text(json.dumps(form, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _by_transformers(folder: Path, config: dict[str, Any], output: Path, quantization: str | None) -> None:
    """Llama, Qwen, T5, ...: CTranslate2's own loaders."""
    require("transformers", extra="train")
    require("torch", extra="train")
    from ctranslate2.converters import TransformersConverter

    try:
        TransformersConverter(str(folder), low_cpu_mem_usage=True).convert(str(output), quantization=quantization, force=True)
    except ValueError as error:  # CTranslate2: "No conversion is registered for the model configuration ..."
        raise ModelError(f"{folder}: models of type {config['model_type']!r} cannot be converted to CTranslate2 ({error})") from error
