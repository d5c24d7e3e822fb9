"""`scrapectl run`: a job, a function or a workflow, now."""

from __future__ import annotations

import click

from scrapectl.cli.completing import RUNNABLE
from scrapectl.cli.options import Settings, file_option, pipeline_option
from scrapectl.cli.root import command


@command(
    "run",
    click.argument("name", shell_complete=RUNNABLE),
    click.argument("words", nargs=-1, metavar="[-- COMMAND...]"),
    click.option("--env", multiple=True, metavar="K=V", help="A variable of this run; may be repeated."),
    click.option("--env-file", metavar="FILE", help="Variables, one K=V a line."),
    click.option("--array", type=int, metavar="N", help="As an array of N children."),
    click.option("--share", metavar="S", help="In this share of the queue."),
    click.option("--vcpus", type=float, help="With so many vCPUs."),
    click.option("--memory", metavar="MIB", help='With so much memory: 4096, or "4 GB".'),
    click.option("--command", "text", metavar="TEXT", help="Another command, in one text; or after --, word by word."),
    click.option("--wait", is_flag=True, help="End with the run, and with its exit code."),
    click.option("--follow", is_flag=True, help="The same, and print its log."),
    click.option("--dry-run", is_flag=True, help="Only show the request."),
    file_option,
    pipeline_option,
)
def run(
    settings: Settings,
    *,
    name: str,
    words: tuple[str, ...],
    env: tuple[str, ...],
    env_file: str | None,
    array: int | None,
    share: str | None,
    vcpus: float | None,
    memory: str | None,
    text: str | None,
    wait: bool,
    follow: bool,
    dry_run: bool,
    file: str | None,
    pipeline: str | None,
) -> int:
    """Begin the run, and stay with it as wished."""
    from scrapectl.cli.launch import Stay, launch  # noqa: PLC0415 - `run --help` needs none of it
    from scrapectl.cli.reach import reach  # noqa: PLC0415 - the same
    from scrapectl.operate.overrides import Overrides, read_command, read_environment, read_memory  # noqa: PLC0415

    overrides = Overrides(
        read_environment(env, env_file), read_command(text, words), array, share, vcpus, read_memory(memory)
    )
    return launch(settings, reach(settings, file, pipeline), name, overrides, Stay(wait, follow, dry_run))
