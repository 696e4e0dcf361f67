"""A SentencePiece-BPE vocabulary: which of its tokens a language needs, and the tokenizer file that they make.

Cutting the vocabulary of a model whose embedding dwarfs its body (Gemma 3 270M: 168 of 268 million parameters) makes it smaller and
faster and changes nothing else: a text whose tokens are all kept is cut into the same tokens as before, since the steps that lead to a
kept token are kept with it, and any other text is spelled in smaller pieces or bytes, never lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_HANGUL = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]")
_ASCII = re.compile(r"[\x20-\x7e▁]+")
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
# Frequent ASCII tokens (ids count up from the most frequent): names, units and brands in Korean dialogues are spelled from these.
_FREQUENT = 10_000
# Names and abbreviations in Latin letters (Sara, Mrs, RMB, USB) lie further down: with them 90 % of dialogues of dev_k2, which leaves names
# in Latin letters, keep every token, without them 70 %; the 11,000 rows cost 6 % of a step.
_NAMES = 80_000
_NAME = re.compile(r"▁[A-Z][a-z]{1,11}|▁?[A-Z]{2,5}")
# Single characters that chats use: Latin-1 marks, punctuation, arrows, shapes, CJK marks, full-width forms, emoji.
_CHARACTERS = (
    (0xA0, 0xFF),
    (0x2010, 0x2044),
    (0x20A0, 0x20BF),
    (0x2100, 0x214F),
    (0x2190, 0x21FF),
    (0x2460, 0x27BF),
    (0x3000, 0x303F),
    (0xFF00, 0xFFEF),
    (0x1F300, 0x1FAFF),
)

#: Counts up when the rules of :func:`keep` change, so that models cut by older rules are told apart.
RULES = 2

SPECIAL = ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>")


@dataclass(frozen=True)
class Vocabulary:
    """Tokens by id, the score by which BPE prefers one merge to another (higher first), and which are matched before BPE ("\\n\\n")."""

    tokens: Sequence[str]
    scores: Sequence[float]
    added: Collection[str]


def tokens_by_id(tokenizer: Mapping[str, Any]) -> dict[int, str]:
    """Id -> token of a tokenizer.json, of the model and added ones.

    Example:
        >>> tokens_by_id({"model": {"vocab": {"가": 0}}, "added_tokens": [{"id": 1, "content": "#Person1#"}]})
        {0: '가', 1: '#Person1#'}
    """
    vocab = (tokenizer.get("model") or {}).get("vocab") or {}
    found = {i: entry[0] for i, entry in enumerate(vocab)} if isinstance(vocab, list) else {i: token for token, i in vocab.items()}
    return found | {entry["id"]: entry["content"] for entry in tokenizer.get("added_tokens") or []}


def rows_named(tokenizer: Mapping[str, Any], rows: int) -> list[str]:
    """The token of each row of an embedding; a row without one gets a name that no text produces."""
    known = tokens_by_id(tokenizer)
    return [known.get(i, f"<no token {i}>") for i in range(rows)]


def keep(vocabulary: Vocabulary, *, texts_tokens: Iterable[str] = ()) -> list[int]:
    """Ids to keep for Korean, in their order: specials, bytes, all Hangul tokens, frequent ASCII, Latin names and abbreviations,
    the single characters of chats, blanks and line breaks, the tokens named in `texts_tokens`, and every step on the way to these."""
    ids = {token: id_ for id_, token in enumerate(vocabulary.tokens)}
    wanted = {token for token in (*SPECIAL, *texts_tokens) if token in ids}
    for id_, token in enumerate(vocabulary.tokens):
        by_kind = _BYTE.fullmatch(token) or _HANGUL.search(token) or _single(token)
        frequent = (id_ < _FREQUENT and _ASCII.fullmatch(token)) or (id_ < _NAMES and _NAME.fullmatch(token))
        blank = token in vocabulary.added and not token.strip("▁\n\t ")
        if by_kind or frequent or blank:
            wanted.add(token)
    scores = dict(zip(vocabulary.tokens, vocabulary.scores, strict=True))
    for token in sorted(wanted):
        if token not in vocabulary.added and token not in SPECIAL and not _BYTE.fullmatch(token):
            wanted.update(steps(token, scores))
    return sorted(ids[token] for token in wanted)


def _single(token: str) -> bool:
    return len(token) == 1 and (token.isascii() or token == "▁" or any(low <= ord(token) <= high for low, high in _CHARACTERS))


def steps(token: str, scores: Mapping[str, float]) -> set[str]:
    """Every piece that BPE passes through on the way to `token`, single characters and the token included.

    Example:
        >>> sorted(steps("abc", {"a": -9, "b": -9, "c": -9, "ab": -1, "bc": 0, "abc": -2}))
        ['a', 'abc', 'b', 'bc', 'c']
    """
    pieces = list(token)
    passed = set(pieces)
    while len(pieces) > 1:
        pairs = [(scores.get(a + b), -i) for i, (a, b) in enumerate(pairwise(pieces))]
        best = max(((score, place) for score, place in pairs if score is not None), default=None)
        if best is None:
            break
        place = -best[1]
        pieces[place : place + 2] = [pieces[place] + pieces[place + 1]]
        passed.add(pieces[place])
    return {piece for piece in passed if piece in scores}


def merges(tokens: Sequence[str], scores: Mapping[str, float]) -> list[tuple[str, str]]:
    """The merge table that SentencePiece's scores imply, best first: each token from every pair of tokens that spells it."""
    known = {token: id_ for id_, token in enumerate(tokens)}
    found: list[tuple[float, int, int, str, str]] = []
    for token in tokens:
        for cut in range(1, len(token)):
            left, right = token[:cut], token[cut:]
            if left in known and right in known:
                found.append((-scores[token], known[left], known[right], left, right))
    return [(left, right) for _, _, _, left, right in sorted(found)]


def tokenizer_json(vocabulary: Vocabulary, ids: Sequence[int]) -> dict[str, Any]:
    """The `tokenizer.json` of the kept tokens, renumbered from 0 in their order; <bos> is put first as the model expects."""
    kept = [vocabulary.tokens[id_] for id_ in ids]
    new = {token: number for number, token in enumerate(kept)}
    special = [token for token in SPECIAL if token in new]
    before = [token for token in kept if token in vocabulary.added]
    plain = [token for token in kept if token not in vocabulary.added and token not in special and not _BYTE.fullmatch(token)]
    scores = {token: vocabulary.scores[id_] for token, id_ in zip(kept, ids, strict=True)}
    bos = {"SpecialToken": {"id": "<bos>", "type_id": 0}}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(new[token], token, special=token in special) for token in sorted({*special, *before}, key=new.__getitem__)],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [bos, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [bos, {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [new["<bos>"]], "tokens": ["<bos>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": new,
            "merges": [list(pair) for pair in merges(plain, scores)],
        },
    }


def _added(id_: int, token: str, *, special: bool) -> dict[str, Any]:
    return {
        "id": id_,
        "content": token,
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": special,
    }


def dumps(tokenizer: Mapping[str, Any]) -> str:
    """The tokenizer file's text."""
    return json.dumps(tokenizer, ensure_ascii=False, indent=1)
