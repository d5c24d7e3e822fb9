"""The examples' own code becomes importable, as it is in their containers."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
FOLDERS = [
    HERE,
    HERE / "quickstart" / "scraper",
    HERE / "batch-collector" / "collector",
    HERE / "calendar-scraper" / "scraper",
]

sys.path[:0] = [str(folder) for folder in FOLDERS if str(folder) not in sys.path]
