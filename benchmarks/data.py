"""Reading and cleaning at scale: seconds, peak memory, and how time grows on adversarial strings.

YOYAK_DATA=... python benchmarks/data.py            (each timed run is a process of its own, so that its memory is its own)
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from _record import data_folder, interleaved, measure, ratio, record
from yoyak._files import sha256
from yoyak._parallel import cores
from yoyak.data.changes import changes_path, restore
from yoyak.data.clean import clean_text
from yoyak.data.clean_file import clean_file
from yoyak.data.read import read
from yoyak.data.rules.base import Context
from yoyak.data.rules.catalogue import choose

DIALOGUES = 12_457
MILLION = 1_000_000
REPEATS = 3
TALK = "#Person1#: 오늘 저녁에 뭐 먹을까ㅋㅋ? 나는 {n}번 김치찌개 배경ㅇ로...#Person2#: ㅇㅇ 좋아  그럼 7시에 보자"

#: Twelve strings of n characters on which patterns of other cleaners need quadratic time or more.
ADVERSARIAL: dict[str, Callable[[int], str]] = {
    "blanks": lambda n: " " * n + "x",
    "hashes": lambda n: "#" * n,
    "tags": lambda n: "#Person1#" * (n // 9),
    "angle brackets": lambda n: "<" * n,
    "nested entities": lambda n: "&" + "amp;" * (n // 4),
    "alternating jamo": lambda n: "ㅋㄱ" * (n // 2),
    "one syllable": lambda n: "가" * n,
    "dots": lambda n: "." * n,
    "backslash-n": lambda n: "\\n" * (n // 2),
    "open brackets": lambda n: "(소리" * (n // 3),
    "labels that name nobody": lambda n: "#Person1#: 가\n#고객님: 나\n" * (n // 25) + "#Person2#: 가",
    "tags with blanks": lambda n: ("#Person1#" + " " * 20) * (n // 29),
}


def _windows(n: int) -> Iterator[str]:
    yield "방 님과 카카오톡 대화\n저장한 날짜 : 2026-01-03 10:44:52\n\n"
    for i in range(n):
        if i % 700 == 0:
            yield f"--------------- {_day(i)} 금요일 ---------------\n"
        yield f"[{'지우 🐰,김민수,하린(총무)'.split(',')[i % 3]}] [{_time(i)}] 오늘 저녁에 뭐 먹을까? 나는 {i}번 김치찌개\n"


def _android(n: int) -> Iterator[str]:
    yield "방 카카오톡 대화\n저장한 날짜 : 2026년 1월 3일 오후 1:08\n\n"
    for i in range(n):
        yield f"{_day(i)} {_time(i)}, {'지우 🐰,김민수,하린(총무)'.split(',')[i % 3]} : 오늘 저녁에 뭐 먹을까? 나는 {i}번 김치찌개\n"


def _day(i: int) -> str:
    day = i // 700
    return f"{2020 + day // 336}년 {day // 28 % 12 + 1}월 {day % 28 + 1}일"


def _time(i: int) -> str:
    """700 messages a day from 8:00 to 19:40, so that nights part the sessions."""
    minute = 480 + i % 700
    return f"{'오전' if minute < 720 else '오후'} {(minute // 60 - 1) % 12 + 1}:{minute % 60:02d}"


def _csv(path: Path, rows: Iterator[dict[str, str]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["fname", "dialogue", "summary", "topic"], extrasaction="ignore", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)


def _research(folder: Path) -> Iterator[dict[str, str]]:
    with open(folder / "dialogsum-ko" / "train_research.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for n in range(DIALOGUES):
        yield rows[n % len(rows)] | {"fname": f"train_{n}"}


def _worker(job: str, path: str, out: str) -> None:
    """One timed run in this process; prints its figures as JSON."""
    start = time.perf_counter()
    if job == "read":
        done = sum(1 for _ in read(path))
    elif job == "whole":
        done = sum(len(dialogue.turns) for dialogue in read(path, session="whole"))
    else:
        done = clean_file(path, out, workers=int(job)).dialogues
    seconds = time.perf_counter() - start
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "MiB": own + child * (int(job) if job.isdigit() and job != "1" else 0), "done": done}))


def _timed(job: str, path: Path, out: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--worker", job, str(path), str(out)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def _growth(text: Callable[[int], str]) -> float:
    """time(40k) / time(20k) of all rules together, the best of seven runs of each."""
    rules = choose(["all"])

    def spent(size: int) -> float:
        body = text(size)
        start = time.perf_counter()
        for context in (Context(tagged=True), Context(labelled=False), None):
            clean_text(body, rules=rules, context=context)
        return time.perf_counter() - start

    small, large = [], []
    for _ in range(7):
        small.append(spent(20_000))
        large.append(spent(40_000))
    return min(large) / min(small)


def main() -> None:
    """All figures, written to benchmarks/results/data.json."""
    research = data_folder()
    measures, ratios = [], []
    used: list[Path] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        out = folder / "out.csv"
        jobs: dict[str, tuple[str, Path]] = {}
        if research is not None:
            used = [research / "dialogsum-ko" / "train_research.csv"]
            _csv(folder / "research.csv", _research(research))
            jobs[f"clean {DIALOGUES} dialogues, {min(2, cores())} cores"] = (str(min(2, cores())), folder / "research.csv")
            jobs[f"clean {DIALOGUES} dialogues, 1 core"] = ("1", folder / "research.csv")
        for name, lines in {"Windows": _windows, "Android": _android}.items():
            path = folder / f"{name}.txt"
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(lines(MILLION))
            jobs[f"KakaoTalk {name} export of 1,000,000 lines, cut into sessions"] = ("read", path)
        jobs["KakaoTalk Windows export of 1,000,000 lines, one session"] = ("whole", folder / "Windows.txt")
        _csv(folder / "million.csv", ({"fname": f"r_{n}", "dialogue": TALK.format(n=n)} for n in range(MILLION)))
        jobs[f"clean a CSV of 1,000,000 rows, {min(2, cores())} cores"] = (str(min(2, cores())), folder / "million.csv")
        goals = {"clean 12457 dialogues, 2": 5.0, "KakaoTalk": 20.0}
        memory: dict[str, list[float]] = {name: [] for name in jobs}

        def run(name: str) -> float:
            figures = _timed(*jobs[name], out)
            memory[name].append(figures["MiB"])
            return figures["seconds"]

        for name, seconds in interleaved({name: lambda name=name: run(name) for name in jobs}, repeats=REPEATS).items():
            measures += [measure(name, seconds, "s"), measure(f"{name}: peak memory of all processes", memory[name], "MiB")]
            goal = next((limit for start, limit in goals.items() if name.startswith(start)), None)
            if goal:
                ratios.append(ratio(f"{name}, of the {goal:g} s allowed", [value / goal for value in seconds], "<= 1"))
            if "1,000,000" in name:
                ratios.append(ratio(f"{name}, of the 1,024 MiB allowed", [value / 1024 for value in memory[name]], "<= 1"))
        restore(out, changes_path(out), folder / "back.csv")
        same = sha256(folder / "back.csv") == sha256(folder / "million.csv")
        ratios.append(ratio("the million rows restored byte for byte (1: yes)", [float(same)], ">= 1"))
    for name, text in ADVERSARIAL.items():
        ratios.append(ratio(f"all rules on {name}: time(40k) / time(20k)", [_growth(text) for _ in range(3)], "<= 2.6"))
    record("data", data=used, runs=REPEATS, measures=measures, ratios=ratios)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        _worker(*sys.argv[2:5])
    else:
        main()
