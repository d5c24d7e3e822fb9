"""What the command line was told → every check of `doctor`, each with what went wrong instead of an error."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from scrapectl.cli.options import DEFAULT_SPEC, Settings
from scrapectl.cli.reach import is_embedded, open_aws, read_spec
from scrapectl.errors import EnvironmentProblem, ScrapectlError
from scrapectl.operate.checks import Check, Health, credentials, engine, versions
from scrapectl.units import counted

if TYPE_CHECKING:
    from scrapectl.aws.identity import Identity
    from scrapectl.aws.session import Session
    from scrapectl.spec.model import Spec


def examine(settings: Settings, spec: str | None, file: str | None) -> Iterator[Check]:
    """Look at everything, the cheap things first."""
    yield versions()
    read, told = _spec(settings, spec, file)
    yield told
    embedded = settings.local or is_embedded(settings.endpoint_url or os.environ.get("AWS_ENDPOINT_URL"))
    yield engine(read, local=embedded)
    yield from _embedded()
    yield from _aws(settings, read)


def _spec(settings: Settings, spec: str | None, file: str | None) -> tuple[Spec | None, Check]:
    if not (spec or file or os.environ.get("SCRAPECTL_SPEC") or Path(DEFAULT_SPEC).is_file()):
        return None, Check("spec", Health.OK, f"none here (no {DEFAULT_SPEC}); name one to have it looked at")
    try:
        read = read_spec(settings, spec, file)
    except ScrapectlError as error:
        more = len(error.problems) - 1
        text = f"{error} ({counted(more, 'problem')} more)" if more > 0 else str(error)
        return None, Check("spec", Health.FAIL, text, error.hint or "See every problem: scrapectl validate")
    return read, Check("spec", Health.OK, f"{read.file} is valid: pipeline {read.owner}")


def _embedded() -> Iterator[Check]:
    """The embedded cloud, which is asked and never started, and what stands in for databases in it."""
    from scrapectl.local import client  # noqa: PLC0415 - its imports wait until the cheaper checks were told
    from scrapectl.local.databases.servers import ENGINES, advice, installed  # noqa: PLC0415 - the same

    try:
        status = client.status()
    except EnvironmentProblem as problem:
        yield Check("embedded cloud", Health.WARN, str(problem), problem.hint)
    else:
        count = sum(status.resources.values())
        text = f"runs; {counted(count, 'thing')} in it" if status.running else "does not run; --local starts it"
        if status.current:
            yield Check("embedded cloud", Health.OK, text)
        else:
            yield Check("embedded cloud", Health.WARN, f"{text}, of another version", "scrapectl local reset")
    there = [ENGINES[name].product for name in ENGINES if installed(name)]
    missing = [advice(name) for name in ENGINES if not installed(name)]
    told = f"with --local {', '.join(there)} can stand in" if there else "with --local none can stand in"
    yield Check("databases", Health.WARN if missing else Health.OK, told, " ".join(missing))


def _aws(settings: Settings, spec: Spec | None) -> Iterator[Check]:
    """Credentials, region, and what they may do; nothing more is asked when they do not open AWS."""
    from scrapectl.aws.identity import identity  # noqa: PLC0415 - only this pays for boto3

    try:
        aws = open_aws(settings, spec)
        who = identity(aws)
    except ScrapectlError as error:
        yield Check("credentials", Health.FAIL, str(error), error.hint)
        return
    yield credentials(who, aws.now())
    yield Check("region", Health.OK, f"{aws.region}, account {aws.account}" + (" (embedded)" if aws.local else ""))
    if spec is not None:
        yield _permissions(spec, aws, who)


def _permissions(spec: Spec, aws: Session, who: Identity) -> Check:
    from scrapectl.pipeline.allowed import permissions  # noqa: PLC0415 - the blueprint is not needed before

    return permissions(spec, aws, who)
