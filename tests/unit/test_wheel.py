"""The wheel holds what a user needs: the schema, the templates, the tables."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_the_schema_the_templates_and_the_tables(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        schema = opened.read("scrapectl/schemas/pipeline.schema.json")
    assert schema == (ROOT / "schemas" / "pipeline.schema.json").read_bytes()
    shipped = (
        "cli/templates/quickstart/pipeline.yaml",
        "containers/loader/loader/rds-ca.pem",
        "containers/notifier/notifier.py",
        "containers/scraper/scraper_base/web.py",
        "containers/starter/starter.py",
        "containers/wrapper/scrapectl_wrapper.py",
    )
    for name in ("py.typed", "aws/data/iam_actions.json", *shipped):
        assert f"scrapectl/{name}" in names
    assert not any("__pycache__" in name or name.startswith(("tests/", "examples/")) for name in names)
