"""encode, decode: whether tags get into ids and out of them."""

from __future__ import annotations

from yoyak.doctor.case import Case
from yoyak.doctor.finding import Finding, Stage, percent
from yoyak.doctor.folder import ModelFolder
from yoyak.models.tag_policy import Broken, broken, probes

_EXAMPLE = "#Person1#은 #Person2#에게 말한다."
_TOKENIZER = "--model DIR with a tokenizer.json"


def encode(case: Case) -> Stage:
    """Whether the tokenizer knows the tags, all in the same way, and says so in both of its files."""
    model = case.model
    if model is None or not model.tokenizer:
        return Stage("encode", needs=_TOKENIZER)
    names = case.names
    own = [name for name in names if name in model.tag_tokens]
    findings = [*_unknown(model, names), *_replaced(model), *_mixed(names, own)]
    if not any(finding.level == "error" for finding in findings):
        findings.extend(_damaged(model, names))
    special = [name for name in own if model.tag_tokens[name]["special"]]
    kind = "special tokens" if own and special == own else "tokens of their own" if own else "plain text"
    pieces = len(model.encode(names[0]))
    return Stage("encode", tuple(findings), f"tags are {kind}; {names[0]} is {pieces} token{'s' * (pieces != 1)}")


def _unknown(model: ModelFolder, names: list[str]) -> list[Finding]:
    unk = model.vocabulary.get(model.named_token("unk") or (model.tokenizer.get("model") or {}).get("unk_token") or "")
    lost = [name for name in names if unk is not None and unk in model.encode(name)]
    if not lost:
        return []
    return [
        Finding(
            "unknown-pieces",
            "error",
            f"the tokenizer turns {percent(len(lost), len(names))} tags ({lost[0]}) into its unknown token",
            "what became an unknown token cannot come back as it was",
            "add the tags as tokens: tag policy 'tokens'",
        )
    ]


def _replaced(model: ModelFolder) -> list[Finding]:
    """A second `add_special_tokens` that replaced the first list: special in tokenizer.json, not in tokenizer_config.json's list."""
    listed: list[str] = []
    for key in ("extra_special_tokens", "additional_special_tokens"):
        value = model.tokenizer_config.get(key) or []
        listed.extend(_text(entry) for entry in (value.values() if isinstance(value, dict) else value))
    forgotten = [name for name, entry in model.tag_tokens.items() if entry["special"] and name not in listed]
    if not forgotten or not listed:
        return []
    return [
        Finding(
            "list-replaced",
            "error",
            f"{len(forgotten)} tags ({forgotten[0]}, ...) are special in tokenizer.json, but tokenizer_config.json lists only "
            f"{', '.join(listed[:3])}{', ...' if len(listed) > 3 else ''}",
            "a second add_special_tokens replaces the list of the first: what rebuilds the tokenizer from the list, or keeps what is on "
            "it, no longer knows the tags",
            "add all tokens in one call, or pass replace_extra_special_tokens=False; yoyak's tag policies write both files in step",
        )
    ]


def _text(entry: object) -> str:
    return str(entry.get("content")) if isinstance(entry, dict) else str(entry)


def _mixed(names: list[str], own: list[str]) -> list[Finding]:
    missing = [name for name in names if name not in own]
    if not own or not missing:
        return []
    return [
        Finding(
            "some-tags-are-tokens",
            "warning",
            f"{len(own)} of the tags are tokens of their own, {len(missing)} are not ({', '.join(missing[:3])})",
            "the same thing is learned in two ways, and the rarer one badly",
            "give all tags the same policy",
        )
    ]


def _damaged(model: ModelFolder, names: list[str]) -> list[Finding]:
    """The round trip with the most careful decoding: what fails here is lost (or changed) by encoding."""
    failed = broken(model.encode, model.decode_keeping, names=names)
    if not failed:
        return []
    count = percent(len(failed), len(probes(names)))
    if all(_only_blanks(item) for item in failed):
        return [
            Finding(
                "blank-before-josa",
                "warning",
                f"{count} texts come back with blanks beside tags: {failed[0]}",
                "the tokenizer begins a new word after an added token, and the model writes '#Person1# 은' (noise N25), which ROUGE and "
                "readers see as an error",
                "yoyak's tag policies set Metaspace to prepend_scheme 'first'; outputs are mended by yoyak.text.josa.mend_after_tags",
            )
        ]
    return [
        Finding(
            "round-trip",
            "error",
            f"{count} texts with tags do not come back from the tokenizer: {failed[0]}",
            "",
            "use the tag policy 'text'",
        )
    ]


def _only_blanks(item: Broken) -> bool:
    return item.text.replace(" ", "") == item.back.replace(" ", "")


def decode(case: Case) -> Stage:
    """Whether decoding drops the tags as special tokens."""
    model = case.model
    if model is None or not model.tokenizer:
        return Stage("decode", needs=_TOKENIZER)
    failed = [item for item in broken(model.encode, model.decode_usual, names=case.names) if not _only_blanks(item)]
    kept = {item.text for item in broken(model.encode, model.decode_keeping, names=case.names)}
    dropped = [item for item in failed if item.text not in kept]
    if not dropped:
        return Stage("decode", seen="decoding keeps tags, with and without skip_special_tokens")
    example = model.decode_usual(model.encode(_EXAMPLE)).strip()
    if model.yoyak.get("tags") == "special" or model.yoyak.get("tag_policy") == "special":
        note = Finding(
            "special-elsewhere",
            "note",
            f"tags are special tokens: yoyak keeps them, tokenizer.decode(..., skip_special_tokens=True) gives {example!r}",
            "another program that runs this model drops them",
            "decode with skip_special_tokens=False there",
        )
        return Stage("decode", (note,), "yoyak.json says tags are special and kept")
    return Stage(
        "decode",
        (
            Finding(
                "special-dropped",
                "error",
                f"tags are special tokens and skip_special_tokens=True drops them: {_EXAMPLE!r} is decoded as {example!r}",
                "special tokens are left out by design, and the tags with them",
                "decode with skip_special_tokens=False and remove <s>, </s>, <pad> yourself (yoyak does), or use another tag policy",
            ),
        ),
        "tags are special tokens",
    )
