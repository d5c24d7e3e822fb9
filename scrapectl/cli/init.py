"""`scrapectl init`: a project that runs."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from scrapectl.cli.options import Settings
from scrapectl.cli.root import command


@command(
    "init",
    click.argument("folder", default=".", metavar="[DIR]"),
    click.option("--template", type=click.Choice(["quickstart", "batch"]), help="Which one; nothing is asked then."),
)
def init(settings: Settings, *, folder: str, template: str | None) -> None:
    """Write the files, and tell what to do next."""
    from scrapectl.cli.templates import Answers, name_for, write_project  # noqa: PLC0415 - `init --help` needs none
    from scrapectl.views.output import print_document, print_line  # noqa: PLC0415 - the same

    answers = Answers(name_for(Path(folder)), region=settings.region or Answers.region)
    if template is None:
        from scrapectl.cli.questions import ask_all  # noqa: PLC0415 - only who asks needs it

        template, answers = ask_all(answers)
    files = [str(path) for path in write_project(Path(folder), template, answers)]
    if settings.json:
        print_document({"pipeline": answers.pipeline, "template": template, "files": files})
        return
    for file in files:
        print_line(f"wrote {file}")
    spec = Path(folder) / "pipeline.yaml"
    print_line(f"Next: scrapectl apply --local {'' if folder == '.' else shlex.quote(str(spec))}".rstrip())
