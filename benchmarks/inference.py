"""Inference: ours against what a user would run instead, on KoBART's shape (random weights, forced length) and on Gemma 3 270M.

    YOYAK_DATA=... python benchmarks/inference.py [--rows 24] [--repeats 3] [--other other/bin/python]

KoBART: beam 4, exactly 45 new tokens, over dialogues of dev_k2; the weights are random, so only speed is measured. Gemma: greedy, 40
forced tokens. Every way runs once per repeat, in turn, and ratios are paired within a repeat. On a machine shared with other work threads
that wait for each other lose most, which would flatter us: so transformers runs on one thread and is compared by processor time, as if a
second thread doubled its speed; against CTranslate2's plain call stands the clock too. The slowest ways run on fewer dialogues. ONNX
Runtime and OpenVINO take part when --other names a Python that has them (see _other_engines.py). How throughput grows from 1 to 10,000
dialogues is shown on KoBART's shape with one layer and 8 tokens, so that the scheduling is what is seen. Without YOYAK_DATA the dialogues
are those of examples/, and the KoBART part is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from _random_bart import random_bart
from _record import ROOT, data_folder, interleaved, measure, ratio, record
from yoyak.checkpoints import gemma
from yoyak.checkpoints.convert import converted, read_form
from yoyak.checkpoints.load import ready
from yoyak.checkpoints.shortlist import with_shortlist
from yoyak.data.read import read
from yoyak.records import Dialogue
from yoyak.summarize.calibrate import Plan
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.engines.ct2 import CTranslate2Engine
from yoyak.summarize.tokens import Codec

BEAM = DecodeConfig(num_beams=4, max_new_tokens=45, min_new_tokens=45)
GREEDY = DecodeConfig(max_new_tokens=40, min_new_tokens=40)
#: (wall, processor) dialogues a second of each call, by way
Rates = dict[str, list[tuple[float, float]]]


def timed(n: int, run: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = perf_counter(), process_time()
    run()
    return n / (perf_counter() - wall), n / (process_time() - cpu)


def first_summary(engine: CTranslate2Engine, dialogues: Sequence[Dialogue]) -> float:
    start = perf_counter()
    next(engine.summarize(dialogues))
    return perf_counter() - start


class Transformers:
    """What a user writes with transformers: tokenize, pad, generate."""

    def __init__(self, folder: Path, dialogues: Sequence[Dialogue], codec: Codec) -> None:
        import torch
        from transformers import AutoModelForSeq2SeqLM

        torch.set_num_threads(1)
        self._torch = torch
        self._models = {
            dtype: AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=getattr(torch, dtype)).eval() for dtype in ("float32", "bfloat16")
        }
        self._ids = [codec.ids(codec.tokens(dialogue.turns)) for dialogue in dialogues]

    def run(self, n: int, *, batch: int, dtype: str, pad_to: int | None = None, in_order_of_length: bool = False) -> None:
        torch = self._torch
        ids = self._ids[:n]
        if in_order_of_length:
            ids = sorted(ids, key=len)
        for start in range(0, n, batch):
            rows = [row[:pad_to] for row in ids[start : start + batch]]
            longest = pad_to or max(map(len, rows))
            inputs = torch.tensor([row + [3] * (longest - len(row)) for row in rows])
            mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
            with torch.inference_mode():
                self._models[dtype].generate(
                    input_ids=inputs, attention_mask=mask, num_beams=4, do_sample=False, min_new_tokens=45, max_new_tokens=45
                )


class OtherEngines:
    """A process of another environment that runs ONNX Runtime and OpenVINO on the same checkpoint."""

    def __init__(self, python: str, folder: Path, inputs: list[list[int]], work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        (work / "inputs.json").write_text(json.dumps(inputs), encoding="utf-8")
        script = Path(__file__).with_name("_other_engines.py")
        command = [python, str(script), str(folder), str(work / "inputs.json"), str(work)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        hello = self._read()
        self.ways: list[str] = hello["ways"]
        for name, why in hello["failed"].items():
            print(f"{name} did not run: {why}", file=sys.stderr)

    def run(self, way: str, rows: int) -> tuple[float, float]:
        """(wall, processor) dialogues a second."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"way": way, "rows": rows}) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        return rows / answer["wall"], rows / answer["cpu"]

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the other environment's process ended; see what it wrote above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def growth(folder: Path, dialogues: Sequence[Dialogue]) -> tuple[dict[str, list[float]], list[float]]:
    """Dialogues a second through the whole pipeline for 1, 10, ... dialogues, and the peak memory (MiB) after each."""
    model = converted(random_bart(folder, Path(tempfile.gettempdir()) / "yoyak-benchmark" / "kobart-one-layer", layers=1))
    decode = DecodeConfig(max_new_tokens=8, min_new_tokens=8)
    engine = CTranslate2Engine(model, name="small", decode=decode, plan=Plan(os.cpu_count() or 1, 1, 2048))
    list(engine.summarize(dialogues[:4]))
    found: dict[str, list[float]] = {}
    peaks = []
    rows = 1
    while rows <= len(dialogues):
        found[f"growth, one-layer KoBART shape, {rows:,} dialogues"] = [
            timed(rows, lambda rows=rows: sum(1 for _ in engine.summarize(dialogues[:rows])))[0]  # type: ignore[misc]
        ]
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        rows *= 10
    return found, peaks


def plain(folder: Path, tokens: list[list[str]], options: dict[str, Any], *, decoder_only: bool) -> Callable[[], object]:
    """The call of CTranslate2's own guide: default threads, one list in, sorted and batched by itself."""
    import ctranslate2

    if decoder_only:
        generator = ctranslate2.Generator(str(folder), compute_type=options.pop("compute_type"))
        return lambda: generator.generate_batch(tokens, max_batch_size=32, include_prompt_in_result=False, **options)
    translator = ctranslate2.Translator(str(folder), compute_type=options.pop("compute_type"))
    return lambda: translator.translate_batch(tokens, max_batch_size=32, **options)


def kobart(
    folder: Path, dialogues: Sequence[Dialogue], summaries: Sequence[str], repeats: int, slow: int, other: str | None
) -> tuple[Rates, dict[str, Any]]:
    scratch = Path(tempfile.gettempdir()) / "yoyak-benchmark"
    model = random_bart(folder, scratch / "kobart-random")
    int8, fp32 = converted(model, quantization="int8"), converted(model, quantization=None)
    short = scratch / f"shortlist-{int8.name}-{len(summaries)}"
    if not short.is_dir():
        with_shortlist(int8, short, summaries)
    codec = Codec(int8 / "tokenizer.json", read_form(int8), BEAM)
    tokens = [list(codec.tokens(dialogue.turns)) for dialogue in dialogues]
    forced = {"beam_size": 4, "min_decoding_length": 45, "max_decoding_length": 45}
    cores = os.cpu_count() or 1
    reference = Transformers(model, dialogues, codec)

    def ours(path: Path, compute: str, plan: Plan) -> CTranslate2Engine:
        return CTranslate2Engine(path, name="kobart", decode=BEAM, compute_type=compute, plan=plan)

    usual = Plan(cores, 1, 2048)
    engines = {
        "ours fp32": ours(fp32, "float32", usual),
        "ours int8": ours(int8, "int8", usual),
        "ours int8 + shortlist": ours(short, "int8", usual),
    }
    plain_int8 = plain(int8, tokens, forced | {"compute_type": "int8"}, decoder_only=False)
    n = len(dialogues)
    ways: dict[str, Callable[[], tuple[float, float]]] = {
        "competition baseline (transformers fp32, one batch, padded to 512, 1 thread)": lambda: timed(
            slow, lambda: reference.run(slow, batch=32, dtype="float32", pad_to=512)
        ),
        "transformers fp32, one at a time, 1 thread": lambda: timed(slow // 3, lambda: reference.run(slow // 3, batch=1, dtype="float32")),
        "transformers bf16, sorted, batch 32, 1 thread": lambda: timed(
            n, lambda: reference.run(n, batch=32, dtype="bfloat16", in_order_of_length=True)
        ),
        "CTranslate2 int8, plain call": lambda: timed(n, plain_int8),
        **{name: (lambda engine=engine: timed(n, lambda: list(engine.summarize(dialogues)))) for name, engine in engines.items()},
    }
    if other:
        engine = OtherEngines(other, model, [codec.ids(codec.tokens(dialogue.turns)) for dialogue in dialogues], scratch / "other")
        ways |= {f"{way}, sorted, batch 32": (lambda way=way: engine.run(way, n)) for way in engine.ways}
    rates: Rates = interleaved(ways, repeats=repeats)  # type: ignore[arg-type, assignment]
    one = [first_summary(engines["ours int8"], dialogues) for _ in range(repeats)]
    return rates, {"time to first summary, KoBART shape int8": one, "share of the int8 limit": limit(dialogues, codec, rates["ours int8"])}


def limit(dialogues: Sequence[Dialogue], codec: Codec, rates: Sequence[tuple[float, float]]) -> list[float]:
    """Multiplications of KoBART's matrices a second of processor time, as a share of a bare int8 product of its feed-forward shape."""
    source = float(np.mean([len(codec.tokens(dialogue.turns)) for dialogue in dialogues]))
    width, wide, layers, rows, beams, written = 768, 3072, 6, 30_000, 4, 45
    encoder = source * layers * (4 * width**2 + 2 * width * wide)
    across = source * layers * 2 * width**2
    decoder = written * beams * (layers * (4 * width**2 + 2 * width**2 + 2 * width * wide) + rows * width)
    best = int8_product(768, 3072, 512)
    return [cpu * (encoder + across + decoder) / best for _, cpu in rates]


def int8_product(inputs: int, outputs: int, batch: int) -> float:
    """Multiplications a second of oneDNN's int8 matrix product on one thread, through torch: what a core of this processor can do."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.backends.quantized.engine = "onednn"
    weight = torch.quantize_per_tensor(torch.randn(outputs, inputs), 0.1, 0, torch.qint8)
    rows = torch.quantize_per_tensor(torch.randn(batch, inputs), 0.1, 64, torch.quint8)
    packed = torch.ops.quantized.linear_prepack(weight, None)
    best = 0.0
    for _ in range(20):
        start = process_time()
        torch.ops.quantized.linear(rows, packed, 0.1, 0)
        best = max(best, inputs * outputs * batch / (process_time() - start))
    torch.set_num_threads(threads)
    return best


def gemma_part(dialogues: Sequence[Dialogue], repeats: int) -> tuple[Rates, dict[str, Any]]:
    cut = ready(gemma.NAME).folder
    cut32 = ready(gemma.NAME, quantization=None).folder
    whole = converted(gemma.base_folder(whole_vocabulary=True), quantization="int8", key="whole")
    codec = Codec(whole / "tokenizer.json", read_form(whole), GREEDY)
    tokens = [list(codec.tokens(dialogue.turns)) for dialogue in dialogues]
    plan = Plan(os.cpu_count() or 1, 1, 2048)
    options = {"compute_type": "int8", "min_length": 40, "max_length": 40, "sampling_topk": 1}
    untrimmed = plain(whole, tokens, options, decoder_only=True)
    int8 = CTranslate2Engine(cut, name="gemma", decode=GREEDY, plan=plan)
    fp32 = CTranslate2Engine(cut32, name="gemma", decode=GREEDY, compute_type="float32", plan=plan)
    n = len(dialogues)
    rates: Rates = interleaved(  # type: ignore[assignment]
        {
            "Gemma whole vocabulary, CTranslate2 int8, plain call": lambda: timed(n, untrimmed),  # type: ignore[dict-item, return-value]
            "Gemma cut, ours fp32": lambda: timed(n, lambda: list(fp32.summarize(dialogues))),  # type: ignore[dict-item, return-value]
            "Gemma cut, ours int8": lambda: timed(n, lambda: list(int8.summarize(dialogues))),  # type: ignore[dict-item, return-value]
        },
        repeats=repeats,
    )
    loads = []
    for _ in range(repeats):
        start = perf_counter()
        CTranslate2Engine(ready(gemma.NAME).folder, name="gemma", decode=GREEDY, plan=plan)
        loads.append(perf_counter() - start)
    return rates, {
        "load, Gemma int8 (built before)": loads,
        "time to first summary, Gemma int8": [first_summary(int8, dialogues) for _ in range(repeats)],
    }


def paired(rates: Rates, first: str, second: str, place: int) -> list[float]:
    return [a[place] / b[place] for a, b in zip(rates[first], rates[second], strict=True)]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--slow-rows", type=int, default=12, help="dialogues for the competition baseline; a third of them one at a time")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--other", help="a Python with optimum-onnx and optimum-intel")
    parser.add_argument("--growth", type=int, default=10_000, help="dialogues at the end of the growth curve")
    parser.add_argument("--only", choices=("kobart", "gemma"))
    options = parser.parse_args(arguments)
    folder = data_folder()
    source = folder / "dialogsum-ko" / "dev_k2.csv" if folder else ROOT / "examples" / "dialogues.csv"
    dialogues = list(read(source))[: options.rows]
    measures: list[dict[str, Any]] = []
    ratios: list[dict[str, Any]] = []
    rates: Rates = {}
    extra: dict[str, list[float]] = {}
    data = [source]
    if folder and options.only != "gemma":
        corpus = folder / "dialogsum-ko" / "train_research.csv"
        data.append(corpus)
        summaries = [reference for dialogue in read(corpus) for reference in dialogue.references]
        part, more = kobart(folder / "kobart", dialogues, summaries, options.repeats, min(options.slow_rows, len(dialogues)), options.other)
        rates |= part
        extra |= more
        slowest, single, best, plain_call = (name for name in list(part)[:4])
        for name in ("ours int8", "ours int8 + shortlist"):
            ratios.append(ratio(f"{name} / competition baseline, by processor time", paired(part, name, slowest, 1), ">= 40"))
            ratios.append(ratio(f"{name} / best transformers (bf16 sorted), by processor time", paired(part, name, best, 1), ">= 5"))
            ratios.append(ratio(f"{name} / plain CTranslate2 int8, by the clock", paired(part, name, plain_call, 0), ">= 2"))
            ratios.append(ratio(f"{name} / plain CTranslate2 int8, by processor time", paired(part, name, plain_call, 1)))
        ratios.append(ratio("ours int8 / transformers one at a time, by processor time", paired(part, "ours int8", single, 1)))
        for name in part:
            if name.startswith(("ONNX", "OpenVINO")):
                for place, how in ((0, "by the clock"), (1, "by processor time")):
                    ratios.append(
                        ratio(f"ours int8 + shortlist / {name}, {how}", paired(part, "ours int8 + shortlist", name, place), "> 1")
                    )
        many = list(read(corpus))[: options.growth]
        curve, peaks = growth(folder / "kobart", many)
        extra |= curve
        extra["peak memory, growth from first to last size"] = [peaks[-1] / peaks[0]]
    if options.only != "kobart":
        part, more = gemma_part(dialogues, options.repeats)
        rates |= part
        extra |= more
        for place, how in ((0, "by the clock"), (1, "by processor time")):
            values = paired(part, "Gemma cut, ours int8", "Gemma whole vocabulary, CTranslate2 int8, plain call", place)
            ratios.append(
                ratio(f"Gemma cut int8, ours / whole vocabulary, plain CTranslate2 int8, {how}", values, ">= 3" if place == 0 else None)
            )
            ratios.append(
                ratio(f"Gemma cut, ours int8 / ours fp32, {how}", paired(part, "Gemma cut, ours int8", "Gemma cut, ours fp32", place))
            )
    for name, values in rates.items():
        measures.append(measure(name, [wall for wall, _ in values], "dialogues/s"))
        measures.append(measure(f"{name}, by processor time", [cpu for _, cpu in values], "dialogues/s of one core"))
    units = {"share": "of a bare int8 product", "growth,": "dialogues/s", "peak": "times"}
    for name, values in extra.items():
        measures.append(measure(name, values, units.get(name.split()[0], "s")))
    measures.append(measure("peak memory of the whole benchmark", [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024], "MiB"))
    settings = {"rows": len(dialogues), "kobart": str(BEAM), "gemma": str(GREEDY), "load_average": os.getloadavg()}
    record("inference", data=data, runs=options.repeats, measures=measures, ratios=ratios, settings=settings)


if __name__ == "__main__":
    sys.exit(main())
