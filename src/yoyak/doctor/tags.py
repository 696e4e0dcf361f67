"""Where tags get lost: a tag's way from the data to the finished summary, stage by stage, and the first stage that loses it.

    raw -> clean -> encode -> label -> rows -> generate -> decode -> post-process -> output

Each stage is looked at with the evidence there is (a model's folder, a recipe, data, outputs); one that cannot be looked at says what it
would need. The stages are in `yoyak/doctor/stages/`.
"""

from __future__ import annotations

from dataclasses import dataclass

from yoyak.doctor.case import Case
from yoyak.doctor.finding import Finding, Stage
from yoyak.doctor.stages import data, generation, output, tokenizer, training

#: In the order in which a tag goes through them.
STAGES = (
    data.raw,
    data.clean,
    tokenizer.encode,
    training.label,
    training.rows,
    generation.generate,
    tokenizer.decode,
    output.post_process,
    output.output,
)


@dataclass(frozen=True, slots=True)
class Trace:
    """Every stage, looked at or not, in order."""

    stages: tuple[Stage, ...]

    @property
    def first_lost(self) -> tuple[Stage, Finding] | None:
        """The first stage that loses tags, and its first error; None when none does."""
        for stage in self.stages:
            for finding in stage.findings:
                if finding.level == "error":
                    return stage, finding
        return None

    @property
    def first_risk(self) -> tuple[Stage, Finding] | None:
        """The first stage with a warning; None when there is none."""
        return next(((stage, finding) for stage in self.stages for finding in stage.findings if finding.level == "warning"), None)


def trace(case: Case) -> Trace:
    """Follow the tags through every stage.

    Raises:
        ModelError: The tokenizer cannot be opened.
        MissingDependency: A tokenizer is to be read and the package is not installed; the message is the pip line.

    Example:
        >>> case = Case(predictions={"a": "는 에게 전화한다.", "b": "은 웃는다."})
        >>> stage, finding = trace(case).first_lost
        >>> stage.name, finding.code
        ('output', 'orphaned-josa')
    """
    return Trace(tuple(look(case) for look in STAGES))
