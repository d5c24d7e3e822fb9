"""Turns a security group into EC2's: found by name and VPC, with its rules as two sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Fixed, Identity
from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Aws, Key, Live, Needs, Pace, Removal, Resource, Scopes, Update
from scrapectl.kinds.ec2_interfaces import HELD, lingering
from scrapectl.kinds.tags import tag_list, tags_from_list

ABSENT = ("InvalidGroup.NotFound",)
SELF = "self"
_FILTER_VALUES = 200


@dataclass(frozen=True)
class Rule:
    """Traffic that may pass.

    Attributes:
        protocol: "tcp", "udp", "icmp", or "-1" for all.
        from_port: First port, or ICMP type; None for all protocols.
        to_port: Last port, or ICMP code.
        source: A CIDR, the id of a group (or a reference to it) or of a prefix list, or "self".
    """

    protocol: str
    from_port: int | None
    to_port: int | None
    source: Any
    description: str = ""


EVERYWHERE = frozenset({Rule("-1", None, None, "0.0.0.0/0")})
"""What AWS lets out of a new group."""
_EVERYWHERE_BY_IPV6 = Rule("-1", None, None, "::/0")
"""In a VPC with an IPv6 block AWS adds this to it, then or later: everything out is one thing in both spellings."""


def security_group_arn(partition: str, region: str, account: str, group_id: str) -> str:
    """Say a security group's ARN; only AWS knows the id."""
    return f"arn:{partition}:ec2:{region}:{account}:security-group/{group_id}"


@dataclass(frozen=True)
class SecurityGroup(Resource):
    """A security group; names are unique in a VPC."""

    name: Identity[str]
    vpc: Identity[Any]
    description: Fixed[str]
    ingress: frozenset[Rule] = frozenset()
    egress: frozenset[Rule] = EVERYWHERE

    kind: ClassVar[str] = "security_group"
    # The interfaces of stopped Fargate tasks hold it for some minutes (AWS-FACTS §14).
    pace: ClassVar[Pace] = Pace(first=0.0, interval=10.0, limit=900.0)
    needs: ClassVar[Needs] = Needs(
        read=("ec2:DescribeSecurityGroups",),
        create=(
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateSecurityGroup",
            "ec2:CreateTags",
            "ec2:RevokeSecurityGroupEgress",
        ),
        update=(
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:CreateTags",
            "ec2:DeleteTags",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ),
        delete=("ec2:DeleteSecurityGroup", "ec2:DescribeNetworkInterfaces"),
        owned=("ec2:DescribeSecurityGroups",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "ec2:security-group": ("ec2:{region}:{account}:security-group/{tagged}",),
            "ec2:vpc": ("ec2:{region}:{account}:vpc/{any}",),
        },
    )

    kill_ends_its_wait: ClassVar[bool] = False

    @classmethod
    def read_many(cls, aws: Aws, keys: Sequence[Key]) -> dict[Key, Live]:
        """Read all in one listing for each 200 names; in a VPC that is yet to be made there is none."""
        found: dict[Key, Live] = {}
        keys = [key for key in keys if key[1].startswith("vpc-")]
        for start in range(0, len(keys), _FILTER_VALUES):
            wanted = keys[start : start + _FILTER_VALUES]
            filters = {"group-name": {name for name, _ in wanted}, "vpc-id": {vpc for _, vpc in wanted}}
            lives = (cls._live(aws, group) for group in _describe(aws, filters))
            found |= {live.resource.key(): live for live in lives if live.resource.key() in wanted}
        return found

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it, then its rules; AWS makes the rule that lets everything out."""
        answer = aws.call(
            "ec2",
            "create_security_group",
            blind_retry=False,
            GroupName=self.name,
            VpcId=self.vpc,
            Description=self.description,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": tag_list(tags)}],
        )
        group_id = answer["GroupId"]
        _change_rules(aws, "ingress", group_id, frozenset(), self.ingress)
        _change_rules(aws, "egress", group_id, EVERYWHERE, self.egress)
        arn = security_group_arn(aws.partition, aws.region, aws.account, group_id)
        return Live(self, {"arn": arn, "name": self.name, "id": group_id}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Let in and out what is wanted, and no longer what is not."""
        live, group_id = cast("SecurityGroup", update.live.resource), update.live.outputs["id"]
        if "ingress" in update.changed:
            _change_rules(aws, "ingress", group_id, live.ingress, self.ingress)
        if "egress" in update.changed:
            _change_rules(aws, "egress", group_id, live.egress, self.egress)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> str | None:
        """Delete it; interfaces that linger in it are waited for and told."""
        del removal
        group_id = live.outputs["id"]
        if aws.call("ec2", "delete_security_group", absent=(*ABSENT, HELD), GroupId=group_id) is not None:
            return None
        held = lingering(aws, {"group-id": group_id})
        if held is None:  # it has gone, or AWS now says what else holds it
            aws.call("ec2", "delete_security_group", absent=ABSENT, GroupId=group_id)
        return held

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List by tag: an ARN holds the id, and the key is name and VPC."""
        return [(group["GroupName"], group["VpcId"]) for group in _describe(aws, {f"tag:{PIPELINE}": {owner}})]

    @classmethod
    def _live(cls, aws: Aws, group: Mapping[str, Any]) -> Live:
        group_id = group["GroupId"]
        resource = cls(
            name=group["GroupName"],
            vpc=group["VpcId"],
            description=group["Description"],
            ingress=frozenset(_rules(group["IpPermissions"], group_id)),
            egress=_outward(frozenset(_rules(group["IpPermissionsEgress"], group_id))),
        )
        arn = security_group_arn(aws.partition, aws.region, aws.account, group_id)
        outputs = {"arn": arn, "name": resource.name, "id": group_id}
        return Live(resource, outputs, tags_from_list(group.get("Tags", ())))


_SOURCES = (
    ("IpRanges", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6"),
    ("PrefixListIds", "PrefixListId"),
    ("UserIdGroupPairs", "GroupId"),
)


def _describe(aws: Aws, filters: Mapping[str, Iterable[str]]) -> list[dict[str, Any]]:
    spelled = [{"Name": name, "Values": sorted(values)} for name, values in filters.items()]
    groups: list[dict[str, Any]] = aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=spelled)
    return groups


def _rules(permissions: Iterable[Mapping[str, Any]], group_id: str) -> Iterable[Rule]:
    """AWS groups rules by protocol and ports; ours have one source each."""
    for permission in permissions:
        protocol = permission["IpProtocol"]
        ports = (permission.get("FromPort"), permission.get("ToPort")) if protocol != "-1" else (None, None)
        for member, name in _SOURCES:
            for entry in permission.get(member, ()):
                source = SELF if entry[name] == group_id else entry[name]
                yield Rule(protocol, *ports, source, entry.get("Description", ""))


def _outward(rules: frozenset[Rule]) -> frozenset[Rule]:
    return rules - {_EVERYWHERE_BY_IPV6} if rules >= EVERYWHERE else rules


def _permission(rule: Rule, group_id: str) -> dict[str, Any]:
    source = group_id if rule.source == SELF else rule.source
    prefixes = {"sg-": "UserIdGroupPairs", "pl-": "PrefixListIds"}
    member = prefixes.get(source[:3]) or ("Ipv6Ranges" if ":" in source else "IpRanges")
    entry = {dict(_SOURCES)[member]: source}
    if rule.description:
        entry["Description"] = rule.description
    ports = {"FromPort": rule.from_port, "ToPort": rule.to_port} if rule.protocol != "-1" else {}
    return {"IpProtocol": rule.protocol, member: [entry], **ports}


def _change_rules(aws: Aws, way: str, group_id: str, live: frozenset[Rule], want: frozenset[Rule]) -> None:
    """Take away first: two rules that differ in their description alone are one to AWS."""
    changes = (
        ("revoke", live - want, "InvalidPermission.NotFound"),
        ("authorize", want - live, "InvalidPermission.Duplicate"),
    )
    for verb, rules, done in changes:
        if rules:
            permissions = [_permission(rule, group_id) for rule in sorted(rules, key=repr)]
            operation = f"{verb}_security_group_{way}"
            aws.call("ec2", operation, absent=(done,), GroupId=group_id, IpPermissions=permissions)
