"""The library becomes importable as it is in its image, and the examples' web server with it."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parents[1]
FOLDERS = [HERE, HERE.parents[1] / "examples"]

sys.path[:0] = [str(folder) for folder in FOLDERS if str(folder) not in sys.path]
