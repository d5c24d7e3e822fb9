"""Makes `fake` importable and gives the engine a whole way over it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
