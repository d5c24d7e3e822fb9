"""Plays the terminal session of docs/systems/000-session.md on the embedded cloud, and writes it down."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "systems" / "000-session.md"
sys.path.insert(0, str(ROOT / "examples"))
PORT = 8642

INTRO = """# A session with the batch collector

Played by `python docs/record_session.py` on the embedded cloud (`SCRAPECTL_LOCAL=1`), in a copy of
`examples/batch-collector` whose site is the shipped one on loopback, with a PostgreSQL and without a container engine;
long output is cut.

"""
SED_MEMORY = "sed -i.bak '0,/memory: 512/s//memory: 1024/' pipeline.yaml && diff pipeline.yaml.bak pipeline.yaml"
COMMANDS = (
    ("scrapectl doctor", 0),
    ("scrapectl policy --for apply --output json | head -30", 0),
    ("scrapectl apply --yes --output json 2>/dev/null | head -40", 0),
    ("scrapectl plan --detailed-exitcode", 0),
    (SED_MEMORY, 1),
    ("scrapectl plan --detailed-exitcode", 2),
    ("scrapectl plan --calls | tail -24", 0),
    ("scrapectl apply --yes", 0),
    ("scrapectl run init --follow", 0),
    ("scrapectl logs scrape --follow", 0),
    ("scrapectl status", 0),
    ("scrapectl schedule next init -n 2", 0),
    ("scrapectl schedule pause init detroit", 0),
    ("scrapectl plan --detailed-exitcode", 0),
    ("scrapectl schedule resume init detroit", 0),
    ("scrapectl drift --detailed-exitcode", 0),
    ("scrapectl run init --env ZIP=99999 --wait", 1),
    ("sleep 3; scrapectl local mail", 0),
    ("scrapectl images list", 0),
    ("scrapectl destroy --yes", 3),
    ("scrapectl destroy --yes --delete-data", 0),
    ("scrapectl plan --output json | tail -8", 0),
    ("scrapectl local status", 0),
)


def play(folder: Path, environment: dict[str, str]) -> str:
    """Run the commands one after the other, and give the terminal's text."""
    parts = []
    for command, code in COMMANDS:
        line = ["bash", "-o", "pipefail", "-c", command]
        ended = subprocess.run(
            line, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        cut = "| head" in command or "| tail" in command
        if ended.returncode != code and not cut:
            raise SystemExit(f"`{command}` ended with {ended.returncode}, not {code}:\n{ended.stdout}")
        shown = "" if ended.returncode == 0 or cut else f"[exit code {ended.returncode}]\n"
        parts.append(f"$ {command}\n{ended.stdout}{shown}")
    return "\n".join(parts)


def main() -> int:
    """Serve the site, play, write the page."""
    from serve_site import serving  # noqa: PLC0415 - of the examples

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "batch-collector"
        shutil.copytree(ROOT / "examples" / "batch-collector", folder, ignore=shutil.ignore_patterns("__pycache__"))
        spec = folder / "pipeline.yaml"
        spec.write_text(spec.read_text().replace("https://example.com ", f"http://127.0.0.1:{PORT} "))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "SCRAPECTL_LOCAL": "1",
            "SCRAPECTL_LOCAL_ENGINE": os.environ.get("SCRAPECTL_LOCAL_ENGINE", "none"),
            "SCRAPECTL_LOCAL_DIR": f"{place}/cloud",
            "NO_COLOR": "1",
            "COLUMNS": "110",
        }
        with serving(folder / "site", port=PORT):
            try:
                text = play(folder, environment)
            finally:
                subprocess.run(["scrapectl", "local", "stop"], env=environment, check=False, capture_output=True)
    PAGE.write_text(f"{INTRO}```console\n{text.replace(place, '…')}```\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
