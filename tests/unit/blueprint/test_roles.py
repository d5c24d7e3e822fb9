"""Roles hold what the references in the spec imply, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scrapectl.aws.iam import resource_star_needed
from scrapectl.aws.iam_policies import allows
from scrapectl.blueprint.scheduled import INLINE_LIMIT
from scrapectl.engine.values import Ref, refs
from scrapectl.kinds.iam_role import IamRole
from scrapectl.spec import check_text
from scrapectl.spec.model import Spec
from tests.random_specs import ENV, FOLDER, random_spec
from tests.unit.blueprint.world import ACCOUNT, REGION, resources, roles, spec_of

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*/pipeline.yaml"))
RAW = f"arn:aws:s3:::shop-raw-{ACCOUNT}-{REGION}"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:shop-rows"
BASE = f"arn:aws:batch:{REGION}:{ACCOUNT}"
# The actions that roles hold on "*", each for want of anything narrower, by what the role is for.
# What Lambda asks of a role before it puts a function into a network, on everything (AWS-FACTS §21).
INTERFACES = {
    *("ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
    *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses"),
}
# A statement of the Data API has no ARN: its owner alone can be asked for.
DATA_API = {
    *("redshift-data:CancelStatement", "redshift-data:DescribeStatement"),
    *("redshift-data:GetStatementResult", "redshift-data:ListStatements"),
}
ON_EVERYTHING = {
    "function": INTERFACES | DATA_API,
    "load": INTERFACES | DATA_API,
    "start": {"ecr:GetAuthorizationToken"},
    "host": {"ecr:GetAuthorizationToken"} | DATA_API,
    "job": DATA_API,
    "notifier": {
        *("batch:DescribeJobDefinitions", "batch:DescribeJobs", "batch:ListJobs"),
        *("autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeScalingActivities"),
    },
    "instances": {"ecs:DiscoverPollEndpoint"},
    "machine": {
        *("batch:DescribeJobs", "batch:TerminateJob", "logs:CreateLogDelivery", "logs:DeleteLogDelivery"),
        *("logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries"),
        *("logs:PutResourcePolicy", "logs:UpdateLogDelivery"),
    },
}

SHOP = """
buckets: {raw: {}, other: {}}
message_queues: {rows: {}, else: {}}
images: {scraper: {build: ./scraper}, unused: {build: ./unused}}
secrets: {key: {generate: 20}, unused: {generate: 20}}
jobs:
  collect:
    image: scraper
    secrets: {KEY: key}
    access: %s
    schedules: {daily: {cron: "0 6 * * ? *"}}
  scrape: {image: x}
"""


def shop(access: str) -> Spec:
    return spec_of(SHOP % access)


def only(found: dict[str, IamRole], prefix: str) -> IamRole:
    (role,) = [role for what, role in found.items() if what.startswith(prefix)]
    return role


def document(role: IamRole) -> Any:
    assert role.policy is not None
    return role.policy.document


def may(access: str, action: str, resource: str, **context: Any) -> bool:
    policies = [document(role) for what, role in roles(shop(access)).items() if what.startswith("job-")]
    return allows(policies, action, resource, {key.replace("_", ":"): value for key, value in context.items()})


def every_spec() -> list[tuple[str, Spec]]:
    found = [(path.parent.name, check_text(path.read_text(), folder=path.parent, env={})) for path in EXAMPLES]
    return found + [(f"seed {seed}", check_text(random_spec(seed), folder=FOLDER, env=ENV)) for seed in range(25)]


GRANTS = [
    ("{read: [raw/in/]}", "s3:GetObject", f"{RAW}/in/a"),
    ("{read: [raw/in/]}", "s3:GetObjectVersion", f"{RAW}/in/a"),
    ("{read: [raw]}", "s3:GetObject", f"{RAW}/any/a"),
    ("{read: [raw]}", "s3:ListBucket", RAW),
    ("{write: [raw]}", "s3:PutObject", f"{RAW}/a"),
    ("{write: [raw/out/]}", "s3:DeleteObject", f"{RAW}/out/a"),
    ("{write: [raw/out/]}", "s3:AbortMultipartUpload", f"{RAW}/out/a"),
    ("{send: [rows]}", "sqs:SendMessage", QUEUE),
    ("{receive: [rows]}", "sqs:ReceiveMessage", QUEUE),
    ("{receive: [rows]}", "sqs:DeleteMessage", QUEUE),
    ("{submit: [scrape]}", "batch:SubmitJob", f"{BASE}:job-definition/shop-scrape"),
    ("{submit: [scrape]}", "batch:SubmitJob", f"{BASE}:job-definition/shop-scrape:7"),
    (
        '{policy: [{Effect: Allow, Action: "sns:Publish", Resource: "arn:aws:sns:x:1:y"}]}',
        "sns:Publish",
        "arn:aws:sns:x:1:y",
    ),
]
WITHHELD = [
    ("{read: [raw/in/]}", "s3:GetObject", f"{RAW}/out/a"),
    ("{read: [raw/in/]}", "s3:GetObject", f"{RAW}/in"),
    ("{read: [raw]}", "s3:GetObject", f"{RAW}-2/a"),
    ("{read: [raw]}", "s3:GetObject", f"arn:aws:s3:::shop-other-{ACCOUNT}-{REGION}/a"),
    ("{read: [raw]}", "s3:PutObject", f"{RAW}/a"),
    ("{read: [raw]}", "s3:DeleteObject", f"{RAW}/a"),
    ("{write: [raw]}", "s3:GetObject", f"{RAW}/a"),
    ("{write: [raw]}", "s3:ListBucket", RAW),
    ("{write: [raw]}", "s3:PutBucketPolicy", RAW),
    ("{write: [raw]}", "s3:DeleteObjectVersion", f"{RAW}/a"),
    ("{send: [rows]}", "sqs:ReceiveMessage", QUEUE),
    ("{send: [rows]}", "sqs:SendMessage", f"{QUEUE}_dead"),
    ("{send: [rows]}", "sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:shop-else"),
    ("{receive: [rows]}", "sqs:SendMessage", QUEUE),
    ("{receive: [rows]}", "sqs:PurgeQueue", QUEUE),
    ("{submit: [scrape]}", "batch:SubmitJob", f"{BASE}:job-definition/shop-collect"),
    ("{submit: [scrape]}", "batch:SubmitJob", f"{BASE}:job-definition/shop-scrape-2"),
    ("{submit: [scrape]}", "batch:TerminateJob", f"{BASE}:job/1"),
    ("{}", "s3:GetObject", f"{RAW}/a"),
]


@pytest.mark.parametrize(("access", "action", "resource"), GRANTS)
def test_access_grants_what_it_says(access: str, action: str, resource: str) -> None:
    assert may(access, action, resource)


@pytest.mark.parametrize(("access", "action", "resource"), WITHHELD)
def test_access_grants_nothing_else(access: str, action: str, resource: str) -> None:
    assert not may(access, action, resource)


def test_listing_is_of_the_places_that_may_be_read() -> None:
    assert may("{read: [raw/in/]}", "s3:ListBucket", RAW, s3_prefix="in/x")
    assert not may("{read: [raw/in/]}", "s3:ListBucket", RAW, s3_prefix="out/x")
    assert not may("{read: [raw/in/]}", "s3:ListBucket", RAW)


def test_submit_needs_the_queue_too() -> None:
    queue = next(iter(resources(shop("{submit: [scrape]}"), "batch_job_queue").values())).name
    assert may("{submit: [scrape]}", "batch:SubmitJob", f"{BASE}:job-queue/{queue}")


def test_key_of_the_user_comes_with_the_bucket() -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    text = f"buckets: {{raw: {{encryption: 'kms:{key}'}}}}\njobs: {{a: {{image: x, access: %s}}}}\n"
    for access, action, granted in (
        ("{read: [raw]}", "kms:Decrypt", True),
        ("{read: [raw]}", "kms:GenerateDataKey", False),
        ("{write: [raw]}", "kms:GenerateDataKey", True),
    ):
        role = only(roles(spec_of(text % access)), "job-")
        assert allows([document(role)], action, key) is granted


def test_job_without_access_acts_as_nobody() -> None:
    spec = shop("{}")
    assert [what for what in roles(spec) if what.startswith("job-")] == []
    assert resources(spec, "batch_job_definition")["batch_job_definition.shop-collect"].job_role is None


def test_start_role_pulls_its_image_reads_its_secrets_and_writes_the_log() -> None:
    spec = shop("{}")
    role = resources(spec, "batch_job_definition")["batch_job_definition.shop-collect"].execution_role
    policy = [document(resources(spec, "iam_role")[role.address])]
    repository = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository"
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
    logs = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/scrapectl"
    granted = [
        ("ecr:BatchGetImage", f"{repository}/shop-scraper"),
        ("ecr:GetDownloadUrlForLayer", f"{repository}/shop-scraper"),
        ("ecr:GetAuthorizationToken", "*"),
        ("secretsmanager:GetSecretValue", f"{secret}:shop-key-a1B2c3"),
        ("logs:PutLogEvents", f"{logs}/shop:log-stream:collect/default/1"),
    ]
    withheld = [
        ("ecr:BatchGetImage", f"{repository}/shop-unused"),
        ("ecr:PutImage", f"{repository}/shop-scraper"),
        ("secretsmanager:GetSecretValue", f"{secret}:shop-unused-a1B2c3"),
        ("secretsmanager:GetSecretValue", f"{secret}:shop-key-2-a1B2c3"),
        ("logs:PutLogEvents", f"{logs}/shop-eu:log-stream:x"),
        ("logs:CreateLogGroup", f"{logs}/shop"),
        ("s3:GetObject", f"{RAW}/a"),
    ]
    assert [case for case in granted if not allows(policy, *case)] == []
    assert [case for case in withheld if allows(policy, *case)] == []


def test_scheduler_submits_what_is_scheduled_alone() -> None:
    policy = [document(only(roles(shop("{}")), "scheduler"))]
    assert allows(policy, "batch:SubmitJob", f"{BASE}:job-definition/shop-collect")
    assert allows(policy, "batch:SubmitJob", f"{BASE}:job-definition/shop-collect:3")
    assert allows(policy, "sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:shop_dead")
    assert not allows(policy, "batch:SubmitJob", f"{BASE}:job-definition/shop-scrape")
    assert not allows(policy, "sqs:SendMessage", QUEUE)


def test_trust_is_the_services_for_this_account_alone() -> None:
    """AWS-FACTS §21: tasks for any of the account's clusters, the scheduler for the instance's group alone."""
    found = roles(spec_of(SHOP % "{read: [raw]}"))
    tasks = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:*"},
        },
    }
    group = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/shop"
    scheduler = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": group}},
    }
    for what, role in found.items():
        statement = scheduler if what == "scheduler" else tasks
        assert role.trust.document == {"Version": "2012-10-17", "Statement": [statement]}, what


def test_stage_stands_in_the_schedulers_trust() -> None:
    spec = spec_of(f"stages: {{prod: {{}}}}\n{SHOP % '{}'}", stage="prod")
    trust = only(roles(spec), "scheduler").trust.document
    source = trust["Statement"][0]["Condition"]["StringEquals"]["aws:SourceArn"]
    assert source.endswith(":schedule-group/shop.prod")


@pytest.mark.parametrize(("name", "spec"), every_spec(), ids=lambda value: value if isinstance(value, str) else "")
def test_no_role_holds_more_than_a_service_asks_for(name: str, spec: Spec) -> None:
    """No `service:*`; "*" as a resource only for actions that know no narrower one, or in the user's own words."""
    own_words = {
        str(action)
        for one in (*spec.jobs.values(), *spec.functions.values(), *spec.hosts.values())
        for entry in one.access.policy
        for action in _list(entry["Action"])
    }
    for what, role in roles(spec).items():
        assert all(_is_chosen_by_aws(what, ref) for ref in refs(role)), (
            f"{name}: a role that waits for what it allows holds everything up"
        )
        everywhere: set[str] = set()
        for statement in document(role)["Statement"]:
            actions = _list(statement["Action"])
            assert not [action for action in actions if "*" in action]
            if "*" in _list(statement["Resource"]):
                everywhere |= set(actions) - own_words
        assert everywhere <= ON_EVERYTHING.get(what.partition("-")[0], set()), (name, what)
        assert everywhere <= {*resource_star_needed, *INTERFACES, *DATA_API}


CHOSEN = ("efs_file_system.", "efs_access_point.", "datasync_task.")


def _is_chosen_by_aws(what: str, ref: Ref) -> bool:
    """Of a database's password AWS chooses the whole name, and of these the id, so that the role can only wait."""
    if what.startswith(("start-", "load-", "function-", "host-")) and ref.output == "secret":
        return ref.address.startswith(("rds_instance.", "redshift_"))
    if what.startswith(("job-", "load-", "function-", "host-")) and ref.address.startswith("redshift_"):
        return ref.output in {"arn", "secret"}  # whoever asks one sends the name of its password
    return ref.address.startswith(CHOSEN) and ref.output == "arn"


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def test_one_role_for_each_distinct_access() -> None:
    jobs = "\n".join(
        f"  job-{n}: {{image: 'public.ecr.aws/x/y:{n}', access: {{read: [{places}]}}}}"
        for n, places in enumerate(["raw/a/, raw/b/", "raw/b/, raw/a/", "raw/a/", "raw/a/"])
    )
    found = roles(spec_of(f"buckets: {{raw: {{}}}}\njobs:\n{jobs}\n"))
    assert sorted(what.partition("-")[0] for what in found) == ["job", "job", "start"]


@pytest.mark.parametrize(
    ("key", "may"),
    [
        ("", None),
        ("arn:aws:kms:us-east-1:123456789012:alias/aws/secretsmanager", None),
        (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"),
        ("0123-4567", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0123-4567"),
        ("alias/theirs", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"),
    ],
)
def test_an_existing_secret_under_a_key_needs_that_key_through_secrets_manager(key: str, may: str | None) -> None:
    text = "secrets: {it: {existing: theirs}}\njobs: {a: {image: x, secrets: {IT: it}}}\n"
    secret = {"name": "theirs", "arn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:theirs-AbCdEf", "key": key}
    policy = document(only(roles(spec_of(text), existing={("secrets", "it"): secret}), "start"))
    found = [statement for statement in policy["Statement"] if statement["Action"] == ["kms:Decrypt"]]
    through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}}
    assert [(s["Resource"], s["Condition"]) for s in found] == ([([may], through)] if may else [])


@pytest.mark.parametrize("count", [1, 40, 300])
def test_policies_fit_however_many_jobs(count: int) -> None:
    """A role's inline policies may have 10,240 characters in all; what allows 300 jobs still allows no stranger's.

    No condition is met: AWS does not look at the tags of a definition that is submitted without a revision.
    """
    text = "jobs:\n" + "".join(
        f"  job-with-a-long-name-number-{n}: {{image: x, schedules: {{daily: {{rate: 1h}}}}}}\n" for n in range(count)
    )
    spec = spec_of(text)
    by_arn = {role.name: role for role in roles(spec).values()}
    for role in by_arn.values():
        assert role.policy is not None
        assert len(role.policy.to_json()) <= INLINE_LIMIT
    for schedule in resources(spec, "schedule").values():
        policy = [document(by_arn[schedule.role_arn.value.rpartition("/")[2]])]
        assert allows(policy, "batch:SubmitJob", schedule.input["JobDefinition"].value)
        assert allows(policy, "batch:SubmitJob", schedule.input["JobDefinition"].value + ":7")
        assert allows(policy, "batch:SubmitJob", schedule.input["JobQueue"].value)
        assert not allows(policy, "batch:SubmitJob", f"{BASE}:job-definition/shop-eu-collect")
