"""What a training run asks of its process: threads, an allocator and kernel caches that stay bounded, an orderly end.

Batches come in hundreds of shapes. oneDNN keeps a compiled kernel for each, and glibc's heap keeps the holes that buffers of ever other
sizes leave: without a bound a run grows for as long as it lasts. Nothing here happens at import.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import MutableMapping
from pathlib import Path
from types import FrameType
from typing import Self


def bound_environment(environment: MutableMapping[str, str]) -> None:
    """Say to oneDNN, before torch is loaded, how many compiled kernels it may keep; a value that is there already stays."""
    environment.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")


def bound_memory() -> None:
    """Bound the caches and take the threads; before the first kernel, and it holds for the process."""
    import torch

    bound_environment(os.environ)
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, os.cpu_count() or 1))


def peak_bytes(device: str = "cpu") -> int:
    """The most memory that this process has held so far: on a GPU what torch allocated there, else resident memory; 0 when unknown."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.max_memory_allocated(device))
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class HeapKeeper:
    """Gives the heap's holes back to the system whenever a process has grown well beyond what its largest steps needed.

    Freed buffers stay in glibc's heap to be used again; when sizes change from batch to batch the holes seldom fit, and the heap grows for
    as long as a run lasts. Giving them back after every step would cost a page fault for each page of the next one; doing it when the
    process has grown by a quarter bounds the growth and happens seldom. A run begins with its longest rows, so its first steps tell.

    Args:
        growth: How much more than after the first steps is too much.
        first_steps: How many they are.
    """

    def __init__(self, *, growth: float = 1.25, first_steps: int = 3) -> None:
        self._growth, self._left = growth, first_steps
        self._usual = 0
        self.times = 0  # the heap was given back

    def after_step(self) -> None:
        """Look, and give back what is too much."""
        held = resident_bytes()
        if self._left > 0:
            self._left -= 1
            self._usual = max(self._usual, held)
        elif held > self._growth * self._usual and _trim():
            self.times += 1
            self._left = 1  # what the next step takes is what a step needs


def resident_bytes() -> int:
    """Resident memory of this process now; 0 when unknown."""
    return _in_file(Path("/proc/self/status"), "VmRSS:") * 1024


def _trim() -> bool:
    """Let glibc return free pages of all its heaps; False where there is no such function (musl, macOS, Windows)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is None:
        return False
    trim(0)
    return True


class MemoryCeiling:
    """While the block runs, an allocation beyond the memory that is free raises, where Linux would promise it and later kill the process.

    A GPU refuses what it has not; Linux hands out more than there is, and the kernel ends the process that touches it. With a ceiling on
    data (RLIMIT_DATA) the allocation fails in the place where it is asked for, and a smaller part of the batch can be tried. Without effect
    on other systems.

    Args:
        limit_bytes: The most that the process may hold; None: what it holds now and nine tenths of what is free.
    """

    def __init__(self, limit_bytes: int | None = None) -> None:
        self.limit_bytes = limit_bytes
        self._before: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        held, free = _held_bytes(), free_bytes()
        if not held or not free:
            return self
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = self.limit_bytes or held + free * 9 // 10
        tighter = [value for value in (wanted, soft, hard) if value != resource.RLIM_INFINITY]
        self._before = (soft, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (min(tighter), hard))
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, self._before)


def free_bytes() -> int:
    """Memory that this process may still take: the machine's, or its container's when that is less; 0 when unknown."""
    free = _in_file(Path("/proc/meminfo"), "MemAvailable:") * 1024
    limit, used = _number(Path("/sys/fs/cgroup/memory.max")), _number(Path("/sys/fs/cgroup/memory.current"))
    if limit and used:
        # What the container's file cache holds counts as used there and is given up when it is needed.
        cached = _in_file(Path("/sys/fs/cgroup/memory.stat"), "inactive_file")
        free = min(free, max(0, limit - used + cached))
    return free


def _held_bytes() -> int:
    """Data of this process, as RLIMIT_DATA counts it; 0 when unknown."""
    return _in_file(Path("/proc/self/status"), "VmData:") * 1024


def _in_file(path: Path, name: str) -> int:
    """The number behind a name in a file of the kernel's; 0 when there is none."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.split()[:1] == [name]), 0)


def _number(path: Path) -> int:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return 0
    return int(text) if text.isdigit() else 0


class OrderlyEnd:
    """While the block runs, Ctrl-C and SIGTERM ask for an end after the current step; a second one ends at once.

    `asked` is set then. Outside the main thread, where Python allows no handlers, it never is.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
