"""The words so far of a command line → what the spec here offers next, for the shell; never an error."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

if TYPE_CHECKING:
    from scrapectl.spec.nodes import Node

COMPLETE = "_SCRAPECTL_COMPLETE"
"""The variable by which a shell asks for completions: `bash_complete`, `zsh_complete`, `fish_complete`."""
SHELLS = ("bash", "zsh", "fish")
PROGRAM = "scrapectl"
_RUNNABLE = ("jobs", "functions", "workflows", "loaders", "hosts")
_DEFAULT = "pipeline.yaml"  # options.DEFAULT_SPEC, which imports this module

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def source(shell: str) -> str:
    """What a shell reads to complete: click's own functions."""
    found = get_completion_class(shell)
    if found is None:
        raise AssertionError(shell)
    made = found(click.Group(PROGRAM), {}, PROGRAM, COMPLETE)
    return made.source_template % made.source_vars()


def answer(root: click.Command, asked: str) -> int:
    """Answer a shell's question; what cannot be known offers nothing, and is never told as an error."""
    shell, _, instruction = asked.partition("_")
    found = get_completion_class(shell)
    if found is None or instruction != "complete":
        return 1
    try:
        text = found(root, {}, PROGRAM, COMPLETE).complete()
    except Exception:  # noqa: BLE001 - a shell that completes has no place for errors
        text = ""
    if text:
        click.echo(text)
    return 0


def keys_of(*sections: str) -> Complete:
    """Offer the names in sections of the spec."""

    def offer(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        tree = _tree(ctx)
        return _items((key for section in sections for key in _keys(tree, section)), incomplete)

    return offer


RUNNABLE = keys_of(*_RUNNABLE)
"""Offer what can be run by its name."""


def schedules(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the schedules of what was named before."""
    tree, name = _tree(ctx), str(ctx.params.get("name"))
    return _items((key for section in _RUNNABLE for key in _keys(tree, section, name, "schedules")), incomplete)


def origins(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer `section.name` for everything that the spec names."""
    tree = _tree(ctx)
    return _items((f"{section}.{key}" for section in _keys(tree) for key in _keys(tree, section)), incomplete)


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave files to the shell."""
    return [CompletionItem(incomplete, type="file")]


def _items(names: Iterator[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _keys(tree: Node | None, *path: str) -> Iterator[str]:
    """Name the keys of the map at a path; none where there is no map."""
    from scrapectl.spec.nodes import Mapping  # noqa: PLC0415 - only a completion from a spec needs it

    for name in path:
        tree = tree.entries.get(name) if isinstance(tree, Mapping) else None
    if isinstance(tree, Mapping):
        yield from tree.entries


def _tree(ctx: click.Context) -> Node | None:
    """The spec that the words so far mean, unchecked; with `--pipeline` there is none."""
    from scrapectl.spec.yaml import parse, read_text  # noqa: PLC0415 - only a completion from a spec needs it

    given = ctx.params
    if given.get("pipeline"):
        return None
    path = given.get("file") or given.get("spec") or os.environ.get("SCRAPECTL_SPEC") or _DEFAULT
    return parse(read_text(Path(path), path), path)
