"""What a scraper needs beside its own code: polite reading of a site, JSON lines to a bucket, a job's `main`.

Thin glue over urllib3 (retries), Protego (robots.txt), selectolax (HTML) and boto3 (S3). A scraper's build folder holds
a copy, which is yours to change; it comes from `containers/scraper` in scrapectl's repository.
"""

from scraper_base.job import Run, main, required
from scraper_base.lines import JsonLines
from scraper_base.on_lambda import run_anywhere
from scraper_base.web import Page, PageGone, Web

__all__ = ["JsonLines", "Page", "PageGone", "Run", "Web", "main", "required", "run_anywhere"]
