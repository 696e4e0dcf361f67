"""The machine: device and what follows from it, installed extras, versions that conflict, memory, disk, caches."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from yoyak._extras import installed
from yoyak.checkpoints.cache import cache_folder
from yoyak.doctor.finding import Finding
from yoyak.models.hardware import Device, HardwarePlan, facts, plan, total_memory

#: Extras that a user may want; `dev` is for working on yoyak itself.
_LEFT_OUT = ("dev",)
_NVIDIA = Path("/proc/driver/nvidia/version")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w-]+)['"]""")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LITTLE_MEMORY = 3 << 30
_LITTLE_DISK = 5 << 30


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra of yoyak: the packages it brings with their versions (None: not installed)."""

    name: str
    packages: dict[str, str | None]

    @property
    def complete(self) -> bool:
        """Whether all are installed."""
        return all(version is not None for version in self.packages.values())


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of models kept on this machine."""

    folder: str
    bytes: int


@dataclass(frozen=True)
class Environment:
    """What a machine is and has.

    Args:
        system: Operating system, Python and yoyak, in words.
        device: What would train or run a model.
        plan: What follows for precision, attention, quantization.
        extras: In the order of yoyak's metadata.
        memory_bytes: All of it, and what is free; 0 when unknown.
        disk_bytes: Free where the cache is.
        caches: Models that are kept.
        findings: What is wrong, the worst first.
    """

    system: str
    device: Device
    plan: HardwarePlan
    extras: tuple[Extra, ...]
    memory_bytes: tuple[int, int]
    disk_bytes: int
    caches: tuple[Cache, ...]
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        device = self.device
        return {
            "system": self.system,
            "device": {
                "kind": device.kind,
                "name": device.name,
                "devices": device.devices,
                "memory_bytes": device.memory_bytes,
                "capability": None if device.capability is None else list(device.capability),
            },
            "plan": self.plan.to_json(),
            "extras": {extra.name: extra.packages for extra in self.extras},
            "memory_bytes": {"total": self.memory_bytes[0], "free": self.memory_bytes[1]},
            "disk_free_bytes": self.disk_bytes,
            "caches": [{"folder": cache.folder, "bytes": cache.bytes} for cache in self.caches],
            "findings": [
                {"code": f.code, "level": f.level, "what": f.what, "why": f.why, "fix": f.fix} for f in self.findings
            ],
        }  # fmt: skip


def describe() -> Environment:
    """Look at this machine; torch is loaded when it is installed. Nothing is changed, nothing leaves the machine."""
    broken = _broken("torch")
    device = facts("cpu") if broken else facts()
    found_extras = tuple(extras())
    memory = (total_memory(), free_memory())
    disk = _disk()
    findings = [*broken, *conflicts(_relevant(found_extras)), *_gpu(device), *_room(memory[1], disk)]
    order = ("error", "warning", "note")
    return Environment(
        f"{platform.platform(terse=True)} {platform.machine()}, Python {platform.python_version()}, yoyak {_version('yoyak') or '?'}",
        device,
        plan(device, quantization="auto"),
        found_extras,
        memory,
        disk,
        tuple(caches()),
        tuple(sorted(findings, key=lambda finding: order.index(finding.level))),
    )


def extras(requirements: Iterable[str] | None = None, *, version: Callable[[str], str | None] | None = None) -> list[Extra]:
    """yoyak's extras with the versions of their packages.

    Args:
        requirements: Lines of package metadata (`torch>=2.10; extra == 'train'`); those of the installed yoyak by default.
        version: Name -> installed version or None.

    Example:
        >>> [e.packages for e in extras(["torch>=2.10; extra == 'train'", "numpy>=2"], version=lambda name: None)]
        [{'torch': None}]
    """
    if requirements is None:
        try:
            requirements = metadata.requires("yoyak") or []
        except metadata.PackageNotFoundError:
            requirements = []
    known: dict[str, dict[str, str | None]] = {}
    for line in requirements:
        extra, name = _EXTRA.search(line), _NAME.match(line)
        if extra is None or name is None or extra[1] in _LEFT_OUT or name[0] == "yoyak":
            continue
        known.setdefault(extra[1], {})[name[0]] = (version or _version)(name[0])
    return [Extra(name, packages) for name, packages in known.items()]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _relevant(found: Iterable[Extra]) -> list[str]:
    """The packages whose requirements are compared: yoyak, and what its extras bring, where installed."""
    names = ["yoyak", *(name for extra in found for name, version in extra.packages.items() if version is not None)]
    also = ["tokenizers", "accelerate", "trl", "bitsandbytes", "safetensors", "huggingface-hub", "flash-attn", "vllm"]
    return list(dict.fromkeys([*names, *(name for name in also if _version(name) is not None)]))


def conflicts(
    names: Iterable[str],
    *,
    requires: Callable[[str], Iterable[str]] | None = None,
    version: Callable[[str], str | None] | None = None,
) -> list[Finding]:
    """Installed packages whose versions do not suit each other, by their own metadata.

    Args:
        names: The packages whose requirements are looked at.
        requires: Name -> its requirements; by default from the installed metadata.
        version: Name -> installed version or None.

    Example:
        >>> needs = {"peft": ["transformers>=5.0", "torch>=2; extra == 'gpu'"]}
        >>> [f.what for f in conflicts(needs, requires=needs.get, version={"transformers": "4.57.0"}.get)]
        ['peft needs transformers>=5.0; installed is 4.57.0']
    """
    if not installed("packaging"):
        return [Finding("not-compared", "note", "versions were not compared: the package 'packaging' is not installed")]
    from packaging.requirements import InvalidRequirement, Requirement

    found = []
    for name in names:
        for line in (requires or _requires)(name):
            try:
                need = Requirement(line)
            except InvalidRequirement:
                continue
            # An extra's requirement binds only those who have its package: compared when it is installed, for yoyak alone.
            wanted = need.marker is None or need.marker.evaluate({"extra": ""})
            own = name == "yoyak" and need.marker is not None and "extra" in str(need.marker)
            have = (version or _version)(need.name)
            if have is None:
                if wanted and not own:
                    what = f"{name} needs {need.name}{need.specifier}, which is not installed"
                    found.append(Finding("missing", "error", what, "", f"pip install '{need.name}{need.specifier}'"))
            elif (wanted or own) and not need.specifier.contains(have, prereleases=True):
                what = f"{name} needs {need.name}{need.specifier}; installed is {have}"
                found.append(Finding("version-conflict", "error", what, "", f"pip install '{need.name}{need.specifier}'"))
    return list(dict.fromkeys(found))


def _requires(name: str) -> list[str]:
    try:
        return metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []


def _broken(module: str) -> list[Finding]:
    """A package that is there and cannot be imported."""
    if not installed(module):
        return []
    try:
        __import__(module)
    except Exception as error:  # noqa: BLE001 - a broken installation raises anything: ImportError, OSError, AttributeError
        what = f"{module} is installed and cannot be imported ({type(error).__name__}: {error})"
        return [Finding("broken-package", "error", what, "", f"pip install --force-reinstall {module}")]
    return []


def _gpu(device: Device) -> list[Finding]:
    if not installed("torch"):
        return []
    if device.kind == "cpu":
        if not _NVIDIA.is_file():
            return []
        what = "there is an NVIDIA driver, but torch sees no GPU"
        return [Finding("gpu-unseen", "warning", what, "torch was built without CUDA, or for a newer driver", "install torch's CUDA build")]
    import torch

    built = {architecture.removeprefix("sm_") for architecture in torch.cuda.get_arch_list() if architecture.startswith("sm_")}
    major, minor = device.capability or (0, 0)
    if built and not any(name.isdigit() and int(name) // 10 == major and int(name) % 10 <= minor for name in built):
        what = f"torch {torch.__version__} was not built for {device.called}, only for {', '.join(sorted(built))}"
        return [
            Finding("gpu-unsupported", "error", what, "kernels fail or are compiled at every start", "install a torch built for this card")
        ]
    return []


def _room(memory: int, disk: int) -> list[Finding]:
    findings = []
    if 0 < memory < _LITTLE_MEMORY:
        what = f"{memory / 1e9:.1f} GB of memory are free"
        findings.append(
            Finding("little-memory", "warning", what, "training Gemma 3 270M takes more", "end other programs; smaller batches.tokens")
        )
    if 0 < disk < _LITTLE_DISK:
        what = f"{disk / 1e9:.1f} GB are free where models are kept ({cache_folder()})"
        fix = "set YOYAK_CACHE to another disk, or delete what is kept there"
        findings.append(Finding("little-disk", "warning", what, "models are written whole or not at all", fix))
    return findings


def free_memory() -> int:
    """Bytes that programs can still take; 0 when unknown."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="utf-8")
    except OSError:
        return 0
    found = re.search(r"MemAvailable:\s+(\d+) kB", text)
    return int(found[1]) * 1024 if found else 0


def _disk() -> int:
    """Bytes free on the disk of the cache, which may not exist yet."""
    folder = cache_folder()
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def caches() -> list[Cache]:
    """yoyak's and Hugging Face's folders of models, where they exist."""
    hub = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    return [Cache(str(folder), _size(folder)) for folder in (cache_folder(), hub) if folder.is_dir()]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
