"""Every parser and the cleaner, fed 200,000 inputs each that are nearly right: `make proofs`.

The counts stand in benchmarks/results/data_fuzz.json.
"""

from __future__ import annotations

import io
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from yoyak.data.clean import clean_text
from yoyak.data.formats.base import Columns, Format
from yoyak.data.formats.registry import by_name
from yoyak.data.rules.base import Context
from yoyak.data.rules.catalogue import choose
from yoyak.data.source import Source
from yoyak.records import Dialogue

EXECUTIONS = int(os.environ.get("YOYAK_FUZZ", "200000"))
RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "data_fuzz.json"

_COMMON = [
    "\n",
    "\r\n",
    "\r",
    " ",
    "  ",
    "\t",
    ":",
    " : ",
    ",",
    '"',
    "'",
    "\x00",
    "\ufeff",
    "\ud800",
    "\udc80",
    "\u200b",
    "가",
    "네",
    "안녕",
    "3",
    "#",
    "\\",
]
_JSON = [
    "{",
    "}",
    "[",
    "]",
    '"',
    ":",
    ",",
    "null",
    "1",
    "1e999",
    "true",
    '""',
    '"\\ud800"',
    "\\u0000",
    '{"',
    '":',
    '":[',
    '":"',
    '","',
    '"]',
    '"}',
]
TOKENS = {
    "kakaotalk": [
        "방 님과 카카오톡 대화\n",
        "저장한 날짜 : 2026-01-03 10:44:52\n",
        "--------------- 2026년 1월 2일 금요일 ---------------\n",
        "--------------- 2026년 13월 40일 금요일 ---------------\n",
        "[지우] [오전 9:05] ",
        "[지우] [21:05] ",
        "[] [9:05 PM] ",
        "2026년 1월 2일 오전 9:05, 지우 : ",
        "2026년 2월 30일 오전 9:05, 지우 : ",
        "2026년 1월 2일 오전 9:05\n",
        "오후 12:05, 지우 : ",
        "Jan 2, 2026 at 09:05, name : ",
        "Jan 2, 2026 at 09:05: name invited other .\n",
        "January 2, 2026, 9:05 AM, name : ",
        "Friday, January 2, 2026\n",
        "Date,User,Message\n",
        '2026-01-02 09:05:00,"지우","',
        "지우님이 나갔습니다.",
        "사진",
    ],
    "csv": ["fname,dialogue,summary,topic\n", 'a,"#Person1#: 네\n#Person2#: 응",요약,주제\n', "#Person1#:", "a,", ";", "id\tdialogue\n"],
    "jsonl": [
        *_JSON,
        '{"id":"a","dialogue":"#Person1#: 네"}\n',
        '"dialogue":',
        '[{"speaker":"a","text":"b"}]',
        '{"dialogue":[{"speaker":1}]}\n',
    ],
    "json": [*_JSON, '[{"id":"a","dialogue":"#Person1#: 네"},', '"dialogue":'],
    "nikl": [
        *_JSON,
        '[{"id":"a","input":{"conversation":[',
        '{"speaker":"A","utterance":"네"}',
        '],"subject_keyword":["x"]},"output":"y"}',
        '{"document":[{"id":"a","utterance":[',
    ],
    "aihub": [
        *_JSON,
        '{"data":[',
        '{"header":{"dialogueInfo":{"dialogueID":"a"}},"body":{"dialogue":[',
        '{"utterance":"네","participantID":"P01"}',
        '],"summary":"x"}}',
    ],
    "calls": [
        *_JSON,
        "speaker,text,start\n",
        "call_id,role,utterance\n",
        "상담사,네,1.5\n",
        '{"role":"고객","text":"네","start":1}',
        '"segments":[',
    ],
    "subtitles": [
        "WEBVTT\n\n",
        "1\n",
        "00:00:01,000 --> 00:00:02,500\n",
        "00:01.000 --> 00:02.000\n",
        "00:00:01 --> x\n",
        "\n\n",
        "<v 지우>",
        "- ",
        "지우: ",
        "NOTE x\n",
        "<i>",
        "{\\an8}",
    ],
    "text": ["#Person1#: ", "#Person2#:", "지우: ", "---\n", "===\n", "3:30"],
}
NOISE = [
    "#Person1#:",
    "#Person1#: ",
    "#Person2#: ",
    "#Person1#",
    "#Person1:",
    "Person2#:",
    "사람1#:",
    "#사람2#",
    "##",
    "#Alex#",
    "#작은",
    "#PhoneNumber#",
    "12,000원",
    "&amp;",
    "&lt;",
    "&#38;",
    "amp;",
    "<br>",
    "<시민 케인>",
    "\\n",
    "ㅋㅋ",
    "ㅎ",
    "ㅠㅠ",
    "ㅇㅇ",
    "ㄱㅅ",
    "ㄴ",
    "ㅏ",
    "ㅡ",
    "배경ㅇ로",
    "했어",
    "...",
    "….",
    "!!",
    "~~",
    "‘",
    "-",
    "–",
    "https://a.kr/x#y?b=1",
    "은",
    "으로",
    "(",
    "[응.]",
    "어~",
    "成龍(Cheng Long)",
    "#Person#",
    "#고객님:",
    "\x0b",
    "\u3000",
    "\U0001f600\u200d\U0001f600",
    "하",
]


@dataclass(frozen=True, slots=True)
class Memory(Source):
    """A source that is a string."""

    content: str = ""

    @contextmanager
    def open(self) -> Iterator[TextIO]:
        yield io.StringIO(self.content, newline="")


def _texts(tokens: list[str]) -> st.SearchStrategy[str]:
    """Texts of tokens, one byte each: drawn as bytes, which is ten times as fast as a list and shrinks as well."""
    pieces = [*tokens, *tokens, *_COMMON]

    def spell(codes: bytes) -> str:
        return "".join(pieces[code % len(pieces)] if code < 240 else chr(0xD7F0 + code) for code in codes)  # the last ones: surrogates

    return st.binary(max_size=24).map(spell)


def _run(name: str, tokens: list[str], test: Callable[[str], None]) -> None:
    count = 0

    @settings(
        max_examples=EXECUTIONS,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    @given(_texts(tokens))
    def fuzz(text: str) -> None:
        nonlocal count
        count += 1
        test(text)

    start = time.perf_counter()
    fuzz()
    _keep(name, count, time.perf_counter() - start)


def _keep(name: str, executions: int, seconds: float) -> None:
    """One parser's line in the results; written only by a whole run that found nothing."""
    if EXECUTIONS < 200_000:
        return
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"measures": []}
    what = f"{name}: inputs without a failure"
    row = {"what": what, "value": executions, "unit": "executions", "low": executions, "high": executions, "seconds": round(seconds)}
    measures = sorted([*(kept for kept in found["measures"] if kept["what"] != what), row], key=lambda kept: str(kept["what"]))
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    result = {
        "name": "data_fuzz",
        "command": "python -m pytest -m proof tests/proofs/test_fuzz_data.py",
        "commit": commit or None,
        "date": datetime.now(UTC).date().isoformat(),
        "device": f"{os.cpu_count()} CPU cores, {platform.machine()}, shared with other work; Python {platform.python_version()}",
        "data": {},
        "runs": 1,
        "measures": measures,
        "ratios": [],
    }
    RESULTS.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _reads(parser: Format, text: str) -> None:
    """Never raises; gives whole dialogues or rejects that say where and why."""
    parser.match(text)
    for row in parser.read(Memory("a.txt", Path("a.txt"), "utf-8", content=text), Columns()):
        if isinstance(row, Dialogue):
            assert row.id
            assert row.turns
            assert all(turn.speaker for turn in row.turns)
        else:
            assert all(problem.file == "a.txt" and problem.rule and problem.remedy for problem in row.problems)


@pytest.mark.proof
@pytest.mark.parametrize("name", TOKENS)
def test_no_input_breaks_a_parser(name: str) -> None:
    _run(name, TOKENS[name], lambda text: _reads(by_name(name), text))


def _cleans(text: str) -> None:
    """Twice is once; nothing becomes empty."""
    rules = choose(["all"])
    for context in (None, Context(tagged=True), Context(labelled=False)):
        once = clean_text(text, rules=rules, context=context).text
        assert clean_text(once, rules=rules, context=context).text == once
        assert once.strip() or not text.strip() or text.strip() in ("\n",)


@pytest.mark.proof
def test_no_input_breaks_the_cleaner() -> None:
    _run("clean", NOISE, _cleans)
