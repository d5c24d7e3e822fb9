"""One run, wherever it is: the same program is a Batch job, a Lambda function and an EC2 host.

python -m calendar_scraper, with SITE (an address), BUCKET (a name) and NPS_KEY (a secret) in the environment.
"""

from __future__ import annotations

import os
import sys

from calendar_scraper.on_lambda import serve
from calendar_scraper.run import run_once

if __name__ == "__main__":
    sys.exit(serve(run_once) if "AWS_LAMBDA_RUNTIME_API" in os.environ else run_once())
