"""A team's own rules: regular expressions in a YAML file, each with examples that are checked when it is loaded.

```yaml
rules:
  - id: T1
    title: 상담 번호를 지운다
    pattern: '\\[상담번호 \\d+\\] ?'
    replace: ''
    examples:
      - ['[상담번호 12] 안녕하세요', '안녕하세요']
```

A rule runs on the speech of each line and never touches tags or URLs. A pattern whose time may grow faster
than its text is refused: by its form, and by trying it out in a process that can be stopped.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# The parser of patterns has no public name; its tree has been the same since Python 3.11.
from re import _constants as _kinds  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from yoyak.config import load_yaml
from yoyak.data.rules.base import TAG, URL, Context, Rule
from yoyak.data.rules.catalogue import ALL
from yoyak.errors import ConfigError

_KEYS = {"id", "title", "why", "pattern", "replace", "examples", "ignore_case"}
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}")
_UNBOUNDED = 50  # a repeat of more than so many is as good as unbounded
_UNTOUCHED = re.compile(f"{TAG}|{URL}")
_TRIAL_S = 4
_SIZE = 4000

# Run in a process of its own, since a runaway match cannot be interrupted from within. Exit code 3: slower than linear.
_TRIAL = """
import re, sys, time
pattern, size = re.compile(sys.argv[1], int(sys.argv[2])), int(sys.argv[3])
def spent(text):
    best = 9.0
    for _ in range(3):
        start = time.perf_counter()
        pattern.sub("", text)
        best = min(best, time.perf_counter() - start)
    return best
for unit in sys.argv[4:]:
    for tail in ("", "\\x01", unit[:1] + "!"):
        long = spent(unit * (4 * size // len(unit)) + tail)
        if long > 0.02 and long > 9 * spent(unit * (size // len(unit)) + tail):
            sys.exit(3)
"""


@dataclass(frozen=True, slots=True)
class _Substitution:
    """A team's rule as a function that other processes can be given."""

    pattern: re.Pattern[str]
    replace: str

    def __call__(self, text: str, context: Context) -> str:
        after = self.pattern.sub(self.replace, text)
        if _UNTOUCHED.findall(after) != _UNTOUCHED.findall(text) or after.count("\n") != text.count("\n"):
            return text
        return after


def load_rules(path: str | Path) -> tuple[Rule, ...]:
    """The rules of a YAML file, in its order.

    Raises:
        ConfigError: The file is not of the form above; an id is taken; a pattern is no regular expression, may be slow, or matches the
            empty text; an example does not come out. All that is wrong is said at once.
    """
    name = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: cannot be read as UTF-8 text ({type(error).__name__})") from error
    values = load_yaml(text, name=name)
    entries = values.get("rules")
    if set(values) != {"rules"} or not isinstance(entries, list) or not entries:
        raise ConfigError(f"{name}: expected one key 'rules' with a list of rules")
    rules: list[Rule] = []
    wrong: list[str] = []
    taken = {rule.id.lower() for rule in ALL}
    for number, entry in enumerate(entries, 1):
        place = f"{name}: rule {number}"
        problems = list(_wrong_form(entry, taken))
        if not problems:
            rule = _rule(entry)
            taken.add(rule.id.lower())
            problems = list(_wrong_pattern(entry)) or list(_wrong_examples(rule))
            rules.append(rule)
        wrong.extend(f"{place}: {problem}" for problem in problems)
    if wrong:
        raise ConfigError("\n".join(wrong))
    return tuple(rules)


def _wrong_form(entry: Any, taken: set[str]) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield "expected 'key: value' lines"
        return
    for key in sorted(map(str, set(entry) - _KEYS)):
        yield f"there is no key {key!r}; the keys are {', '.join(sorted(_KEYS))}"
    for key in ("id", "pattern", "examples"):
        if key not in entry:
            yield f"the key {key!r} is missing"
    id_ = entry.get("id")
    if "id" in entry and (not isinstance(id_, str) or not _ID.fullmatch(id_)):
        yield "the id must be letters, digits, - and _, such as T1"
    elif isinstance(id_, str) and id_.lower() in taken:
        yield f"the id {id_!r} is taken"
    if "pattern" in entry and not (isinstance(entry["pattern"], str) and entry["pattern"]):
        yield "the pattern must be text; put it in single quotes"
    if not isinstance(entry.get("replace", ""), str):
        yield "replace must be text; put it in single quotes"
    examples = entry.get("examples")
    if "examples" in entry and not (
        isinstance(examples, list)
        and examples
        and all(isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in examples)
    ):
        yield "examples must be pairs of texts: ['before', 'after']"
    elif isinstance(examples, list) and all(before == after for before, after in examples):
        yield "at least one example must change"
    if isinstance(entry.get("pattern"), str):
        try:
            compiled = re.compile(entry["pattern"])
            compiled.sub(entry.get("replace", "") if isinstance(entry.get("replace", ""), str) else "", "")
        except (re.error, IndexError, RecursionError, OverflowError) as error:
            yield f"not a regular expression: {error}"
        else:
            if compiled.match(""):
                yield "the pattern matches nothing at all (an empty text), and would match everywhere"


def _rule(entry: dict[str, Any]) -> Rule:
    pattern = re.compile(entry["pattern"], re.IGNORECASE if entry.get("ignore_case") else 0)
    title = str(entry.get("title") or entry["id"])
    examples = tuple((before, after) for before, after in entry["examples"])
    return Rule(
        entry["id"], (title, title), str(entry.get("why") or ""), examples, _Substitution(pattern, entry.get("replace", "")), pattern
    )


def _wrong_examples(rule: Rule) -> Iterator[str]:
    for number, (before, after) in enumerate(rule.examples, 1):
        came = rule.apply(before, Context())
        if came != after:
            yield f"example {number} comes out as {came!r}, not {after!r}"
        elif rule.apply(came, Context()) != came:
            yield f"example {number} changes again when cleaned twice; make the pattern match only what is to be mended"


def _wrong_pattern(entry: dict[str, Any]) -> Iterator[str]:
    """Why a pattern may be slow: by its form, then by trial."""
    tree = _parser.parse(entry["pattern"])
    problem = _slow_form(tree, within_repeat=False)
    if problem:
        yield problem
        return
    flags = re.IGNORECASE if entry.get("ignore_case") else 0
    units = sorted({text for text in _units(entry["pattern"], entry["examples"]) if text and "\x00" not in text})[:60]
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _TRIAL, entry["pattern"], str(int(flags)), str(_SIZE), *units], timeout=_TRIAL_S, check=False
        )
    except subprocess.TimeoutExpired:
        yield f"the pattern did not finish {_SIZE * 4} characters within {_TRIAL_S} s; bound its repeats, as in {{0,40}}"
        return
    if done.returncode == 3:
        yield "the pattern's time grows faster than its text; bound its repeats, as in {0,40}"


def _slow_form(tree: Any, *, within_repeat: bool) -> str | None:
    """Repeats within repeats, and references back: what makes a match explode."""
    for kind, value in tree:
        if kind in (_kinds.GROUPREF, _kinds.GROUPREF_EXISTS):
            return "the pattern refers back to a group; such matches cannot be bounded"
        if kind in (_kinds.MAX_REPEAT, _kinds.MIN_REPEAT):
            _, most, inner = value
            unbounded = most == _kinds.MAXREPEAT or most > _UNBOUNDED
            if unbounded and within_repeat:
                return "the pattern repeats a repeat, as in (a+)+; write it with one repeat"
            problem = _slow_form(inner, within_repeat=within_repeat or unbounded or most > 1)
        else:
            problem = next((found for part in _inner(value) if (found := _slow_form(part, within_repeat=within_repeat))), None)
        if problem:
            return problem
    return None


def _inner(value: Any) -> Iterator[Any]:
    """The sub-patterns within a node of the tree."""
    if isinstance(value, _parser.SubPattern):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _inner(part)


def _units(pattern: str, examples: list[list[str]]) -> Iterator[str]:
    """Texts that, repeated, may make the pattern try much."""
    letters = sorted(set(re.sub(r"\\[a-zA-Z]", "", pattern)) - set("\\^$.|?*+()[]{}"))[:12]
    classes = {"\\d": "1", "\\s": " ", "\\w": "가", ".": "a", "\\S": "a", "\\D": "a", "\\W": "!"}
    letters += [letter for sign, letter in classes.items() if sign in pattern]
    yield from letters
    yield from (a + b for a in letters[:5] for b in letters[:5] if a != b)
    yield from (before for before, _ in examples if len(before) <= 200)
    yield from ("a", "가", " ", "1", "ㅋ")
