"""Warehouses as they reach the model, what Redshift takes at the edges, and who may ask them."""

from __future__ import annotations

import pytest

from scrapectl.errors import SpecError
from scrapectl.spec import check_text
from scrapectl.spec.checks.reach import in_network
from scrapectl.spec.model import Attribute, SecretRef, Template

HEAD = "pipeline: shop\n"
LAKE = HEAD + "warehouses: {lake: {serverless: {rpus: %s}}}\n"
SECRET = "arn:aws:secretsmanager:us-east-2:123456789012:secret:lake-AbCdEf"


def told(text: str) -> str:
    with pytest.raises(SpecError) as error:
        check_text(text)
    return str(error.value)


def test_a_serverless_warehouse_needs_that_word_alone():
    lake = check_text(HEAD + "warehouses: {lake: {serverless: }}").warehouses["lake"]
    assert lake.serverless is not None
    assert (lake.serverless.rpus, lake.cluster, lake.is_serverless) == (8, None, True)
    assert (lake.database, lake.username, lake.public, lake.on_destroy) == ("dev", "scrapectl", (), "snapshot")


def test_a_cluster_is_one_small_node_unless_said():
    lake = check_text(HEAD + "warehouses: {lake: {cluster: }}").warehouses["lake"]
    assert lake.cluster is not None
    assert (lake.cluster.node_type, lake.cluster.nodes, lake.is_serverless) == ("ra3.large", 1, False)


@pytest.mark.parametrize("rpus", [4, 8, 16, 512, 1024])
def test_base_capacities(rpus):
    lake = check_text(LAKE % rpus).warehouses["lake"]
    assert lake.serverless is not None
    assert lake.serverless.rpus == rpus


@pytest.mark.parametrize(("rpus", "hint"), [(5, "Write 4 or 8"), (12, "Write 8 or 16"), (3, "small"), (2000, "large")])
def test_capacities_that_redshift_does_not_have(rpus, hint):
    assert hint in told(LAKE % rpus)


@pytest.mark.parametrize(
    ("warehouse", "words"),
    [
        ("{serverless: , cluster: }", "only one of serverless, cluster or existing"),
        ("{database: dev}", "serverless, cluster or existing is missing"),
        ("{cluster: {node_type: ra3.16xlarge}}", "2 to 128 nodes, not 1"),
        ("{cluster: {node_type: m5.large}}", "is no type of node"),
        ("{cluster: , engine: redshift}", "of an existing warehouse alone"),
        ("{cluster: , role: 'arn:aws:iam::123456789012:role/x'}", "of an existing warehouse alone"),
        ("{cluster: , database: user}", "a word of Redshift's own"),
        ("{cluster: , database: Lake}", "is no name for a database of Redshift"),
        ("{cluster: , public: true}", "public to whom?"),
        ("{cluster: , public: [0.0.0.0/0]}", "opens the warehouse to the whole internet"),
        ("{cluster: , name: x}", "is no identifier for a warehouse"),
        ("{existing: x}", '"engine" is missing'),
        (f"{{existing: lake, engine: redshift, database: d, secret: '{SECRET}', username: u}}", "cannot be said of"),
    ],
)
def test_what_redshift_or_the_language_refuses(warehouse, words):
    assert words in told(HEAD + f"warehouses: {{lake: {warehouse}}}")


def test_the_arn_of_a_cluster_is_no_workgroup():
    arn = "arn:aws:redshift:us-east-2:123456789012:cluster:lake"
    text = f"warehouses: {{a: {{existing: '{arn}', engine: %s, database: d, secret: '{SECRET}'}}}}"
    assert "Write engine: redshift." in told(HEAD + text % "redshift-serverless")
    assert check_text(HEAD + text % "redshift").warehouses["a"].is_serverless is False


def test_a_made_network_has_three_zones_where_a_serverless_warehouse_stands():
    network = "network: {cidr: 10.0.0.0/24%s}\n"
    made = check_text(LAKE % 8 + network % "").network.made
    assert made is not None
    assert made.zones == 3
    assert "in three zones" in told(LAKE % 8 + network % ", zones: 2")
    alone = check_text(HEAD + "warehouses: {lake: {cluster: }}\n" + network % "").network.made
    assert alone is not None
    assert alone.zones == 2


def test_given_subnets_have_to_be_three():
    assert "in three zones" in told(LAKE % 8 + "network: {vpc: vpc-0123abcd, subnets: [subnet-0123abcd]}")


def test_databases_and_warehouses_are_one_set_of_names():
    text = "databases: {lake: {engine: mysql, version: 8.4}}\n"
    assert '"lake" is a database and a warehouse, and access.connect could mean either' in told(LAKE % 8 + text)


def test_who_asks_a_warehouse_needs_no_network():
    text = LAKE % 8 + "databases: {d: {engine: mysql, version: 8.4}}\n"
    text += "functions: {f: {image: 1.dkr.ecr.us-east-1.amazonaws.com/x, access: {connect: [%s]}}}"
    function = check_text(text % "lake").functions["f"]
    assert (function.access.connect, function.access.asked, function.access.databases) == (("lake",), ("lake",), ())
    assert not in_network(function)
    assert in_network(check_text(text % "d, lake").functions["f"])


def test_its_attributes_stay_open_and_its_password_is_a_secret():
    text = LAKE % 8 + "jobs: {a: {image: x, environment: {H: '${warehouse.lake.%s}'}, secrets: {P: '%s:password'}}}"
    secret = "${warehouse.lake.secret}"
    for attribute in ("name", "arn", "endpoint", "port", "database", "secret"):
        job = check_text(text % (attribute, secret)).jobs["a"]
        assert job.environment["H"] == Template((Attribute("warehouse", "lake", attribute),))
    assert job.secrets["P"] == SecretRef(arn=Template((Attribute("warehouse", "lake", "secret"),)), json_key="password")
    assert 'has no "host"' in told(text.replace(":password", ":host") % ("name", secret))
