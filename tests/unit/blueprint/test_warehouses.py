"""Warehouses become what Redshift knows, carry the roles of their loaders, and are asked by those who connect alone."""

from __future__ import annotations

from typing import Any

from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.facts import NetworkFacts
from scrapectl.kinds.security_group import Rule
from tests.unit.blueprint.world import ACCOUNT, REGION, roles, spec_of, wanted

LAKE = "warehouses: {lake: {serverless: {rpus: 16}%s}}\n"
NODES = "warehouses: {nodes: {cluster: {nodes: %s}}}\n"
ASKS = "jobs: {ask: {image: x, access: {connect: [%s]}%s}}\n"
LOADER = "loaders: {rows: {from: {message_queue: q}, into: {warehouse: %s, table: t}, columns: {a: int}}}\n"
QUEUE = "message_queues: {q: {}}\n"


def lake(more: str = "", rest: str = "", **facts: Any) -> dict[str, Desired]:
    return wanted(spec_of(LAKE % more + rest), **facts)


def test_a_serverless_warehouse_is_a_namespace_and_its_workgroup_both_private() -> None:
    found = lake()
    namespace: Any = found["redshift_namespace.shop-lake"].resource
    workgroup: Any = found["redshift_workgroup.shop-lake"].resource
    assert (namespace.name, namespace.database, namespace.username) == ("shop-lake", "dev", "scrapectl")
    assert namespace.managed_password
    assert workgroup.namespace == Ref("redshift_namespace.shop-lake", "name", "shop-lake")
    assert (workgroup.rpus, workgroup.public) == (16, False)
    group: Any = found["security_group.shop-lake_warehouse"].resource
    assert (group.ingress, group.egress) == (frozenset(), frozenset())
    assert "redshift_subnet_group.shop_warehouses" not in found


def test_what_holds_the_data_is_what_on_destroy_is_of() -> None:
    for end, of_workgroup in (("snapshot", "delete"), ("refuse", "delete"), ("keep", "keep"), ("delete", "delete")):
        found = lake(f", on_destroy: {end}")
        assert found["redshift_namespace.shop-lake"].on_destroy == end
        assert found["redshift_workgroup.shop-lake"].on_destroy == of_workgroup


def test_networks_outside_are_let_in_by_name() -> None:
    found = lake(", public: [203.0.113.0/24]")
    group: Any = found["security_group.shop-lake_warehouse"].resource
    workgroup: Any = found["redshift_workgroup.shop-lake"].resource
    assert group.ingress == {Rule("tcp", 5439, 5439, "203.0.113.0/24")}
    assert workgroup.public


def test_in_a_made_network_it_stands_in_three_zones_public_or_private() -> None:
    network = "network: {cidr: 10.0.0.0/24}\n"
    private: Any = lake(rest=network)["redshift_workgroup.shop-lake"].resource
    public: Any = lake(", public: [203.0.113.0/24]", network)["redshift_workgroup.shop-lake"].resource
    assert len(private.subnets) == len(public.subnets) == 3
    assert not set(private.subnets) & set(public.subnets)


def test_clusters_share_a_subnet_group() -> None:
    found = wanted(spec_of(NODES % 2))
    cluster: Any = found["redshift_cluster.shop-nodes"].resource
    assert (cluster.nodes, cluster.node_type, cluster.encrypted, cluster.public) == (2, "ra3.large", True, False)
    assert cluster.subnet_group == Ref("redshift_subnet_group.shop_warehouses", "name", "shop-warehouses")


def test_a_warehouse_carries_the_copy_roles_of_its_loaders_and_no_others() -> None:
    two = "warehouses: {lake: {serverless: }, nodes: {cluster: }}\n"
    found = wanted(spec_of(two + QUEUE + LOADER % "lake"))
    namespace: Any = found["redshift_namespace.shop-lake"].resource
    cluster: Any = found["redshift_cluster.shop-nodes"].resource
    assert [role.address for role in namespace.roles] == ["iam_role.shop_copy-rows"]
    assert cluster.roles == frozenset()


def test_who_connects_may_send_sql_to_that_warehouse_and_read_its_password() -> None:
    (role,) = [r for name, r in roles(spec_of(LAKE % "" + ASKS % ("lake", ""))).items() if name.startswith("job")]
    sends, own, secret = role.policy.document["Statement"]  # type: ignore[attr-defined]
    assert sends["Resource"] == [Ref("redshift_workgroup.shop-lake", "arn")]
    assert "redshift-data:BatchExecuteStatement" in sends["Action"]
    assert own["Resource"] == ["*"]
    assert own["Condition"] == {"StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}}
    assert secret["Action"] == ["secretsmanager:GetSecretValue"]
    assert secret["Resource"] == [Ref("redshift_namespace.shop-lake", "secret")]


def test_who_connects_to_a_cluster_names_it_by_an_arn_that_is_known() -> None:
    (role,) = [r for name, r in roles(spec_of(NODES % 1 + ASKS % ("nodes", ""))).items() if name.startswith("job")]
    sends = role.policy.document["Statement"][0]  # type: ignore[attr-defined]
    arn = f"arn:aws:redshift:{REGION}:{ACCOUNT}:cluster:shop-nodes"
    assert sends["Resource"] == [Ref("redshift_cluster.shop-nodes", "arn", arn)]


def test_attributes_come_from_what_has_them() -> None:
    job = (
        ", environment: {H: '${warehouse.lake.endpoint}', D: '${warehouse.lake.database}', N: '${warehouse.lake.name}'}"
    )
    definition: Any = lake(rest=ASKS % ("lake", job))["batch_job_definition.shop-ask"].resource
    assert definition.environment == {
        "H": Ref("redshift_workgroup.shop-lake", "endpoint"),
        "D": "dev",
        "N": Ref("redshift_workgroup.shop-lake", "name", "shop-lake"),
    }


def test_a_warehouse_that_is_not_ours_is_asked_and_never_made() -> None:
    theirs = "warehouses: {lake: {existing: theirs, engine: redshift-serverless, database: d, secret: '%s'}}\n"
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:theirs-AbCdEf"
    arn = f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:workgroup/1"
    outputs = {"name": "theirs", "arn": arn, "endpoint": "e", "port": "5439", "database": "d", "secret": secret}
    spec = spec_of(theirs % secret + ASKS % ("lake", ""))
    found = wanted(spec, existing={("warehouses", "lake"): outputs}, network=NetworkFacts("vpc-1", ("subnet-1",)))
    assert not [address for address in found if "redshift" in address or "warehouse" in address]
    (role,) = [r for n, r in roles(spec, existing={("warehouses", "lake"): outputs}).items() if n.startswith("job")]
    statements = role.policy.document["Statement"]  # type: ignore[attr-defined]
    assert (statements[0]["Resource"], statements[2]["Resource"]) == ([arn], [secret])
