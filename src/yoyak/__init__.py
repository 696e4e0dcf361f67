"""yoyak (요약): short, faithful summaries of Korean dialogues.

>>> import yoyak
>>> talk = yoyak.Dialogue("a", (yoyak.Turn("지훈", "내일 몇 시에 만날까?"), yoyak.Turn("수아", "세 시에 도서관 앞에서 보자.")))
>>> [prediction] = yoyak.Summarizer.load("extractive").summarize([talk])
>>> prediction.id
'a'

Each name below is loaded on first use, so that `import yoyak` loads nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yoyak.data.clean import clean_dialogue as clean_dialogue
    from yoyak.data.mask import mask_dialogue as mask_dialogue
    from yoyak.data.mask import unmask_text as unmask_text
    from yoyak.data.read import read as read
    from yoyak.data.write import write_predictions as write_predictions
    from yoyak.errors import DataError as DataError
    from yoyak.errors import YoyakError as YoyakError
    from yoyak.metrics.files import score_files as score_files
    from yoyak.records import Dialogue as Dialogue
    from yoyak.records import Prediction as Prediction
    from yoyak.records import Problem as Problem
    from yoyak.records import Score as Score
    from yoyak.records import Turn as Turn
    from yoyak.summarize.summarizer import Summarizer as Summarizer

_HOMES = {
    "clean_dialogue": "yoyak.data.clean",
    "mask_dialogue": "yoyak.data.mask",
    "unmask_text": "yoyak.data.mask",
    "read": "yoyak.data.read",
    "write_predictions": "yoyak.data.write",
    "DataError": "yoyak.errors",
    "YoyakError": "yoyak.errors",
    "score_files": "yoyak.metrics.files",
    "Dialogue": "yoyak.records",
    "Prediction": "yoyak.records",
    "Problem": "yoyak.records",
    "Score": "yoyak.records",
    "Turn": "yoyak.records",
    "Summarizer": "yoyak.summarize.summarizer",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'yoyak' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__doc__", "__name__"]
