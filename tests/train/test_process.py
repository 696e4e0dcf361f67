"""The process that trains: bounded, and ended in order."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from yoyak.train import process
from yoyak.train.process import HeapKeeper, MemoryCeiling, OrderlyEnd, bound_environment, free_bytes, peak_bytes, resident_bytes

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
def test_the_kernel_is_read() -> None:
    assert 0 < resident_bytes() <= 1.1 * peak_bytes()  # the kernel counts the peak a little late
    assert 0 < free_bytes() < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@linux
def test_a_ceiling_turns_a_promise_into_an_error_and_goes_away() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    with MemoryCeiling(process._held_bytes() + (64 << 20)), pytest.raises(MemoryError):
        bytearray(512 << 20)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert len(bytearray(512 << 20)) == 512 << 20


def test_a_container_s_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "/proc/meminfo": "MemTotal: 9 kB\nMemAvailable:   8000 kB\n",
        "/sys/fs/cgroup/memory.max": "5000000\n",
        "/sys/fs/cgroup/memory.current": "4000000\n",
        "/sys/fs/cgroup/memory.stat": "anon 3000000\ninactive_file 500000\n",
    }
    monkeypatch.setattr(Path, "read_text", lambda self, **_: files[self.as_posix()])
    assert free_bytes() == 1_500_000
    files["/sys/fs/cgroup/memory.max"] = "max\n"
    assert free_bytes() == 8_192_000


def test_the_heap_is_given_back_when_it_has_grown_by_a_quarter(monkeypatch: pytest.MonkeyPatch) -> None:
    held = iter([100, 120, 110, 140, 150, 151, 130, 140, 163])
    trims: list[bool] = []
    monkeypatch.setattr(process, "resident_bytes", lambda: next(held))
    monkeypatch.setattr(process, "_trim", lambda: trims.append(True) is None)
    heap = HeapKeeper()
    grown = []
    for _ in range(9):
        heap.after_step()
        grown.append(heap.times)
    # 120 is usual after three steps; 151 is too much; the step after it needed 130, so that 163 is too much again.
    assert grown == [0, 0, 0, 0, 0, 1, 1, 1, 2]


def test_an_environment_that_is_set_already_stays() -> None:
    environment = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "7"}
    bound_environment(environment)
    assert environment == {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "7"}
    bound_environment(fresh := {})
    assert fresh == {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "32"}


def test_a_second_request_ends_at_once() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with OrderlyEnd() as end:
        os.kill(os.getpid(), signal.SIGTERM)
        assert end.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
