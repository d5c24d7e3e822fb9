"""Settings → what a command works on: the spec, a session with AWS, and the instance that is meant."""

from __future__ import annotations

import difflib
import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from scrapectl.cli.options import DEFAULT_SPEC, Settings, spec_path
from scrapectl.errors import UsageError

if TYPE_CHECKING:
    from scrapectl.aws.session import Session
    from scrapectl.spec.model import Spec

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Reached:
    """A standing instance as a command meets it; `spec` is None when only its name was given."""

    owner: str
    aws: Session
    spec: Spec | None

    @property
    def words(self) -> str:
        """What names this instance on the next command line; "" when the spec here does."""
        if self.spec is None:
            return f" --pipeline {shlex.quote(self.owner.partition('.')[0])}"
        here = self.spec.file in {DEFAULT_SPEC, os.environ.get("SCRAPECTL_SPEC")}
        return "" if here else f" -f {shlex.quote(self.spec.file)}"


def read_spec(
    settings: Settings, spec: str | None, file: str | None, *, require_env: bool = False, confirm: bool = False
) -> Spec:
    """Load the spec that is meant, with the stage, the variables and the region of the command line."""
    from scrapectl.spec import load_spec  # noqa: PLC0415 - parsing costs time that --help must not pay

    path = spec_path(spec, file)
    return load_spec(
        path,
        stage=settings.stage,
        settings=settings.sets,
        region=settings.region,
        require_env=require_env,
        confirm=confirm,
    )


def reach(settings: Settings, file: str | None, pipeline: str | None, spec: str | None = None) -> Reached:
    """Open AWS for the instance that `--pipeline` names, or that the spec is of."""
    if pipeline is None:
        read = read_spec(settings, spec, file)
        return Reached(read.owner, open_aws(settings, read), read)
    if spec or file:
        raise UsageError("--pipeline goes without a spec.", "Give one of them.")
    owner = f"{pipeline}.{settings.stage}" if settings.stage else pipeline
    return Reached(owner, open_aws(settings), None)


def refuse_unknown(reached: Reached) -> NoReturn:
    """Say that nothing stands of a name that was given, and what does.

    Raises:
        UsageError: Always.
    """
    from scrapectl.pipeline import list_pipelines  # noqa: PLC0415 - only this needs it

    standing = (".".join(filter(None, (each["pipeline"], each["stage"]))) for each in list_pipelines(reached.aws))
    found = [owner for owner in standing if owner != reached.owner]  # AWS goes on telling of what is gone for a while
    close = difflib.get_close_matches(reached.owner, found, 1)
    raise UsageError(
        f"Nothing of {reached.owner} stands in account {reached.aws.account}, region {reached.aws.region}.",
        f'Did you mean "{close[0]}"?' if close else f"There stand: {', '.join(found) or 'none'}.",
    )


def open_aws(settings: Settings, spec: Spec | None = None) -> Session:
    """Open a session with AWS, or with the embedded cloud, which starts when it does not run."""
    from scrapectl.aws.session import Where, open_session  # noqa: PLC0415 - only commands that meet AWS pay for it
    from scrapectl.views.calls import print_call  # noqa: PLC0415 - the same
    from scrapectl.views.output import tell  # noqa: PLC0415 - the same

    # boto3 knows AWS_DEFAULT_REGION alone, every other program of AWS this one, too.
    region = settings.region or (spec.region if spec else None) or os.environ.get("AWS_REGION")
    where = Where(
        profile=settings.profile,
        region=region,
        endpoint_url=settings.endpoint_url,
        expected_account=spec.account if spec else None,
    )
    if settings.local:
        from scrapectl.local.client import ensure_running  # noqa: PLC0415 - only --local needs it

        endpoint = ensure_running(lambda: tell("Starting the embedded cloud…"))
        where.endpoint_url, where.keys, where.local = endpoint.url, (endpoint.access_key, endpoint.secret_key), True
        where.profile, where.region = None, region or endpoint.region
        os.environ.pop("AWS_PROFILE", None)  # botocore insists on a profile's being there, also when keys are given
    else:
        where.local = is_embedded(settings.endpoint_url or os.environ.get("AWS_ENDPOINT_URL"))
    return open_session(where, [print_call] if settings.debug else [])


def is_embedded(url: str | None) -> bool:
    """Whether an address on this machine is the embedded cloud, which then takes images without a container engine."""
    import json  # noqa: PLC0415 - only --endpoint-url needs these
    from contextlib import closing  # noqa: PLC0415 - the same
    from http.client import HTTPConnection, HTTPException  # noqa: PLC0415 - the same
    from urllib.parse import urlsplit  # noqa: PLC0415 - the same

    try:
        host = urlsplit(url or "")
        if host.scheme != "http" or host.hostname not in _LOOPBACK:
            return False
        headers = {"x-scrapectl-key": os.environ.get("AWS_ACCESS_KEY_ID", "")}
        with closing(HTTPConnection(host.hostname, host.port, timeout=2)) as connection:
            connection.request("GET", "/-/status", headers=headers)
            return "fingerprint" in json.loads(connection.getresponse().read())
    except (OSError, ValueError, HTTPException):
        return False
