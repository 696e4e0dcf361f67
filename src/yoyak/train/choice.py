"""Which checkpoint is the best, and when to stop looking for a better one."""

from __future__ import annotations

from collections.abc import Mapping

from yoyak.errors import ConfigError
from yoyak.train.recipe import Evaluation


class Choice:
    """The evaluations of a run so far.

    Args:
        settings: Which score decides, how patient it is, how many of the best are kept.
        scores: Step -> scores of the evaluations that were made already.

    Example:
        >>> choice = Choice(Evaluation(metric="rougeL", patience=2), {})
        >>> for step, value in [(10, 0.31), (20, 0.35), (30, 0.34), (40, 0.33)]:
        ...     choice.add(step, {"rougeL": value})
        >>> choice.best, choice.exhausted, choice.protected
        ([20], True, {20})
    """

    def __init__(self, settings: Evaluation, scores: Mapping[int, Mapping[str, float]]) -> None:
        self.settings = settings
        self.scores = {step: dict(scores[step]) for step in sorted(scores)}

    def add(self, step: int, scores: Mapping[str, float]) -> None:
        """One more evaluation.

        Raises:
            ConfigError: The score that shall decide is not among them.
        """
        self.scores[step] = dict(scores)
        self.metric  # noqa: B018 (raises when it is not there)

    @property
    def metric(self) -> str:
        """Name of the score that decides."""
        latest = list(self.scores.values())[-1]
        name = self.settings.metric or next(iter(latest), "")
        if name not in latest:
            raise ConfigError(f"evaluation.metric is {name!r}; an evaluation gives {', '.join(latest) or 'no scores'}")
        return name

    @property
    def best(self) -> list[int]:
        """The steps to keep, best first; of equal ones the earlier."""
        if not self.scores or self.settings.keep_best == 0:
            return []
        return self._ranked()[: self.settings.keep_best]

    @property
    def protected(self) -> set[int]:
        """Steps whose checkpoints stay."""
        return set(self.best)

    @property
    def exhausted(self) -> bool:
        """Whether the last `patience` evaluations were all no better than one before them."""
        if self.settings.patience is None or not self.scores:
            return False
        return len(self.scores) - 1 - list(self.scores).index(self._ranked()[0]) >= self.settings.patience

    def line(self, step: int) -> str:
        """The evaluation of that step in one line."""
        shown = ", ".join(f"{name} {value:.4g}" for name, value in self.scores[step].items())
        best = self._ranked()[0]
        end = "best so far" if best == step else f"best {self.metric} was {self.scores[best][self.metric]:.4g} at step {best}"
        return f"step {step}: {shown} ({end})"

    def _ranked(self) -> list[int]:
        metric = self.metric
        sign = 1 if "loss" in metric else -1
        return sorted(self.scores, key=lambda step: (sign * self.scores[step][metric], step))
