"""ONNX Runtime and OpenVINO on an encoder-decoder checkpoint, run by benchmarks/inference.py in an environment of their own.

    python -m venv other && other/bin/pip install torch "optimum-onnx[onnxruntime]" "optimum-intel[openvino]"
    python benchmarks/inference.py --other other/bin/python

Optimum pins an older transformers than this project, hence the second environment. This process reads one line of JSON after the other,
{"way": NAME, "rows": N}, runs that way over the first N inputs, sorted by length, in batches of 32 with four beams and 45 forced tokens,
and answers with {"wall": seconds, "cpu": seconds}. The first line that it writes names its ways.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any


def onnx_runtime(folder: Path, work: Path) -> Any:
    """Exported with its key-value cache, weights quantized to int8 the way ONNX Runtime's guide does it."""
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from optimum.onnxruntime import ORTModelForSeq2SeqLM

    exported, quantized = work / "onnx", work / "onnx-int8"
    if not (quantized / "done").is_file():
        ORTModelForSeq2SeqLM.from_pretrained(folder, export=True).save_pretrained(exported)
        quantized.mkdir(parents=True, exist_ok=True)
        for file in exported.iterdir():
            if file.suffix == ".onnx":
                quantize_dynamic(file, quantized / file.name, weight_type=QuantType.QInt8, extra_options={"EnableSubgraph": True})
            elif file.is_file():
                (quantized / file.name).write_bytes(file.read_bytes())
        (quantized / "done").touch()
    options = onnxruntime.SessionOptions()
    return ORTModelForSeq2SeqLM.from_pretrained(quantized, session_options=options)


def openvino(folder: Path, work: Path) -> Any:
    """Exported with its state, weights in int8 (NNCF's default)."""
    from optimum.intel import OVModelForSeq2SeqLM

    made = work / "openvino-int8"
    if not (made / "done").is_file():
        OVModelForSeq2SeqLM.from_pretrained(folder, export=True, load_in_8bit=True).save_pretrained(made)
        (made / "done").touch()
    return OVModelForSeq2SeqLM.from_pretrained(made)


WAYS: dict[str, Callable[[Path, Path], Any]] = {"ONNX Runtime int8": onnx_runtime, "OpenVINO int8": openvino}


def generate(model: Any, inputs: list[list[int]]) -> None:
    """Sorted by length, batches of 32."""
    import torch

    ordered = sorted(inputs, key=len)
    for start in range(0, len(ordered), 32):
        rows = ordered[start : start + 32]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [3] * (longest - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        model.generate(input_ids=ids, attention_mask=mask, num_beams=4, do_sample=False, min_new_tokens=45, max_new_tokens=45)


def main() -> None:
    folder, inputs_file, work = map(Path, sys.argv[1:4])
    inputs = json.loads(inputs_file.read_text(encoding="utf-8"))
    talk, sys.stdout = sys.stdout, sys.stderr  # libraries print; the conversation stays clean
    models: dict[str, Any] = {}
    failed: dict[str, str] = {}
    for name, build in WAYS.items():
        try:
            models[name] = build(folder, work)
            generate(models[name], inputs[:1])
        except (RuntimeError, ValueError, TypeError, AttributeError, ImportError, OSError) as error:
            # An engine that does not run is reported as such, and the others go on.
            failed[name] = f"{type(error).__name__}: {error}"[:300]
            models.pop(name, None)
    print(json.dumps({"ways": list(models), "failed": failed}), file=talk, flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        wall, cpu = perf_counter(), process_time()
        generate(models[wanted["way"]], inputs[: wanted["rows"]])
        print(json.dumps({"wall": perf_counter() - wall, "cpu": process_time() - cpu}), file=talk, flush=True)


if __name__ == "__main__":
    main()
