"""The reference says what the program says."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]


def generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_program_says():
    for path, text in generator().pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: make docs"


def test_every_command_and_every_key_stands_in_it():
    pages = {path.name: text for path, text in generator().pages().items()}
    for word in ("scrapectl plan", "scrapectl schedule next", "scrapectl local reset", "--detailed-exitcode"):
        assert word in pages["commands.md"]
    for key in ("`jobs`", "`NAME.schedules.NAME.flex`", "`NAME.access.submit`", "`NAME.shares`", "`retention`"):
        assert key in pages["spec.md"]
