"""Measures start-up, and the calls and time of plan and apply by number of jobs; prints figures, decides nothing.

python bench/measure.py [--jobs 10,100,1000]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scrapectl import pipeline
from scrapectl.aws.session import Session, Where
from scrapectl.local.cloud import Cloud
from scrapectl.local.inprocess import connect, record
from scrapectl.spec import check_text

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "batch-collector" / "pipeline.yaml"
HEAVY = ("boto3", "botocore", "moto", "rich", "jsonschema", "yaml", "click")
JOB = "  job-{n}: {{image: public.ecr.aws/docker/library/python:3.13, schedules: {{daily: {{cron: '0 6 * * ? *'}}}}}}\n"


def start_up(*arguments: str, times: int = 10) -> dict[str, object]:
    """The median of so many runs of a command in seconds, and which heavy libraries it imported."""
    command = [sys.executable, "-m", "scrapectl", *arguments]
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - began)
    listing = subprocess.run(
        [sys.executable, "-X", "importtime", *command[1:]], capture_output=True, text=True, check=True
    )
    imported = {line.rsplit("|", 1)[1].strip().split(".")[0] for line in listing.stderr.splitlines() if "|" in line}
    return {"median_seconds": round(statistics.median(seconds), 3), "imports": [n for n in HEAVY if n in imported]}


def whole_way(jobs: int) -> dict[str, object]:
    """Calls and seconds of apply from empty, of a plan with nothing changed, and of destroy, in process."""
    cloud = Cloud()
    calls = record(cloud).calls
    text = "pipeline: bench\nversion: 1\njobs:\n" + "".join(JOB.format(n=n) for n in range(jobs))
    with tempfile.TemporaryDirectory() as folder:
        spec = check_text(text, folder=folder)
        aws = Session(connect(cloud), Where(local=True), cloud.account, "us-east-1", "aws")
        figures: dict[str, object] = {"jobs": jobs}
        for name, plan in (
            ("apply", lambda: pipeline.plan_spec(spec, aws)),
            ("plan", lambda: pipeline.plan_spec(spec, aws)),
            ("destroy", lambda: pipeline.plan_destroy(pipeline.Instance("bench"), aws)),
        ):
            before, began = len(calls), time.perf_counter()
            planned = plan()
            if name != "plan":
                pipeline.apply_plan(planned, aws)
            figures[name] = {"calls": len(calls) - before, "seconds": round(time.perf_counter() - began, 2)}
    cloud.close()
    return figures


def main() -> int:
    """Print every figure as JSON, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", default="10,100,1000")
    numbers = [int(number) for number in parser.parse_args().jobs.split(",")]
    print(json.dumps({"--help": start_up("--help")}))
    print(json.dumps({"validate batch-collector": start_up("validate", str(EXAMPLE))}))
    for number in numbers:
        print(json.dumps(whole_way(number)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
