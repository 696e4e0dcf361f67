"""The extractive engine: ROUGE beside lead-3, with and without its constant frame, and speed as a share of Kiwi's own rate.

    YOYAK_DATA=... python benchmarks/extractive.py

Frames win points by themselves (a constant `#Person1#은 #Person2#에게 말합니다.` has 27 ROUGE-1 here), so the comparison is repeated
after tags and speech verbs are taken out of outputs and references alike. Kiwi morphemes, F1 x 100, 250 dialogues of dev_k2; speed over
the 749 dialogues of dev and test.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from _record import data_folder, interleaved, measure, ratio, record
from yoyak.data.read import read
from yoyak.metrics.baselines import lead
from yoyak.metrics.rouge import NAMES, rouge
from yoyak.records import Dialogue
from yoyak.summarize.engines.extractive import Extractive
from yoyak.text import tags
from yoyak.text.morphemes import Morpheme, analyze_many

REPEATS = 5
#: Verbs of saying, as one morpheme and as noun + 하다.
SPEECH_VERBS = frozenset(
    "말하 묻 제안하 부탁하 하 대답하 답하 전하 이야기하 설명하 물어보 되묻 궁금해하 사과하 인사하 요청하 권하 동의하 조언하".split()
)
SPEECH_NOUNS = frozenset("말 제안 부탁 대답 답 이야기 설명 요청 동의 조언 사과 인사 권유 질문".split())


def without_frame(morphemes: Sequence[Morpheme]) -> list[str]:
    """The forms but for tags and speech verbs (말 + 하 as well as 묻)."""
    forms: list[str] = []
    for index, morpheme in enumerate(morphemes):
        if tags.is_tag(morpheme.form) or (morpheme.tag.startswith("VV") and morpheme.form in SPEECH_VERBS):
            continue
        if morpheme.tag == "XSV" and index and morphemes[index - 1].form in SPEECH_NOUNS:
            if forms:
                forms.pop()
            continue
        forms.append(morpheme.form)
    return forms


def scores(summaries: Sequence[str], references: Sequence[str], *, frame: bool) -> dict[str, float]:
    """Mean F1 x 100 under the names of the metric."""
    pairs = zip(analyze_many(summaries), analyze_many(references), strict=True)
    each = [
        rouge([m.form for m in said], [m.form for m in wanted]) if frame else rouge(without_frame(said), without_frame(wanted))
        for said, wanted in pairs
    ]
    return {name: 100 * sum(score[name].f1 for score in each) / len(each) for name in NAMES}


def rate(work: Sequence[Dialogue], *, engine: bool) -> float:
    """Dialogues a second, by the engine or by Kiwi alone over the same texts."""
    start = perf_counter()
    if engine:
        done = sum(1 for _ in Extractive().summarize(work))
    else:
        list(analyze_many(turn.text for dialogue in work for turn in dialogue.turns))
        done = len(work)
    return done / (perf_counter() - start)


def main(folder: Path) -> None:
    dev, test = folder / "dialogsum-ko" / "dev_k2.csv", folder / "dialogsum-ko" / "test_k2.csv"
    dialogues = list(read(dev))
    references = [dialogue.references[0] for dialogue in dialogues]
    systems = {"lead-3": [lead(dialogue, 3) for dialogue in dialogues]}
    for ending in ("한다", "합니다"):
        systems[f"extractive, {ending}"] = [p.summary for p in Extractive(ending=ending).summarize(dialogues)]
    measures, found = [], {}
    for frame in (True, False):
        for system, summaries in systems.items():
            found[system, frame] = scores(summaries, references, frame=frame)
            words = "" if frame else ", without tags and speech verbs"
            measures += [measure(f"{system}{words}: {name}", [value], "F1 x 100") for name, value in found[system, frame].items()]

    work = dialogues + list(read(test))
    rates = interleaved({"kiwi": lambda: rate(work, engine=False), "extractive": lambda: rate(work, engine=True)}, repeats=REPEATS)
    measures += [measure(f"{name}, {len(work)} dialogues", values, "dialogues/s") for name, values in rates.items()]
    shares = [own / kiwi for own, kiwi in zip(rates["extractive"], rates["kiwi"], strict=True)]

    def gain(name: str, frame: bool) -> list[float]:
        return [found["extractive, 한다", frame][name] - found["lead-3", frame][name]]

    ratios = [
        ratio("extractive - lead-3: rouge1", gain("rouge1", True), ">= 3"),
        ratio("extractive - lead-3: rougeL", gain("rougeL", True), ">= 4"),
        ratio("extractive - lead-3 without tags and speech verbs: rouge1", gain("rouge1", False), ">= 2"),
        ratio("extractive rate / Kiwi rate", shares, ">= 0.6"),
    ]
    record("extractive", data=[dev, test], runs=REPEATS, measures=measures, ratios=ratios, speech_verbs=sorted(SPEECH_VERBS | SPEECH_NOUNS))


if __name__ == "__main__":
    data = data_folder()
    sys.exit(main(data) if data is not None else 0)
