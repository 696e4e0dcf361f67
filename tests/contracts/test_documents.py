"""What README and docs say is so: commands exist, links lead somewhere, figures stand in results."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = ["README.md", "README.ko.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md", "corpus/README.md"]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(root: Path, page: str) -> None:
    text = (root / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert ((root / page).parent / target).exists(), target


def test_the_two_readmes_say_the_same(root: Path) -> None:
    english, korean = ((root / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md"))
    for pattern in (r"^## ", r"^\|", r"^```"):
        assert len(re.findall(pattern, english, re.MULTILINE)) == len(re.findall(pattern, korean, re.MULTILINE)), pattern

    def commands(text: str) -> list[str]:
        return [line.partition("#")[0].strip() for line in text.splitlines() if line.startswith(("yoyak ", "make ", "cat "))]

    assert commands(english) == commands(korean)


def test_every_command_of_the_readme_exists(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    names = set(re.findall(r"^(?:cat .* \| )?yoyak ([a-z]+(?: (?:check|clean|split|style|rules|restore))?)", text, re.MULTILINE))
    assert {"summarize", "score", "data check"} <= names
    for name in names:
        done = subprocess.run([sys.executable, "-m", "yoyak.cli.main", *name.split(), "--help"], capture_output=True, check=False)
        assert done.returncode == 0, name


def test_the_library_tour_of_the_readme_runs(root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    [code] = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.chdir(root)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("a ")


def test_the_results_page_is_made_from_the_results(root: Path) -> None:
    assert subprocess.run([sys.executable, root / "benchmarks" / "table.py", "--check"], check=False).returncode == 0


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).resolve().parents[2] / "benchmarks" / "results").glob("*.json")), ids=lambda p: p.stem
)
def test_every_result_has_the_agreed_form(path: Path) -> None:
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["name"] == path.stem
    assert {"command", "commit", "date", "device", "data", "runs", "measures", "ratios"} <= set(result)
    for row in result["measures"]:
        assert {"what", "value", "unit", "low", "high"} <= set(row)
    for row in result["ratios"]:
        assert {"what", "value", "low", "high", "goal"} <= set(row)
        assert row["low"] <= row["value"] <= row["high"]
