"""What lets a training process grow while batch shapes change, and what bounds it. Each way runs in a process of its own.

`heap`: the buffers of a Gemma-like step at a quarter of its width, allocated, touched and freed as a step does, without the arithmetic.
`kernels`: one small linear layer, forward and backward in bf16, at ever other numbers of rows: oneDNN keeps a compiled kernel for each.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import subprocess
import sys
import time

from _record import measure, ratio, record
from yoyak.train.process import HeapKeeper, resident_bytes

STEPS, SHAPES = 150, 900
LAYERS, WIDTH, TOKENS, VOCABULARY, LABELS = 18, 160, 4096, 7000, 45
# Name -> (batch lengths are rounded up to this, arenas, heap keeper).
HEAPS = {
    "lengths as they are": (1, None, False),
    "two arenas (as MALLOC_ARENA_MAX=2)": (1, 2, False),
    "heap given back when grown by a quarter": (1, None, True),
    "lengths rounded up to 32": (32, None, False),
    "lengths rounded up to 32 and the heap given back": (32, None, True),
    "lengths rounded up to 64": (64, None, False),
}


def heap(round_to: int, arenas: int | None, keeps: bool) -> dict[str, float]:
    """Peak resident bytes beyond the start, and the most that was really held."""
    import torch

    torch.set_num_threads(1)
    if arenas is not None:
        ctypes.CDLL(None).mallopt(-8, arenas)
    rng, keeper, kernels = random.Random(0), HeapKeeper(), {}
    base, peak, largest, started = resident_bytes(), 0, 0, time.process_time()

    def buffer(size: int) -> torch.Tensor:
        made = torch.empty(size, dtype=torch.uint8)
        made[::4096] = 1  # a page is there once it is written to
        return made

    for step in range(STEPS):
        length = -(-(rng.randint(40, 700) if step else 700) // round_to) * round_to
        rows = max(1, TOKENS // length)
        size = rows * length * WIDTH
        kept = []
        for layer in range(LAYERS):
            for times in (2, 2, 4, 2, 2, 6, 6, 6, 2, 4):
                kept.append(buffer(size * times))
                buffer(size * 2)  # gone at once
            if layer < 6 and (rows * length, layer) not in kernels:  # small and long-lived, as a compiled kernel is
                kernels[rows * length, layer] = [torch.empty(rng.randint(2000, 60000), dtype=torch.uint8) for _ in range(6)]
        logits = [buffer(rows * LABELS * VOCABULARY) for _ in range(3)]
        largest = max(largest, sum(len(each) for each in kept + logits))
        del logits
        while kept:
            gradient = buffer(min(len(kept.pop()), size * 6))
        del gradient
        peak = max(peak, resident_bytes())
        if keeps:
            keeper.after_step()
    return {"peak": peak - base, "largest": largest, "seconds": time.process_time() - started}


def kernels() -> dict[str, float]:
    """Resident bytes that many shapes of one small layer add."""
    import torch

    torch.set_num_threads(1)
    rng, layer, base = random.Random(0), torch.nn.Linear(128, 256, bias=False), 0
    for number in range(SHAPES):
        given = torch.randn(rng.randint(1, 3000), 128, requires_grad=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            layer(given).float().sum().backward()
        layer.zero_grad()
        if number == 10:
            base = resident_bytes()
    return {"peak": resident_bytes() - base}


def in_a_process(*arguments: str, **environment: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    heaps = {name: in_a_process(name) for name in HEAPS}
    caches = {"default": in_a_process("kernels"), "32": in_a_process("kernels", ONEDNN_PRIMITIVE_CACHE_CAPACITY="32")}
    measures = [measure("the most that buffers really held", [next(iter(heaps.values()))["largest"] / 2**20], "MiB")]
    measures += [measure(f"grown by at most, {name}", [found["peak"] / 2**20], "MiB") for name, found in heaps.items()]
    measures += [measure(f"processor time of {STEPS} steps, {name}", [found["seconds"]], "s") for name, found in heaps.items()]
    measures += [
        measure(f"added by {SHAPES} shapes of a layer, kernel cache {name}", [found["peak"] / 2**20], "MiB")
        for name, found in caches.items()
    ]
    plain = heaps["lengths as they are"]["peak"]
    ratios = [ratio(f"growth, {name} / lengths as they are", [found["peak"] / plain], None) for name, found in heaps.items()]
    record("heap", data=[], runs=1, measures=measures, ratios=ratios)


if __name__ == "__main__":
    if "--child" in sys.argv:
        asked = sys.argv[-1]
        print(json.dumps(kernels() if asked == "kernels" else heap(*HEAPS[asked])))
    else:
        main()
