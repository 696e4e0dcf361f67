"""One look at a piece of a file, in a worker: every figure that EDA needs of its dialogues, and next to none of their words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from yoyak.data.clean import clean_reference, clean_text
from yoyak.data.mask import find as find_personal
from yoyak.data.mask import mask_text
from yoyak.data.rules.catalogue import by_id
from yoyak.eda.facts import KINDS, of_dialogue
from yoyak.eda.tokenizer import load
from yoyak.errors import DataError
from yoyak.models.inputs import HEAD, TAIL, source
from yoyak.records import Dialogue
from yoyak.text import josa, tags

_WORD = re.compile(r"[가-힣]{2,}|[A-Za-z]{3,}")
_SENTENCE = re.compile(r"[^.?!\n]+[.?!]?")
_JOSA_FORMS = {form: pair for pair in josa.PAIRS[:6] for form in pair.split("/") if pair != "아/야"}
_AFTER_TAG = re.compile(
    rf"(?P<tag>{re.sub(r'[?]P<[a-z]+>', '?:', tags.PATTERN.pattern)})(?P<gap> ?)"
    r"(?:(?P<josa>으로|이랑|에게서|에게|한테|께서|께|은|는|이|가|을|를|과|와|로|랑|의|도|만)(?![가-힣])|(?P<other>[가-힣]))?"
)
_AROUND = 24  # characters shown on each side of a difference


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is to do.

    Args:
        tokenizers: Names for :func:`yoyak.eda.tokenizer.load`.
        examples: Origin of a dialogue -> ids of the rules that an example of its is wanted for.
        quotes: Whether words of the dialogues may come back at all (topics do, to be counted).
    """

    tokenizers: tuple[str, ...] = ()
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quotes: bool = True


@dataclass(slots=True)
class Tokens:
    """What one tokenizer makes of a piece. Lengths count what a model puts around a text.

    `needs` and `writes` hold for each fact of a kind how many tokens must be read (written) until it is known (said).
    """

    dialogues: list[int] = field(default_factory=list)
    summaries: list[int] = field(default_factory=list)
    plain: int = 0  # tokens of the dialogues alone
    unknown: int = 0
    bytes: int = 0
    special: Counter[str] = field(default_factory=Counter)
    needs: dict[str, list[int]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    writes: dict[str, list[int]] = field(default_factory=lambda: {kind: [] for kind in KINDS})


@dataclass(slots=True)
class Piece:
    """The figures of some dialogues of one file, in their order. Lists of summaries are flat; `references` says how many each has.

    `tags` counts dialogues that hold a tag, `summary_tags` summaries; `josa` counts what follows the tags of summaries.
    """

    characters: list[int] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)
    speakers: list[int] = field(default_factory=list)
    references: list[int] = field(default_factory=list)
    summary_characters: list[int] = field(default_factory=list)
    tokens: list[Tokens] = field(default_factory=list)
    tags: Counter[str] = field(default_factory=Counter)
    summary_tags: Counter[str] = field(default_factory=Counter)
    josa: Counter[str] = field(default_factory=Counter)
    personal: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    topics: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # of each dialogue, joined by blanks
    examples: list[tuple[str, str, str, str]] = field(default_factory=list)  # rule, origin, before, after


def look(task: Task, dialogues: Sequence[Dialogue]) -> Piece:
    """The figures of these dialogues."""
    piece = Piece(tokens=[Tokens() for _ in task.tokenizers])
    for dialogue in dialogues:
        text = source(dialogue.turns)
        piece.characters.append(len(text))
        piece.turns.append(len(dialogue.turns))
        piece.speakers.append(len(dialogue.labels))
        summaries = [reference.strip() for reference in dialogue.references]
        piece.references.append(len(summaries))
        piece.summary_characters.extend(map(len, summaries))
        found = of_dialogue(dialogue, text) if task.tokenizers else []
        for name, tokens in zip(task.tokenizers, piece.tokens, strict=True):
            _tokens(name, tokens, text, summaries, found)
        _tags(piece, text, summaries)
        _personal(piece, dialogue)
        piece.endings.update(ending(sentence) for summary in summaries for sentence in _SENTENCE.findall(summary) if sentence.strip())
        topic = (dialogue.topic or "").strip()
        piece.topics.append(mask_text(topic).text if topic else "")
        if task.quotes:
            spoken = "\n".join(turn.text for turn in dialogue.turns)
            piece.words.append(" ".join(set(_WORD.findall(tags.PATTERN.sub(" ", spoken)))))
            for rule in task.examples.get(dialogue.origin, ()):
                piece.examples.extend((rule, dialogue.origin, *pair) for pair in _example(dialogue, rule))
    return piece


def _tokens(name: str, tokens: Tokens, text: str, summaries: Sequence[str], found: Sequence[Sequence[tuple[str, int, int]]]) -> None:
    tokenizer = load(name)
    around = frame(name)
    cut = tokenizer.cut(text, offsets=any(found))
    tokens.dialogues.append(cut.tokens + around)
    tokens.plain += cut.tokens
    tokens.unknown += cut.unknown
    tokens.bytes += cut.bytes
    tokens.special.update(cut.special)
    for summary, facts in zip(summaries, found, strict=True):
        written = tokenizer.cut(summary, offsets=bool(facts))
        tokens.summaries.append(written.tokens + 1)
        for kind, in_source, in_summary in facts:
            tokens.needs[kind].append(cut.need(in_source) + around)
            tokens.writes[kind].append(written.need(in_summary) + 1)


def frame(name: str) -> int:
    """Tokens that a model puts around a dialogue: <s> and </s>, or <bos> and what a prompt says."""
    tokenizer = load(name)
    return 1 + tokenizer.count(HEAD) + tokenizer.count(TAIL) if tokenizer.decoder_only else 2


def _tags(piece: Piece, text: str, summaries: Sequence[str]) -> None:
    piece.tags.update({_shown(tag) for tag in tags.find(text)})
    for summary in summaries:
        piece.summary_tags.update({_shown(tag) for tag in tags.find(summary)})
        for match in _AFTER_TAG.finditer(summary):
            piece.josa[_particle(match)] += 1


def _shown(tag: tags.Tag) -> str:
    return tag.text if tag.kind != "Person" or (tag.number or 0) <= 9 else "#Person10+#"


def _particle(match: re.Match[str]) -> str:
    """The josa after a tag; `wrong` when its form does not fit the tag, `gap` when a blank stands between, `none` without one."""
    form = match["josa"]
    if form is None:
        return "none"
    if match["gap"]:
        return "gap"
    pair = _JOSA_FORMS.get(form)
    if pair and josa.choose(match["tag"], pair) != form:
        return "wrong"
    return form


def _personal(piece: Piece, dialogue: Dialogue) -> None:
    before = ""
    for turn in dialogue.turns:
        piece.personal.update(finding.kind for finding in find_personal(turn.text, before))
        before = turn.text


def ending(sentence: str) -> str:
    """How a sentence of a summary ends: `니다`, `다`, `음` (nominal) or `other`.

    Example:
        >>> [ending(text) for text in ("밥을 먹습니다.", "밥을 먹는다.", "밥을 먹음.", "밥을 먹었음", "밥 먹자!")]
        ['니다', '다', '음', '음', 'other']
    """
    bare = sentence.rstrip(" .?!\"'”’)")
    if bare.endswith("니다"):
        return "니다"
    if bare.endswith("다"):
        return "다"
    last = bare[-1:]
    return "음" if "가" <= last <= "힣" and (ord(last) - 0xAC00) % 28 == 16 else "other"


def _example(dialogue: Dialogue, rule: str) -> Iterator[tuple[str, str]]:
    """The first place where the rule changes something: (before, after), masked and cut to what is around."""
    chosen = by_id(rule)
    if chosen.scope == "summary":
        texts = [(text, clean_reference(text, rules=[chosen]).text) for text in dialogue.references]
    else:
        lines = [f"{turn.speaker}: {turn.text}" for turn in dialogue.turns]
        texts = [(line, clean_text(line, rules=[chosen]).text) for line in lines]
    for before, after in texts:
        if before != after:
            try:
                yield _around(mask_text(before).text, mask_text(after).text)
            except DataError:  # too many values for their tags: no example is better than an unmasked one
                continue
            return


def _around(before: str, after: str) -> tuple[str, str]:
    """Both texts cut to where they differ.

    Example:
        >>> _around("가" * 40 + "ㅋㅋ" + "나" * 40, "가" * 40 + "나" * 40)[1]
        '…가가가가가가가가가가가가가가가가가가가가가가가가나나나나나나나나나나나나나나나나나나나나나나나나…'
    """
    start = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    same = 0
    while same < min(len(before), len(after)) - start and before[-1 - same] == after[-1 - same]:
        same += 1

    def cut(text: str) -> str:
        low, high = max(0, start - _AROUND), min(len(text), len(text) - same + _AROUND)
        return ("…" if low else "") + text[low:high].replace("\n", "⏎") + ("…" if high < len(text) else "")

    return cut(before), cut(after)
