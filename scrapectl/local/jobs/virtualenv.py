"""Turn a list of requirements into a virtual environment that is made once and kept by the list's hash."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

PYTHON_FOLDER = Path(sys.executable).parent
"""Where the server's own Python is; what needs no package of its own runs with it."""

_COMPLETE = "scrapectl-complete"


class EnvironmentFailed(Exception):
    """The requirements could not be installed; the text says why in one line."""


def environment_for(files: Sequence[Path], names: Sequence[str], cache: Path) -> Path:
    """Return the `bin` folder of a Python that has what is asked for.

    Args:
        files: requirement files as pip reads them.
        names: packages asked for by name.
        cache: where environments are kept.

    Raises:
        EnvironmentFailed: pip said no.
    """
    wanted = [line for file in files for line in _lines(file)] + list(names)
    if not wanted:
        return PYTHON_FOLDER
    # A line with an option or a path means more than its text, so such a list is kept for these very files.
    special = [str(file) for file in files] if any(line.startswith(("-", ".", "/")) for line in wanted) else []
    text = "\n".join([platform.python_version(), platform.machine(), *special, *wanted])
    folder = cache / hashlib.sha256(text.encode()).hexdigest()[:16]
    cache.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # A mark at the end and no renaming: the scripts in an environment hold its path.
        if not (folder / _COMPLETE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, files, names)
            (folder / _COMPLETE).touch()
    return folder / "bin"


def _lines(file: Path) -> list[str]:
    lines = (line.strip() for line in file.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _make(folder: Path, files: Sequence[Path], names: Sequence[str]) -> None:
    # The server's own pip is used when it has one: making another takes seconds.
    own_pip = importlib.util.find_spec("pip") is not None
    _run([sys.executable, "-m", "venv", *(["--without-pip"] if own_pip else []), str(folder)], folder.parent)
    python = str(folder / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python] if own_pip else [python, "-m", "pip"]
    wanted = [word for file in files for word in ("-r", str(file))] + list(names)
    _run(
        [*pip, "install", "--quiet", "--no-input", "--disable-pip-version-check", *wanted],
        files[0].parent if files else folder,
    )


def _run(argv: list[str], folder: Path) -> None:
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        told = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        errors = [line for line in told if line.startswith("ERROR")] or told or [f"exit {done.returncode}"]
        raise EnvironmentFailed(f"the requirements could not be installed: {errors[-1].removeprefix('ERROR: ')}")
