"""`yoyak models`: list, show, fetch, export, trim, shortlist."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from yoyak.checkpoints import load
from yoyak.checkpoints.cache import atomic_folder, cache_folder
from yoyak.checkpoints.convert import is_converted, read_config, read_form
from yoyak.cli import console
from yoyak.cli.messages import say
from yoyak.data.read import read
from yoyak.errors import ModelError, UsageError
from yoyak.models.inputs import prompt

app = App(name="models", help="Models: list, show, fetch, export, trim, shortlist.", default_parameter=Parameter(negative=()))

Out = Annotated[Path, Parameter(name=["--out", "-o"])]


@app.command(name="list")
def list_models(*, json: Annotated[bool, Parameter(name="--json", show_default=False)] = False) -> int:
    """Models that are known by name, and what is kept in the cache.

    Parameters
    ----------
    json
        Print JSON.
    """
    kept = [
        {"folder": str(folder), "megabytes": round(_size(folder) / 1e6)}
        for parent in (cache_folder(), cache_folder() / "ct2", cache_folder() / "merged")
        if parent.is_dir()
        for folder in sorted(parent.iterdir())
        if (folder / "config.json").is_file()
    ]
    names = ["extractive", *load.NAMES]
    if json:
        print(_dumps({"names": names, "cache": kept}))
        return 0
    for name in names:
        print(f"{name:20} {say(f'model-{name}')}")
    for entry in kept:
        print(f"  {entry['megabytes']:>6} MB  {entry['folder']}")
    return 0


@app.command
def show(model: str, /, *, json: Annotated[bool, Parameter(name="--json", show_default=False)] = False) -> int:
    """What a model is: its family, size, limits and how it is fed.

    Parameters
    ----------
    model
        A model's folder, or a name whose model was fetched before.
    json
        Print JSON.
    """
    facts = _facts(model)
    if json:
        print(_dumps(facts))
    else:
        for name, value in facts.items():
            print(f"{name:20} {value}")
    return 0


@app.command
def fetch(model: str, /) -> int:
    """Make a model that is known by name ready to run (base weights come with an extra, nothing is downloaded here).

    Parameters
    ----------
    model
        gemma-3-270m
    """
    if model not in load.NAMES:
        raise UsageError(f"fetch takes {', '.join(load.NAMES)}, not {model!r}")
    with console.stages() as stage:
        made = load.ready(model, progress=stage, notice=console.note)
    print(made.folder)
    return 0


@app.command
def export(model: str, /, *, out: Out, compute: Literal["int8", "float32", "float16", "bfloat16"] = "int8") -> int:
    """Write a model in CTranslate2's form to a folder of your own, to be moved to another machine.

    Parameters
    ----------
    model
        A name or a checkpoint's folder.
    out
        The folder to make.
    compute
        What the weights are stored in.
    """
    if out.exists():
        raise UsageError(f"{out} exists; name a new folder")
    with console.stages() as stage:
        made = load.ready(model, quantization=None if compute == "float32" else compute, progress=stage, notice=console.note)
    with atomic_folder(out) as folder:
        shutil.copytree(made.folder, folder, dirs_exist_ok=True)
    print(out)
    return 0


@app.command
def trim(
    model: str, /, *, corpus: tuple[str, ...], out: Out, json: Annotated[bool, Parameter(name="--json", show_default=False)] = False
) -> int:
    """Cut a model's vocabulary to what Korean and a corpus need: smaller, faster, and the same otherwise.

    Parameters
    ----------
    model
        A checkpoint's folder in Hugging Face form.
    corpus
        Files of dialogues (with summaries, if there are any).
    out
        The folder to make.
    json
        Print JSON.
    """
    from dataclasses import asdict

    from yoyak.checkpoints.trim import trim as trimmed

    with console.stages() as stage:
        folder = load.huggingface_folder(model, progress=stage, notice=console.note)
        texts = [text for file in corpus for dialogue in read(file) for text in (prompt(dialogue.turns), *dialogue.references)]
        found = trimmed(folder, out, texts, progress=stage)
    if json:
        print(_dumps(asdict(found)))
    else:
        print(say("trimmed", **asdict(found)))
    return 0


@app.command
def shortlist(model: str, /, *, corpus: tuple[str, ...], out: Out) -> int:
    """Write an encoder-decoder model that computes only a shortlist of words: those of a corpus of summaries and each dialogue's.

    Parameters
    ----------
    model
        A checkpoint's folder.
    corpus
        Files of dialogues with summaries of the kind that the model writes.
    out
        The folder to make.
    """
    from yoyak.checkpoints.shortlist import with_shortlist

    texts = [reference for file in corpus for dialogue in read(file) for reference in dialogue.references]
    with console.stages() as stage:
        folder = load.ready(model, progress=stage, notice=console.note).folder
        kept, rows = with_shortlist(folder, out, texts)
    print(say("shortlisted", kept=kept, rows=rows, path=out))
    return 0


def _facts(model: str) -> dict[str, Any]:
    folder = Path(model)
    if model in load.NAMES:
        made = sorted((cache_folder() / "ct2").glob(f"{model}-*")) if (cache_folder() / "ct2").is_dir() else []
        if not made:
            raise ModelError(f"{model} was not fetched on this machine yet: yoyak models fetch {model}")
        folder = made[0]
    if is_converted(folder):
        form = read_form(folder)
        rows = len(json.loads(next(folder.glob("*vocabulary.json")).read_text(encoding="utf-8")))
        return {
            "form": "CTranslate2",
            "folder": str(folder),
            "kind": form.kind,
            "vocabulary": rows,
            "max_tokens": form.max_tokens,
            "megabytes": round(_size(folder) / 1e6),
            "shortlist": (folder / "vmap.txt").is_file(),
        }
    config = read_config(folder)
    known = ("model_type", "vocab_size", "hidden_size", "d_model", "num_hidden_layers", "encoder_layers", "decoder_layers")
    limits = {"max_tokens": config.get("max_position_embeddings") or config.get("n_positions")}
    facts = {key: config[key] for key in known if key in config}
    return {"form": "Hugging Face", "folder": str(folder), **facts, **limits, "megabytes": round(_size(folder) / 1e6)}


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
