"""What AWS would refuse is found before it is sent."""

from __future__ import annotations

import re
import time
import warnings

import boto3
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.stub import Stubber

from scrapectl.aws.request_check import OPEN_CHOICES, RequestRefused, check_request, install
from scrapectl.aws.request_limits import LIMITS
from scrapectl.aws.request_patterns import UNREADABLE, compiled, translated
from scrapectl.aws.request_rules import FARGATE_SIZES, RULES

SERVICES = [
    "batch",
    "ecr",
    "s3",
    "sqs",
    "iam",
    "logs",
    "secretsmanager",
    "ec2",
    "scheduler",
    "ssm",
    "sts",
    "resourcegroupstaggingapi",
    "events",
    "sns",
    "rds",
    "cloudwatch",
    "lambda",
    "stepfunctions",
    "efs",
    "datasync",
    "redshift",
    "redshift-serverless",
    "redshift-data",
    "cloudtrail",
    "autoscaling",
    "appstream",
    "budgets",
    "pricing",
    "sesv2",
]
ROLE = "arn:aws:iam::123456789012:role/x"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:dead"


def environment(**resources: object):
    base = {"type": "FARGATE", "maxvCpus": 16, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    return {"computeEnvironmentName": "shop", "type": "MANAGED", "computeResources": base | resources}


def definition(vcpu="1", memory="2048", container=None, **more: object):
    needs = [{"type": "VCPU", "value": vcpu}, {"type": "MEMORY", "value": memory}]
    inside = {"image": "i", "executionRoleArn": ROLE, "resourceRequirements": needs} | (container or {})
    base = {"jobDefinitionName": "shop-job", "type": "container", "platformCapabilities": ["FARGATE"]}
    return base | {"containerProperties": inside} | more


def schedule(**more: object):
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:batch:submitJob", "RoleArn": ROLE, "Input": '{"JobName": "a"}'}
    base = {"Name": "a", "ScheduleExpression": "cron(0 6 * * ? *)", "FlexibleTimeWindow": {"Mode": "OFF"}}
    return base | {"Target": target} | more


def queue(name="shop", **attributes: object):
    return {"QueueName": name, "Attributes": attributes}


def share(name="a", weight=1.0):
    return {
        "name": "shop",
        "fairsharePolicy": {"shareDistribution": [{"shareIdentifier": name, "weightFactor": weight}]},
    }


RIGHT = [
    ("batch", "CreateComputeEnvironment", environment()),
    ("batch", "UpdateComputeEnvironment", {"computeEnvironment": "shop", "state": "DISABLED"}),
    ("batch", "CreateComputeEnvironment", environment(type="EC2", minvCpus=0, instanceTypes=["m7i"], instanceRole="x")),
    ("batch", "RegisterJobDefinition", definition()),
    ("batch", "RegisterJobDefinition", definition("0.25", "512", retryStrategy={"attempts": 3})),
    ("batch", "CreateSchedulingPolicy", share("spot*", 0.0001)),
    ("batch", "SubmitJob", {"jobName": "a", "jobQueue": "q", "jobDefinition": "d", "shareIdentifier": "high"}),
    ("scheduler", "CreateSchedule", schedule()),
    ("scheduler", "CreateSchedule", schedule(FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15})),
    (
        "sqs",
        "CreateQueue",
        queue(VisibilityTimeout="30", RedrivePolicy=f'{{"deadLetterTargetArn":"{QUEUE}","maxReceiveCount":3}}'),
    ),
    ("sqs", "CreateQueue", queue("a.fifo", FifoQueue="true")),
    ("sqs", "SetQueueAttributes", {"QueueUrl": "u", "Attributes": {"RedrivePolicy": ""}}),
    ("iam", "CreateRole", {"RoleName": "shop-eu", "Path": "/scrapectl/eu/", "AssumeRolePolicyDocument": '{"a": 1}'}),
    (
        "iam",
        "CreateRole",
        {"RoleName": "a", "AssumeRolePolicyDocument": "{}", "Tags": [{"Key": "scrapectl:é", "Value": ""}]},
    ),
    ("s3", "CreateBucket", {"Bucket": "shop-data-123456789012-eu-west-1"}),
    ("s3", "CreateBucket", {"Bucket": "abc", "CreateBucketConfiguration": {"LocationConstraint": "mars-north-1"}}),
    ("logs", "PutRetentionPolicy", {"logGroupName": "/scrapectl/shop", "retentionInDays": 30}),
    ("ssm", "PutParameter", {"Name": "/scrapectl/shop/anchor", "Value": '{"a": {"b": 1}}', "Type": "String"}),
    ("ec2", "DescribeVpcs", {}),
    ("ec2", "CreateSecurityGroup", {"GroupName": "shop", "Description": "Made by scrapectl", "VpcId": "vpc-1"}),
    ("sts", "GetCallerIdentity", {}),
    ("secretsmanager", "CreateSecret", {"Name": "shop/db", "SecretString": "x"}),
    ("autoscaling", "CreateOrUpdateTags", {"Tags": [{"ResourceId": n, "Key": "k", "Value": "v"} for n in "ab"]}),
]

#: Service, operation, request, and the lines that are wanted, each as (path, words in it).
WRONG = [
    (
        "batch",
        "CreateComputeEnvironment",
        environment() | {"computeEnvironmentName": "a b"},
        {"computeEnvironmentName": "[A-Za-z0-9]"},
    ),
    (
        "batch",
        "CreateComputeEnvironment",
        environment() | {"computeEnvironmentName": "x" * 129},
        {"computeEnvironmentName": "128|127"},
    ),
    ("batch", "CreateComputeEnvironment", environment() | {"state": "DISABLED"}, {"state": "ENABLED only"}),
    ("batch", "CreateComputeEnvironment", environment() | {"type": "UNMANAGED"}, {"type": "cannot be Fargate"}),
    (
        "batch",
        "CreateComputeEnvironment",
        environment(type="LAMBDA"),
        {"computeResources.type": "none of EC2, SPOT, FARGATE"},
    ),
    (
        "batch",
        "CreateComputeEnvironment",
        environment(minvCpus=0),
        {"computeResources.minvCpus": "not applicable for Fargate"},
    ),
    (
        "batch",
        "CreateComputeEnvironment",
        environment(subnets=[]),
        {"computeResources.subnets": "required for Fargate"},
    ),
    ("batch", "CreateComputeEnvironment", environment(subnets=["s"] * 17), {"computeResources.subnets": "17 entries"}),
    ("batch", "CreateComputeEnvironment", {"type": "MANAGED"}, {"computeEnvironmentName": "is required"}),
    ("batch", "CreateComputeEnvironment", environment() | {"tags": {}}, {"tags": "at least 1"}),
    ("batch", "CreateComputeEnvironment", environment() | {"tags": {"aws:x": "y"}}, {"tags": "AWS's own"}),
    (
        "batch",
        "CreateComputeEnvironment",
        environment() | {"tags": {f"k{n}": "" for n in range(51)}},
        {"tags": "at most 50"},
    ),
    ("batch", "CreateComputeEnvironment", environment() | {"colour": "red"}, {"colour": "not known"}),
    (
        "batch",
        "CreateJobQueue",
        {"jobQueueName": "q", "priority": 1001, "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "a"}]},
        {"priority": "0 to 1000"},
    ),
    (
        "batch",
        "CreateJobQueue",
        {
            "jobQueueName": "q",
            "priority": 1,
            "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": n} for n in "ab"],
        },
        {"computeEnvironmentOrder": "same order"},
    ),
    (
        "batch",
        "CreateJobQueue",
        {
            "jobQueueName": "q",
            "priority": 1,
            "computeEnvironmentOrder": [{"order": n, "computeEnvironment": str(n)} for n in range(4)],
        },
        {"computeEnvironmentOrder": "1 to 3"},
    ),
    (
        "batch",
        "RegisterJobDefinition",
        definition("1", "9000"),
        {"containerProperties.resourceRequirements": "these fit: 2048, 3072"},
    ),
    (
        "batch",
        "RegisterJobDefinition",
        definition("3", "9000"),
        {"containerProperties.resourceRequirements": "0.25, 0.5, 1"},
    ),
    (
        "batch",
        "RegisterJobDefinition",
        definition(container={"privileged": True}),
        {"containerProperties.privileged": "Fargate"},
    ),
    (
        "batch",
        "RegisterJobDefinition",
        definition(container={"executionRoleArn": ""}),
        {"containerProperties.executionRoleArn": "required"},
    ),
    (
        "batch",
        "RegisterJobDefinition",
        definition(container={"runtimePlatform": {"cpuArchitecture": "ARM64"}}, platformCapabilities=["EC2"]),
        {"containerProperties.runtimePlatform": "EC2 jobs"},
    ),
    (
        "batch",
        "RegisterJobDefinition",
        definition(container={"ephemeralStorage": {"sizeInGiB": 20}}),
        {"containerProperties.ephemeralStorage.sizeInGiB": "21 to 200"},
    ),
    (
        "batch",
        "RegisterJobDefinition",
        definition(container={"environment": [{"name": "A", "value": ""}, {"name": "AWS_BATCH_X", "value": ""}]}),
        {"containerProperties.environment[1].name": "AWS's own"},
    ),
    (
        "batch",
        "RegisterJobDefinition",
        definition(container={"environment": [{"name": "A", "value": "x" * 25_000}]}),
        {"": "24 KiB"},
    ),
    (
        "batch",
        "RegisterJobDefinition",
        definition(timeout={"attemptDurationSeconds": 59}),
        {"timeout.attemptDurationSeconds": "at least 60"},
    ),
    (
        "batch",
        "RegisterJobDefinition",
        definition(retryStrategy={"attempts": 11}),
        {"retryStrategy.attempts": "1 to 10"},
    ),
    (
        "batch",
        "RegisterJobDefinition",
        definition(retryStrategy={"evaluateOnExit": [{"action": "EXIT"}]}),
        {"retryStrategy.attempts": "required"},
    ),
    ("batch", "RegisterJobDefinition", definition(schedulingPriority=10_000), {"schedulingPriority": "0 to 9999"}),
    ("batch", "SubmitJob", {"jobName": "-a", "jobQueue": "q", "jobDefinition": "d"}, {"jobName": "does not match"}),
    (
        "batch",
        "SubmitJob",
        {"jobName": "a", "jobQueue": "q", "jobDefinition": "d", "arrayProperties": {"size": 1}},
        {"arrayProperties.size": "2 to 10000"},
    ),
    (
        "batch",
        "CreateSchedulingPolicy",
        share("a b"),
        {"fairsharePolicy.shareDistribution[0].shareIdentifier": "does not match"},
    ),
    (
        "batch",
        "CreateSchedulingPolicy",
        share(weight=1000),
        {"fairsharePolicy.shareDistribution[0].weightFactor": "0.0001 to 999.9999"},
    ),
    ("scheduler", "CreateSchedule", schedule(Name="x" * 65), {"Name": "at most 64"}),
    ("scheduler", "CreateSchedule", schedule(Name="a b"), {"Name": "does not match"}),
    (
        "scheduler",
        "CreateSchedule",
        schedule(ScheduleExpression="cron(0 6 * * *)"),
        {"ScheduleExpression": "six fields"},
    ),
    (
        "scheduler",
        "CreateSchedule",
        schedule(FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1441}),
        {"FlexibleTimeWindow.MaximumWindowInMinutes": "more than 1440"},
    ),
    (
        "scheduler",
        "CreateSchedule",
        schedule(FlexibleTimeWindow={"Mode": "FLEXIBLE"}),
        {"FlexibleTimeWindow.MaximumWindowInMinutes": "required"},
    ),
    (
        "scheduler",
        "CreateSchedule",
        schedule(Target={"Arn": "arn:aws:scheduler:::aws-sdk:batch:submitJob", "RoleArn": ROLE}),
        {"Target.Input": "JSON"},
    ),
    (
        "scheduler",
        "CreateSchedule",
        schedule(Target={"Arn": QUEUE, "RoleArn": "role"}),
        {"Target.RoleArn": "does not match"},
    ),
    ("scheduler", "CreateScheduleGroup", {"Name": "default"}, {"Name": "AWS's own"}),
    (
        "scheduler",
        "CreateScheduleGroup",
        {"Name": "a", "Tags": [{"Key": "k", "Value": ""}]},
        {"Tags[0].Value": "at least 1"},
    ),
    ("sqs", "CreateQueue", queue("a" * 81), {"QueueName": "does not match"}),
    ("sqs", "CreateQueue", queue(VisibilityTimeout="43201"), {"Attributes.VisibilityTimeout": "0 to 43200"}),
    ("sqs", "CreateQueue", queue(VisibilityTimeout="soon"), {"Attributes.VisibilityTimeout": "no number"}),
    ("sqs", "CreateQueue", queue(Colour="red"), {"Attributes.Colour (key)": "none of"}),
    ("sqs", "CreateQueue", queue(RedrivePolicy="{}"), {"Attributes.RedrivePolicy": "maxReceiveCount"}),
    (
        "sqs",
        "CreateQueue",
        queue(RedrivePolicy=f'{{"deadLetterTargetArn":"{QUEUE}","maxReceiveCount":1001}}'),
        {"Attributes.RedrivePolicy": "1 to 1000"},
    ),
    (
        "sqs",
        "CreateQueue",
        queue(SqsManagedSseEnabled="true", KmsMasterKeyId="k"),
        {"Attributes.KmsMasterKeyId": "excludes"},
    ),
    ("sqs", "CreateQueue", queue(FifoQueue="true"), {"Attributes": ".fifo"}),
    ("iam", "CreateRole", {"RoleName": "a b", "AssumeRolePolicyDocument": "{}"}, {"RoleName": '"a b" does not match'}),
    ("iam", "CreateRole", {"RoleName": "é", "AssumeRolePolicyDocument": "{}"}, {"RoleName": "does not match"}),
    ("iam", "CreateRole", {"RoleName": "a", "Path": "x", "AssumeRolePolicyDocument": "{}"}, {"Path": "does not match"}),
    ("iam", "CreateRole", {"RoleName": "a", "AssumeRolePolicyDocument": "no"}, {"AssumeRolePolicyDocument": "JSON"}),
    (
        "iam",
        "CreateRole",
        {"RoleName": "a", "AssumeRolePolicyDocument": f'{{"a":"{"x" * 2050}"}}'},
        {"AssumeRolePolicyDocument": "2048 are allowed"},
    ),
    (
        "iam",
        "CreateRole",
        {"RoleName": "a", "AssumeRolePolicyDocument": "{}", "MaxSessionDuration": 60},
        {"MaxSessionDuration": "less than 3600"},
    ),
    (
        "iam",
        "CreateRole",
        {
            "RoleName": "a",
            "AssumeRolePolicyDocument": "{}",
            "Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
        },
        {"Tags": "twice"},
    ),
    (
        "iam",
        "CreateRole",
        {"RoleName": "a", "AssumeRolePolicyDocument": "{}", "Tags": [{"Key": "a", "Value": "{1}"}]},
        {"Tags[0].Value": "does not match", "Tags": "other characters"},
    ),
    ("s3", "CreateBucket", {"Bucket": "A"}, {"Bucket": "3 to 63"}),
    ("s3", "CreateBucket", {"Bucket": "192.168.0.1"}, {"Bucket": "IP"}),
    ("s3", "CreateBucket", {"Bucket": "xn--abc"}, {"Bucket": "prefix"}),
    ("s3", "CreateBucket", {"Bucket": "abc", "ACL": "open"}, {"ACL": "none of private"}),
    (
        "s3",
        "PutBucketTagging",
        {"Bucket": "abc", "Tagging": {"TagSet": [{"Key": "aws:a", "Value": ""}]}},
        {"Tagging.TagSet": "AWS's own"},
    ),
    ("ec2", "CreateSecurityGroup", {"GroupName": "sg-1", "Description": "d"}, {"GroupName": "does not match"}),
    ("ec2", "CreateSecurityGroup", {"GroupName": "a", "Description": "d|e"}, {"Description": "does not match"}),
    (
        "ec2",
        "CreateSecurityGroup",
        {
            "GroupName": "a",
            "Description": "d",
            "TagSpecifications": [{"ResourceType": "security-group", "Tags": [{"Key": "", "Value": ""}]}],
        },
        {"TagSpecifications[0].Tags": "1 to 128"},
    ),
    ("logs", "PutRetentionPolicy", {"logGroupName": "a", "retentionInDays": 31}, {"retentionInDays": "30, 60"}),
    ("logs", "CreateLogGroup", {"logGroupName": "a b"}, {"logGroupName": "does not match"}),
    ("secretsmanager", "CreateSecret", {"Name": "a b"}, {"Name": "does not match"}),
    (
        "secretsmanager",
        "DeleteSecret",
        {"SecretId": "a", "RecoveryWindowInDays": 6},
        {"RecoveryWindowInDays": "7 to 30"},
    ),
    ("ssm", "PutParameter", {"Name": "/aws/x", "Value": "v"}, {"Name": "does not match"}),
    ("ssm", "PutParameter", {"Name": "/x", "Value": "{{v}}"}, {"Value": "{{"}),
    ("ssm", "PutParameter", {"Name": "/x", "Value": "v" * 4097}, {"Value": "4096"}),
    (
        "ssm",
        "PutParameter",
        {"Name": "/x", "Value": "v", "Overwrite": True, "Tags": [{"Key": "a", "Value": "b"}]},
        {"Tags": "Overwrite"},
    ),
    ("ecr", "CreateRepository", {"repositoryName": "Shop"}, {"repositoryName": "does not match"}),
    ("batch", "DescribeJobs", {"jobs": "a"}, {"jobs": "must be a list"}),
    ("batch", "TagResource", {"resourceArn": "a", "tags": ["a"]}, {"tags": "must be a map"}),
    ("batch", "RegisterJobDefinition", definition(timeout=60), {"timeout": "must be a structure"}),
    ("batch", "RegisterJobDefinition", definition(schedulingPriority="1"), {"schedulingPriority": "must be a number"}),
]


@pytest.mark.parametrize(("service", "operation", "params"), RIGHT)
def test_a_right_request_is_let_through(service, operation, params):
    assert check_request(service, operation, params) == []


@pytest.mark.parametrize(("service", "operation", "params", "wanted"), WRONG)
def test_a_wrong_request_is_told_with_its_path(service, operation, params, wanted):
    lines = check_request(service, operation, params)
    found = dict(line.split(": ", 1) if line.split(": ", 1)[0] in wanted else ("", line) for line in lines)
    assert set(found) == set(wanted)
    assert [words for path, words in wanted.items() if not any(w in found[path] for w in words.split("|"))] == []


@pytest.mark.parametrize(("vcpu", "memory"), [(v, m) for v, sizes in FARGATE_SIZES.items() for m in sizes])
def test_every_fargate_size_is_let_through(vcpu, memory):
    assert check_request("batch", "RegisterJobDefinition", definition(vcpu, str(memory))) == []


def test_secrets_are_never_shown():
    lines = check_request("secretsmanager", "CreateSecret", {"Name": "a", "SecretString": "hunter2" * 10_000})
    assert lines == ["SecretString: has 70000 characters; at most 65536 are allowed"]
    assert "p4ss" not in str(check_request("redshift", "CreateCluster", {"MasterUserPassword": "p4ss"}))


def test_every_pattern_of_the_models_is_readable_in_python():
    broken = []
    for service in SERVICES:
        for pattern in patterns_of(service):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    compiled(pattern)
            except (re.error, FutureWarning) as error:
                broken.append((service, pattern, str(error)))
    assert broken == []


def test_what_is_listed_as_unreadable_stands_in_the_models_and_is_unreadable():
    budgets = patterns_of("budgets")
    for pattern in UNREADABLE:
        assert pattern in budgets
        with pytest.raises(re.error):
            re.compile(translated(pattern))


def patterns_of(service):
    model = model_of(service)
    found = {model.shape_for(name).metadata.get("pattern") for name in model.shape_names}
    return found - {None}


def model_of(service):
    return ServiceModel(Loader().load_service_model(service, "service-2"), service_name=service)


@pytest.mark.parametrize(
    ("pattern", "matched", "refused"),
    [
        (r"^a$", ["a"], ["a\n", "ba"]),
        (r"[\w+=,.@-]+", ["a_b-1"], ["é", "a b"]),
        (r"\d{2}", ["12"], ["\u0661\u0662"]),
        (r"[\w-_]*", ["a-_b"], ["a.b"]),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+", ["a b", "é:1", "日本\u3000"], ["a\tb", "{", ""]),
        (r"[\p{L}]+", ["é"], ["1"]),
        (r"\P{L}+", ["12"], ["a"]),
        (r"\p{ASCII}*", ["a~"], ["é"]),
        (r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)", ["/", "/a/"], ["a", "//"]),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", ["a\t\U0001f600"], ["\x00"]),
        (r"[^]a]+", ["b"], ["]"]),
        (r"[]a]+", ["]a"], ["b"]),
        (r"[a^]b", ["^b"], ["c"]),
        (r"[[a&&~]+", ["[&a"], ["]"]),
        (r"a++b", ["aab"], ["b"]),
        (r"\Aa\z", ["a"], ["a\n"]),
        (r".*", ["a\nb"], []),
    ],
)
def test_patterns_are_translated(pattern, matched, refused):
    rule = compiled(pattern)
    assert [text for text in matched if not rule.fullmatch(text)] == []
    assert [text for text in refused if rule.fullmatch(text)] == []


def test_open_choices_limits_and_rules_name_what_exists():
    for service, shape in OPEN_CHOICES:
        assert model_of(service).shape_for(shape).enum
    for service, operation in [*LIMITS, *RULES]:
        assert operation in model_of(service).operation_names
    for (service, operation), limits in LIMITS.items():
        for path in limits:
            assert reaches(model_of(service).operation_model(operation).input_shape, path.split(".")), path


def reaches(shape, path):
    for step in path:
        if shape.type_name == "map":
            return step in shape.key.enum
        shape = shape.member if step == "[]" else shape.members.get(step)
        if shape is None:
            return False
    return True


def test_a_typical_call_takes_no_time():
    request = definition(container={"environment": [{"name": f"N{n}", "value": "v"} for n in range(20)]})
    check_request("batch", "RegisterJobDefinition", request)
    best = min(timed(request) for _ in range(5))
    assert best < 0.0003


def timed(request):
    begun = time.perf_counter()
    check_request("batch", "RegisterJobDefinition", request)
    return time.perf_counter() - begun


def test_no_pattern_of_ours_hangs():
    begun = time.perf_counter()
    check_request("ssm", "PutParameter", {"Name": "/a" * 900 + "!", "Value": "v"})
    check_request("s3", "CreateBucket", {"Bucket": "a.-" * 500})
    check_request("ecr", "CreateRepository", {"repositoryName": "a-" * 127 + "!"})
    assert time.perf_counter() - begun < 0.5


def keys():
    return {"region_name": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}


def test_a_session_refuses_before_it_sends():
    session = boto3.Session(**keys())
    install(session)
    client = session.client("batch", endpoint_url="http://127.0.0.1:9")
    with pytest.raises(RequestRefused, match="computeEnvironmentName") as refused:
        client.create_compute_environment(**environment() | {"computeEnvironmentName": "a b"})
    assert (refused.value.service, refused.value.operation) == ("batch", "CreateComputeEnvironment")


def test_a_client_sends_what_is_right_and_botocore_adds_its_tokens():
    client = boto3.Session(**keys()).client("scheduler")
    install(client)
    with Stubber(client) as stub:
        stub.add_response("create_schedule", {"ScheduleArn": "arn"})
        assert client.create_schedule(**schedule())["ScheduleArn"] == "arn"
    with pytest.raises(RequestRefused, match="Name"):
        client.create_schedule(**schedule(Name="a b"))


def test_a_client_without_it_is_not_checked():
    client = boto3.Session(**keys()).client("scheduler")
    with Stubber(client) as stub:
        stub.add_response("create_schedule", {"ScheduleArn": "arn"})
        assert client.create_schedule(**schedule(Name="a b"))["ScheduleArn"] == "arn"
