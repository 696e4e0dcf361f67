"""Whether the trained model writes the same with a cut vocabulary as with the whole one, and on CTranslate2 as on torch.

    YOYAK_DATA=... python benchmarks/parity.py [--rows 50] [--torch-rows 50]

The embedded adapter is merged into Gemma 3 270M with all 262,144 tokens and with those that are shipped; both write greedily in fp32 about
the first dialogues of corpus/dev.jsonl and of dev_k2. A dialogue whose tokens were all kept must get the same summary; one with a name that
was cut is read by other pieces and may get another. (What the base model goes on with: vocabulary.py.) Torch and CTranslate2 are compared
id by id, one dialogue at a time. What is written is kept under build/.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _record import ROOT, dev_files, measure, ratio, record
from _written import best, found, searches
from yoyak.checkpoints import gemma, load, manifest
from yoyak.checkpoints.cache import atomic_folder
from yoyak.checkpoints.convert import read_form
from yoyak.checkpoints.merge import merge
from yoyak.data.read import read
from yoyak.records import Dialogue
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.parity import parity
from yoyak.summarize.tokens import Codec

MODEL = "yoyak-gemma-270m"


def whole() -> Path:
    """The embedded adapter merged into the model with its whole vocabulary."""
    folder = ROOT / "build" / "parity" / "whole"
    if not folder.is_dir():
        adapter = load.embedded_folder(MODEL)
        with atomic_folder(folder) as made:
            merge(gemma.base_folder(whole_vocabulary=True), adapter, made)
            manifest.refresh(adapter, made)
    return folder


def unchanged(one: Path, other: Path, talks: Sequence[Dialogue]) -> list[bool]:
    """Whether each dialogue has the same tokens in both."""
    codecs = [Codec(folder / "tokenizer.json", read_form(folder), DecodeConfig()) for folder in (one, other)]
    return [codecs[0].tokens(talk.turns) == codecs[1].tokens(talk.turns) for talk in talks]


def vocabulary(place: str, talks: Sequence[Dialogue]) -> tuple[list[dict[str, Any]], list[bool], list[bool]]:
    """The figures of one set, with what each dialogue gave: the same summary, the same tokens."""
    large = whole()
    expected, mine = (best(found(searches(str(model), compute="float32"), talks, 1)) for model in (large, MODEL))
    same = [expected[talk.id] == mine[talk.id] for talk in talks]
    folders = [load.ready(str(model), quantization=None).folder for model in (large, MODEL)]
    kept = unchanged(folders[0], folders[1], talks)
    return [measure(f"{place}: dialogues whose tokens were all kept", [100 * sum(kept) / len(kept)], "%")], same, kept


def share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50, help="dialogues of each set for the vocabularies")
    parser.add_argument("--torch-rows", type=int, default=50, help="dialogues for torch; 0 leaves it out")
    given = parser.parse_args()
    files = dev_files()
    measures: list[dict[str, Any]] = []
    ratios: list[dict[str, Any]] = []
    every: list[bool] = []
    among: list[bool] = []
    for place, path in files.items():
        more, same, kept = vocabulary(place, list(read(path))[: given.rows])
        measures += more
        ratios.append(
            ratio(f"{place}: same greedy summary with the cut vocabulary, fp32 ({len(same)} dialogues)", [share(same)], ">= 0.98")
        )
        every += same
        among += [s for s, k in zip(same, kept, strict=True) if k]
    ratios.append(ratio(f"both: same greedy summary with the cut vocabulary, fp32 ({len(every)} dialogues)", [share(every)], ">= 0.98"))
    ratios.append(ratio(f"both: the same among those whose tokens were all kept ({len(among)} dialogues)", [share(among)], ">= 0.98"))
    if given.torch_rows:
        path = list(files.values())[-1]
        talks = list(read(path))[: given.torch_rows]
        folder = load.huggingface_folder(MODEL)
        for one in parity(folder, talks, beams=(1,), decode=DecodeConfig(max_new_tokens=96)):
            what = f"same greedy ids as torch in fp32 has: CTranslate2 {one.compute_type} ({one.total} dialogues)"
            ratios.append(ratio(what, [one.equal / one.total], ">= 0.98" if one.compute_type == "float32" else None))
            measures.append(measure(f"ids before the first difference, {one.compute_type}", [100 * one.prefix], "%"))
    record("parity", data=list(files.values()), runs=1, measures=measures, ratios=ratios, rows=given.rows)


if __name__ == "__main__":
    main()
