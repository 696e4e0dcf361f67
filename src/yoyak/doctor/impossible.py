"""What decoding settings forbid: references that a model could not write even if it wanted to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yoyak.text import tags


@dataclass(frozen=True, slots=True)
class Impossible:
    """Of `references`, so many hold an n-gram of tokens twice (`total`), so many one that touches a tag (`by_tag`)."""

    references: int
    total: int
    by_tag: int


def repeated(ids: Sequence[int], size: int, *, before: Iterable[Sequence[int]] = ()) -> list[int]:
    """Places at which an n-gram ends that stood earlier in the text, or anywhere in `before`.

    Example:
        >>> repeated([1, 2, 3, 1, 2, 4], 2)
        [4]
        >>> repeated([1, 2], 2, before=[[1, 2]])
        [1]
    """
    seen = {tuple(row[i : i + size]) for row in before for i in range(len(row) - size + 1)}
    places = []
    for end in range(size, len(ids) + 1):
        ngram = tuple(ids[end - size : end])
        if ngram in seen:
            places.append(end - 1)
        seen.add(ngram)
    return places


def in_tags(text: str, offsets: Sequence[tuple[int, int]]) -> list[bool]:
    """For each token, whether it lies in a tag of the text, wholly or in part.

    Example:
        >>> in_tags("#Person1#은 ", [(0, 1), (1, 9), (9, 10)])
        [True, True, False]
    """
    spans = [(tag.start, tag.end) for tag in tags.find(text)]
    return [any(start < right and end > left for left, right in spans) for start, end in offsets]


def impossible(engine: object, texts: Sequence[str], size: int, *, sources: Sequence[str] = ()) -> Impossible:
    """How many texts `no_repeat_ngram_size=size` makes impossible, and how many of them because of a tag.

    Args:
        engine: A tokenizer of the package `tokenizers`.
        texts: Summaries as they should come out.
        size: n; at least 1.
        sources: With `encoder_no_repeat_ngram_size`: the dialogue of each text, whose n-grams are forbidden as well.

    Example:
        >>> import tokenizers
        >>> vocab = {token: i for i, token in enumerate(["?", *"#Person12은가 "])}
        >>> letters = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocab, merges=[], unk_token="?"))
        >>> impossible(letters, ["#Person1#은 #Person2#", "#Person1#은"], 2)
        Impossible(references=2, total=1, by_tag=1)
    """
    total = by_tag = 0
    for number, text in enumerate(texts):
        encoding = engine.encode(text, add_special_tokens=False)  # type: ignore[attr-defined]
        before = [engine.encode(sources[number], add_special_tokens=False).ids] if sources else []  # type: ignore[attr-defined]
        places = repeated(encoding.ids, size, before=before)
        inside = in_tags(text, encoding.offsets)
        total += bool(places)
        by_tag += any(any(inside[place - size + 1 : place + 1]) for place in places)
    return Impossible(len(texts), total, by_tag)
