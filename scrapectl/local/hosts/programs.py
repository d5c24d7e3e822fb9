"""The programs of Amazon Linux that this machine lacks, or that must not touch it, as an instance finds them."""

from __future__ import annotations

import sys
from pathlib import Path

_NOT_RUN = ("dnf", "yum", "systemctl", "shutdown", "reboot", "poweroff")
_SAYS = """#!/bin/sh
echo "scrapectl: $(basename "$0") $* is not run here: it would change this machine"
"""
_ENGINE = """#!{python} -IS
import sys
sys.path[:0] = {path!r}
from scrapectl.local.hosts.engine import main
sys.exit(main(sys.argv[1:], {cache!r}))
"""


def write_programs(folder: Path, cache: Path) -> Path:
    """Write them into a folder, which comes first in an instance's PATH.

    Args:
        folder: Made new.
        cache: Where images are kept that were made ready.
    """
    folder.mkdir()
    texts = dict.fromkeys(_NOT_RUN, _SAYS)
    texts["docker"] = _ENGINE.format(python=sys.executable, path=[one for one in sys.path if one], cache=str(cache))
    for name, text in texts.items():
        program = folder / name
        program.write_text(text)
        program.chmod(0o755)
    return folder
