"""Whose policies count, and which actions IAM's simulator would not allow."""

from __future__ import annotations

import json

import pytest

from scrapectl.aws.identity import Identity, policy_source
from scrapectl.aws.simulation import not_allowed
from scrapectl.local.caller import judge
from scrapectl.operate.checks import Health
from scrapectl.pipeline.allowed import permissions
from scrapectl.pipeline.assumed import Where
from scrapectl.pipeline.permissions import grants
from scrapectl.pipeline.policy_documents import documents
from tests.account import ACCOUNT, REGION, example

TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]})
READ = {
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:PutObject"],
    "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"],
}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def role(account):
    """A role that may read one bucket, and its ARN."""
    iam = account.client("iam")
    arn = iam.create_role(RoleName="ci", Path="/team/", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    may = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::a/*"}
    iam.put_role_policy(RoleName="ci", PolicyName="p", PolicyDocument=policy(may))
    return arn


def test_a_role_is_judged_by_each_action_and_resource(account, role):
    refused = [("s3:GetObject", "arn:aws:s3:::b/any"), ("s3:PutObject", "arn:aws:s3:::b/any")]
    assert not_allowed(account.session(), role, [READ]) == refused
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"}
    account.client("iam").put_role_policy(RoleName="ci", PolicyName="q", PolicyDocument=policy(deny))
    assert ("s3:PutObject", "arn:aws:s3:::a/any") in not_allowed(account.session(), role, [READ])
    answer = account.client("iam").simulate_principal_policy(
        PolicySourceArn=role,
        ActionNames=["s3:PutObject", "s3:GetObject", "sqs:SendMessage"],
        ResourceArns=["arn:aws:s3:::a/x"],
    )
    decisions = {one["EvalActionName"]: one["EvalDecision"] for one in answer["EvaluationResults"]}
    assert decisions == {"s3:PutObject": "explicitDeny", "s3:GetObject": "allowed", "sqs:SendMessage": "implicitDeny"}


def test_conditions_are_told_to_the_simulator(account, role):
    condition = {"StringEquals": {"iam:PassedToService": "batch.amazonaws.com"}}
    may = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": condition}
    account.client("iam").put_role_policy(RoleName="ci", PolicyName="pass", PolicyDocument=policy(may))
    assert not_allowed(account.session(), role, [may]) == []
    other = {**may, "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}
    assert not_allowed(account.session(), role, [other]) == [("iam:PassRole", "*")]


def test_each_value_of_a_condition_is_tried_by_itself(account, role):
    """A request carries one of them: IAM takes several of a key that is no list for wrong."""
    may = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
    to = {**may, "Condition": {"StringEquals": {"iam:PassedToService": "batch.amazonaws.com"}}}
    account.client("iam").put_role_policy(RoleName="ci", PolicyName="pass", PolicyDocument=policy(to))
    both = {"StringEquals": {"iam:PassedToService": ["batch.amazonaws.com", "lambda.amazonaws.com"]}}
    assert not_allowed(account.session(), role, [{**may, "Condition": both}]) == [("iam:PassRole", "*")]
    asked = [one.params for one in account.sent.calls if one.operation == "SimulatePrincipalPolicy"]
    assert [len(entry["ContextKeyValues"]) for each in asked for entry in each["ContextEntries"]] == [1, 1]


def test_a_user_has_the_policies_of_its_groups_and_many_answers_come_in_pages(account):
    iam = account.client("iam")
    arn = iam.create_user(UserName="ann")["User"]["Arn"]
    iam.create_group(GroupName="team")
    iam.add_user_to_group(GroupName="team", UserName="ann")
    iam.put_group_policy(
        GroupName="team",
        PolicyName="p",
        PolicyDocument=policy({"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}),
    )
    many = {"Action": [f"s3:GetThing{number}" for number in range(120)] + ["s3:PutObject"], "Resource": "*"}
    assert not_allowed(account.session(), arn, [many]) == [("s3:PutObject", "*")]
    assert len([one for one in account.sent.calls if one.operation == "SimulatePrincipalPolicy"]) == 2


def test_a_principal_that_is_not_there_is_refused(account):
    with pytest.raises(account.client("iam").exceptions.NoSuchEntityException):
        account.client("iam").simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/none", ActionNames=["s3:GetObject"]
        )


def test_a_roles_session_carries_the_roles_policies(account, role):
    session = account.session()
    assert policy_source(session, f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/me@host") == role
    assert policy_source(session, f"arn:aws:sts::{ACCOUNT}:assumed-role/gone/me") == f"arn:aws:iam::{ACCOUNT}:role/gone"
    assert policy_source(session, f"arn:aws:iam::{ACCOUNT}:user/ann") == f"arn:aws:iam::{ACCOUNT}:user/ann"


def caller(account):
    arn = account.client("sts").get_caller_identity()["Arn"]
    return Identity(arn, "env", None)


def test_the_least_policy_for_apply_is_enough_and_one_action_less_is_named(account):
    spec, who = example("quickstart"), caller(account)
    least = documents(grants(spec, "apply", Where(ACCOUNT, REGION)))
    ask = {"Statement": [{"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}]}
    judging = judge(account.cloud, [*least, ask])
    assert permissions(spec, account.session(), who).health is Health.OK
    judging.documents.append({"Statement": [{"Effect": "Deny", "Action": "batch:CreateJobQueue", "Resource": "*"}]})
    check = permissions(spec, account.session(), who)
    assert check.health is Health.FAIL
    assert check.text.startswith("1 action not allowed: batch:CreateJobQueue on arn:aws:batch:")
    assert "policy --for apply" in check.hint


def test_what_aws_never_judges_is_missed_by_nobody(account):
    """Our statements list job definitions beside queues; who wrote one for each type may do as much."""
    judging = judge(account.cloud, [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}])
    others = f"arn:aws:batch:{REGION}:{ACCOUNT}:job-definition/*"
    deny = {"Effect": "Deny", "Action": "batch:CreateJobQueue", "Resource": others}
    judging.documents.append({"Statement": [deny]})
    assert permissions(example("quickstart"), account.session(), caller(account)).health is Health.OK


def test_who_may_not_ask_is_told_that_nobody_can_tell(account):
    who = caller(account)
    judge(account.cloud, [{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}])
    check = permissions(example("quickstart"), account.session(), who)
    assert (check.health, check.text) == (Health.WARN, "cannot tell: iam:SimulatePrincipalPolicy is not allowed")
    root = permissions(example("quickstart"), account.session(), Identity(f"arn:aws:iam::{ACCOUNT}:root", "", None))
    assert root.health is Health.WARN
