"""The tree of commands: each is imported when it is called, so that `--help` costs nothing."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from scrapectl.cli.help import HELP, Help, subcommands
from scrapectl.cli.options import COMMON, ContextSettings, settings_of
from scrapectl.errors import UsageError

WIDTH = 110


class _Taught(click.Command):
    """A command whose help ends with examples as they are typed."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write examples as they are typed, a line each."""
        del ctx
        lines = (self.epilog or "").splitlines()
        if lines:
            with formatter.section("Examples"):
                formatter.write("".join(f"{'':>{formatter.current_indent}}{line}\n" for line in lines))


class LazyGroup(_Taught, click.Group):
    """A group that knows its commands by name, and imports the one that is called."""

    def __init__(self, path: str, **settings: Any) -> None:
        super().__init__(name=path.rpartition(" ")[2] or "scrapectl", **settings)
        self.path = path

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name them without importing any."""
        del ctx
        return subcommands(self.path)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one that is called."""
        del ctx
        path = f"{self.path} {cmd_name}".strip()
        if path not in HELP:
            return None
        if subcommands(path):
            return group(path)
        module = importlib.import_module(f"scrapectl.cli.{path.replace(' ', '_')}")
        found = getattr(module, path.replace(" ", "_"))
        return found if isinstance(found, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the one that is called, or say which may be meant.

        Raises:
            UsageError: There is no such command.
        """
        name = args[0]
        if f"{self.path} {name}".strip() not in HELP:
            close = difflib.get_close_matches(name, subcommands(self.path), 1, cutoff=0.7)
            hint = f'Did you mean "{close[0]}"?' if close else f"See: {ctx.command_path} --help"
            raise UsageError(f'There is no command "{name}".', hint)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer commands with their one line each, without importing any."""
        names = [name for name in subcommands(self.path) if name.startswith(incomplete)]
        found = [CompletionItem(name, help=HELP[f"{self.path} {name}".strip()].summary) for name in names]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List them with their one line each."""
        del ctx
        rows = [(name, HELP[f"{self.path} {name}".strip()].summary) for name in subcommands(self.path)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def group(path: str) -> LazyGroup:
    """The group of a name ("" for the whole tool), with the options that every command shares."""
    made = LazyGroup(path, params=COMMON(), **_texts(HELP.get(path) or _TOOL), context_settings=_CONTEXT)
    return made if path else click.version_option(package_name="scrapectl", message="%(prog)s %(version)s")(made)


def command(path: str, *params: Callable[[Any], Any]) -> Callable[[Callable[..., int | None]], click.Command]:
    """Make a function the command of a name: it gets the shared settings first, then its own parameters.

    Args:
        path: The command's name, with its group's before it ("schedule next").
        params: click's own decorators for its options and arguments.
    """

    def decorate(function: Callable[..., int | None]) -> click.Command:
        def call(**values: Any) -> int | None:
            return function(settings_of(click.get_current_context()), **values)

        for param in reversed(params):
            call = param(call)
        made = click.command(path.rpartition(" ")[2], cls=_Taught, **_texts(HELP[path]), context_settings=_CONTEXT)(
            call
        )
        made.params.extend(COMMON())
        return made

    return decorate


def _texts(words: Help) -> dict[str, Any]:
    return {"help": f"{words.summary}\n\n{words.text}".strip(), "epilog": "\n".join(words.examples)}


_TOOL = Help(
    "Plan, apply, run and watch scraping pipelines in your own AWS account, from one YAML file.",
    "The spec is SPEC or --file, else $SCRAPECTL_SPEC, else pipeline.yaml here.",
    ("scrapectl init shop", "scrapectl --local apply", "scrapectl run collect --follow", "scrapectl plan --help"),
)
_CONTEXT: ContextSettings = {"help_option_names": ["-h", "--help"], "max_content_width": WIDTH}
