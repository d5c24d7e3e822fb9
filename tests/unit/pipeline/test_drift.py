"""What counts as drift, and what only follows from it."""

from __future__ import annotations

from scrapectl.pipeline import find_drift
from tests.account import Account, spec_of

TEXT = """
version: 1
pipeline: shop
region: us-east-1
databases: {results: {engine: postgres, version: "16"}}
jobs:
  collect:
    image: python:3
    environment: {HOST: "${database.results.endpoint}"}
    secrets: {PASSWORD: "${database.results.secret}:password"}
"""


def test_what_names_a_missing_thing_was_changed_by_nobody(account: Account) -> None:
    spec = spec_of(TEXT)
    account.put(spec)
    account.client("rds").delete_db_instance(DBInstanceIdentifier="shop-results", SkipFinalSnapshot=True)

    planned = account.plan(spec)
    following = {change.address for change in planned.plan.changes if any(field.unknown for field in change.fields)}
    assert "batch_job_definition.shop-collect" in following
    found = find_drift(planned)
    assert [(each.sort, each.change.address) for each in found.drifted] == [("missing", "rds_instance.shop-results")]
    assert (found.undecided, found.edits) == ((), 0)


def test_what_was_changed_beside_a_missing_thing_is_told_too(account: Account) -> None:
    spec = spec_of(TEXT.replace("jobs:", "topics: {news: {}}\njobs:"))
    account.put(spec)
    account.client("rds").delete_db_instance(DBInstanceIdentifier="shop-results", SkipFinalSnapshot=True)
    account.client("sns").untag_resource(
        ResourceArn="arn:aws:sns:us-east-1:123456789012:shop-news", TagKeys=["scrapectl:address"]
    )

    found = find_drift(account.plan(spec))
    assert {each.change.address for each in found.drifted} == {"rds_instance.shop-results", "sns_topic.shop-news"}
