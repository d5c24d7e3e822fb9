"""Grants → IAM policy documents: as few statements as mean the same, in as few documents as IAM's limit allows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scrapectl.aws.iam_policies import matches
from scrapectl.aws.iam_resources import level_of, types_of
from scrapectl.pipeline.scoping import Grant

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


@dataclass
class _Cluster:
    """Actions of one service under one condition, each with the resources (and their types) that it is allowed on."""

    condition: str
    allowed: dict[str, dict[str, str]]

    def takes(self, action: str, resources: Mapping[str, str]) -> bool:
        """Whether one statement for all of them would allow nothing more: no action gets a thing of a type of its."""
        return all(
            not _gains(action, resources, others) and not _gains(other, others, resources)
            for other, others in self.allowed.items()
        )

    def statement(self) -> Statement:
        """Write it down."""
        resources = _widest({resource for found in self.allowed.values() for resource in found})
        statement = {"Sid": self._sid(resources), "Effect": "Allow", "Action": sorted(self.allowed)}
        condition = {"Condition": json.loads(self.condition)} if self.condition != "{}" else {}
        return statement | {"Resource": resources} | condition

    def _sid(self, resources: Sequence[str]) -> str:
        """Say what it is for, in the letters and digits that IAM takes."""
        first = min(self.allowed)
        if first in _SIDS:
            return _SIDS[first]
        service = first.partition(":")[0].title().replace("-", "")
        if resources == ["*"]:
            return f"{service}Make" if self.condition != "{}" else "WithoutResource"
        if all(level_of(action) in {"R", "L"} for action in self.allowed):
            return f"{service}Read"
        return service + next((word for key, word in _WORDS.items() if key in self.condition), "Own")


_SIDS = {"iam:PassRole": "PassRoles", "iam:CreateServiceLinkedRole": "ServiceLinkedRoles"}
_WORDS = {"IfExists": "Write", "RequestTag": "Make", "ResourceTag": "Tagged", "Boundary": "Bounded"}
"""What is in a condition → what its statement is called, in this order."""


def _gains(action: str, own: Mapping[str, str], others: Mapping[str, str]) -> bool:
    """Whether an action would be allowed on more if the others' resources stood beside its own.

    A pattern of another type counts where it means things of this one, too: that of all buckets means all objects.
    """
    wider = (resource for resource in others if any(matches(resource, mine) for mine in own))
    judged = {*wider, *(resource for resource, type_ in others.items() if type_ in types_of(action))}
    return any(resource not in own and not any(matches(pattern, resource) for pattern in own) for resource in judged)


def _statements(grants: Iterable[Grant]) -> Iterator[Statement]:
    """Put together what can stand in one statement without allowing more."""
    resources: dict[tuple[str, str], dict[str, str]] = {}
    for grant in grants:
        condition = json.dumps(grant.condition, sort_keys=True)
        resources.setdefault((grant.action, condition), {})[grant.resource] = grant.type
    clusters: dict[str, list[_Cluster]] = {}
    for (action, condition), found in sorted(resources.items()):
        service = "" if "*" in found and condition == "{}" else action.partition(":")[0]
        alike = clusters.setdefault(f"{service} {condition}", [])
        cluster = next((one for one in alike if one.takes(action, found)), None)
        if cluster is None:
            cluster = _Cluster(condition, {})
            alike.append(cluster)
        cluster.allowed[action] = {"*": ""} if "*" in found else found
    yield from (cluster.statement() for _, alike in sorted(clusters.items()) for cluster in alike)


def _widest(resources: Iterable[str]) -> list[str]:
    """Leave out what another pattern covers."""
    found = sorted(resources)
    patterns = [one for one in found if "*" in one or "?" in one]
    return [one for one in found if not any(matches(other, one) for other in patterns if other != one)]


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
