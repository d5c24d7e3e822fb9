"""Grants → IAM policy documents: as few statements as mean the same, in as few documents as IAM's limit allows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from scrapectl.aws.iam import matches
from scrapectl.pipeline.permissions import Grant

LIMIT = 6144
"""Characters of a managed policy, white space not counted ("IAM and AWS STS quotas", IAM User Guide)."""

Statement = dict[str, Any]
Document = dict[str, Any]


def documents(grants: Iterable[Grant]) -> list[Document]:
    """Write grants as documents that IAM takes as managed policies, each within its limit."""
    found: list[Document] = []
    for statement in _named(_fitting(_statements(grants))):
        if not found or size(_document([*found[-1]["Statement"], statement])) > LIMIT:
            found.append(_document([]))
        found[-1]["Statement"].append(statement)
    return found


def size(document: Document) -> int:
    """Count a document's characters as IAM does."""
    return sum(not one.isspace() for one in json.dumps(document, separators=(",", ":")))


def _document(statements: Sequence[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statements(grants: Iterable[Grant]) -> Iterator[Statement]:
    """Put together what is alike: an action of one service says nothing of another resource type's ARNs."""
    groups: dict[tuple[str, str], list[Grant]] = {}
    for grant in grants:
        groups.setdefault((_sid(grant), json.dumps(grant.condition, sort_keys=True)), []).append(grant)
    merged: dict[tuple[str, str, str], Statement] = {}
    for (sid, condition), alike in sorted(groups.items()):
        actions, resources = {grant.action for grant in alike}, _widest({grant.resource for grant in alike})
        service = next(iter(actions)).partition(":")[0] if resources != ["*"] else ""
        statement = merged.setdefault(
            (service, condition, json.dumps(resources)),
            {"Sid": sid, "Effect": "Allow", "Action": [], "Resource": resources}
            | ({"Condition": json.loads(condition)} if condition != "{}" else {}),
        )
        statement["Action"] = sorted({*statement["Action"], *actions})
    yield from merged.values()


def _sid(grant: Grant) -> str:
    """Say what a statement is for, in the letters and digits that IAM takes."""
    service = grant.action.partition(":")[0].replace("-", " ").title().replace(" ", "")
    if grant.action == "iam:PassRole":
        return "PassRoles"
    if grant.action == "iam:CreateServiceLinkedRole":
        return "ServiceLinkedRoles"
    if grant.resource == "*":
        return f"{service}Make" if grant.condition else "WithoutResource"
    if grant.reads:
        return f"{service}Read"
    if "StringEqualsIfExists" in grant.condition:
        return f"{service}Write"
    keys = "".join(key for keys in grant.condition.values() for key in keys)
    return f"{service}{'Make' if 'RequestTag' in keys else 'Tagged' if keys else 'Own'}"


def _widest(resources: Iterable[str]) -> list[str]:
    """Leave out what another pattern covers."""
    found = sorted(resources)
    return [one for one in found if not any(matches(other, one) for other in found if other != one)]


def _fitting(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Cut a statement that fits no document alone in two (a spec of hundreds of buckets)."""
    for statement in statements:
        if size(_document([statement])) <= LIMIT - 4:  # digits that make its Sid unique
            yield statement
            continue
        longest = max(("Action", "Resource"), key=lambda field: len(statement[field]))
        half = len(statement[longest]) // 2
        for part in (statement[longest][:half], statement[longest][half:]):
            yield from _fitting([{**statement, longest: part}])


def _named(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Number statements whose Sid is taken: it must be unique in a policy."""
    seen: Counter[str] = Counter()
    for statement in statements:
        seen[statement["Sid"]] += 1
        number = seen[statement["Sid"]]
        yield statement | ({"Sid": f"{statement['Sid']}{number}"} if number > 1 else {})
