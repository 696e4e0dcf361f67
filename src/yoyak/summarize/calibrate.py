"""How many workers with how many threads: measured for a machine and a model, and remembered."""

from __future__ import annotations

import json
import logging
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from yoyak._files import atomic
from yoyak._parallel import cores
from yoyak.checkpoints.cache import cache_folder
from yoyak.records import Turn

if TYPE_CHECKING:
    from yoyak.summarize.tokens import Codec

log = logging.getLogger(__name__)

#: Most tokens of a batch. KoBART int8, beam 4, a thread a worker: 2,048 beat 1,024 by a tenth of the processor time; 512 was slower.
BATCH_TOKENS = 2048
#: How much faster than the usual plan another one has to be: a machine busy with other work shows differences of that size by chance.
CLEARLY = 1.2
#: Bytes of keys and values that a worker may keep at a time (fp32; the weights come on top): 1 GiB on two cores. An input that needs more
#: by itself is computed while no other is.
CACHE_BYTES = 512 * 2**20
_FILE = "plans.json"
_SAYINGS = (
    "내일 몇 시에 만나는 게 좋을까?",
    "저는 오후 세 시가 괜찮은데, 도서관 앞에서 보는 건 어때요?",
    "좋아요. 그럼 제가 자료를 미리 뽑아서 가져갈게요.",
    "지난번에 말씀하신 보고서는 다 끝나셨나요? 부장님이 금요일까지 달라고 하셨어요.",
    "아직 표가 두 개 남았어요. 오늘 밤까지는 마칠 수 있을 것 같아요.",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How the work is laid out.

    Args:
        workers: Batches computed at a time.
        threads: Threads that share one batch.
        batch_tokens: Most tokens of a batch, padding included.
    """

    workers: int
    threads: int
    batch_tokens: int


def usual() -> Plan:
    """What is right on most machines: a worker of one thread for each core, since threads of one batch wait for each other."""
    return Plan(cores(), 1, BATCH_TOKENS)


def candidates(n: int) -> Iterator[tuple[int, int]]:
    """(workers, threads) worth measuring on `n` cores.

    Example:
        >>> list(candidates(2)), list(candidates(8))
        ([(2, 1), (1, 2)], [(8, 1), (4, 2), (2, 4), (1, 8)])
    """
    workers = n
    while workers >= 1:
        yield workers, n // workers
        workers //= 2


def measured(open_runtime: Callable[[Plan], Any], codec: Codec, *, previous: Any = None) -> Plan:
    """The fastest division of the cores into workers and threads, on sample dialogues; the usual one unless another is clearly faster.

    Args:
        open_runtime: Opens the model with a plan; at most one is open at a time besides `previous`.
        codec: Makes the sample's tokens.
        previous: A runtime that is open already; its plan is measured with it.
    """
    rates: dict[Plan, float] = {}
    for workers, threads in candidates(cores()):
        plan = Plan(workers, threads, BATCH_TOKENS)
        runtime = previous if previous is not None and previous.plan == plan else open_runtime(plan)
        rates[plan] = _rate(runtime, codec, workers)
    log.info("calibrated: %s", ", ".join(f"{plan.workers}x{plan.threads}: {rate:.2f}/s" for plan, rate in rates.items()))
    best = max(rates, key=lambda plan: rates[plan])
    return best if rates[best] > CLEARLY * rates[usual()] else usual()


def sample(codec: Codec, n: int) -> list[tuple[str, ...]]:
    """Token lists of `n` dialogues of the usual lengths (about 80 to 300 tokens)."""
    found = []
    for number in range(n):
        turns = [Turn(f"#Person{1 + i % 2}#", f"{_SAYINGS[(i + number) % len(_SAYINGS)]} {number}") for i in range(5 + number % 12)]
        while len(turns) > 1 and len(codec.tokens(turns)) > codec.budget:
            turns.pop()
        found.append(codec.tokens(turns)[: codec.budget])
    return found


def _rate(runtime: Any, codec: Codec, workers: int, *, rows: int = 12, new_tokens: int = 8) -> float:
    """Dialogues a second at a short forced length, a batch for each worker."""
    work = sample(codec, rows)
    runtime.forced([work[0]], new_tokens=2)  # the first call allocates
    start = perf_counter()
    batches = [work[number::workers] for number in range(min(workers, rows))]
    under_way: list[Sequence[Any]] = [runtime.forced(batch, new_tokens=new_tokens, asynchronous=True) for batch in batches]
    for futures in under_way:
        for future in futures:
            future.result()
    return rows / (perf_counter() - start)


def machine() -> str:
    """What tells this machine's speed from another's: processor and cores."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    except OSError:  # not Linux: the processor's name has to do
        pass
    return f"{model}, {cores()} of {os.cpu_count()} cores"


def _key(folder: Path, compute_type: str, beams: int) -> str:
    return f"{machine()} | {folder.name} | {compute_type} | beams {beams}"


def _plans() -> dict[str, Any]:
    try:
        found = json.loads((cache_folder() / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remembered(folder: Path, compute_type: str, beams: int) -> Plan | None:
    """The plan that was measured on this machine for this model, if any."""
    found = _plans().get(_key(folder, compute_type, beams))
    try:
        return Plan(**found) if isinstance(found, dict) else None
    except TypeError:  # another version's form
        return None


def remember(folder: Path, compute_type: str, beams: int, plan: Plan) -> None:
    """Keep a measured plan for later runs."""
    plans = _plans() | {_key(folder, compute_type, beams): asdict(plan)}
    with atomic(cache_folder() / _FILE) as file:
        json.dump(plans, file, ensure_ascii=False, indent=1)
