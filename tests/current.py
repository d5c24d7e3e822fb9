"""boto3 over the embedded cloud that lives now: its clients are made once, which takes longer than most tests."""

from __future__ import annotations

import functools
from typing import Any, cast

from scrapectl.aws.session import Session, Where
from scrapectl.local.cloud import Cloud
from scrapectl.local.inprocess import connect

REGION = "us-east-1"
# Two steps at once show what many would: in one process, each change of threads costs nearly as much as a call.
AT_ONCE = 2
READS_AT_ONCE = 1


class _Current:
    """The cloud that lives now: there is one at a time, for moto keeps its state in the process."""

    cloud: Cloud
    access_key = "AKIAIOSFODNN7EXAMPLE"
    secret_key = "secret"

    def handle(self, *request: Any) -> Any:
        return self.cloud.handle(*request)


_CURRENT = _Current()


@functools.cache
def _of_region(region: str) -> Any:
    """A boto3 session of a region, whose clients are those of all tests."""
    found: Any = connect(cast("Cloud", _CURRENT), region)
    make, made = found.client, {}

    def client(service: str, **given: Any) -> Any:
        key = f"{service} {[(name, getattr(value, '__dict__', value)) for name, value in sorted(given.items())]}"
        if key not in made:
            made[key] = make(service, **given)
        return made[key]

    found.client = client
    return found


def boto(cloud: Cloud, region: str = REGION) -> Any:
    """A boto3 session over a cloud, which lives from now on."""
    _CURRENT.cloud = cloud
    return _of_region(region)


def session(cloud: Cloud, region: str = REGION) -> Session:
    """A session over a cloud, which lives from now on."""
    where = Where(local=True, region=region)
    return Session(boto(cloud, region), where, cloud.account, region, "aws", reads_at_once=READS_AT_ONCE)
