"""How a model writes tags: as plain text, as tokens of their own, or as special tokens that decoding keeps.

    text      `#Person1#` is spelled from the pieces that the tokenizer has (KoBART: six). Nothing is added, nothing can be lost with it.
    tokens    each tag is one added token, not special: shorter texts, and new rows in the embedding that have to be trained and saved.
    special   the same, marked special: decoding must be told to keep them (`skip_special_tokens=True`, the usual call, drops them).

Everything here works on a `tokenizer.json` as a mapping and on callables that encode and decode; there is neither torch nor a file in it.
:mod:`yoyak.checkpoints.tags` writes a checkpoint's folder with a policy applied, embedding included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from yoyak.errors import ModelError
from yoyak.text import josa, tags

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TagPolicy = Literal["text", "tokens", "special"]
Encode = Callable[[str], Sequence[int]]
Decode = Callable[[Sequence[int]], str]

#: The tags of DialogSum: seven speakers and the kinds of masked personal data.
TAGS = (*(tags.person(number) for number in range(1, 8)), *(f"#{kind}#" for kind in tags.READINGS if kind != "Person"))

#: Josa that do not change with the final consonant; the others are josa.PAIRS, each in its right form.
FIXED_JOSA = (
    "",
    "에게",
    "한테",
    "께",
    "의",
    "도",
    "만",
    "에서",
    "에게서",
    "까지",
    "부터",
    "보다",
    "처럼",
    "하고",
    "에",
    "께서",
    "마저",
    "조차",
)

_CONTROL = re.compile(r"<\|?/?[\w ./:-]*[A-Za-z0-9][\w ./:-]*\|?>|\[[A-Za-z0-9_]+\]|<\uff5c.+\uff5c>")
_CONTEXTS = ("{tag}{josa} 말한다.", "어제 {tag}{josa} 왔다.", "{other}에게 {tag}{josa} {other}를", "('{tag}{josa}')")


@dataclass(frozen=True, slots=True)
class Applied:
    """A tokenizer with a policy applied.

    Args:
        tokenizer: The new `tokenizer.json`.
        config: The new `tokenizer_config.json`.
        added: Tag -> id of those that became tokens here; ids follow the tokenizer's last one.
        pieces: Tag -> ids by which it was spelled before: the new row starts as the mean of their rows.
        rows: The embedding needs at least so many rows.
        notes: What else had to change, in words.
    """

    tokenizer: dict[str, Any]
    config: dict[str, Any]
    added: Mapping[str, int]
    pieces: Mapping[str, tuple[int, ...]]
    rows: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """A text that does not come back from the tokenizer as it went in."""

    tag: str
    text: str
    back: str

    def __str__(self) -> str:
        return f"{self.text!r} comes back as {self.back!r}"


def tags_in(texts: Iterable[str]) -> list[str]:
    """The distinct tags of the texts, speakers first and by number.

    Example:
        >>> tags_in(["#Email#로 #Person10#은", "#Person2#가 #Person10#에게"])
        ['#Person2#', '#Person10#', '#Email#']
    """
    found = {str(tag): tag for text in texts for tag in tags.find(text)}
    return sorted(found, key=lambda text: (found[text].kind != "Person", found[text].kind, found[text].number or 0))


def apply(
    policy: TagPolicy,
    tokenizer: Mapping[str, Any],
    config: Mapping[str, Any] | None = None,
    *,
    encode: Encode,
    names: Sequence[str] = TAGS,
) -> Applied:
    """The tokenizer with the policy applied; the inputs stay as they are.

    A tag that is an added token already keeps its id and takes the policy's kind. Where the tokenizer puts a blank before whatever
    follows an added token (KoBART's Metaspace: `#Person1#`, `▁은`), it is told to do so at the start of a text only; that is noted.

    Args:
        policy: See the module.
        tokenizer: The `tokenizer.json`.
        config: The `tokenizer_config.json` beside it.
        encode: Text -> ids of that tokenizer, without control tokens.
        names: The tags that become tokens.

    Raises:
        ModelError: `text` was asked for and the tokenizer already holds tags as tokens: taking them out would move the ids of others.
    """
    value: dict[str, Any] = json.loads(json.dumps(tokenizer))
    settings: dict[str, Any] = json.loads(json.dumps(config or {}))
    entries: list[dict[str, Any]] = value.setdefault("added_tokens", []) or []
    value["added_tokens"] = entries
    known = {entry["content"]: entry for entry in entries}
    rows = _size(value)
    if policy == "text":
        there = [name for name in known if tags.is_tag(name)]
        if there:
            raise ModelError(
                f"the tokenizer already holds {', '.join(there[:3])} as added tokens, so tags cannot stay plain text with it; "
                "use the tag policy 'tokens', or the tokenizer of the model before tags were added"
            )
        return Applied(value, settings, {}, {}, rows)
    special = policy == "special"
    added: dict[str, int] = {}
    for name in dict.fromkeys(names):
        if name in known:
            known[name]["special"] = special
            known[name]["normalized"] = False
        else:
            added[name] = rows + len(added)
            entries.append(_entry(added[name], name, special=special))
    pieces = {name: tuple(encode(name)) for name in added}
    notes = ["blanks are put at the start of a text only, so that josa follow a tag directly"] if _prepend_first(value) else []
    _configure(settings, list(dict.fromkeys(names)), {entry["content"]: entry["id"] for entry in entries}, special=special)
    return Applied(value, settings, added, pieces, rows + len(added), tuple(notes))


def initial_rows(embedding: NDArray[np.float32], pieces: Iterable[Sequence[int]]) -> NDArray[np.float32]:
    """One new row for each tag: the mean of the rows of its pieces, in the order given. (tags, width)

    A tag that has no piece (the tokenizer knew none of its characters) starts as the mean of all rows.

    Example:
        >>> import numpy as np
        >>> initial_rows(np.array([[0, 0], [2, 4], [4, 0]], np.float32), [(1, 2), (1,)]).tolist()
        [[3.0, 2.0], [2.0, 4.0]]
    """
    import numpy as np

    width = embedding.shape[1]
    rows = [embedding[list(ids)].mean(axis=0) if ids else embedding.mean(axis=0) for ids in pieces]
    return np.asarray(rows, dtype=embedding.dtype).reshape(len(rows), width)


def probes(names: Sequence[str] = TAGS) -> list[tuple[str, str]]:
    """(tag, text) for every tag with every josa in every kind of place: at the start, within, beside another tag, in brackets.

    Example:
        >>> [text for tag, text in probes(["#Person1#"])][:2]
        ['#Person1# 말한다.', '어제 #Person1# 왔다.']
    """
    found: list[tuple[str, str]] = []
    for name in names:
        particles = [*FIXED_JOSA, *(josa.choose(name, pair) for pair in josa.PAIRS), ":"]
        other = next((candidate for candidate in names if candidate != name), name)
        for particle in dict.fromkeys(particles):
            found.extend((name, context.format(tag=name, josa=particle, other=other)) for context in _CONTEXTS)
    return found


def broken(encode: Encode, decode: Decode, *, names: Sequence[str] = TAGS) -> list[Broken]:
    """The probes that do not come back: those with decode(encode(x)) != x. Empty is what training needs.

    Blanks at either end do not count. `decode` should be the one that is used after generation.
    """
    results = ((name, text, decode(encode(text)).strip()) for name, text in probes(names))
    return [Broken(name, text, back) for name, text, back in results if back != text]


def require_round_trip(encode: Encode, decode: Decode, *, names: Sequence[str] = TAGS) -> None:
    """The gate before training: every tag with every josa comes back as it went in.

    Raises:
        ModelError: Some do not; the message counts them, shows three and says what to do.
    """
    found = broken(encode, decode, names=names)
    if not found:
        return
    shown = "\n".join(f"  {item}" for item in found[:3])
    raise ModelError(
        f"{len(found)} of {len(probes(names))} texts with tags do not come back from the tokenizer, so the model would learn to write tags "
        f"wrongly or lose them:\n{shown}\nRun 'yoyak doctor tags --model DIR' for the cause; the tag policy 'text' adds no tokens"
    )


def keeping(decode: Callable[..., str], controls: Iterable[int]) -> Decode:
    """A decoding that drops the control tokens (`<s>`, `</s>`, `<pad>`, ...) and keeps every other special one, tags included.

    Args:
        decode: `decode(ids, skip_special_tokens=False)` of a tokenizer.
        controls: Ids of the control tokens, see :func:`controls`.
    """
    dropped = frozenset(controls)
    return lambda ids: str(decode([id_ for id_ in ids if id_ not in dropped], skip_special_tokens=False))


def controls(tokenizer: Mapping[str, Any]) -> frozenset[int]:
    """Ids of the special tokens with the shape of a control (`<s>`, `[SEP]`, `<|eot_id|>`): not emoticons (`<@_@>`), not tags."""
    return frozenset(
        entry["id"] for entry in tokenizer.get("added_tokens") or [] if entry["special"] and _CONTROL.fullmatch(entry["content"])
    )


def _size(tokenizer: Mapping[str, Any]) -> int:
    """The tokenizer's last id plus one."""
    vocab = tokenizer["model"]["vocab"]
    last: int = len(vocab) - 1 if isinstance(vocab, list) else max(vocab.values(), default=-1)
    return 1 + max([last, *(int(entry["id"]) for entry in tokenizer.get("added_tokens") or [])])


def _entry(id_: int, content: str, *, special: bool) -> dict[str, Any]:
    # normalized=False: the tag is looked for in the text as it is, before lower-casing, NFKC and the like.
    kind = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": special}
    return {"id": id_, "content": content, **kind}


def _prepend_first(tokenizer: dict[str, Any]) -> bool:
    """Metaspace: put `▁` before the text, not before each part between added tokens. Returns whether something changed."""
    found = [part for part in _parts(tokenizer.get("pre_tokenizer")) if part.get("type") == "Metaspace"]
    changed = False
    for part in found:
        if part.get("prepend_scheme", "always" if part.get("add_prefix_space", True) else "never") == "always":
            part.pop("add_prefix_space", None)
            part["prepend_scheme"] = "first"
            changed = True
    return changed


def _parts(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return []
    return [value, *(inner for item in value.get("pretokenizers", []) for inner in _parts(item))]


def _configure(config: dict[str, Any], names: Sequence[str], ids: Mapping[str, int], *, special: bool) -> None:
    """`tokenizer_config.json` says the same as `tokenizer.json`: transformers reads both."""
    table = config.setdefault("added_tokens_decoder", {})
    for name in names:
        table[str(ids[name])] = {key: value for key, value in _entry(ids[name], name, special=special).items() if key != "id"}
    # transformers 5 writes extra_special_tokens (a list, or names of attributes -> tokens), older ones additional_special_tokens (a list).
    keys = ("additional_special_tokens", "extra_special_tokens")
    for key in keys:
        listed = config.get(key)
        if isinstance(listed, list):
            config[key] = [entry for entry in listed if entry not in names]
        elif isinstance(listed, dict):
            config[key] = {attribute: entry for attribute, entry in listed.items() if entry not in names}
    if special:
        key = next((key for key in keys if config.get(key)), keys[1])
        listed = config.get(key)
        if isinstance(listed, dict) and listed:
            config[key] = listed | {f"tag_token_{number}": name for number, name in enumerate(names)}
        else:
            config[key] = [*(listed or []), *names]
