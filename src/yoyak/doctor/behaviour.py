"""What only running a checkpoint shows: whether it stops by itself, and what it thinks comes after the end.

A few dialogues, on transformers, greedily: slow and small on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from yoyak._extras import require
from yoyak.checkpoints.convert import form_of, read_config
from yoyak.checkpoints.repair import first_id
from yoyak.doctor.finding import Finding, percent
from yoyak.doctor.folder import ModelFolder
from yoyak.doctor.stopping import end_ids
from yoyak.records import Dialogue
from yoyak.summarize.decoding import DecodeConfig
from yoyak.summarize.tokens import Codec

# A model that stops on fewer than this share of dialogues never learned to.
_STOPS = 0.5
_SURE = 0.5


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What was measured on the dialogues with references (all of them for `stopped`).

    Args:
        dialogues: How many were run.
        stopped: Those on which the model wrote its end token before the limit.
        end: Mean probability of the end token where the reference ends; None without references or an end token.
        padding_after_end: Mean probability of padding behind the end token; None likewise.
    """

    dialogues: int
    stopped: int
    end: float | None
    padding_after_end: float | None


def run(folder: Path, dialogues: Sequence[Dialogue], *, count: int = 8, max_new_tokens: int = 160) -> Behaviour:
    """Run the model on the first dialogues.

    Args:
        folder: A whole checkpoint in Hugging Face form.
        dialogues: With references, where there are some.
        count: How many are run.
        max_new_tokens: The limit within which it has to stop.

    Raises:
        ModelError: The folder is no whole checkpoint.
        MissingDependency: torch or transformers is not installed.
    """
    torch = require("torch", extra="train")
    transformers = require("transformers", extra="train")
    config = read_config(folder)
    form = form_of(folder, config)
    model_folder = ModelFolder.open(folder)
    codec = Codec(folder / "tokenizer.json", form, DecodeConfig(max_new_tokens=max_new_tokens))
    decoder_only = form.kind == "decoder"
    kind = transformers.AutoModelForCausalLM if decoder_only else transformers.AutoModelForSeq2SeqLM
    model = kind.from_pretrained(folder, dtype=torch.float32, trust_remote_code=False).eval()
    model.generation_config.forced_eos_token_id = None  # forced at the limit it would look like stopping
    ends, pad = end_ids(model_folder), first_id(config.get("pad_token_id"))
    start = first_id(config.get("decoder_start_token_id", config.get("bos_token_id")))
    stopped, end, after = 0, [], []
    chosen = list(islice(dialogues, count))
    for dialogue in chosen:
        read = codec.ids(codec.entry(dialogue).pieces[0])
        with torch.inference_mode():
            written = model.generate(
                input_ids=torch.tensor([read]),
                attention_mask=torch.ones(1, len(read), dtype=torch.long),
                max_new_tokens=max_new_tokens,
                do_sample=False,
                num_beams=1,
                pad_token_id=pad if pad is not None else (ends[0] if ends else 0),
            )[0].tolist()
        stopped += bool(set(written[len(read) if decoder_only else 1 :]) & set(ends))
        for reference in dialogue.references[:1] if ends else ():
            told = [*codec.encode(reference.strip()), ends[0]]
            likely = _probabilities(model, read, told, start=None if decoder_only else start)
            end.append(likely[-2][ends[0]].item())
            if pad is not None:
                after.append(likely[-1][pad].item())
    return Behaviour(len(chosen), stopped, _mean(end), _mean(after))


def _probabilities(model: Any, read: list[int], told: list[int], *, start: int | None) -> Any:
    """Of each token after what stands before it: (len(told) + 1 or more, vocabulary); the last row is what follows `told`."""
    import torch

    with torch.inference_mode():
        if start is None:
            logits = model(input_ids=torch.tensor([[*read, *told]])).logits[0]
        else:
            logits = model(input_ids=torch.tensor([read]), decoder_input_ids=torch.tensor([[start, *told]])).logits[0]
    return logits.float().softmax(-1)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def judged(found: Behaviour, *, max_new_tokens: int = 160) -> list[Finding]:
    """The behaviour as findings.

    Example:
        >>> [f.code for f in judged(Behaviour(8, 0, 0.001, 0.99))]
        ['never-stops', 'padding-learned']
    """
    findings = []
    if found.dialogues and found.stopped / found.dialogues < _STOPS:
        what = f"on {percent(found.stopped, found.dialogues)} dialogues the model stopped within {max_new_tokens} tokens"
        if found.end is not None:
            what += f"; where a reference ends it gives its end token a probability of {found.end:.2g}"
        why = "it was not taught its end token (masked with the padding, cut off with the labels, another id), or not trained at all"
        findings.append(Finding("never-stops", "error", what, why, "train with the end token in the labels; see the other findings"))
    if found.padding_after_end is not None and found.padding_after_end > _SURE:
        findings.append(
            Finding(
                "padding-learned",
                "warning",
                f"behind its end token the model expects padding (probability {found.padding_after_end:.2f})",
                "padding was not masked in the labels: much of the training went into learning to write it",
                "labels of -100 on padding (yoyak train sets them)",
            )
        )
    return findings
