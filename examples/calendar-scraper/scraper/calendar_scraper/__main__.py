"""One run, wherever it is: the same program is a Batch job, a Lambda function and an EC2 host.

python -m calendar_scraper, with SITE (an address), BUCKET (a name) and NPS_KEY (a secret) in the environment.
"""

from __future__ import annotations

import sys

from scraper_base import run_anywhere

from calendar_scraper.run import run_once

if __name__ == "__main__":
    sys.exit(run_anywhere(run_once))
