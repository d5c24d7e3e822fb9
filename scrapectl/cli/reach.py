"""Settings → what a command works on: the spec, a session with AWS, and the instance that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scrapectl.cli.options import Settings, spec_path
from scrapectl.errors import UsageError
from scrapectl.views.output import tell

if TYPE_CHECKING:
    from scrapectl.aws.session import Session
    from scrapectl.spec.model import Spec


@dataclass(frozen=True)
class Reached:
    """A standing instance as a command meets it; `spec` is None when only its name was given."""

    owner: str
    aws: Session
    spec: Spec | None


def read_spec(settings: Settings, spec: str | None, file: str | None, *, require_env: bool = False) -> Spec:
    """Load the spec that is meant, with the stage, the variables and the region of the command line."""
    from scrapectl.spec import load_spec  # noqa: PLC0415 - parsing costs time that --help must not pay

    path = spec_path(spec, file)
    return load_spec(
        path, stage=settings.stage, settings=settings.sets, region=settings.region, require_env=require_env
    )


def reach(settings: Settings, file: str | None, pipeline: str | None, spec: str | None = None) -> Reached:
    """Open AWS for the instance that `--pipeline` names, or that the spec is of."""
    if pipeline is None:
        read = read_spec(settings, spec, file)
        return Reached(read.owner, open_aws(settings, read), read)
    if spec or file:
        raise UsageError("--pipeline goes without a spec. Give one of them")
    owner = f"{pipeline}.{settings.stage}" if settings.stage else pipeline
    return Reached(owner, open_aws(settings), None)


def open_aws(settings: Settings, spec: Spec | None = None) -> Session:
    """Open a session with AWS, or with the embedded cloud, which starts when it does not run."""
    from scrapectl.aws.session import Where, open_session  # noqa: PLC0415 - only commands that meet AWS pay for it
    from scrapectl.views.calls import print_call  # noqa: PLC0415 - the same

    region = settings.region or (spec.region if spec else None)
    where = Where(
        profile=settings.profile,
        region=region,
        endpoint_url=settings.endpoint_url,
        expected_account=spec.account if spec else None,
    )
    if settings.local:
        from scrapectl.local.client import ensure_running  # noqa: PLC0415 - only --local needs it

        endpoint = ensure_running()
        where.endpoint_url, where.keys, where.local = endpoint.url, (endpoint.access_key, endpoint.secret_key), True
        where.profile, where.region = None, region or endpoint.region
    return open_session(where, [print_call] if settings.debug else [])


def given_file(path: str) -> Path:
    """A file named on the command line, which must be there."""
    found = Path(path)
    if not found.is_file():
        raise UsageError(f"{path} is not there, or no file")
    return found


def tell_unless_json(settings: Settings, text: str) -> None:
    """Tell people something that programs do not wait for."""
    if not settings.json:
        tell(text)
