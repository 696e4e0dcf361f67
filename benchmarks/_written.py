"""What a model wrote, kept in a folder under build/ that the benchmarks share: a killed run goes on, and no summary is paid for twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from _record import ROOT
from yoyak.checkpoints import load
from yoyak.records import Dialogue
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.mbr import choose
from yoyak.summarize.summarizer import Summarizer
from yoyak.tune.beams import Beams, Found

WORK = ROOT / "build" / "written"
#: Dialogues between two writes to the disk: so few, so that little is lost.
PART = 16


def searches(model: str, *, compute: str = "int8", work: Path = WORK) -> Beams:
    """The model's searches; named as `yoyak tune` names them, so that it finds them too."""
    name = load.ready(model, quantization=None if compute == "float32" else compute).folder.name
    return Beams(
        work, model=f"{name} {compute}", open_engine=lambda decode: Summarizer.load(model, decode=decode, compute_type=compute, mbr=False)
    )


def found(beams: Beams, talks: Sequence[Dialogue], number: int) -> list[Found]:
    """Greedy (1) or so many beams of each dialogue."""
    return [one for start in range(0, len(talks), PART) for one in beams.of(talks[start : start + PART], DecodeConfig(num_beams=number))]


def best(results: Sequence[Found]) -> dict[str, str]:
    """The best beam of each dialogue."""
    return {one.item.id: one.item.candidates[0].text if one.item.candidates else "" for one in results}


def voted(results: Sequence[Found]) -> dict[str, str]:
    """The beam of each dialogue that agrees most with the others."""
    return {item.id: choice.text if choice else "" for item, choice in choose(one.item for one in results)}


def kept(path: Path, key: str, make: Callable[[], str]) -> str:
    """A text from a file of JSON lines, made and added when it is not there."""
    name = hashlib.sha256(key.encode()).hexdigest()[:20]
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["key"] == name:
                return str(row["text"])
    text = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({"key": name, "text": text}, ensure_ascii=False) + "\n")
    return text
