"""A shortlist of words to write, for encoder-decoder models on CTranslate2: fewer rows of the head to compute at every step.

A summary is made of common words and of the dialogue's own. With the tokens of a corpus of summaries, and for each dialogue the tokens
that it holds, KoBART's head shrinks from 30,000 rows to a third or less. What is not on the list cannot be written, so the corpus should
be large and of the kind that the model is to write.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from yoyak._extras import require
from yoyak.checkpoints.cache import atomic_folder
from yoyak.checkpoints.convert import is_converted, read_form
from yoyak.errors import ModelError

#: The file that CTranslate2 reads beside a model.
FILE = "vmap.txt"


def with_shortlist(folder: Path, output: Path, texts: Iterable[str]) -> tuple[int, int]:
    """Write a copy of a converted model that writes only tokens of `texts` and of each dialogue; returns (rows always kept, all rows).

    Args:
        folder: A converted encoder-decoder model.
        output: The folder to make; it must not exist.
        texts: Summaries of the kind that the model is to write.

    Raises:
        ModelError: The folder is not a converted encoder-decoder model, or the output exists.
    """
    if not is_converted(folder) or read_form(folder).kind != "encoder-decoder":
        raise ModelError(f"{folder} is no converted encoder-decoder model; only those can have a shortlist")
    if output.exists():
        raise ModelError(f"{output} exists; name a new folder")
    tokenizers = require("tokenizers", extra="ct2")
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    vocabulary = json.loads((folder / "shared_vocabulary.json").read_text(encoding="utf-8"))
    seen = {token for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False) for token in encoding.tokens}
    lines, kept = vmap(vocabulary, seen)
    with atomic_folder(output) as made:
        shutil.copytree(folder, made, dirs_exist_ok=True)
        (made / FILE).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return kept, len(vocabulary)


def vmap(vocabulary: Iterable[str], seen: Iterable[str]) -> tuple[list[str], int]:
    """The lines of CTranslate2's vocabulary map, and how many tokens are always allowed: first those, then each other token of the input,
    which allows itself.

    Example:
        >>> vmap(["가", "나", "다"], {"나"})
        (['\\t나', '가\\t가', '다\\t다'], 1)
    """
    # Blanks and tabs separate the file's fields; a token that holds one cannot stand in it.
    usable = [token for token in vocabulary if token and not any(mark in token for mark in " \t\n\r")]
    always = set(usable) & set(seen)
    return ["\t" + " ".join(sorted(always)), *(f"{token}\t{token}" for token in usable if token not in always)], len(always)
