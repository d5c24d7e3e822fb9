"""How somebody else makes warehouses of each kind, under a name that a pipeline wants."""

from __future__ import annotations

from typing import Any

from tests.account import Account
from tests.properties.strangers_of_networks import Tags, pairs, subnets


def _small_pairs(tags: Tags) -> list[dict[str, str]]:
    return [{"key": pair["Key"], "value": pair["Value"]} for pair in pairs(tags)]


def redshift_subnet_group(account: Account, want: Any, tags: Tags) -> None:
    account.client("redshift").create_cluster_subnet_group(
        ClusterSubnetGroupName=want.name,
        Description="theirs",
        SubnetIds=[subnet["SubnetId"] for subnet in subnets(account)],
        Tags=pairs(tags),
    )


def redshift_cluster(account: Account, want: Any, tags: Tags) -> None:
    account.client("redshift").create_cluster(
        ClusterIdentifier=want.name,
        NodeType="ra3.large",
        ClusterType="single-node",
        MasterUsername="theirs",
        ManageMasterPassword=True,
        Tags=pairs(tags),
    )


def redshift_namespace(account: Account, want: Any, tags: Tags) -> None:
    account.client("redshift-serverless").create_namespace(
        namespaceName=want.name, adminUsername="theirs", manageAdminPassword=True, tags=_small_pairs(tags)
    )


def redshift_workgroup(account: Account, want: Any, tags: Tags) -> None:
    serverless = account.client("redshift-serverless")
    serverless.create_namespace(namespaceName=f"{want.name}-theirs", manageAdminPassword=True)
    serverless.create_workgroup(
        workgroupName=want.name, namespaceName=f"{want.name}-theirs", baseCapacity=8, tags=_small_pairs(tags)
    )
