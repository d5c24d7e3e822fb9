"""One life, that parts at each first use of an action: a process of its own lives on without it, to see it missed."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

from scrapectl.pipeline.permissions import Purpose
from tests.permissions.life import Answer, Life, StoppedError, without

Play = Callable[[Life], object]


def first_uses(life: Life, play: Play, purpose: Purpose) -> list[set[str]]:
    """Play a scene; return for each of its commands under a purpose the actions that no earlier one had used."""
    so_far: list[set[str]] = []
    life.begins = lambda of: so_far.append(set(life.used.get(purpose, ()))) if of == purpose else None
    play(life)
    so_far.append(life.used.get(purpose, set()))
    return [after - before for before, after in pairwise(so_far)]


def without_each(
    life: Life, play: Play, purpose: Purpose, uses: list[set[str]], actions: set[str]
) -> Mapping[str, Answer]:
    """Play a scene as often as there are actions, each time without one; return what stopped each time.

    What comes before an action's first use is the same with and without it, and is therefore played once for all:
    the process forks there. It must have no thread at work then, as between two commands.

    Args:
        life: A new one, whose policies hold every action.
        play: The scene.
        purpose: Whose policy the actions are taken from.
        uses: What `first_uses` found.
        actions: Those to do without; each must be among the uses.
    """
    commands, answers = iter(uses), _answers(life.folder)
    parent = os.getpid()
    mine = ""  # the action that this process is without

    def begins(of: Purpose) -> None:
        nonlocal mine
        if of != purpose or mine:
            return
        for action in sorted(next(commands) & actions):
            if _fork():
                continue
            mine = action
            life.policies[purpose] = without(action, life.policies[purpose])
            return

    life.begins = begins
    try:
        play(life)
    except BaseException as ended:
        if os.getpid() == parent:
            raise
        _leave(answers / mine, ended)
    if os.getpid() != parent:
        _leave(answers / mine, None)
    return {path.name: Answer(**json.loads(path.read_text(encoding="utf-8"))) for path in answers.iterdir()}


def _answers(folder: Path) -> Path:
    answers = folder.with_name(f"{folder.name}-answers")
    answers.mkdir()
    return answers


def _fork() -> int:
    """Part; return 0 in the new process, and in this one its number, once it has ended."""
    until = time.monotonic() + 60
    while threading.active_count() > 1 and any(t.name.startswith("worker-") for t in threading.enumerate()):
        assert time.monotonic() < until, threading.enumerate()
        time.sleep(0.001)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, none of which is at work
        child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
    return child


def _leave(path: Path, ended: BaseException | None) -> NoReturn:
    """Tell what this process came to, and be gone: what is still to come in the stack is the other's."""
    with contextlib.suppress(BaseException):
        if isinstance(ended, StoppedError):
            answer = ended.answer
        else:
            answer = Answer(0, "", "" if ended is None else "".join(traceback.format_exception(ended)))
        path.write_text(json.dumps(asdict(answer)), encoding="utf-8")
        sys.stderr.flush()
    os._exit(0)
