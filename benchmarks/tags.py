"""Tags under three policies on the real KoBART tokenizer, and what policies and the checkpoint's cure do to learning.

Part one is counting: the round trip of every tag with every josa, tokens of a dialogue, references that no_repeat_ngram_size=2 forbids.
Part two trains small models of KoBART's form with random weights (width 128, two layers each way) on rows of train_research.csv, from the
same seed: tags as text, as tokens, and as text in the checkpoint as published (no <s> and </s>, writing from <usr>). Special tokens are
read and written by the same ids as added ones, so their model is the same and only decoding differs.

    YOYAK_DATA=... python benchmarks/tags.py [--quick | --counts | --seeds N]
"""

from __future__ import annotations

import csv
import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tokenizers

from _record import data_folder, measure, ratio, record
from yoyak.data.read import read
from yoyak.doctor.impossible import impossible
from yoyak.doctor.stages.output import fingerprint, tag_recall
from yoyak.models.tag_policy import Applied, apply, broken, controls, keeping, probes
from yoyak.records import Dialogue

_POLICIES = ("text", "tokens", "special")
_SMALL = {"d_model": 128, "encoder_ffn_dim": 512, "decoder_ffn_dim": 512, "encoder_attention_heads": 4, "decoder_attention_heads": 4}
_LAYERS = {"encoder_layers": 2, "decoder_layers": 2, "num_hidden_layers": 2}


WAYS: dict[str, dict[str, Any]] = {
    "text, cured": {"tags": "text", "repair": True},
    "text, as published": {"tags": "text", "repair": False},
    "tokens, cured": {"tags": "tokens", "repair": True},
}
#: Way -> what was measured -> a figure for each seed.
Figures = dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class Size:
    """How much is trained."""

    rows: int
    dev: int
    epochs: int
    seeds: int


def main() -> None:
    folder = data_folder()
    if folder is None:
        sys.exit(1)
    quick = "--quick" in sys.argv
    seeds = int(sys.argv[sys.argv.index("--seeds") + 1]) if "--seeds" in sys.argv else 3
    size = Size(rows=24, dev=6, epochs=1, seeds=1) if quick else Size(rows=300, dev=60, epochs=5, seeds=seeds)
    measures = counted(folder)
    data = [folder / "dialogsum-ko" / name for name in ("dev_k2.csv", "train_research.csv")]
    data += [folder / "kobart" / name for name in ("tokenizer.json", "config.json")]
    figures: Figures = {}
    if "--counts" in sys.argv:
        record("tags", data=data, runs=1, measures=measures, ratios=[])
        return
    for seed in range(size.seeds):  # recorded after each seed: what was measured is kept when the next is broken off
        trained(folder, size, seed, figures)
        found, ratios = summed_up(figures)
        if quick:
            print(json.dumps([*measures, *found, *ratios], ensure_ascii=False, indent=1))
        else:
            record("tags", data=data, runs=seed + 1, measures=[*measures, *found], ratios=ratios, training=vars(size) | {"seeds": seed + 1})


def counted(folder: Path) -> list[dict[str, Any]]:
    """Part one: a row of figures for each policy, and for a naive addition (the tokenizer's blanks as they were)."""
    value = json.loads((folder / "kobart" / "tokenizer.json").read_text(encoding="utf-8"))
    base = tokenizers.Tokenizer.from_str(json.dumps(value))
    dialogues = list(read(folder / "dialogsum-ko" / "dev_k2.csv"))
    references = [reference for dialogue in dialogues for reference in dialogue.references]
    made = {policy: apply(policy, value, encode=lambda text: base.encode(text, add_special_tokens=False).ids) for policy in _POLICIES}
    naive = json.loads(json.dumps(made["tokens"].tokenizer))
    naive["pre_tokenizer"]["prepend_scheme"] = "always"
    rows: dict[str, Applied] = {**made, "tokens, added naively": Applied(naive, {}, {}, {}, made["tokens"].rows)}
    measures = []
    for name, applied in rows.items():
        engine = tokenizers.Tokenizer.from_str(json.dumps(applied.tokenizer))

        def encode(text: str, engine: Any = engine) -> list[int]:
            return list(engine.encode(text, add_special_tokens=False).ids)

        total = len(probes())
        for way, decode in (
            ("yoyak's decoding", keeping(engine.decode, controls(applied.tokenizer))),
            ("skip_special_tokens=True", lambda ids, engine=engine: engine.decode(list(ids), skip_special_tokens=True)),
        ):
            kept = total - len(broken(encode, decode))
            measures.append(share(f"tags {name}: round trip of tag with josa, {way}", kept, total))
        measures.append(mean(f"tags {name}: tokens of a dialogue of dev_k2", [len(encode(dialogue.text)) for dialogue in dialogues]))
        measures.append(mean(f"tags {name}: tokens of a reference of dev_k2", [len(encode(text)) for text in references]))
        found = impossible(engine, references, 2)
        measures.append(share(f"tags {name}: references that no_repeat_ngram_size=2 makes impossible", found.total, found.references))
        measures.append(share(f"tags {name}: of these because of a tag", found.by_tag, found.references))
    return measures


def share(what: str, part: int, whole: int) -> dict[str, Any]:
    """A percentage with Wilson's 95 % interval; of things counted in full (the round trip) it is exact."""
    p, z = part / whole, 1.96
    centre = (p + z * z / (2 * whole)) / (1 + z * z / whole)
    reach = z * math.sqrt(p * (1 - p) / whole + z * z / (4 * whole * whole)) / (1 + z * z / whole)
    exact = "round trip" in what
    low, high = (p, p) if exact else (max(0.0, centre - reach), min(1.0, centre + reach))
    return {"what": what, "value": 100 * p, "unit": "%", "low": 100 * low, "high": 100 * high}


def mean(what: str, values: Sequence[float], unit: str = "tokens") -> dict[str, Any]:
    """A mean with its normal 95 % interval."""
    centre = sum(values) / len(values)
    spread = 1.96 * math.sqrt(sum((value - centre) ** 2 for value in values) / (len(values) - 1) / len(values))
    return {"what": what, "value": centre, "unit": unit, "low": centre - spread, "high": centre + spread}


def trained(folder: Path, size: Size, seed: int, figures: Figures) -> None:
    """Part two: every way trained from the same start on the same rows, scored on rows that were not trained on; a process for each way."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        split(folder / "dialogsum-ko" / "train_research.csv", work, size)
        small(folder / "kobart", work / "start", seed)

        def child(way: str) -> dict[str, dict[str, float]]:
            command = [sys.executable, __file__, "--child", way, str(work), str(size.epochs), str(seed)]
            output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            return dict(json.loads(output.splitlines()[-1]))

        with ThreadPoolExecutor(len(WAYS)) as pool:
            for found in pool.map(child, WAYS):
                for variant, scores in found.items():
                    for what, value in scores.items():
                        figures.setdefault(variant, {}).setdefault(what, []).append(value)


def one_way(way: str, work: Path, epochs: int, seed: int) -> None:
    """Train and score one way, in a process of its own; the figures are the last line printed."""
    model = run(work / "start", work, way, epochs, seed)
    found = evaluated(way, model, list(read(work / "dev.csv")), work)
    print(way, found, file=sys.stderr, flush=True)
    print(json.dumps(found, ensure_ascii=False))


def summed_up(figures: Figures) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Medians over the seeds, and paired ratios."""
    units = {"tag recall": "%", "loss": "nats a summary", "ROUGE": "points", "summaries": "%"}
    measures = [
        measure(f"trained, {way}: {what}", values, next(unit for key, unit in units.items() if key in what))
        for way, scores in figures.items()
        for what, values in scores.items()
    ]
    ratios = [
        ratio(f"{what}: {a} over {b}", [x / y for x, y in zip(figures[a][what], figures[b][what], strict=True)])
        for a, b in (("tokens, cured", "text, cured"), ("text, cured", "text, as published"))
        for what in ("loss on unseen rows", "tag recall on unseen rows")
        if all(figures[b][what])
    ]
    return measures, ratios


def split(path: Path, work: Path, size: Size) -> None:
    """Write train.csv of synthetic rows, and dev.csv of other ones to score on."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["origin"] == "synthetic" and len(row["dialogue"]) < 700]
    random.Random(0).shuffle(rows)
    for name, part in (("train.csv", rows[: size.rows]), ("dev.csv", rows[size.rows : size.rows + size.dev])):
        with open(work / name, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["fname", "dialogue", "summary", "topic"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(part)


def small(source: Path, target: Path, seed: int) -> Path:
    """KoBART's tokenizer and configuration, narrower and with two layers, random weights."""
    import torch
    import transformers

    target.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        shutil.copyfile(source / name, target / name)
    config = json.loads((source / "config.json").read_text(encoding="utf-8")) | _SMALL | _LAYERS
    torch.manual_seed(seed)
    model = transformers.BartForConditionalGeneration(transformers.BartConfig(**config))
    generation = (target / "generation_config.json").read_bytes()
    model.save_pretrained(target)
    (target / "generation_config.json").write_bytes(generation)
    return target


def run(start: Path, work: Path, way: str, epochs: int, seed: int) -> Path:
    from yoyak.train.recipe import run as train
    from yoyak.train.seq2seq import Recipe

    recipe = Recipe(
        model=str(start),
        data={"train": [str(work / "train.csv")]},
        optimizer={"learning_rate": 1e-3, "warmup": 0.1},
        batches={"tokens": 2048, "max_input_tokens": 512, "max_target_tokens": 160},
        epochs=epochs,
        seed=seed,
        save_steps=10_000,
        label_smoothing=0.0,
        dropout=0.1,
        device="cpu",
        **WAYS[way],
    )
    return train(recipe, work / f"run-{way}")


def evaluated(way: str, model: Path, dialogues: list[Dialogue], work: Path) -> dict[str, dict[str, float]]:
    """Scores of a trained model; for tokens also decoded as special tokens are, for text also written from another start token."""
    found = {way: {"loss on unseen rows": loss(model, dialogues), **written(model, dialogues, work)}}
    if way == "tokens, cured":  # the same ids, marked special and decoded in the usual way
        found["special, cured, decoded with skip_special_tokens=True"] = written(model, dialogues, work, skip=True)
    if way == "text, cured":  # what the public baseline does: trained from <s>, written from <usr>
        other = work / "other-start"
        shutil.copytree(model, other)
        for name in ("config.json", "generation_config.json"):
            value = json.loads((other / name).read_text(encoding="utf-8")) | {"decoder_start_token_id": 2}
            (other / name).write_text(json.dumps(value), encoding="utf-8")
        found["text, cured, but written from <usr>"] = written(other, dialogues, work)
        shutil.rmtree(other)
    return found


def written(model: Path, dialogues: list[Dialogue], work: Path, *, skip: bool = False) -> dict[str, float]:
    from yoyak.metrics.evaluate import evaluate
    from yoyak.summarize.decoding import DecodeConfig
    from yoyak.summarize.summarizer import Summarizer
    from yoyak.text import tags

    summarizer = Summarizer.load(model, engine="hf", decode=DecodeConfig(max_new_tokens=120, max_input_tokens=512))
    texts = {prediction.id: prediction.summary for prediction in summarizer.summarize(dialogues)}
    if skip:
        texts = {id_: tags.PATTERN.sub("", text) for id_, text in texts.items()}
    gold = {dialogue.id: dialogue.references for dialogue in dialogues}
    scored = evaluate(texts, gold, name="model").systems["model"].scores
    recall = tag_recall(texts, gold)
    return {
        "tag recall on unseen rows": 100 * (recall or 0.0),
        "summaries with two tags or more": 100 * sum(len(tags.find(text)) > 1 for text in texts.values()) / len(texts),
        "ROUGE-1": 100 * scored["rouge1"].f1,
        "ROUGE-L": 100 * scored["rougeL"].f1,
        "summaries with orphaned josa": 100 * fingerprint(list(texts.values())).orphaned / len(texts),
    }


def loss(model: Path, dialogues: list[Dialogue]) -> float:
    """Mean over the rows of a reference's negative log-likelihood: comparable between tokenizations, unlike the loss of a token."""
    import torch
    import transformers

    from yoyak.checkpoints.convert import form_of, read_config
    from yoyak.checkpoints.encoder_decoder import controls as control_ids
    from yoyak.summarize.decoding import DecodeConfig
    from yoyak.summarize.tokens import Codec
    from yoyak.train.pairs import Limits, collate, pairs
    from yoyak.train.seq2seq import loss_of

    network = transformers.AutoModelForSeq2SeqLM.from_pretrained(model).eval()
    codec = Codec(model / "tokenizer.json", form_of(model, read_config(model)), DecodeConfig())
    ids = control_ids(model)
    found, _ = pairs(dialogues, codec, end=ids.end, limits=Limits(512, 160))
    total = 0.0
    with torch.inference_mode():
        for pair in found:
            total += loss_of(network, collate([pair], pad=ids.pad, start=ids.start, round_to=1)).item()
    return total / len(found)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        one_way(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
    else:
        main()
