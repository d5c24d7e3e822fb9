"""The programs of Amazon Linux that this machine lacks, or that must not touch it, as an instance finds them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from scrapectl.local.engine.choice import VARIABLE, client_environment

_NOT_RUN = ("dnf", "yum", "systemctl", "shutdown", "reboot", "poweroff")
_SAYS = """#!/bin/sh
echo "scrapectl: $(basename "$0") $* is not run here: it would change this machine"
"""
_ENGINE = """#!{python} -IS
import sys
sys.path[:0] = {path!r}
from scrapectl.local.hosts.engine import main
sys.exit(main(sys.argv[1:], {scratch!r}, {cache!r}, {client!r}))
"""


def write_programs(scratch: Path, cache: Path) -> Path:
    """Write them into a folder of an instance's own, which comes first in its PATH.

    Args:
        scratch: The instance's folder.
        cache: Where images are kept that were made ready.
    """
    folder = scratch / "programs"
    folder.mkdir()
    client = {**client_environment(), VARIABLE: os.environ.get(VARIABLE, "")}
    path = [one for one in sys.path if one]
    texts = dict.fromkeys(_NOT_RUN, _SAYS)
    texts["docker"] = _ENGINE.format(
        python=sys.executable, path=path, scratch=str(scratch), cache=str(cache), client=client
    )
    for name, text in texts.items():
        program = folder / name
        program.write_text(text)
        program.chmod(0o700)
    return folder
