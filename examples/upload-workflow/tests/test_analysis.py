"""The analysis by itself: files in, reports out, and what is said of files that are none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parent.parent
SAMPLE = EXAMPLE / "sample" / "tank-7.csv"


def analyse(folder: Path, key: str, **more: str) -> subprocess.CompletedProcess[str]:
    known = {"INPUT": str(folder / "in"), "OUTPUT": str(folder / "out"), "PREFIX": "chronostics/", "BUCKET": "uploads"}
    environment = {**os.environ, **known, "KEY": key, "VERSION": "v1", "RUN": "run-1", **more}
    return subprocess.run(
        [sys.executable, "-m", "analysis"],
        cwd=EXAMPLE / "analysis",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def put(folder: Path, name: str, text: str) -> None:
    file = folder / "in" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def report(folder: Path, run: str = "run-1") -> dict:
    return json.loads((folder / "out" / run / "report.json").read_text())


def test_a_series_is_described(tmp_path):
    put(tmp_path, "site/tank-7.csv", SAMPLE.read_text())
    done = analyse(tmp_path, "chronostics/site/tank-7.csv")
    assert done.returncode == 0, done.stderr
    found = report(tmp_path)
    assert found["of"] == {"object": "s3://uploads/chronostics/site/tank-7.csv", "version": "v1", "run": "run-1"}
    assert found["rows"] == 200
    assert found["longest_gap"] == 7 * 3600
    columns = {column["name"]: column for column in found["columns"]}
    assert columns["temperature"]["outliers"] == ["2026-11-05 15:00:00+00:00"]
    assert columns["pressure"]["slope"] == pytest.approx(0.05, abs=0.01)
    assert columns["flow"]["missing"] == 6
    assert "| pressure | 200 | 0 |" in (tmp_path / "out" / "run-1" / "report.md").read_text()


def test_numbers_are_what_a_hand_would_come_to(tmp_path):
    put(tmp_path, "a.csv", "time,x\n2026-01-01T00:00:00Z,1\n2026-01-01T02:00:00Z,3\n2026-01-01T01:00:00Z,2\n")
    assert analyse(tmp_path, "chronostics/a.csv").returncode == 0
    (column,) = report(tmp_path)["columns"]
    assert (column["mean"], column["least"], column["most"], column["slope"]) == (2, 1, 3, pytest.approx(1))


def test_runs_do_not_mix(tmp_path):
    put(tmp_path, "a.csv", "time,x\n2026-01-01,1\n")
    for run in ("one", "two"):
        assert analyse(tmp_path, "chronostics/a.csv", RUN=run).returncode == 0
    assert report(tmp_path, "one")["of"]["run"] == "one"
    assert report(tmp_path, "two")["of"]["run"] == "two"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: a time and at least one column were expected"),
        ("time,x\n", "it has no rows"),
        ("time,x\n2026-01-01,1,2\n", "line 2: 3 fields where 2 were expected"),
        ("time,x\n2026-01-01,1\nyesterday,2\n", "line 3: Invalid isoformat string: 'yesterday'"),
        ("time,x\n2026-01-01,nan\n", "line 2: nan is no measurement"),
        ("time,x\n2026-01-01,much\n", "line 2: could not convert string to float: 'much'"),
    ],
)
def test_what_is_no_series_is_said_with_its_line(tmp_path, text, said):
    put(tmp_path, "a.csv", text)
    done = analyse(tmp_path, "chronostics/a.csv")
    assert done.returncode == 1
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_there_fails(tmp_path):
    put(tmp_path, "a.csv", "")
    done = analyse(tmp_path, "chronostics/b.csv")
    assert done.returncode == 1
    assert "chronostics/b.csv was not copied" in done.stderr


def test_a_key_never_leads_out_of_the_folder(tmp_path):
    put(tmp_path, "a.csv", "")
    (tmp_path / "secret.csv").write_text("time,x\n2026-01-01,1\n")
    done = analyse(tmp_path, "chronostics/../secret.csv")
    assert done.returncode == 1
    assert "does not lie in the folder" in done.stderr
