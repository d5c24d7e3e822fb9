"""(action, kind) → the resources that one instance's names and tags narrow it to, each with its condition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scrapectl.aws.iam_resources import is_tagged, level_of, types_of
from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Desired, Resource
from scrapectl.engine.values import refs
from scrapectl.kinds import KINDS
from scrapectl.pipeline.assumed import Where

Condition = Mapping[str, Mapping[str, Any]]

_OURS = ("{owner}", "{name}", "{exact}", "{tagged}")
_ENDS = ("Delete", "Deregister", "Remove", "Terminate", "Untag")
_CREATES_OTHERWISE = {"ec2:elastic-ip": "AllocateAddress", "ec2:natgateway": "CreateNatGateway"}
_BOUND = ("iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")
"""What a permissions boundary holds back, once no role can be made or widened without it ("Delegating responsibility
to others using permissions boundaries", IAM User Guide)."""


@dataclass(frozen=True)
class Grant:
    """One action on one resource (an ARN with patterns, or "*"), under a condition; the smallest piece of a policy.

    `type` is the resource's, as the service authorization reference has it; "" for "*".
    """

    action: str
    resource: str
    type: str = ""
    condition: Condition = field(default_factory=dict)

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return level_of(self.action) in {"R", "L"}


_MADE_BY = {"datasync:location": ("CreateLocationEfs", "CreateLocationS3")}
"""Type → the calls that make one, where they are not called after it."""


class Scoping:
    """What one instance has, by kind, and how IAM tells it from what others have.

    Args:
        owner: The instance.
        wanted: What its spec wants.
        where: The account and region it stands in.
        boundary: ARN of the permissions boundary that its roles have.
    """

    def __init__(self, owner: str, wanted: Iterable[Desired], where: Where, boundary: str | None) -> None:
        self._owner, self._wanted, self._where, self._boundary = owner, list(wanted), where, boundary
        self._base = owner.replace(".", "-")
        present = {desired.resource.kind for desired in self._wanted}
        self.kinds = [kind for kind in KINDS.values() if kind.kind in present]

    def of(self, kind: type[Resource]) -> list[Desired]:
        """What the spec wants of a kind."""
        return [desired for desired in self._wanted if desired.resource.kind == kind.kind]

    def kept_kinds(self) -> set[type[Resource]]:
        """The kinds that a destroy may leave standing: what holds data or is told to stay, and what that stands on."""
        by_address = {desired.address: desired for desired in self._wanted}
        todo = [each for each in self._wanted if type(each.resource).holds_data or each.on_destroy == "keep"]
        kept: set[type[Resource]] = set()
        while todo:
            desired = todo.pop()
            kept.add(type(desired.resource))
            todo += [by_address[ref.address] for ref in refs(desired.resource) if ref.address in by_address]
        return kept

    def narrow(self, action: str, kind: type[Resource]) -> Iterator[Grant]:
        """An action that a kind needs, on what the instance has."""
        if not types_of(action):
            alone = {**self._condition_without_resource(action), **self._of_our_functions(action)}
            yield Grant(action, "*", condition=alone)
        for type_ in types_of(action):
            for owning, template in _templates(type_, kind, self.kinds):
                if "{any}" in template and level_of(action) == "T":
                    continue  # tags go on what is ours alone
                for condition in self._conditions(action, type_, template):
                    whole = {**condition, **self._of_our_functions(action)}
                    yield from (
                        Grant(action, self.arn(template, name), type_, whole) for name in self._names(owning, template)
                    )
            if level_of(action) in {"R", "L"}:
                yield from (Grant(action, self.arn(arn), type_) for arn in kind.scopes.unseen.get(type_, ()))

    def everywhere(self, action: str, kind: type[Resource]) -> Iterator[Grant]:
        """An action that lists all that the account has of a kind."""
        found = [(type_, arns) for type_, arns in kind.scopes.types.items() if type_ in types_of(action)]
        yield from (Grant(action, self.arn(template), type_) for type_, arns in found for template in arns)
        if not found:
            yield Grant(action, "*")

    def passes(self, kinds: Iterable[type[Resource]]) -> Iterator[Grant]:
        """iam:PassRole of the instance's roles, to the services that its things of these kinds give one."""
        passing = [kind for kind in kinds if kind.scopes.passed_to and any(map(_has_a_role, self.of(kind)))]
        to = sorted({service for kind in passing for service in kind.scopes.passed_to.split()})
        for template in KINDS["iam_role"].scopes.types["iam:role"] if to else ():
            condition = {"StringEquals": {"iam:PassedToService": to}}
            yield Grant("iam:PassRole", self.arn(template), "iam:role", condition)

    def links(self, kind: type[Resource]) -> Iterator[Grant]:
        """iam:CreateServiceLinkedRole, for the services whose own role comes with the first of a kind."""
        for service in kind.scopes.linked:
            arn = self.arn(f"iam::{{account}}:role/aws-service-role/{service}/*")
            condition = {"StringEquals": {"iam:AWSServiceName": service}}
            yield Grant("iam:CreateServiceLinkedRole", arn, "iam:role", condition)

    def arn(self, template: str, name: str = "*") -> str:
        """What a kind's template says with this instance's words."""
        known = {"account": self._where.account, "region": self._where.region, "owner": self._owner, "base": self._base}
        return f"arn:{self._where.partition}:" + template.format(**known, name=name, exact=name, tagged="*", any="*")

    def _conditions(self, action: str, type_: str, template: str) -> list[Condition]:
        """How tags keep a change off what belongs to others, where names alone do not."""
        ours, told = {f"aws:ResourceTag/{PIPELINE}": self._owner}, {f"aws:RequestTag/{PIPELINE}": self._owner}
        name = action.partition(":")[2]
        if self._boundary and action in _BOUND:
            return [{"StringEquals": {"iam:PermissionsBoundary": self._boundary}}]
        if level_of(action) in {"R", "L"} or not ("{name}" in template or "{tagged}" in template):
            return [{}]
        # But for EC2, the action that tags is asked of a thing in the making too, which has no tags yet.
        if "{tagged}" in template and (level_of(action) != "T" or action.startswith("ec2:")):
            if action == "ec2:CreateTags":
                return [{"StringEquals": ours}, {"StringEquals": {**told, "ec2:CreateAction": self._creates()}}]
            return [{"StringEquals": told if name in _MADE_BY.get(type_, (_create(type_),)) else ours}]
        if name.startswith(_ENDS) and is_tagged(type_):
            return [{"StringEquals": ours}]
        # A thing in the making has no tags yet, and one that was made a moment ago may not show them everywhere.
        return [{"StringEqualsIfExists": {**ours, **told}}]

    def _condition_without_resource(self, action: str) -> Condition:
        makes = level_of(action) == "W" and action.partition(":")[2].startswith("Create")
        return {"StringEquals": {f"aws:RequestTag/{PIPELINE}": self._owner}} if makes else {}

    def _of_our_functions(self, action: str) -> Condition:
        """A mapping's ARN is an id, and any that has no tags could be tagged as ours: its function cannot be feigned.

        "Fine-tuning the Resources and Conditions sections of policies" (AWS Lambda Developer Guide).
        """
        kind = KINDS["lambda_function"]
        if not action.endswith("EventSourceMapping") or level_of(action) in {"R", "L"}:
            return {}
        (template,) = kind.scopes.types["lambda:function"]
        arns = [self.arn(template, name) for name in self._names(kind, template)]
        return {"ArnLike": {"lambda:FunctionArn": arns}}

    def _names(self, kind: type[Resource], template: str) -> list[str]:
        """The names that a kind's things have: as one pattern those that begin as all of the instance do."""
        names = {desired.resource.key()[0] for desired in self.of(kind)}
        if "{name}" in template:
            return sorted({f"{self._base}-*" if name.startswith(f"{self._base}-") else name for name in names})
        return sorted(names) if "{exact}" in template else [""]

    def _creates(self) -> list[str]:
        """The calls of EC2 that tag what they make."""
        types = {type_ for kind in self.kinds for type_, arns in kind.scopes.types.items() if "{tagged}" in arns[0]}
        return sorted(_create(type_) for type_ in types if type_.startswith("ec2:"))


def is_on_ours(action: str, kind: type[Resource]) -> bool:
    """Whether a kind asks an action of its own things, and not of what AWS makes beside them (a password)."""
    templates = [template for type_ in types_of(action) for template in kind.scopes.types.get(type_, ())]
    # The names that AWS gives to what it makes beside them have a "!" (`redshift!shop-lake-scrapectl`).
    return any(mark in template for template in templates for mark in _OURS if "!" not in template)


def _templates(type_: str, asking: type[Resource], kinds: Iterable[type[Resource]]) -> list[tuple[type[Resource], str]]:
    """How a type's ARNs look to the kind that asks; else to those kinds whose things they are."""
    own = [(asking, template) for template in asking.scopes.types.get(type_, ())]
    others = ((kind, template) for kind in kinds for template in kind.scopes.types.get(type_, ()))
    return own or [(kind, template) for kind, template in others if any(mark in template for mark in _OURS)]


def _create(type_: str) -> str:
    """The call that makes a thing of a type: `ec2:security-group` is made by `CreateSecurityGroup`."""
    usual = "Create" + "".join(word.capitalize() for word in type_.partition(":")[2].split("-"))
    return _CREATES_OTHERWISE.get(type_, usual)


def _has_a_role(desired: Desired) -> bool:
    return any(ref.address.startswith("iam_role.") for ref in refs(desired.resource))
