"""A spec → the account and region it stands in, with as little asking as the answer allows."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from scrapectl.cli.options import Settings
from scrapectl.errors import EnvironmentProblem
from scrapectl.pipeline.assumed import ANY, Where

if TYPE_CHECKING:
    from scrapectl.spec.model import Spec


def whereabouts(settings: Settings, spec: Spec) -> Where:
    """Take what the spec and the command line say; ask AWS for what they do not; without an answer it is any."""
    from scrapectl.cli.reach import open_aws  # noqa: PLC0415 - a spec that says both needs no AWS library
    from scrapectl.views.output import tell  # noqa: PLC0415 - the same

    region = settings.region or spec.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if spec.account and region:
        return Where(spec.account, region)
    try:
        aws = open_aws(settings, spec)
    except EnvironmentProblem as problem:
        missing = " and ".join(name for name, known in (("account", spec.account), ("region", region)) if not known)
        tell(f"The {missing} is not known, so the policy says any: {problem}")
        return Where(spec.account or ANY, region or ANY)
    return Where(aws.account, aws.region)
