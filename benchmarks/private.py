"""Personal data: what is found, what is left alone, how fast, how linear, and that nothing is lost.

YOYAK_DATA=... python benchmarks/private.py

The values and sentences are invented (_pii_items.py); without YOYAK_DATA the real dialogues are left out and our own corpus is timed.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from math import sqrt
from multiprocessing import get_context
from pathlib import Path

from _pii_items import PLAIN, SPELLINGS, VARIANTS, Item, hard_negatives, items
from _record import ROOT, data_folder, measure, ratio, record
from yoyak._parallel import cores
from yoyak.data.mask import find, mask_dialogue, mask_text, unmask_dialogue
from yoyak.data.pii import detector
from yoyak.data.read import read
from yoyak.records import Dialogue

sys.path.insert(0, str(ROOT / "tests"))
from private_dialogues import private_dialogues

REPEATS = 3
TIMED = 6_000  # dialogues
PROPERTY = 10_000
OTHER_SEED = 99  # values that no rule was ever looked at with
CORPUS = [ROOT / "corpus" / f"{part}.jsonl" for part in ("train", "dev", "test")]

#: Strings of n characters that make careless patterns quadratic.
ADVERSARIAL: dict[str, Callable[[int], str]] = {
    "blanks": lambda n: "1" + " " * n + "x1234",
    "digits": lambda n: "1" * n,
    "spaced digits": lambda n: "1 " * (n // 2),
    "spoken digits": lambda n: "공일이" * (n // 3),
    "spoken digits with words between": lambda n: "공에 일다시 " * (n // 7),
    "groups of digits": lambda n: "010-12-" * (n // 7),
    "a local part without end": lambda n: "a." * (n // 2) + "1234",
    "골뱅이": lambda n: "가나골뱅이" * (n // 5),
    "at-signs": lambda n: "a@" * (n // 2),
    "a domain without end": lambda n: "a@b" + ".cc" * (n // 3),
    "districts": lambda n: "서울시 강남구 " * (n // 8) + "1234",
    "streets": lambda n: "테헤란로 1 " * (n // 7),
    "one syllable": lambda n: "가" * n + "1234",
    "years": lambda n: "1990년 1월 " * (n // 9),
    "single letters": lambda n: "가 " * (n // 2) + "1234",
    "halves of tags": lambda n: "#PhoneNumber" * (n // 12) + "1234",
    "zero width": lambda n: "1\u200b" * (n // 2),
    "phone numbers": lambda n: "010-1234-5678, " * (n // 15),
}


def covered(item: Item, findings: Iterable[tuple[int, int]]) -> bool:
    """Whether one finding holds the whole value."""
    return any(start <= item.start and item.end <= end for start, end in findings)


def recall(seed: int | None = None) -> tuple[dict[str, float], dict[str, float], float]:
    """Spelling -> share found by both together, and by ko-pii alone; share of those found that got the right kind."""
    total, ours, theirs, right = Counter[str](), Counter[str](), Counter[str](), 0
    for item in items() if seed is None else items(seed=seed):
        found = find(item.text)
        total[item.spelling] += 1
        hit = covered(item, [(each.start, each.end) for each in found])
        ours[item.spelling] += hit
        right += hit and any(each.kind == item.kind for each in found)
        theirs[item.spelling] += covered(item, [(each.start, each.end) for each in detector.find(item.text)])
    return (
        {name: ours[name] / total[name] for name in SPELLINGS},
        {name: theirs[name] / total[name] for name in SPELLINGS},
        right / sum(ours.values()),
    )


def average(shares: dict[str, float], names: Iterable[str]) -> float:
    """The mean of some spellings (all have as many items)."""
    chosen = [shares[name] for name in names]
    return sum(chosen) / len(chosen)


def wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    z = 1.96
    middle, half = share + z * z / (2 * count), z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return (middle - half) / (1 + z * z / count), (middle + half) / (1 + z * z / count)


def masked(dialogues: list[Dialogue], *, names: bool = False) -> int:
    """Masks a batch; returns how many changed."""
    return sum(bool(mask_dialogue(dialogue, names=names).values) for dialogue in dialogues)


def speed(dialogues: list[Dialogue], pool: ProcessPoolExecutor) -> float:
    """Dialogues a second, in processes that have started already; they travel there, as in the command."""
    batches = [dialogues[start : start + 250] for start in range(0, len(dialogues), 250)]
    start = time.perf_counter()
    for _ in pool.map(masked, batches):
        pass
    return len(dialogues) / (time.perf_counter() - start)


def growth(text: Callable[[int], str]) -> float:
    """time(40k) / time(20k) of masking, the best of five runs of each."""

    def spent(size: int) -> float:
        body = text(size)
        start = time.perf_counter()
        mask_text(body)
        return time.perf_counter() - start

    pairs = [(spent(20_000), spent(40_000)) for _ in range(5)]
    return min(large for _, large in pairs) / min(small for small, _ in pairs)


def gives_back(count: int) -> float:
    """Share of generated dialogues that come back as they were, to the byte."""
    same = 0
    for dialogue in private_dialogues(count, seed=4):
        result = mask_dialogue(dialogue, speakers=True)
        same += unmask_dialogue(result.dialogue, result.values) == dialogue
    return same / count


def main() -> None:
    """All figures, written to benchmarks/results/private.json."""
    measures, ratios = [], []
    used: list[Path] = []
    shares, alone, kinds = recall()
    other, _, _ = recall(OTHER_SEED)
    ratios.append(ratio("recall on 1,000 items in 5 spellings of people", [average(shares, PLAIN)], ">= 0.99"))
    ratios.append(ratio("recall, full width, spaced and zero width", [average(shares, VARIANTS)], ">= 0.95"))
    ratios.append(ratio("recall on 1,000 other items, 5 spellings of people", [average(other, PLAIN)], ">= 0.99"))
    ratios.append(ratio("recall on 1,000 other items, the 3 variants", [average(other, VARIANTS)], ">= 0.95"))
    measures += [measure(f"recall, {name}", [shares[name]], "share") for name in SPELLINGS]
    measures += [measure(f"recall of ko-pii alone, {name}", [alone[name]], "share") for name in SPELLINGS]
    measures.append(measure("found values with the right kind of tag", [kinds], "share"))
    wrong = [name for name, text in hard_negatives() if find(text)]
    ratios.append(ratio("hard negatives (300) left as they are", [1 - len(wrong) / 300], ">= 0.98"))

    corpus = [dialogue for path in CORPUS for dialogue in read(path)]
    ratios.append(ratio(f"our {len(corpus)} corpus dialogues changed (they hold no personal data)", [float(masked(corpus))], "== 0"))
    labels = [json.loads(line) for line in (ROOT / "benchmarks/labels/pii_names.jsonl").read_text(encoding="utf-8").splitlines()]
    precision = sum(row["name"] for row in labels) / len(labels)
    low, high = wilson(precision, len(labels))
    measures.append(
        {
            "what": f"precision of ko-pii's name label on {len(labels)} of its findings in our corpus",
            "value": precision,
            "unit": "share",
            "low": low,
            "high": high,
        }
    )
    named = sum(any(detector.find_names(turn.text) for turn in dialogue.turns) for dialogue in corpus)
    measures.append(measure("corpus dialogues that the name label changes", [named / len(corpus)], "share"))

    timed, what = corpus, "corpus dialogues"
    folder = data_folder()
    if folder is not None:
        used = [folder / "dialogsum-ko" / name for name in ("dev_k2.csv", "test_k2.csv")]
        timed, what = [dialogue for path in used for dialogue in read(path)], "real dialogues"
        ratios.append(ratio(f"{len(timed)} real dialogues changed (none holds personal data in the clear)", [float(masked(timed))], "== 0"))
    timed = (timed * (TIMED // len(timed) + 1))[:TIMED]
    workers = min(2, cores())
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        speed(timed[:2000], pool)  # processes start
        rates = [speed(timed, pool) for _ in range(REPEATS)]
    measures.append(measure(f"masking {what}, {workers} cores", rates, "dialogues/s"))
    ratios.append(ratio(f"masking {what}, {workers} cores, of the 1,000 dialogues/s wanted", [rate / 1000 for rate in rates], ">= 1"))

    ratios.append(ratio(f"{PROPERTY} generated dialogues given back to the byte", [gives_back(PROPERTY)], "== 1"))
    for name, text in ADVERSARIAL.items():
        ratios.append(ratio(f"masking {name}: time(40k) / time(20k)", [growth(text) for _ in range(3)], "<= 2.6"))
    record("private", data=used, runs=REPEATS, measures=measures, ratios=ratios)


if __name__ == "__main__":
    main()
