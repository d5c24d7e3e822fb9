"""`scrapectl share`: a link to the newest object of a bucket, for a while."""

from __future__ import annotations

import click

from scrapectl.cli.completing import keys_of
from scrapectl.cli.options import Settings, file_option, pipeline_option
from scrapectl.cli.root import command


@command(
    "share",
    click.argument("place", metavar="BUCKET[/PREFIX]", shell_complete=keys_of("buckets")),
    click.option("--expires", default="1d", show_default=True, metavar="TIME", help="How long it holds, 1m to 7d."),
    click.option("--email", metavar="ADDRESS", help="Send it to this address, through SES."),
    click.option("--sender", metavar="ADDRESS", help="Who sends it: an address that SES has verified."),
    file_option,
    pipeline_option,
)
def share(
    settings: Settings,
    *,
    place: str,
    expires: str,
    email: str | None,
    sender: str | None,
    file: str | None,
    pipeline: str | None,
) -> None:
    """Find the newest object, sign a link to it, and send that when asked to."""
    from scrapectl.cli.reach import reach  # noqa: PLC0415 - `share --help` needs none of it
    from scrapectl.cli.sharing import addresses, seconds_of, share_newest  # noqa: PLC0415 - the same

    seconds, mailed = seconds_of(expires), addresses(email, sender)
    share_newest(settings, reach(settings, file, pipeline), place, seconds, mailed)
