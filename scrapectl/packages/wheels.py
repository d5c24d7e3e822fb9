"""requirements.txt → the wheels that it names, for Lambda's machines and not for this one, kept in the user's cache."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scrapectl.errors import EnvironmentProblem
from scrapectl.packages.archive import Member, members_of
from scrapectl.packages.requirements import Requirements, canonical

_FORMAT = "1"
_MACHINES = {"X86_64": "x86_64", "ARM64": "aarch64"}
_OLD_GLIBC, _NEW_GLIBC, _FIRST_ON_AL2023 = 26, 34, 12
_ALIASES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
# What pip itself reads, and what would lead it elsewhere than where we look.
_NOT_FOR_PIP = frozenset({"PIP_TARGET", "PIP_USER", "PIP_PREFIX", "PIP_DEST", "PIP_REQUIRE_VIRTUALENV", "PIP_PLATFORM"})
_NO_NETWORK = re.compile(r"NewConnectionError|Temporary failure|Name or service not known|timed out|ProxyError")
_LONGEST_TOLD = 300


class PipRefused(Exception):
    """pip cannot bring what requirements.txt names; the text is its own."""


def wheels_for(folder: Path, requirements: Requirements, runtime: str, platform: str) -> list[Path]:
    """Return the wheels, by name; pip is asked for them once for each text of requirements.txt.

    Args:
        folder: Where requirements.txt stands.
        requirements: What it says.
        runtime: Such as "python3.13".
        platform: X86_64 or ARM64.

    Raises:
        PipRefused: There are none for this runtime and platform.
        EnvironmentProblem: There is no pip, or no way to where wheels are.
    """
    whole = f"{_FORMAT} {runtime} {platform} {requirements.digest}"
    kept = _cache() / hashlib.sha256(whole.encode()).hexdigest()[:32]
    if not kept.is_dir():
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = Path(tempfile.mkdtemp(dir=kept.parent))
        try:
            _download(folder, fresh, runtime, platform)
            fresh.rename(kept)
        except OSError:  # another command was quicker
            if not kept.is_dir():
                raise
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return sorted(kept.glob("*.whl"))


def name_and_version(wheel: Path) -> tuple[str, str]:
    """Read both off a wheel's file name (PEP 427)."""
    name, version, *_ = wheel.name.split("-")
    return canonical(name), version


def unpacked(wheel: Path) -> Iterator[Member]:
    """Yield what a wheel puts beside the code: no scripts, no headers, nothing compiled on another machine."""
    for member in members_of(wheel.read_bytes()):
        first, _, rest = member.name.partition("/")
        if first.endswith(".data"):
            where, _, rest = rest.partition("/")
            if where not in {"purelib", "platlib"}:
                continue
            yield Member(rest, member.data, member.size, member.crc, member.method, member.executable)
        elif "__pycache__" not in member.name.split("/"):
            yield member


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scrapectl" / "wheels"


def _download(folder: Path, target: Path, runtime: str, platform: str) -> None:
    version = runtime.removeprefix("python")
    command = [
        *(*_pip(), "download", "--quiet", "--no-input", "--disable-pip-version-check", "--only-binary", ":all:"),
        *("--implementation", "cp", "--python-version", version),
        *(word for tag in _tags(version, platform) for word in ("--platform", tag)),
        *("--dest", str(target.resolve()), "--requirement", "requirements.txt"),
    ]
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_PIP}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    if _NO_NETWORK.search(done.stderr):
        hint = "Its libraries are fetched once, and then kept. pip's own settings (PIP_INDEX_URL, pip.conf) hold."
        raise EnvironmentProblem(f"pip cannot reach where the wheels of {folder} are.", hint)
    errors = [line.removeprefix("ERROR: ") for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    raise PipRefused((errors or done.stderr.splitlines() or ["pip failed."])[0][:_LONGEST_TOLD])


def _pip() -> list[str]:
    """Where pip is: beside us, or anywhere on the PATH; which one makes no difference to what it downloads."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip3") or shutil.which("pip")
    if found is None:
        raise EnvironmentProblem("There is no pip to fetch a function's libraries with.", "Type python -m ensurepip.")
    return [found]


def _tags(version: str, platform: str) -> list[str]:
    """Platforms whose wheels run on Lambda, the newest first.

    From Python 3.12 on runtimes stand on Amazon Linux 2023 with glibc 2.34, those before on Amazon Linux 2 with 2.26
    ("Lambda runtimes", PEP 600).
    """
    machine = _MACHINES[platform]
    minor = int(version.partition(".")[2])
    newest = _NEW_GLIBC if minor >= _FIRST_ON_AL2023 else _OLD_GLIBC
    tags = []
    for glibc in range(newest, 4, -1):
        tags.append(f"manylinux_2_{glibc}_{machine}")
        if glibc in _ALIASES:
            tags.append(f"{_ALIASES[glibc]}_{machine}")
    return [*tags, f"linux_{machine}"]
