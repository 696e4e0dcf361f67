"""Tokens per second and peak memory of our LoRA training against TRL's SFTTrainer: same model, same rows, same adapter.

Each cell runs in a process of its own, so that its peak is its own. Both sides compute the same rows in one batch, padded to the longest;
the first step is not timed; tokens are the rows' own, padding not counted. What our batches by length save is therefore not in the
figures. Cells of both sides take turns. The machine is shared, so speed is by processor time on one thread.

    python benchmarks/lora.py [--rows 3] [--steps 2] [--repeats 2]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from _record import ROOT, measure, ratio, record

CORPUS = ROOT / "corpus" / "train.jsonl"
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

LIMIT = 6 << 30  # bytes of a cell: others use the machine too

#: (vocabulary, weights kept in, gradient checkpointing); all compute in bf16. The second is SFTTrainer's own default.
GRID = [
    ("cut", "bf16", False),
    ("whole", "fp32", True),
    ("cut", "bf16", True),
    ("whole", "bf16", True),
    ("cut", "fp32", False),
]


def name(side: str, cell: tuple[str, str, bool]) -> str:
    """How a cell is called in the results."""
    vocabulary, weights, checkpointing = cell
    return f"{side}, {vocabulary} vocabulary, weights {weights}, checkpointing {'on' if checkpointing else 'off'}"


def peak() -> int:
    """VmHWM of this process in bytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def ours(base: Path, rows: int, steps: int, weights: str, checkpointing: bool) -> dict[str, float]:
    """Our loop on those rows."""
    import tempfile

    import torch

    from yoyak.train import data as training_data
    from yoyak.train import lora
    from yoyak.train.device import compute_of
    from yoyak.train.loop import Progress, fit
    from yoyak.train.recipe import Batches, Data

    recipe = lora.Recipe(
        model=str(base),
        data=Data(train=[str(CORPUS)], limit=rows),
        batches=Batches(tokens=1_000_000, round_to=8),
        epochs=1 + steps,
        precision="bf16",
        gradient_checkpointing=checkpointing,
        save_steps=10_000,
    )
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch)
        ready = lora._ready(recipe, training_data.rows(recipe.data.train, limit=rows), output)
        trained = lora._model(recipe, ready, compute_of(recipe))
        if weights == "fp32":  # not what we do: for the comparison with those who keep frozen weights in fp32
            trained.model.to(torch.float32)
        job = lora._Job(trained.model, ready.epochs, pad=ready.pad, round_to=recipe.batches.round_to)
        marks: list[tuple[int, float, float]] = []
        marks.append((-1, time.process_time(), time.perf_counter()))

        def on_step(progress: Progress) -> None:
            marks.append((progress.epoch, time.process_time(), time.perf_counter()))

        fit(job, recipe, output, on_step=on_step)
    first = max(mark for mark in marks if mark[0] == 0)
    assert len(marks) == 2 + steps, "all rows were to be one batch"
    tokens = steps * sum(len(example.ids) for example in ready.epochs[1])
    return {"cpu_s": marks[-1][1] - first[1], "wall_s": marks[-1][2] - first[2], "tokens": tokens, "peak": peak()}


def theirs(base: Path, rows: int, steps: int, weights: str, checkpointing: bool) -> dict[str, float]:
    """SFTTrainer on the same rows: prompt and completion, loss on the completion."""
    import tempfile

    import peft
    import torch
    import transformers
    import trl
    from datasets import Dataset

    from yoyak.models.inputs import prompt
    from yoyak.train import data as training_data

    tokenizer = transformers.AutoTokenizer.from_pretrained(base)
    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16 if weights == "bf16" else torch.float32)
    dialogues = training_data.rows([str(CORPUS)], limit=rows)
    pairs = [{"prompt": prompt(row.turns), "completion": text.strip()} for row in dialogues for text in row.references]
    marks: list[tuple[float, float, float]] = []

    class Clock(transformers.TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            marks.append((state.epoch, time.process_time(), time.perf_counter()))

    with tempfile.TemporaryDirectory() as scratch:
        trainer = trl.SFTTrainer(
            model=model,
            args=trl.SFTConfig(
                output_dir=scratch,
                per_device_train_batch_size=len(pairs),
                num_train_epochs=1 + steps,
                learning_rate=3e-4,
                lr_scheduler_type="cosine",
                warmup_steps=1,
                max_length=2048,
                bf16=True,
                use_cpu=True,
                gradient_checkpointing=checkpointing,
                completion_only_loss=True,
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_list(pairs),
            processing_class=tokenizer,
            peft_config=peft.LoraConfig(r=32, lora_alpha=64, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM"),
            callbacks=[Clock()],
        )
        tokens = steps * sum(len(ids) for ids in trainer.train_dataset["input_ids"])
        trainer.train()
    first = max(mark for mark in marks if mark[0] <= 1)
    return {"cpu_s": marks[-1][1] - first[1], "wall_s": marks[-1][2] - first[2], "tokens": tokens, "peak": peak()}


def cell(side: str, base: Path, rows: int, steps: int, chosen: tuple[str, str, bool]) -> dict[str, float] | None:
    """One cell in a process of its own; None when it takes more memory than a cell may."""
    given = json.dumps({"side": side, "base": str(base), "rows": rows, "steps": steps, "weights": chosen[1], "checkpointing": chosen[2]})
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "MALLOC_ARENA_MAX": "2"}
    made = subprocess.run([sys.executable, __file__, "--cell", given], capture_output=True, text=True, env=environment, check=False)
    if made.returncode and ("memory" in made.stderr or "bad_alloc" in made.stderr):
        print(f"{name(side, chosen)}: beyond {LIMIT / 2**30:.0f} GiB", flush=True)
        return None
    if made.returncode:
        raise RuntimeError(f"{name(side, chosen)}: {made.stderr[-2000:]}")
    found: dict[str, float] = json.loads(made.stdout.splitlines()[-1])
    print(
        f"{name(side, chosen)}: {found['tokens'] / found['cpu_s']:.0f} tokens/s of processor time, {found['peak'] / 2**30:.2f} GiB",
        flush=True,
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--cell")
    arguments = parser.parse_args()
    if arguments.cell:
        resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
        given = json.loads(arguments.cell)
        run = {"ours": ours, "trl": theirs}[given["side"]]
        print(json.dumps(run(Path(given["base"]), given["rows"], given["steps"], given["weights"], given["checkpointing"])))
        return
    from yoyak.checkpoints import gemma

    folders = {"cut": gemma.base_folder(), "whole": gemma.base_folder(whole_vocabulary=True)}
    found: dict[tuple[str, tuple[str, str, bool]], list[dict[str, float]]] = {}
    for _ in range(arguments.repeats):
        for chosen in GRID:
            for side in ("ours", "trl"):
                made = cell(side, folders[chosen[0]], arguments.rows, arguments.steps, chosen)
                if made is not None:
                    found.setdefault((side, chosen), []).append(made)
            report(found, arguments.rows)  # after each row of the grid: what is there already is kept


def report(found: dict[tuple[str, tuple[str, str, bool]], list[dict[str, float]]], rows: int) -> None:
    """Write the results of the cells so far."""
    speed = {key: [one["tokens"] / one["cpu_s"] for one in cells] for key, cells in found.items()}
    memory = {key: [one["peak"] / 2**30 for one in cells] for key, cells in found.items()}
    measures = [measure(f"{name(*key)}: speed", speed[key], "tokens/s of processor time, one thread") for key in found]
    measures += [measure(f"{name(*key)}: by the clock", [one["tokens"] / one["wall_s"] for one in found[key]], "tokens/s") for key in found]
    measures += [measure(f"{name(*key)}: peak memory", memory[key], "GiB") for key in found]
    ratios = []
    for chosen in (chosen for chosen in GRID if ("ours", chosen) in found and ("trl", chosen) in found):
        mine, other = ("ours", chosen), ("trl", chosen)
        label = name("ours / TRL", chosen)
        ratios.append(ratio(f"speed, {label}", [a / b for a, b in zip(speed[mine], speed[other], strict=False)], ">= 1.3"))
        ratios.append(ratio(f"peak memory, {label}", [a / b for a, b in zip(memory[mine], memory[other], strict=False)], "<= 0.6"))
    best, default = ("ours", GRID[0]), ("trl", GRID[1])
    if default in found and best in found:
        for what, side, goal in (("speed", speed, ">= 2"), ("peak memory", memory, None)):
            values = [a / b for a, b in zip(side[best], side[default], strict=False)]
            ratios.append(ratio(f"{what}, ours with everything on / SFTTrainer's defaults", values, goal))
    record("lora", data=[CORPUS], runs=min(map(len, found.values())), measures=measures, ratios=ratios, rows=rows)


if __name__ == "__main__":
    main()
