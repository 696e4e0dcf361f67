"""`yoyak data rules`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from yoyak.cli.messages import say
from yoyak.data.rules.base import Rule
from yoyak.data.rules.catalogue import ALL
from yoyak.data.rules.team import load_rules
from yoyak.data.write import dumps
from yoyak.errors import UsageError


def rules(
    id: Annotated[str | None, Parameter(name="ID")] = None,
    /,
    *,
    rules_file: Path | None = None,
    json_: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
) -> int:
    """List the cleaning rules, or explain one with examples.

    Parameters
    ----------
    id
        A rule's id, such as N2b.
    rules_file
        YAML with your own rules, checked and listed with the others.
    json_
        Print JSON, one rule a line.
    """
    known = ALL + (load_rules(rules_file) if rules_file else ())
    chosen = known if id is None else tuple(rule for rule in known if rule.id.lower() == id.lower())
    if not chosen:
        raise UsageError(f"there is no rule {id!r}; the rules are {', '.join(rule.id for rule in known)}")
    for rule in chosen:
        if json_:
            print(dumps(_as_dict(rule)))
        elif id is None:
            print(f"{rule.id:>5}  {'+' if rule.default else '-'}  {_title(rule)}")
        else:
            print(_explained(rule))
    if id is None and not json_:
        print(say("rules-legend"))
    return 0


def _title(rule: Rule) -> str:
    return rule.title[1 if say("language") == "ko" else 0]


def _explained(rule: Rule) -> str:
    when = say("rule-summaries" if rule.scope == "summary" else "rule-default" if rule.default else "rule-on-request")
    lines = [f"{rule.id}: {_title(rule)}", "", rule.why, "", when]
    for before, after in rule.examples:
        lines += ["", *(f"  - {line}" for line in before.split("\n")), *(f"  + {line}" for line in after.split("\n"))]
    return "\n".join(lines)


def _as_dict(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "title": rule.title[0],
        "title_ko": rule.title[1],
        "why": rule.why,
        "default": rule.default,
        "scope": rule.scope,
        "examples": [list(pair) for pair in rule.examples],
    }
