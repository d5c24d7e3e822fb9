"""`scrapectl validate`: the spec, checked without AWS."""

from __future__ import annotations

from scrapectl.cli.options import Settings, file_option, spec_argument
from scrapectl.cli.reach import read_spec
from scrapectl.cli.root import command
from scrapectl.units import counted
from scrapectl.views.output import print_document, print_line


@command("validate", spec_argument, file_option)
def validate(settings: Settings, spec: str | None, file: str | None) -> None:
    """Load the spec; every problem is raised at once, and the published schema has the last word."""
    loaded = read_spec(settings, spec, file, confirm=True)
    if settings.json:
        print_document({"valid": True, "file": loaded.file, "pipeline": loaded.pipeline, "stage": loaded.stage})
    else:
        jobs = counted(len(loaded.jobs.keys() - loaded.loaders.keys()), "job")
        loaders = f", {counted(len(loaded.loaders), 'loader')}" if loaded.loaders else ""
        print_line(f"{loaded.file} is valid: pipeline {loaded.owner}, {jobs}{loaders}.")
