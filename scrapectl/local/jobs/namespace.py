"""Turn a command into the same with folders mounted at paths of its own, which nobody else on this machine sees.

Run as a script (`python -I -S namespace.py ORDER -- PROGRAM ARGUMENT…`), which becomes the program. ORDER is JSON:
`{"mounts": [[folder, path, read only], …], "stage": an empty folder}`. The mounts go with the process. A path that is
not there is made in this view alone: the nearest folder on the way to it is shown with all that is in it, and more.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
NOT_FOUND = 127


def main() -> None:
    """Mount what is ordered, then become the program."""
    order, program = json.loads(sys.argv[1]), sys.argv[3:]
    here = Path.cwd()
    _leave_the_common_view()
    view = _View(Path(order["stage"]))
    for folder, path, read_only in sorted(order["mounts"], key=lambda entry: entry[1]):
        view.mount(folder, path, read_only=read_only)
    os.chdir(here)
    try:
        os.execvp(program[0], program)  # noqa: S606 - the job's own program
    except OSError as error:
        sys.stderr.write(f'exec: "{program[0]}": {(error.strerror or str(error)).lower()}\n')
        sys.exit(NOT_FOUND)


def _leave_the_common_view() -> None:
    """Take a view of mounts of our own; who is not root first becomes able to in a user namespace, as themselves."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        if libc.unshare(CLONE_NEWNS | CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _mount("none", "/", MS_REC | MS_PRIVATE)


class _View:
    """What this process sees; `stage` is where folders are put together that the machine does not have so."""

    def __init__(self, stage: Path) -> None:
        self.stage = stage
        self.made: set[Path] = set()

    def mount(self, folder: str, path: str, *, read_only: bool) -> None:
        self._make(Path(path))
        _mount(folder, path, MS_BIND | MS_REC)
        if read_only:
            _mount("none", path, MS_BIND | MS_REMOUNT | MS_RDONLY)

    def _make(self, path: Path) -> None:
        if path.is_dir():
            return
        around = next(parent for parent in path.parents if parent.is_dir())
        if around not in self.made:
            self._show_with(around)
        path.mkdir(parents=True)
        self.made |= {around, path, *(one for one in path.parents if around in one.parents)}

    def _show_with(self, around: Path) -> None:
        """Put a folder in the place of one, with all that is in it, into which more can be put."""
        copy = self.stage / f"view-{len(self.made)}"
        copy.mkdir()
        _mount("none", str(copy), 0, "tmpfs")
        for inside in around.iterdir():
            here = copy / inside.name
            if inside.is_symlink():
                here.symlink_to(inside.readlink())
                continue
            if inside.is_dir():
                here.mkdir()
            else:
                here.touch()
            _mount(str(inside), str(here), MS_BIND | MS_REC)
        if around == Path("/"):
            os.chroot(copy)
        else:
            _mount(str(copy), str(around), MS_BIND | MS_REC)


def _mount(source: str, target: str, flags: int, kind: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


if __name__ == "__main__":
    main()
