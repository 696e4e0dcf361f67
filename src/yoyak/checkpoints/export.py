"""A model, merged if it is an adapter, written to a folder of one's own, to be moved to another machine or another program."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from yoyak.checkpoints import load
from yoyak.checkpoints.cache import atomic_folder
from yoyak.checkpoints.convert import Progress
from yoyak.checkpoints.convert_gguf import Stored, convert_gguf
from yoyak.errors import UsageError

Form = Literal["ct2", "safetensors", "gguf"]


def export(
    model: str,
    output: Path,
    *,
    form: Form = "ct2",
    stored: Stored = "int8",
    progress: Progress = lambda what, share: None,
    notice: Callable[[str], None] = lambda text: None,
) -> Path:
    """Write the model and return what was written.

    Args:
        model: A name, a checkpoint's folder or an adapter's.
        output: The folder to make; for `gguf` it holds the file, yoyak.json and the terms of use.
        form: `ct2` (CTranslate2, what yoyak runs), `safetensors` (Hugging Face form: transformers, vLLM, llama.cpp's converter) or `gguf`
            (llama.cpp, Ollama).
        stored: What the weights are stored in; `safetensors` keeps what the model has.
        progress: Called with what is being done and the share done (0..1).
        notice: Called with terms of use that a person has to see.

    Raises:
        UsageError: The output exists.
        ModelError: There is no such model, or its family cannot be written in that form.
    """
    if output.exists():
        raise UsageError(f"{output} exists; name a new folder")
    if form == "ct2":
        source = load.ready(model, quantization=None if stored == "float32" else stored, progress=progress, notice=notice).folder
    else:
        source = load.huggingface_folder(model, progress=progress, notice=notice)
    with atomic_folder(output) as folder:
        progress("writing", 0.5)
        if form == "gguf":
            convert_gguf(source, folder / f"{output.name}-{stored}.gguf", stored=stored)
            kept = [source / name for name in ("yoyak.json", "NOTICE") if (source / name).is_file()]
        else:
            kept = [file for file in source.iterdir() if file.is_file()]
        for file in kept:
            shutil.copyfile(file, folder / file.name)
        progress("writing", 1.0)
    return output
