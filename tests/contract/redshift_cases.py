"""The cases of warehouses: clusters in their subnet groups, namespaces with their workgroups."""

from __future__ import annotations

from typing import Any

from scrapectl.kinds.iam_role import IamRole, role_path
from scrapectl.kinds.redshift_cluster import RedshiftCluster
from scrapectl.kinds.redshift_namespace import RedshiftNamespace
from scrapectl.kinds.redshift_snapshots import FORGETS_PASSWORD, MANAGED_PASSWORD
from scrapectl.kinds.redshift_subnet_group import RedshiftSubnetGroup
from scrapectl.kinds.redshift_workgroup import RedshiftWorkgroup
from tests.contract.batch_cases import security_groups, subnets
from tests.contract.bench import Bench
from tests.contract.cases import Case, trust

SOMEONES = {"scrapectl:pipeline": "base"}
LINKED = frozenset({"iam:CreateServiceLinkedRole"})


def copy_role(bench: Bench, name: str) -> str:
    role = IamRole(name=name, path=role_path(bench.aws.region, "base"), trust=trust("redshift.amazonaws.com"))
    bench.once(f"role {name}", lambda: role.create(bench.aws, SOMEONES))
    return f"arn:aws:iam::{bench.aws.account}:role{role.path}{name}"


def subnet_group(bench: Bench, owner: str) -> RedshiftSubnetGroup:
    found = bench.once("subnets", lambda: subnets(bench))
    return RedshiftSubnetGroup(name=f"{owner}-warehouses", description="where they stand", subnets=tuple(found[:2]))


def cluster(bench: Bench, owner: str) -> RedshiftCluster:
    group = subnet_group(bench, "base")
    bench.once("subnet group", lambda: group.create(bench.aws, SOMEONES))
    groups = bench.once("security_groups", lambda: security_groups(bench))
    return RedshiftCluster(
        name=f"{owner}-lake",
        node_type="ra3.large",
        nodes=2,
        database="dev",
        username="scrapectl",
        subnet_group=group.name,
        security_groups=tuple(groups[:1]),
        roles=frozenset({copy_role(bench, "copies")}),
    )


def namespace(bench: Bench, owner: str) -> RedshiftNamespace:
    roles = frozenset({copy_role(bench, "copies")})
    return RedshiftNamespace(name=f"{owner}-lake", database="dev", username="scrapectl", roles=roles)


def workgroup(bench: Bench, owner: str) -> RedshiftWorkgroup:
    stands = RedshiftNamespace(name=f"{owner}-data", database="dev", username="scrapectl")
    bench.once(f"namespace {owner}", lambda: stands.create(bench.aws, SOMEONES))
    found = bench.once("subnets", lambda: subnets(bench))
    groups = bench.once("security_groups", lambda: security_groups(bench))
    return RedshiftWorkgroup(
        name=f"{owner}-lake",
        namespace=stands.name,
        rpus=8,
        subnets=tuple(found),
        security_groups=tuple(groups[:1]),
    )


def another_subnet(bench: Bench) -> str:
    """A fourth: Redshift Serverless wants three zones at least."""

    def make() -> str:
        ec2 = bench.aws.client("ec2")
        first = ec2.describe_subnets()["Subnets"][0]
        made = ec2.create_subnet(VpcId=first["VpcId"], CidrBlock="172.31.240.0/24")
        return str(made["Subnet"]["SubnetId"])

    return str(bench.once("another subnet", make))


def forget_cluster_password(bench: Bench, want: RedshiftCluster) -> None:
    """Someone takes the password out of AWS's hands."""
    settings: dict[str, Any] = {"ManageMasterPassword": False, "MasterUserPassword": "Chosen-by-hand-1"}
    bench.aws.client("redshift").modify_cluster(ClusterIdentifier=want.name, **settings)
    bench.settled(want)


def forget_password(bench: Bench, want: RedshiftNamespace) -> None:
    settings: dict[str, Any] = {"manageAdminPassword": False, "adminUserPassword": "Chosen-by-hand-1"}
    bench.aws.client("redshift-serverless").update_namespace(namespaceName=want.name, **settings)
    bench.settled(want)


MANAGED = frozenset(MANAGED_PASSWORD)
REDSHIFT_CASES: dict[str, Case] = {
    RedshiftSubnetGroup.kind: Case(
        subnet_group,
        {"description": lambda _: "elsewhere", "subnets": lambda bench: tuple(bench.made["subnets"][1:])},
        implied={
            "create": frozenset({"ec2:DescribeSubnets", "ec2:DescribeVpcs"}),
            "update": frozenset({"ec2:DescribeSubnets", "ec2:DescribeVpcs"}),
        },
    ),
    RedshiftCluster.kind: Case(
        cluster,
        {
            "roles": lambda bench: frozenset({copy_role(bench, "others")}),
            "node_type": lambda _: "ra3.xlplus",
            "nodes": lambda _: 3,
            "security_groups": lambda bench: tuple(bench.made["security_groups"][1:]),
            "public": lambda _: True,
        },
        tampers={"managed_password": forget_cluster_password},
        implied={
            "create": LINKED | MANAGED,
            "update": MANAGED,
            "delete": frozenset(FORGETS_PASSWORD),
        },
    ),
    RedshiftNamespace.kind: Case(
        namespace,
        {"roles": lambda bench: frozenset({copy_role(bench, "copies"), copy_role(bench, "others")})},
        tampers={"managed_password": forget_password},
        implied={
            "create": LINKED | MANAGED,
            "update": MANAGED,
            "delete": frozenset(FORGETS_PASSWORD),
        },
    ),
    RedshiftWorkgroup.kind: Case(
        workgroup,
        {
            "rpus": lambda _: 16,
            "subnets": lambda bench: (*bench.made["subnets"], another_subnet(bench)),
            "security_groups": lambda bench: tuple(bench.made["security_groups"][1:]),
            "public": lambda _: True,
        },
        implied={
            verb: frozenset(action for action in RedshiftWorkgroup.needs.create if action.startswith("ec2:"))
            for verb in ("create", "update")
        },
    ),
}
