"""What `yoyak train --dry-run` shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yoyak.cli.messages import say
from yoyak.train.dry_run import DryRun
from yoyak.train.memory import shown
from yoyak.train.outline import Sample

# A long dialogue is shown from both ends: where its mask begins is what a person looks for.
_END = 300


def lines(made: DryRun) -> Iterator[str]:
    """The plan as text, line by line."""
    need, batch = made.need, made.need.batch
    yield say("plan-device", device=made.device)
    yield from (f"  {choice}" for choice in made.choices)
    yield say("plan-parameters", total=f"{made.parameters[0]:,}", learned=f"{made.parameters[1]:,}")
    yield say("plan-batch", rows=batch.rows, source=batch.source, target=batch.target)
    parts = ("process", "weights", "gradients", "optimizer", "activations", "logits")
    for name in parts:
        yield f"  {say('plan-' + name):<14} {shown(getattr(need, name)):>10}"
    yield f"  {say('plan-total'):<14} {shown(need.total):>10}" + (f" / {shown(made.memory_bytes)}" if made.memory_bytes else "")
    yield "  " + say("plan-evaluation", size=shown(need.evaluation))
    yield say("plan-fits") if made.fits else _does_not_fit(made)
    yield say("plan-steps", steps=made.steps[0], first=made.steps[1], rows=made.examples[0], tokens=f"{made.examples[1]:,}")
    if made.seconds is None:
        yield say("plan-no-time")
    else:
        yield say("plan-time", step=f"{made.seconds / max(1, made.steps[0]):.1f}", all=_duration(made.seconds))
    yield say("plan-disk", one=shown(made.checkpoint_bytes), all=shown(made.disk_bytes), free=shown(made.disk_free))
    if made.disk_bytes > made.disk_free:
        yield say("plan-disk-full")
    yield say("plan-cut", count=made.cut)


def _does_not_fit(made: DryRun) -> str:
    if made.fitting_parts is None:
        return say("plan-never-fits")
    return say("plan-fits-in-parts", parts=made.fitting_parts)


def _duration(seconds: float) -> str:
    """Time as a person says it.

    Example:
        >>> _duration(59), _duration(3700), _duration(7 * 60)
        ('1 min', '1 h 02 min', '7 min')
    """
    minutes = max(1, round(seconds / 60))
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def samples(shown_samples: Sequence[Sample]) -> None:
    """Print the samples on stdout: what is not learned is dim, what is learned stands in brackets."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for sample in shown_samples:
        learned = sum(len(text) for text, counts in sample.pieces if counts)
        console.print(Text(f"\n{sample.id} ({sample.tokens} tokens)", style="bold"))
        text = Text()
        for piece, counts in sample.pieces:
            text.append(f"[{piece}]" if counts else _shortened(piece), style="" if counts else "dim")
        console.print(text if learned else Text(say("plan-nothing-learned"), style="red"))


def _shortened(text: str) -> str:
    """Both ends of a long text.

    Example:
        >>> _shortened("요약") == "요약", len(_shortened("가" * 2000)) < 700
        (True, True)
    """
    return text if len(text) <= 2 * _END else f"{text[:_END]} … {text[-_END:]}"
