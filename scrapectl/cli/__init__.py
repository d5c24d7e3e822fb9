"""The command line: words in, text or JSON and an exit code out; `main` is where every error becomes a code."""

from __future__ import annotations

import gc
import io
import itertools
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from scrapectl.cli.interrupts import hear, hear_no_more

if TYPE_CHECKING:
    from scrapectl.errors import ScrapectlError

BROKEN_PIPE = 141  # what a shell says of a program whose reader has left
INTERRUPTED = 130  # and of one that Ctrl-C ended
# A command keeps nearly all that it makes until its end: Python's own 700 cost it a tenth of its start.
_GARBAGE = (50_000, 20, 20)


def program() -> NoReturn:
    """Be the program `scrapectl`: carry out its own command line, and end with the code of that."""
    gc.set_threshold(*_GARBAGE)
    try:
        code = _hear_and_carry_out()
        hear_no_more()  # all is said: Python's own end must not be torn by one more
    except KeyboardInterrupt:  # pressed in the moment between
        code = INTERRUPTED
        hear_no_more()
    sys.exit(code)


def _hear_and_carry_out() -> int:
    try:
        hear()
        if isinstance(sys.stdout, io.TextIOWrapper):  # as standard error is: what cannot be written is spelled out
            sys.stdout.reconfigure(errors="backslashreplace")
        return main()
    except KeyboardInterrupt:  # pressed while an earlier one was being told
        return INTERRUPTED


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line and return its exit code, as CLI.md promises it."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = words[: words.index("--")] if "--" in words else words
    try:
        return _carry_out([*words])  # click takes from its list what it has read
    except BrokenPipeError:
        return _leave_quietly()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place where errors become codes
        return _tell(error, options)


def _carry_out(words: list[str]) -> int:
    import click  # noqa: PLC0415 - so that an interrupt while importing is told, too

    from scrapectl.cli.completing import COMPLETE, answer  # noqa: PLC0415 - the same
    from scrapectl.cli.root import group  # noqa: PLC0415 - the same

    root = group("")
    if COMPLETE in os.environ:
        return answer(root, os.environ[COMPLETE])
    try:
        # Not `root.main`: click would end the program itself when the reader of standard output has left.
        with root.make_context("scrapectl", words) as context:
            return root.invoke(context) or 0
    except click.exceptions.Exit as end:  # of --help
        return int(end.exit_code)


def _tell(error: BaseException, options: Sequence[str]) -> int:
    from scrapectl.views.problems import print_error  # noqa: PLC0415 - only errors need it

    if {"-v", "--debug"} & set(options):
        import traceback  # noqa: PLC0415 - only this needs it

        traceback.print_exception(error, file=sys.stderr)
    told = _meaning(error)
    as_json = "--output=json" in options or ("--output", "json") in itertools.pairwise(options)
    try:
        if _came_of_ctrl_c(error) and sys.stderr.isatty():
            sys.stderr.write("\n")  # the terminal has written ^C where the message would begin
        print_error(told, as_json=as_json)
    except BrokenPipeError:
        return _leave_quietly()
    return told.exit_code


def _came_of_ctrl_c(error: BaseException) -> bool:
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__context__, KeyboardInterrupt)


def _leave_quietly() -> int:
    """Point standard output nowhere: Python flushes it once more as it ends, and that must not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE


def _meaning(error: BaseException) -> ScrapectlError:
    """Say any error in our own words."""
    import click  # noqa: PLC0415 - loaded already when an error comes

    from scrapectl import errors  # noqa: PLC0415 - the same

    if isinstance(error, errors.ScrapectlError):
        return error
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return errors.Interrupted("Interrupted.")
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return errors.UsageError(error.format_message())
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        return errors.UsageError(error.format_message(), f"Try: {context.command_path} --help" if context else "")
    text = f"unexpected error: {type(error).__name__}: {error}".partition("\n")[0]
    return errors.ScrapectlError(text, "Run it with --debug to see where it comes from.")
