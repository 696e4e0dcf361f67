"""Cleaning by named rules: tags, URLs, numbers and turn boundaries survive, no turn is emptied, twice is the same as once.

The rules stand in `data/rules/`, one pure function each; `catalogue.ALL` lists them and `catalogue.choose` picks among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from yoyak.data.rules.base import Context, Rule, context_of, split_lines
from yoyak.data.rules.catalogue import choose
from yoyak.data.rules.labels import UNKNOWN
from yoyak.data.turns import LABEL, parse_turns
from yoyak.records import Dialogue, Turn
from yoyak.text import tags

_REFERENCE_RULES = frozenset(("N21", "N17", "N24"))
_MOST_PASSES = 8  # one rule's result may be another's noise; real text is stable after two


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned text and how often each rule changed it (in passes over it, nearly always 1)."""

    text: str
    counts: Mapping[str, int] = field(default_factory=dict)


def clean_dialogue(dialogue: Dialogue, *, rules: Sequence[Rule] | None = None, references: bool = False) -> Dialogue:
    """The dialogue with its turns cleaned; the same object when nothing had to be done.

    The number of turns never shrinks; it grows where turns had run together (then the new ones take the time of the turn that they
    were in).

    Args:
        rules: From `catalogue.choose`; by default those that run by default.
        references: Clean the summaries too, by the rules made for them.

    Example:
        >>> talk = Dialogue("a", (Turn("#Person1#", "배경ㅇ로 할까ㅋㅋ"), Turn("#Person2#", "ㅇㅇ")))
        >>> print(clean_dialogue(talk).text)
        #Person1#: 배경으로 할까
        #Person2#: 응
    """
    return clean_counted(dialogue, rules=choose() if rules is None else rules, references=references)[0]


def clean_counted(dialogue: Dialogue, *, rules: Sequence[Rule], references: bool = False) -> tuple[Dialogue, Counter[str]]:
    """:func:`clean_dialogue`, and in how many turns and summaries each rule changed something."""
    counts: Counter[str] = Counter()
    tagged = any(tags.is_tag(label) for label in dialogue.labels)
    known = _with_labels_known(dialogue, rules, counts) if tagged else dialogue
    turns = tuple(part for turn in known.turns for part in clean_turn(turn, rules, counts, tagged=tagged))
    summaries = dialogue.references
    if references:
        cleaned = [clean_reference(text, rules=rules) for text in dialogue.references]
        for summary in cleaned:
            counts.update(summary.counts.keys())
        summaries = tuple(summary.text for summary in cleaned)
    if turns == dialogue.turns and summaries == dialogue.references:
        return dialogue, counts
    return replace(dialogue, turns=turns, references=summaries), counts


def _with_labels_known(dialogue: Dialogue, rules: Sequence[Rule], counts: Counter[str]) -> Dialogue:
    """The dialogue with labels that name nobody (`#고객님:`) made turns, which takes the turns around them; without times alone."""
    wanted = [rule for rule in rules if rule.id in ("N9", "N11")]
    plain = all(tags.is_tag(turn.speaker) and turn.time is None for turn in dialogue.turns)
    if not wanted or not plain or not UNKNOWN.search(dialogue.text):
        return dialogue
    cleaned = clean_text(dialogue.text, rules=wanted)
    if not cleaned.counts:
        return dialogue
    try:
        turns = parse_turns(cleaned.text)
    except ValueError:
        return dialogue
    if len(turns) < len(dialogue.turns):
        return dialogue
    counts.update(cleaned.counts.keys())
    return replace(dialogue, turns=turns)


def clean_turn(turn: Turn, rules: Sequence[Rule], counts: Counter[str], *, tagged: bool) -> list[Turn]:
    """The turn cleaned: one, or several where others had run into it. `counts` is added to."""
    if not tags.is_tag(turn.speaker):
        cleaned = clean_text(turn.text, rules=rules, context=Context(tagged=tagged, labelled=False))
        counts.update(cleaned.counts.keys())
        return [turn if cleaned.text == turn.text else replace(turn, text=cleaned.text)]
    whole = f"{turn.speaker}: {turn.text}"
    cleaned = clean_text(whole, rules=rules, context=Context(tagged=True))
    if cleaned.text == whole:
        return [turn]
    try:
        parsed = parse_turns(cleaned.text)
    except ValueError:  # the label itself did not survive: rather noise than a lost turn
        return [turn]
    if parsed[0].speaker != turn.speaker:
        return [turn]
    counts.update(cleaned.counts.keys())
    return [replace(part, time=turn.time) for part in parsed]


def clean_text(text: str, *, rules: Sequence[Rule] | None = None, context: Context | None = None) -> Cleaned:
    """A dialogue's whole text cleaned, as it stands in a cell: a speaker at the start of each line.

    Args:
        context: By default found from the text; `Context(labelled=False)` for the speech of one turn.

    Example:
        >>> clean_text("#Person1#: 왔어요.#Person2#: 네ㅎㅎ").text
        '#Person1#: 왔어요.\\n#Person2#: 네'
        >>> dict(clean_text("#Person1#: 왔어요.#Person2#: 네ㅎㅎ").counts)
        {'N6': 1, 'N2': 1}
    """
    rules = choose() if rules is None else rules
    counts: Counter[str] = Counter()
    cleaned = text
    for _ in range(_MOST_PASSES):
        before = cleaned
        here = context or context_of(before)
        for rule in rules:
            if rule.scope != "summary" and rule.trigger.search(cleaned):
                after = _applied(rule, cleaned, here)
                if after != cleaned:
                    counts[rule.id] += 1
                    cleaned = after
        if cleaned == before:
            break
    if cleaned != text and (context is None or context.labelled) and not _keeps_turns(text, cleaned):
        return Cleaned(text)
    return Cleaned(cleaned, counts)


def _keeps_turns(before: str, after: str) -> bool:
    """Whether a text that could be read still can, with as many turns, none of them emptied."""
    try:
        old = parse_turns(before)
    except ValueError:
        return True
    try:
        new = parse_turns(after)
    except ValueError:
        return False
    return len(new) > len(old) or (len(new) == len(old) and all(b.text or not a.text for a, b in zip(old, new, strict=True)))


def clean_reference(text: str, *, rules: Sequence[Rule] | None = None) -> Cleaned:
    """A summary cleaned by the rules for summaries, and by N17, N21 and N24, as far as they are among `rules`.

    Example:
        >>> clean_reference(" #Person1# 은 간다.4").text
        '#Person1#은 간다.'
    """
    rules = choose() if rules is None else rules
    counts: Counter[str] = Counter()
    context = Context(tagged=False, labelled=False)
    for _ in range(_MOST_PASSES):
        before = text
        for rule in rules:
            if (rule.scope == "summary" or rule.id in _REFERENCE_RULES) and rule.trigger.search(text):
                after = rule.apply(text, context)
                if after != text and after.strip():
                    counts[rule.id] += 1
                    text = after
        if text == before:
            break
    return Cleaned(text, counts)


def _applied(rule: Rule, text: str, context: Context) -> str:
    """The text after one rule, without what it emptied."""
    if rule.scope == "speech":
        return "\n".join(label + _speech(rule, speech, context) for label, speech in split_lines(text, context))
    after = rule.apply(text, context)
    if after == text:
        return text
    if not after.strip() and text.strip():
        return text
    return _unemptied(text, after, context) if context.labelled else after


def _speech(rule: Rule, speech: str, context: Context) -> str:
    if not rule.trigger.search(speech):
        return speech
    after = rule.apply(speech, context)
    return after if after.strip() or not speech.strip() else speech


def _unemptied(before: str, after: str, context: Context) -> str:
    """`after`, with the words back in each turn that has none left; `before` altogether where turns went missing."""
    old, new = _turns(before), _turns(after)
    if len(new) < len(old):
        return before
    if len(new) > len(old) or not old:
        return after if old else _unemptied_lines(before, after, context)
    if all(not said.strip() or now.strip() for (_, said), (_, now) in zip(old, new, strict=True)):
        return after
    parts = [after[: after.index(new[0][0])]]
    for (_, said), (label, now) in zip(old, new, strict=True):
        parts.append(label + (now if now.strip() or not said.strip() else said))
    return "".join(parts)


def _turns(text: str) -> list[tuple[str, str]]:
    """(label, everything up to the next label) of each tagged turn."""
    starts = list(LABEL.finditer(text))
    ends = [*(match.start() for match in starts[1:]), len(text)][: len(starts)]
    return [(match[0], text[match.end() : end]) for match, end in zip(starts, ends, strict=True)]


def _unemptied_lines(before: str, after: str, context: Context) -> str:
    """The same for speakers by name, where a turn is known by its line."""
    old, new = list(split_lines(before, context)), list(split_lines(after, context))
    if len(old) != len(new):
        return after
    return "\n".join(label + (now if now.strip() or not said.strip() else said) for (_, said), (label, now) in zip(old, new, strict=True))
