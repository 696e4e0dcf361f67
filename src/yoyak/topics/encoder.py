"""A dialogue's group by a fine-tuned BERT-family encoder (klue/bert-base, klue/roberta-base, koelectra): `yoyak train topic-encoder`.

Its folder is a topic model like any other: taxonomy and vocabulary tables, and a checkpoint in Hugging Face form beside classifier.json.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from yoyak._extras import require
from yoyak.checkpoints.hub import quiet_transformers
from yoyak.errors import ModelError
from yoyak.models.inputs import fit, source
from yoyak.records import Dialogue
from yoyak.topics.linear import softmax

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

#: What model_type says of the encoders that are known to work; others with a classification head may.
FAMILIES = ("bert", "roberta", "electra")
_BATCH = 16


@dataclass(frozen=True)
class Reader:
    """Dialogues to padded ids.

    Args:
        tokenizer: transformers' own, whatever files it comes from.
        limit: Most tokens; turns beyond it are left out from the middle.
    """

    tokenizer: Any
    limit: int

    def ids(self, dialogue: Dialogue) -> list[int]:
        """The dialogue's ids with what the tokenizer puts around; never more than the limit."""
        return self.rows([dialogue])[0]

    def rows(self, dialogues: Sequence[Dialogue]) -> list[list[int]]:
        """The ids of each; the log warns how many dialogues were too long to be read whole."""
        found, cut = [], 0
        for dialogue in dialogues:
            turns, left_out = fit(dialogue, count=lambda text: len(self._encoded(text)), budget=self.limit, form=source)
            ids = self._encoded(source(turns))
            cut += left_out > 0 or len(ids) > self.limit
            found.append(ids[: self.limit])
        if cut:
            log.warning(
                "%d of %d dialogues exceed %d tokens: their topic is told without turns from the middle", cut, len(found), self.limit
            )
        return found

    def _encoded(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=True, truncation=False, verbose=False)["input_ids"])

    def batch(self, rows: Sequence[Sequence[int]], device: Any) -> dict[str, torch.Tensor]:
        """What the model is given: `input_ids` and `attention_mask`, (rows, longest)."""
        import torch

        width = max(map(len, rows))
        pad = self.tokenizer.pad_token_id or 0
        ids = [[*row, *[pad] * (width - len(row))] for row in rows]
        mask = [[1] * len(row) + [0] * (width - len(row)) for row in rows]
        return {"input_ids": torch.tensor(ids, device=device), "attention_mask": torch.tensor(mask, device=device)}


def reader(folder: Path, *, limit: int) -> Reader:
    """The reader of a checkpoint; the model's positions bound the limit.

    Raises:
        ModelError: The checkpoint is no encoder with a tokenizer that can be loaded.
    """
    transformers = require("transformers", extra="train")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        with quiet_transformers():
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{folder} is no encoder that can be read ({str(error).splitlines()[0]}); give a BERT-family checkpoint"
        ) from error
    # RoBERTa counts positions from its padding id on.
    offset = int(config.get("pad_token_id") or 0) + 1 if config.get("model_type") in ("roberta", "xlm-roberta", "camembert") else 0
    return Reader(tokenizer, min(limit, int(config.get("max_position_embeddings") or limit) - offset))


class Encoder:
    """The fine-tuned classifier.

    Args:
        model: transformers' encoder with a head of one score for each group.
        reader: What feeds it.
        groups: Names, in the order of the scores.
        temperature: What scores are divided by.
    """

    def __init__(self, model: Any, reader: Reader, groups: Sequence[str], temperature: float = 1.0) -> None:
        self._model, self._reader = model, reader
        self._groups, self._temperature = tuple(groups), temperature

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups, in the order of the probabilities."""
        return self._groups

    def probabilities(self, dialogues: Sequence[Dialogue]) -> NDArray[np.float64]:
        """(dialogues, groups); each row sums to 1."""
        return softmax(self.scores(dialogues) / self._temperature)

    def scores(self, dialogues: Sequence[Dialogue]) -> NDArray[np.float64]:
        """Scores before the softmax. (dialogues, groups)"""
        torch = require("torch", extra="train")
        rows = self._reader.rows(dialogues)
        found = np.zeros((len(rows), len(self._groups)))
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        was = self._model.training
        self._model.eval()
        with torch.inference_mode():
            for start in range(0, len(order), _BATCH):
                some = order[start : start + _BATCH]
                found[some] = self._model(**self._reader.batch([rows[i] for i in some], self._model.device)).logits.float().cpu().numpy()
        self._model.train(was)
        return found

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The classifier in that folder.

        Raises:
            ModelError: It is missing or broken.
            MissingDependency: The extra `[train]` is not installed.
        """
        require("torch", extra="train")
        transformers = require("transformers", extra="train")
        try:
            values = json.loads((folder / "classifier.json").read_text(encoding="utf-8"))
            groups, temperature, limit = values["groups"], float(values["temperature"]), int(values["max_input_tokens"])
            with quiet_transformers():
                model = transformers.AutoModelForSequenceClassification.from_pretrained(
                    folder, use_safetensors=True, trust_remote_code=False
                )
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(f"{folder} holds no topic encoder ({str(error).splitlines()[0]}); make one with `yoyak train`") from error
        return cls(model.eval(), reader(folder, limit=limit), groups, temperature)
