"""Check the object `KEY` of `BUCKET`: its rows go below `STAGED`, or else what is wrong with it below `REJECTED`.

`RUN` names the folder in either, so that a second attempt of a run writes the same objects again.
"""

from __future__ import annotations

import codecs
import csv
import json
import os
import sys
import tempfile
from typing import Any

import boto3

from checker.rows import COLUMNS, check

SHOWN = 20


def main() -> int:
    """Return 0, or 1 when a row is wrong or there is none."""
    bucket, key, version, run = (os.environ[name] for name in ("BUCKET", "KEY", "VERSION", "RUN"))
    s3 = boto3.client("s3")
    body = s3.get_object(Bucket=bucket, Key=key, **({"VersionId": version} if version else {}))["Body"]
    good = 0
    wrong: list[dict[str, Any]] = []
    with tempfile.NamedTemporaryFile("w", newline="", suffix=".csv", encoding="utf-8") as staged:
        writer = csv.writer(staged)
        writer.writerow(COLUMNS)
        for row in check(codecs.getreader("utf-8-sig")(body)):
            if row.wrong:
                wrong.append({"line": row.line, "wrong": row.wrong})
            else:
                good += 1
                writer.writerow(row.fields)
        staged.flush()
        if good and not wrong:
            s3.upload_file(staged.name, bucket, f"{os.environ['STAGED']}{run}/persons.csv")
            print(f"{key}: {good} rows staged")
            return 0
    reasons = wrong or [{"line": 0, "wrong": "it has no rows"}]
    lines = "".join(json.dumps({"key": key, "version": version, **reason}) + "\n" for reason in reasons)
    s3.put_object(Bucket=bucket, Key=f"{os.environ['REJECTED']}{run}/reasons.jsonl", Body=lines.encode())
    for reason in reasons[:SHOWN]:
        print(f"{key}:{reason['line']}: {reason['wrong']}", file=sys.stderr)
    print(f"{key}: {len(reasons)} wrong, nothing staged", file=sys.stderr)
    return 1


sys.exit(main())
