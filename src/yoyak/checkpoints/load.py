"""A model's name or folder -> a converted folder that an engine can open."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from yoyak._extras import require
from yoyak.checkpoints import bases, gemma, manifest
from yoyak.checkpoints.cache import atomic_folder, cache_folder
from yoyak.checkpoints.convert import Progress, content_key, converted, is_converted, read_config
from yoyak.checkpoints.merge import merge
from yoyak.errors import ModelError

#: Adapters that come with yoyak, each in its own folder of assets/: merged into Gemma 3 270M on first use.
EMBEDDED = ("yoyak-gemma-270m", "yoyak-verifier-270m")
#: Models that are known by name and need no folder.
NAMES = (*EMBEDDED, gemma.NAME)


@dataclass(frozen=True, slots=True)
class Ready:
    """A converted folder, and what its predictions are signed with."""

    folder: Path
    name: str


def ready(
    model: str | Path,
    *,
    quantization: str | None = "int8",
    progress: Progress = lambda what, share: None,
    notice: Callable[[str], None] = lambda text: None,
) -> Ready:
    """The converted folder of a model; built and kept in the cache when it is not there yet.

    Args:
        model: A name in :data:`NAMES`, a checkpoint folder in Hugging Face form, an adapter's folder (merged into the model that it was
            trained on), or a folder that was converted before.
        quantization: What the weights are stored in; None is fp32. A folder that was converted before stays as it is.
        progress: Called with what is being done and the share done (0..1).
        notice: Called with terms that a person has to see, when such a model is built.

    Raises:
        ModelError: There is no such model or folder, or it is broken.
        MissingDependency: An extra is not installed; the message is the pip line.
    """
    if str(model) == gemma.NAME:
        return _gemma(quantization, progress, notice)
    if str(model) in EMBEDDED:
        return _embedded(str(model), quantization, progress, notice)
    folder = Path(model)
    if folder.is_dir() and is_converted(folder):
        return Ready(folder, folder.name)
    folder = huggingface_folder(folder, progress=progress, notice=notice)
    return Ready(converted(folder, quantization=quantization, progress=progress), Path(model).name)


def huggingface_folder(
    model: str | Path, *, progress: Progress = lambda what, share: None, notice: Callable[[str], None] = lambda text: None
) -> Path:
    """The folder of a model in Hugging Face form: what transformers opens. Arguments and errors as in :func:`ready`."""
    if str(model) == gemma.NAME:
        if not (cache_folder() / f"{gemma.NAME}-{gemma.variant(gemma.shipped_tokens())}").is_dir():
            notice(gemma.TERMS)
        return gemma.base_folder(progress=progress)
    if str(model) in EMBEDDED:
        return merged(embedded_folder(str(model)), progress=progress, notice=notice)
    folder = Path(model)
    if not folder.is_dir():
        raise ModelError(f"there is no model {str(model)!r}: it is neither a folder nor one of extractive, {', '.join(NAMES)}")
    if is_converted(folder):
        raise ModelError(f"{folder} was converted for CTranslate2; give the folder in Hugging Face form that it was made from")
    if (folder / "adapter_config.json").is_file():
        return merged(folder, progress=progress, notice=notice)
    read_config(folder)
    return folder


def embedded_folder(name: str) -> Path:
    """The folder of an adapter that comes with yoyak.

    Raises:
        ModelError: This installation does not hold it.
    """
    folder = Path(str(files("yoyak") / "assets" / name))
    if not (folder / "adapter_model.safetensors").is_file():
        raise ModelError(f"this installation of yoyak does not hold the adapter {name}; install yoyak anew")
    return folder


def settings_folder(model: str | Path) -> Path:
    """Where the yoyak.json of a model stands: its own folder, or the packaged one of a model that comes with yoyak."""
    return embedded_folder(str(model)) if str(model) in EMBEDDED else Path(model)


def merged(adapter: Path, *, progress: Progress, notice: Callable[[str], None]) -> Path:
    """The Hugging Face folder of an adapter merged into its base, kept in the cache by the adapter's content."""
    target = cache_folder() / "merged" / f"{adapter.name}-{content_key(adapter)}"
    if target.is_dir():
        manifest.refresh(adapter, target)
        return target
    base = bases.of_adapter(adapter, progress=progress, notice=notice)
    progress("merging the adapter", 0.0)
    with atomic_folder(target) as folder:
        merge(base, adapter, folder)
        manifest.refresh(adapter, folder)
    return target


def _embedded(name: str, quantization: str | None, progress: Progress, notice: Callable[[str], None]) -> Ready:
    adapter = embedded_folder(name)
    key = content_key(adapter)
    target = cache_folder() / "ct2" / f"{name}-{key}-{quantization or 'float32'}"
    if not target.is_dir():
        require("ctranslate2", extra="gemma")
        whole = merged(adapter, progress=progress, notice=notice)
        converted(whole, quantization=quantization, key=key, name=name, progress=progress)
        shutil.rmtree(whole)  # half a gigabyte that only the engine hf would ask for again
    manifest.refresh(adapter, target)
    return Ready(target, name)


def _gemma(quantization: str | None, progress: Progress, notice: Callable[[str], None]) -> Ready:
    key = gemma.variant(gemma.shipped_tokens())
    base = cache_folder() / f"{gemma.NAME}-{key}"
    target = cache_folder() / "ct2" / f"{base.name}-{key}-{quantization or 'float32'}"
    if target.is_dir():
        return Ready(target, gemma.NAME)
    require("ctranslate2", extra="gemma")
    notice(gemma.TERMS)
    return Ready(converted(gemma.base_folder(progress=progress), quantization=quantization, key=key, progress=progress), gemma.NAME)
