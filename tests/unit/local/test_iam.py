"""Roles: names that collide, documents that are refused, rights that are judged, and how fresh they are."""

from __future__ import annotations

import json

import pytest

from scrapectl.local.policy import allows, trusts
from scrapectl.local.services.iam import can_be_assumed, role_may


def _document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _trust(**changes):
    return _document(
        {"Effect": "Allow", "Principal": {"Service": "x.amazonaws.com"}, "Action": "sts:AssumeRole"} | changes
    )


def test_names_that_differ_in_case_alone_collide(aws, refused):
    create = aws("iam").create_role
    create(RoleName="Run", AssumeRolePolicyDocument=json.dumps(_trust()), Path="/a/")
    with refused("EntityAlreadyExists", "already exists"):
        create(RoleName="run", AssumeRolePolicyDocument=json.dumps(_trust()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "invalid Json"),
        ("{}", "Syntax errors"),
        (json.dumps(_trust(Resource="*")), "prohibited field Resource"),
        (json.dumps(_trust(Action="s3:GetObject")), "only specify STS"),
        (json.dumps(_document({"Effect": "Allow", "Action": "sts:AssumeRole"})), "required field Principal"),
    ],
)
def test_trust_documents_that_are_refused(aws, refused, text, words):
    with refused("MalformedPolicyDocument", words):
        aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=text)


def test_a_trust_document_may_not_be_too_long(aws, refused):
    with refused("LimitExceeded"):
        services = [f"service-number-{n}.amazonaws.com" for n in range(80)]
        text = json.dumps(_trust(Principal={"Service": services}))
        aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=text)


ALLOWED = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ([ALLOWED | {"Principal": "*"}], "should not specify a principal"),
        ([ALLOWED | {"Sid": "a"}, ALLOWED | {"Sid": "a"}], "must be unique"),
        ([ALLOWED | {"Sid": "a-b"}], "alpha-numeric"),
        ([{"Effect": "Allow", "Action": "s3:GetObject"}], "must contain resources"),
        ([{"Effect": "Allow", "Resource": "*"}], "must contain actions"),
    ],
)
def test_role_policies_that_are_refused(aws, role, refused, statements, words):
    role("r", "x.amazonaws.com")
    with refused("MalformedPolicyDocument", words):
        aws("iam").put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=json.dumps(_document(*statements)))


def test_a_role_with_a_policy_is_not_deleted(aws, role, refused):
    role("r", "x.amazonaws.com", [ALLOWED])
    with refused("DeleteConflict"):
        aws("iam").delete_role(RoleName="r")
    aws("iam").delete_role_policy(RoleName="r", PolicyName="access")
    aws("iam").delete_role(RoleName="r")
    with refused("NoSuchEntity"):
        aws("iam").get_role(RoleName="r")


def test_lists_show_no_tags(aws):
    tags = [{"Key": "a", "Value": "b"}]
    aws("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(_trust()), Path="/p/", Tags=tags)
    [found] = aws("iam").list_roles(PathPrefix="/p/")["Roles"]
    assert "Tags" not in found
    assert aws("iam").get_role(RoleName="r")["Role"]["Tags"] == tags


def test_a_role_is_usable_after_a_while_and_by_its_service(cloud, role):
    arn = role("r", "x.amazonaws.com", [ALLOWED], settle=False)
    assert not can_be_assumed(cloud, arn, "x.amazonaws.com")
    assert not role_may(cloud, arn, "s3:GetObject", "arn:aws:s3:::b/k")
    cloud.clock.advance(8)
    assert can_be_assumed(cloud, arn, "x.amazonaws.com")
    assert not can_be_assumed(cloud, arn, "y.amazonaws.com")
    assert not can_be_assumed(cloud, arn.replace("role/", "role/other/"), "x.amazonaws.com")
    assert role_may(cloud, arn, "s3:GetObject", "arn:aws:s3:::b/k")
    assert not role_may(cloud, arn, "s3:PutObject", "arn:aws:s3:::b/k")


def test_attached_policies_count(aws, cloud, role):
    arn = role("r", "x.amazonaws.com")
    policy = aws("iam").create_policy(PolicyName="p", PolicyDocument=json.dumps(_document(ALLOWED)))["Policy"]["Arn"]
    aws("iam").attach_role_policy(RoleName="r", PolicyArn=policy)
    assert not role_may(cloud, arn, "s3:GetObject", "arn:aws:s3:::b/k")
    cloud.clock.advance(8)
    assert role_may(cloud, arn, "s3:GetObject", "arn:aws:s3:::b/k")


CASES = [
    ([ALLOWED], "s3:getobject", "arn:x", {}, True),
    ([ALLOWED | {"Action": ["s3:Get*"]}], "s3:GetObject", "arn:x", {}, True),
    ([ALLOWED | {"Resource": "arn:a?c"}], "s3:GetObject", "arn:abc", {}, True),
    ([ALLOWED | {"Resource": "arn:a"}], "s3:GetObject", "arn:abc", {}, False),
    ([ALLOWED, ALLOWED | {"Effect": "Deny"}], "s3:GetObject", "arn:x", {}, False),
    ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], "s3:GetObject", "arn:x", {}, False),
    ([{"Effect": "Allow", "Action": "*", "NotResource": "arn:x"}], "s3:GetObject", "arn:x", {}, False),
    ([ALLOWED | {"Condition": {"StringEquals": {"aws:A": ["1", "2"]}}}], "s3:GetObject", "arn:x", {"aws:a": "2"}, True),
    ([ALLOWED | {"Condition": {"StringEquals": {"aws:A": "1"}}}], "s3:GetObject", "arn:x", {}, False),
    ([ALLOWED | {"Condition": {"StringEqualsIfExists": {"aws:A": "1"}}}], "s3:GetObject", "arn:x", {}, True),
    ([ALLOWED | {"Condition": {"ArnLike": {"aws:A": "arn:*:x"}}}], "s3:GetObject", "arn:x", {"aws:A": "arn:b:x"}, True),
    (
        [ALLOWED | {"Condition": {"StringNotEquals": {"aws:A": ["1", "2"]}}}],
        "s3:GetObject",
        "arn:x",
        {"aws:A": "1"},
        False,
    ),
    ([ALLOWED | {"Condition": {"Bool": {"aws:A": "true"}}}], "s3:GetObject", "arn:x", {"aws:A": "true"}, True),
    ([ALLOWED | {"Condition": {"Bool": {"aws:A": "true"}}}], "s3:GetObject", "arn:x", {"aws:A": "false"}, False),
    ([ALLOWED | {"Condition": {"Odd": {"aws:A": "true"}}}], "s3:GetObject", "arn:x", {"aws:A": "true"}, False),
    ([], "s3:GetObject", "arn:x", {}, False),
]


@pytest.mark.parametrize(("statements", "action", "resource", "context", "expected"), CASES)
def test_policies_are_judged(statements, action, resource, context, expected):
    assert allows([_document(*statements)], action, resource, context) is expected


def test_trust_is_judged():
    assert trusts(_trust(), "x.amazonaws.com")
    assert trusts(_trust(Principal={"Service": ["x.amazonaws.com", "y.amazonaws.com"]}), "y.amazonaws.com")
    assert not trusts(_trust(Effect="Deny"), "x.amazonaws.com")
    assert not trusts(_trust(Principal={"AWS": "x.amazonaws.com"}), "x.amazonaws.com")
