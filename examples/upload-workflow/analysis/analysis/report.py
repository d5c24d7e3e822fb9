"""What is known of a series → a report for people (Markdown) and one for programs (JSON)."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from analysis.series import Series


def write(series: Series, of: dict[str, str], folder: Path) -> None:
    """Write both reports into a folder of their own; each appears whole or not at all.

    Args:
        series: What is known.
        of: Which object it was, in words for the head of the report.
        folder: Where; made when it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    document = {"of": of, **dataclasses.asdict(series)}
    _put(folder / "report.json", json.dumps(document, indent=1) + "\n")
    _put(folder / "report.md", _markdown(series, of))


def _put(file: Path, text: str) -> None:
    """A second attempt of the same run writes the same file again; nobody ever reads half of one."""
    fresh = file.with_suffix(".part")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


def _markdown(series: Series, of: dict[str, str]) -> str:
    lines = ["# Report", "", *(f"- {name}: {value}" for name, value in of.items())]
    lines += [f"- rows: {series.rows}, from {series.begins} to {series.ends}"]
    lines += [f"- longest gap: {series.longest_gap:g} s", ""]
    lines += ["| column | values | missing | mean | deviation | least | most | an hour | outliers |"]
    lines += ["|---|---|---|---|---|---|---|---|---|"]
    for column in series.columns:
        name = column.name.replace("|", "\\|")
        numbers = (column.mean, column.deviation, column.least, column.most, column.slope)
        cells = [name, str(column.count), str(column.missing), *(f"{number:.6g}" for number in numbers)]
        lines.append(f"| {' | '.join([*cells, str(len(column.outliers))])} |")
    return "\n".join(lines) + "\n"
