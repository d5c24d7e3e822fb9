"""`python -m scrapectl` is `scrapectl`."""

import sys

from scrapectl.cli import main

sys.exit(main())
