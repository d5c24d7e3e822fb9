"""Analyse the uploaded file: `INPUT` and `OUTPUT` are folders, `KEY` says which file, `RUN` where the report goes."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath

from analysis.report import write
from analysis.series import WrongSeries, describe


def main() -> int:
    """Return 0, or 1 when the file is not there or no series."""
    key = os.environ["KEY"]
    below = PurePosixPath(key.removeprefix(os.environ.get("PREFIX", "")))
    folder = Path(os.environ["INPUT"])
    file = folder / below
    if not file.resolve().is_relative_to(folder.resolve()):  # a key may hold ".."
        print(f"{key} does not lie in the folder of uploads", file=sys.stderr)
        return 1
    try:
        series = describe(file)
    except FileNotFoundError:
        print(f"{key} was not copied: {file} is not there", file=sys.stderr)
        return 1
    except WrongSeries as error:
        print(error, file=sys.stderr)
        return 1
    of = {"object": f"s3://{os.environ['BUCKET']}/{key}", "version": os.environ.get("VERSION") or "none"}
    write(series, of | {"run": os.environ["RUN"]}, Path(os.environ["OUTPUT"]) / os.environ["RUN"])
    print(f"{key}: {series.rows} rows, {len(series.columns)} columns")
    return 0


sys.exit(main())
