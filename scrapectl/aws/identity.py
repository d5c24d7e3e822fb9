"""A session → who it is to AWS: ARN, where its credentials come from, until when they hold; never a key."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from scrapectl.aws.session import Session
from scrapectl.errors import AwsError

_ASSUMED = re.compile(r"arn:([^:]+):sts::([0-9]+):assumed-role/([^/]+)/.+")


@dataclass(frozen=True)
class Identity:
    """Who calls. `source`: where the credentials were found, in botocore's words; `expires` None: never, or unknown."""

    arn: str
    source: str
    expires: dt.datetime | None


def identity(session: Session) -> Identity:
    """Ask AWS who we are, and boto3 until when."""
    arn = session.call("sts", "get_caller_identity")["Arn"]
    credentials = session.boto.get_credentials()
    # botocore tells the time by no public name; temporary keys of the environment carry none at all.
    return Identity(arn, getattr(credentials, "method", ""), getattr(credentials, "_expiry_time", None))


def policy_source(session: Session, arn: str) -> str:
    """The IAM user or role whose policies count for a caller: a role's session carries the role's, path included."""
    found = _ASSUMED.fullmatch(arn)
    if found is None:
        return arn
    partition, account, name = found.groups()
    try:
        return str(session.call("iam", "get_role", RoleName=name)["Role"]["Arn"])
    except AwsError:  # who may not look takes the path for "/"
        return f"arn:{partition}:iam::{account}:role/{name}"
