"""This machine and its credentials → checks: what is well, what is not, and what to do about it."""

from __future__ import annotations

import datetime as dt
import enum
import importlib.metadata
import platform
import shutil
import subprocess
from dataclasses import dataclass

from scrapectl import container_engine
from scrapectl.aws.identity import Identity
from scrapectl.spec.model import Spec

_SOON = dt.timedelta(minutes=15)
_ENGINE_SECONDS = 5.0
_PACKAGES = ("boto3", "botocore", "moto")


class Health(enum.StrEnum):
    """How a check came out. WARN: something will not work, or cannot be told."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `hint` says what to do when it is not well."""

    name: str
    health: Health
    text: str
    hint: str = ""


def versions() -> Check:
    """Of what takes part; moto only where it is installed."""
    found = [f"scrapectl {_version('scrapectl')}", f"Python {platform.python_version()}"]
    found += [f"{name} {version}" for name in _PACKAGES if (version := _version(name))]
    return Check("versions", Health.OK, ", ".join(found))


def credentials(who: Identity, now: dt.datetime) -> Check:
    """Who AWS takes us for, and for how long."""
    of = f"{who.arn}" + (f" (from {who.source})" if who.source else "")
    if who.expires is None:
        return Check("credentials", Health.OK, of)
    left = who.expires - now
    text = f"{of}, until {who.expires:%Y-%m-%d %H:%M}Z"
    if left < _SOON:
        minutes = max(0, int(left.total_seconds() // 60))
        return Check("credentials", Health.WARN, f"{text}: {minutes} min left", "Log in again before a long apply.")
    return Check("credentials", Health.OK, text)


def engine(spec: Spec | None, *, local: bool) -> Check:
    """Whether a container engine answers; an apply to AWS needs one for images that the spec builds."""
    found = container_engine.answering(_ENGINE_SECONDS)
    if found:
        name, _ = found
        return Check("container engine", Health.OK, f"{name} {_engine_version(name)}".strip())
    builds = [image.key for image in spec.images.values() if image.build is not None] if spec else []
    if builds and not local:
        text = f"neither docker nor podman answers, and the spec builds {', '.join(builds)}"
        return Check("container engine", Health.FAIL, text, container_engine.INSTALL)
    text = "neither docker nor podman answers; with --local jobs run as processes of this machine"
    return Check("container engine", Health.WARN, text, container_engine.INSTALL)


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _engine_version(name: str) -> str:
    """`docker --version` says "Docker version 27.1.1, build …"."""
    path = shutil.which(name)
    try:
        told = subprocess.run(
            [path or name, "--version"], capture_output=True, text=True, timeout=_ENGINE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = told.stdout.replace(",", " ").split()
    return next((word for word in words if word[:1].isdigit()), "")
