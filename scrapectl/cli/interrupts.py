"""Ctrl-C → KeyboardInterrupt, also when Python drops it, as it does while an object is being deleted."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType


class _Heard:
    pressed = False


def hear() -> None:
    """Hear Ctrl-C from now on; who was started deaf to it, as a shell's background job is, stays so."""
    _Heard.pressed = False
    sys.unraisablehook = _press_again
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _press)


def hear_no_more() -> None:
    """Let Ctrl-C pass unheard."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def sleep(seconds: float) -> None:
    """Sleep between two looks of what goes on until Ctrl-C.

    Whoever still looks after Ctrl-C was pressed has not got it: some destructors (a socket's, a file's) drop it without
    a word.

    Raises:
        KeyboardInterrupt: It was pressed.
    """
    if not _Heard.pressed:
        time.sleep(seconds)
    if _Heard.pressed:
        _Heard.pressed = False
        raise KeyboardInterrupt


def _press(_number: int, _frame: FrameType | None) -> NoReturn:
    _Heard.pressed = True
    raise KeyboardInterrupt


def _press_again(unraisable: sys.UnraisableHookArgs) -> None:
    """Take a Ctrl-C that was dropped with a word as pressed a moment later."""
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
        return
    import threading  # noqa: PLC0415 - only this needs it

    _Heard.pressed = True
    # Not now: an error inside this hook would itself be dropped, and printed.
    later = threading.Timer(0.05, _press_unless_heard)
    later.daemon = True
    later.start()


def _press_unless_heard() -> None:
    import _thread  # noqa: PLC0415 - only this needs it

    if _Heard.pressed:
        _thread.interrupt_main()
