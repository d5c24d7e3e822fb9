"""Turns the text of a pipeline file into a checked `Spec`, or into everything that is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scrapectl.spec.model import Spec

__all__ = ["check_text", "load_spec"]


def load_spec(
    path: str | Path,
    *,
    stage: str | None = None,
    settings: Iterable[str] = (),
    region: str | None = None,
    env: Mapping[str, str] | None = None,
    require_env: bool = True,
    confirm: bool = False,
) -> Spec:
    """Load and check a spec file, without AWS.

    Args:
        path: The file; problems name it as it is given here.
        stage: The stage to merge in.
        settings: `path.to.key=value`, as after `--set`.
        region: Outranks the file's.
        env: What `${env.X}` reads; the process's own by default.
        require_env: Whether an unset `${env.X}` is an error. Else it stays open as `Unset` in texts, and is as if it
            were not written everywhere else.
        confirm: Whether jsonschema is asked as well, with the published schema, when nothing wrong was found.

    Raises:
        SpecError: With every problem at once.
        UsageError: When the file cannot be read, a setting is not `path=value`, or there is no such stage.
    """
    from scrapectl.spec.load import Options, load_file  # noqa: PLC0415 - `--help` must not pay for YAML

    known = os.environ if env is None else env
    options = Options(
        stage=stage, settings=tuple(settings), region=region, env=known, require_env=require_env, confirm=confirm
    )
    return load_file(Path(path), options)


def check_text(
    text: str,
    file: str = "pipeline.yaml",
    *,
    folder: str | Path = ".",
    stage: str | None = None,
    settings: Iterable[str] = (),
    region: str | None = None,
    env: Mapping[str, str] | None = None,
    require_env: bool = True,
    confirm: bool = False,
) -> Spec:
    """Check a spec given as text; `file` is what problems name, everything else as for `load_spec`."""
    from scrapectl.spec.load import Options, load_text  # noqa: PLC0415 - `--help` must not pay for YAML

    known = os.environ if env is None else env
    options = Options(
        stage=stage, settings=tuple(settings), region=region, env=known, require_env=require_env, confirm=confirm
    )
    return load_text(text, file, Path(folder), options)
