"""Turns what a bucket's policy shall hold into statements of ours, known by their Sids, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from scrapectl.engine.values import Policy

Statement = Mapping[str, Any]

_TLS_ONLY = "scrapectlTlsOnly"
_TRAIL_LOOKS, _TRAIL_WRITES = "scrapectlTrailLooks", "scrapectlTrailWrites"
_TRAIL = re.compile(r"arn:[^:]+:cloudtrail:[^:]+:\d{12}:trail/.+")
_OURS = frozenset({_TLS_ONLY, _TRAIL_LOOKS, _TRAIL_WRITES})


def statements_of(answer: Any) -> list[dict[str, Any]]:
    """List a policy's statements; one of another hand may hold one that stands in no list. None: there is no policy."""
    found = json.loads(answer["Policy"])["Statement"] if answer else []
    return [found] if isinstance(found, dict) else found


def is_our_statement(statement: Statement) -> bool:
    """Whether a statement's Sid is one of ours."""
    return statement.get("Sid") in _OURS


def tls_statement(arn: str) -> Statement:
    """Write the statement that refuses whatever comes without TLS."""
    return {
        "Sid": _TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def is_tls_only(statements: Iterable[Statement], arn: str) -> bool:
    """Whether our statement stands with its full meaning."""
    return _stands(tls_statement(arn), statements)


def trail_statements(arn: str, trail: str | None) -> list[Statement]:
    """Write what lets a trail look and write, for its own account alone (CloudTrail User Guide, "S3 bucket policy")."""
    if trail is None:
        return []
    account = trail.split(":")[4]
    who = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    same = {"aws:SourceArn": trail}
    given = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", **same}}
    writes = {"Action": "s3:PutObject", "Resource": f"{arn}/AWSLogs/{account}/*", "Condition": given}
    looks = {"Action": "s3:GetBucketAcl", "Resource": arn, "Condition": {"StringEquals": same}}
    return [{"Sid": _TRAIL_LOOKS, **who, **looks}, {"Sid": _TRAIL_WRITES, **who, **writes}]


def trail_of(statements: Iterable[Statement], arn: str) -> str | None:
    """Read which trail may write; None when our statements do not stand as we write them."""
    found = list(statements)
    for statement in found:
        if statement.get("Sid") == _TRAIL_WRITES:
            trail = str(statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceArn"))
            if _TRAIL.fullmatch(trail) and all(_stands(one, found) for one in trail_statements(arn, trail)):
                return trail
    return None


def _stands(wanted: Statement, statements: Iterable[Statement]) -> bool:
    return any(Policy(statement) == Policy(wanted) for statement in statements)
