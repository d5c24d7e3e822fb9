"""The options that every command shares, before or after its name, made into one `Settings`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click
from click.core import ParameterSource

from scrapectl.cli.completing import files
from scrapectl.errors import UsageError

ContextSettings = dict[str, Any]
_GIVEN = "scrapectl.given"
DEFAULT_SPEC = "pipeline.yaml"


@dataclass(frozen=True)
class Settings:
    """What was said of AWS, of the instance and of the output, wherever on the command line it stood."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    local: bool = False
    stage: str | None = None
    sets: tuple[str, ...] = ()
    output: Literal["text", "json"] = "text"
    no_color: bool = False
    debug: bool = False

    @property
    def json(self) -> bool:
        """Whether standard output holds one JSON document and nothing else."""
        return self.output == "json"


def COMMON() -> list[click.Parameter]:  # noqa: N802 - a table, made anew for each command
    """The shared options; each notes what it was given, and the innermost wins."""
    return [
        _option("--profile", help="The AWS profile."),
        _option("--region", help="The AWS region."),
        _option("--endpoint-url", help="Another address than AWS's own."),
        _option("--local", is_flag=True, help="Use the embedded cloud (or SCRAPECTL_LOCAL=1)."),
        _option("--stage", help="The stage of the spec, such as prod."),
        _option("--set", "sets", multiple=True, metavar="K=V", help="Set a key of the spec: vars.zip=10001."),
        _option("--output", type=click.Choice(["text", "json"]), help="The form of standard output."),
        _option("--no-color", is_flag=True, help="No colour (or NO_COLOR)."),
        _option("-v", "--debug", "debug", is_flag=True, help="Log every AWS call; show tracebacks."),
    ]


def settings_of(ctx: click.Context) -> Settings:
    """What was given at every level, with the environment's own words."""
    given = dict(ctx.meta.get(_GIVEN, {}))
    given.setdefault("local", _local_by_environment())
    given.setdefault("no_color", bool(os.environ.get("NO_COLOR")))
    if given["local"] and given.get("endpoint_url"):
        raise UsageError("--local and --endpoint-url name two different clouds.", "Give one of them.")
    return Settings(**given)


def _local_by_environment() -> bool:
    return os.environ.get("SCRAPECTL_LOCAL", "").lower() in {"1", "true", "yes"}


def _option(*names: str, **attributes: Any) -> click.Option:
    return click.Option([*names], expose_value=False, callback=_note, **attributes)


def _note(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if param.name is None or ctx.get_parameter_source(param.name) is not ParameterSource.COMMANDLINE:
        return
    given = ctx.meta.setdefault(_GIVEN, {})
    given[param.name] = (*given.get(param.name, ()), *value) if isinstance(value, tuple) else value


def command_line(settings: Settings, words: str) -> str:
    """A command to type next: its words, and what was said on this line of where it is to go."""
    given = [
        *(["--local"] if settings.local and not _local_by_environment() else []),
        *(["--profile", settings.profile] if settings.profile else []),
        *(["--region", settings.region] if settings.region else []),
        *(["--endpoint-url", settings.endpoint_url] if settings.endpoint_url else []),
        *(["--stage", settings.stage] if settings.stage else []),
    ]
    return shlex.join(["scrapectl", *given]) + f" {words}"


spec_argument = click.argument("spec", required=False, shell_complete=files)
file_option = click.option("-f", "--file", "file", metavar="SPEC", help="The spec's file.", shell_complete=files)
pipeline_option = click.option("--pipeline", metavar="NAME", help="The name of a pipeline that stands; no spec needed.")


def spec_path(spec: str | None, file: str | None) -> str:
    """The spec's file: as given, else `$SCRAPECTL_SPEC`, else `pipeline.yaml` here."""
    if spec and file and spec != file:
        raise UsageError(f"Two specs are given, {spec} and {file}.", "Give one of them.")
    path = spec or file or os.environ.get("SCRAPECTL_SPEC")
    if path:
        return path
    if not Path(DEFAULT_SPEC).is_file():
        raise UsageError(
            f"There is no {DEFAULT_SPEC} here.",
            "Name the spec's file, set SCRAPECTL_SPEC, or write one: scrapectl init",
        )
    return DEFAULT_SPEC


Decorator = Callable[[Any], Any]
