"""`python -m scrapectl` is `scrapectl`."""

from scrapectl.cli import program

program()
