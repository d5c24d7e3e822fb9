"""Scenes of a pipeline's life: some kinds made, edited in every way that reaches another action, and ended."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.permissions.flow_scenes import ROWS, TAGS, desktops, transfers, uploads, workflows
from tests.permissions.host_scenes import hosts
from tests.permissions.life import Life

IMAGE = "public.ecr.aws/x/y:1"


@dataclass(frozen=True)
class Scene:
    """A part of a life, and the patterns of the actions that are taken away in it."""

    play: Callable[[Life], Any]
    proves: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.play.__name__


def allow(action: str, **more: str) -> str:
    """A policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **more}]})


def storage(life: Life) -> None:
    life.apply(
        ROWS + "buckets: {raw: {versioned: true, encryption: kms, expire: {tmp/: 1d}, archive: {after: 125d, "
        "deep_after: 180d}}}\n"
    )
    name = f"shop-raw-{life.account.cloud.account}-us-east-1"
    with life.others() as client:
        client("s3").delete_bucket_ownership_controls(Bucket=name)
        for body in (b"old", b"new"):
            client("s3").put_object(Bucket=name, Key="a", Body=io.BytesIO(body))
        client("s3").delete_object(Bucket=name, Key="a")
        client("s3").create_multipart_upload(Bucket=name, Key="half")
    life.apply(TAGS + ROWS + "buckets: {raw: {versioned: true}}\n")
    life.apply(ROWS, "--delete-data")


def message_queues(life: Life) -> None:
    life.apply("message_queues: {rows: {}, more: {}}\n" + TAGS)
    life.apply("message_queues: {rows: {retention: 2d}}\n")
    life.apply("message_queues: {rows: {retention: 2d}}\n" + TAGS)


def secrets(life: Life) -> None:
    life.apply(ROWS + "secrets: {key: {from_env: KEY}}\n" + TAGS)
    life.monkeypatch.setenv("KEY", "two")
    life.apply(ROWS + "secrets: {key: {from_env: KEY}}\n")
    life.apply(ROWS + "secrets: {key: {from_env: KEY}}\n" + TAGS)
    life.apply(ROWS)
    life.apply(ROWS + "secrets: {key: {from_env: KEY}}\n")


def images(life: Life) -> None:
    life.apply(ROWS + "images: {scraper: {build: ./scraper, scan: true}}\n" + TAGS)
    life.dockerfile("FROM scratch\nENV A=1\n")
    life.apply(ROWS + "images: {scraper: {build: ./scraper, scan: false, keep: 3}}\n")
    life.spec(ROWS + TAGS + "images: {scraper: {build: ./scraper, scan: false, keep: 3}}\n")
    life.run("apply", "images", "push", "--force")
    life.apply(ROWS + TAGS + "images: {scraper: {build: ./scraper, scan: false, keep: 3, on_destroy: refuse}}\n")
    life.apply(ROWS, "--delete-data")


JOB = "jobs: {{work: {{image: '{image}', access: {{{access}}}}}}}\nlogs: {{retention: {retention}}}\n"


def roles(life: Life) -> None:
    job = JOB.format(image=IMAGE, access="send: [rows]", retention="7d")
    life.apply(ROWS + job + TAGS)
    with life.others() as client:
        iam = client("iam")
        role = next(one for one in iam.list_roles()["Roles"] if "_job-" in one["RoleName"])["RoleName"]
        wide = allow("s3:GetObject", Resource="*")
        other = iam.create_policy(PolicyName="other", PolicyDocument=wide)["Policy"]["Arn"]
        trust = allow("sts:AssumeRole", Principal="*")
        iam.attach_role_policy(RoleName=role, PolicyArn=other)
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust)
        iam.update_role(RoleName=role, Description="changed by hand")
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=other)
    life.apply(ROWS + JOB.format(image=IMAGE, access="send: [rows]", retention="30d"))
    life.apply(ROWS + JOB.format(image=IMAGE, access="send: [rows]", retention="30d") + TAGS)
    life.apply(ROWS + TAGS + f"iam: {{boundary: '{other}'}}\n" + JOB.format(image=IMAGE, access="", retention="30d"))
    life.apply(ROWS)


COMPUTE = """
compute_environments: {{main: {{type: {type}, max_vcpus: {vcpus}}}}}
job_queues: {{default: {{priority: {priority}, {shares}}}}}
jobs: {{work: {{image: "public.ecr.aws/x/y:1", retries: 0, timeout: 15m, environment: {{A: "{vcpus}"}}}}}}
"""


def compute(life: Life) -> None:
    life.apply(TAGS + COMPUTE.format(type="fargate", vcpus=4, priority=1, shares="shares: {low: 1}"))
    life.apply(COMPUTE.format(type="fargate", vcpus=8, priority=2, shares="shares: {low: 1, high: 2}"))
    life.apply(ROWS + COMPUTE.format(type="fargate", vcpus=8, priority=2, shares=""))
    life.started()
    life.apply(ROWS + COMPUTE.format(type="fargate-spot", vcpus=8, priority=2, shares=""), "--kill")
    life.apply(ROWS)


SCHEDULED = "jobs: {{work: {{image: 'public.ecr.aws/x/y:1', schedules: {{daily: {{cron: '{minute} 6 * * ? *'}}}}}}}}\n"


def schedules(life: Life) -> None:
    life.apply(ROWS + SCHEDULED.format(minute=0) + TAGS)
    life.apply(ROWS + SCHEDULED.format(minute=5))
    life.apply(ROWS + SCHEDULED.format(minute=5) + TAGS)
    life.apply(ROWS)


MACHINES = """
compute_environments: {main: {type: ec2, instance_types: [m7i]}}
jobs: {work: {image: "public.ecr.aws/x/y:1"}}
"""


def machines(life: Life) -> None:
    life.apply(ROWS + MACHINES + TAGS)
    with life.others() as client:
        template = "shop_instances"
        data = {"MetadataOptions": {"HttpTokens": "optional"}}
        client("ec2").create_launch_template_version(LaunchTemplateName=template, LaunchTemplateData=data)
        client("ec2").modify_launch_template(LaunchTemplateName=template, DefaultVersion="2")
        iam = client("iam")
        profile = next(iter(iam.list_instance_profiles()["InstanceProfiles"]))
        name = profile["InstanceProfileName"]
        iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=profile["Roles"][0]["RoleName"])
        iam.create_role(RoleName="wrong", AssumeRolePolicyDocument=allow("sts:AssumeRole", Principal="*"))
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName="wrong")
    life.apply(ROWS + MACHINES)
    life.apply(ROWS + MACHINES + TAGS)
    life.apply(ROWS)


DATABASE = """
databases:
  results: {{engine: postgres, version: "16", class: db.t4g.{size}, storage: 20,
             power: {{start: "30 2 * * ? *", stop: "30 6 * * ? *"}}}}
jobs: {{work: {{image: "public.ecr.aws/x/y:1", access: {{{access}}}}}}}
"""


WAREHOUSES = """
warehouses:
  lake: {{serverless: {{rpus: {rpus}}}}}
  nodes: {{cluster: {{nodes: 2}}}}
"""


def warehouses(life: Life) -> None:
    life.apply(ROWS + WAREHOUSES.format(rpus=8) + TAGS)
    role = "arn:aws:iam::123456789012:role/theirs"
    with life.others() as client:
        redshift, serverless = client("redshift"), client("redshift-serverless")
        redshift.modify_cluster_iam_roles(ClusterIdentifier="shop-nodes", AddIamRoles=[role])
        by_hand = {"ManageMasterPassword": False, "MasterUserPassword": "Chosen-by-hand-1"}
        redshift.modify_cluster(ClusterIdentifier="shop-nodes", **by_hand)
        subnets = [subnet["SubnetId"] for subnet in client("ec2").describe_subnets()["Subnets"]]
        redshift.modify_cluster_subnet_group(ClusterSubnetGroupName="shop-warehouses", SubnetIds=subnets[:2])
        serverless.update_namespace(namespaceName="shop-lake", iamRoles=[role])
    life.apply(ROWS + WAREHOUSES.format(rpus=16))
    life.apply(ROWS + WAREHOUSES.format(rpus=16) + TAGS)
    life.apply(ROWS)


OF_A_WORKGROUP = (
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeVpcAttribute",
)
OF_A_PASSWORD = ("secretsmanager:GetRandomPassword", "secretsmanager:RotateSecret")


def databases(life: Life) -> None:
    life.apply(ROWS + DATABASE.format(size="micro", access="connect: [results]") + TAGS)
    with life.others() as client:
        client("rds").stop_db_instance(DBInstanceIdentifier="shop-results")
        group = client("rds").describe_db_subnet_groups()["DBSubnetGroups"][0]
        subnets = [subnet["SubnetIdentifier"] for subnet in group["Subnets"]]
        client("rds").modify_db_subnet_group(DBSubnetGroupName="shop-databases", SubnetIds=subnets[:2])
        groups = client("ec2").describe_security_groups()["SecurityGroups"]
        of_database = next(one for one in groups if one["GroupName"] == "shop-results_database")["GroupId"]
        life.lingers(subnets[0], of_database)
        everywhere = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        client("ec2").authorize_security_group_ingress(GroupId=of_database, IpPermissions=everywhere)
        of_jobs = next(one for one in groups if one["GroupName"] == "shop_jobs")
        client("ec2").revoke_security_group_egress(
            GroupId=of_jobs["GroupId"], IpPermissions=of_jobs["IpPermissionsEgress"]
        )
        client("ec2").authorize_security_group_egress(GroupId=of_jobs["GroupId"], IpPermissions=everywhere)
    life.apply(ROWS + DATABASE.format(size="small", access="connect: [results]"))
    life.apply(ROWS + DATABASE.format(size="small", access="connect: [results]") + TAGS)
    life.apply(ROWS + "jobs: {work: {image: 'public.ecr.aws/x/y:1'}}\n")


FUNCTION = "functions: {{publish: {{code: ./publish, handler: app.handler, memory: {memory}{more}}}}}\n"
RENDER = "images: {scraper: {build: ./scraper}}\nfunctions: {render: {image: scraper}}\n"


def functions(life: Life) -> None:
    life.apply(ROWS + FUNCTION.format(memory=128, more=", layers: [./words], concurrency: 1") + TAGS)
    (life.folder / "words" / "words.py").write_text("x = 2\n")
    life.apply(ROWS + FUNCTION.format(memory=256, more=", layers: [./words], concurrency: 1"))
    life.apply(ROWS + RENDER)
    life.apply(ROWS)


TELLS = """
topics: {{news: {{email: [{mail}]{queues}}}}}
jobs: {{work: {{image: "public.ecr.aws/x/y:1", schedules: {{at-{minute}: {{cron: "{minute} 6 * * ? *"}}}}}}}}
alerts: {{to: news}}
"""


def telling(life: Life) -> None:
    life.apply(ROWS + TAGS + TELLS.format(mail="a@example.org", queues=", queues: [rows]", minute=0))
    with life.others() as client:
        sns, events, functions = client("sns"), client("events"), client("lambda")
        (topic,) = sns.list_topics()["Topics"]
        everyone = allow("sns:Publish", Principal="*", Resource=topic["TopicArn"])
        listed = sns.list_subscriptions_by_topic(TopicArn=topic["TopicArn"])["Subscriptions"]
        to_queue = next(one["SubscriptionArn"] for one in listed if one["Protocol"] == "sqs")
        sns.set_subscription_attributes(
            SubscriptionArn=to_queue, AttributeName="RawMessageDelivery", AttributeValue="false"
        )
        sns.set_topic_attributes(TopicArn=topic["TopicArn"], AttributeName="Policy", AttributeValue=everyone)
        events.put_targets(Rule="shop_failed-runs", Targets=[{"Id": "wrong", "Arn": topic["TopicArn"]}])
        functions.update_function_configuration(FunctionName="shop_notifier", MemorySize=512)
        functions.put_function_concurrency(FunctionName="shop_notifier", ReservedConcurrentExecutions=1)
        functions.put_function_event_invoke_config(FunctionName="shop_notifier", MaximumRetryAttempts=0)
        functions.add_permission(
            FunctionName="shop_notifier",
            StatementId="wrong",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceAccount="123456789012",
        )
        (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
        functions.update_event_source_mapping(UUID=mapping["UUID"], BatchSize=1)
    life.apply(ROWS + TELLS.format(mail="b@example.org", queues=", queues: [rows]", minute=5))
    life.apply(ROWS + TAGS + TELLS.format(mail="b@example.org", queues="", minute=5))
    life.apply(ROWS)


SCENES = (
    Scene(hosts, ("autoscaling:*", "ec2:RunInstances", "ssm:GetParameters")),
    Scene(warehouses, ("redshift*:*", *OF_A_WORKGROUP, *OF_A_PASSWORD)),
    Scene(transfers, ("datasync:*", "elasticfilesystem:*", "ec2:*NetworkInterface*")),
    Scene(workflows, ("states:*",)),
    Scene(uploads, ("cloudtrail:*", "s3:*BucketNotification", "s3:*BucketPolicy")),
    Scene(desktops, ("appstream:*",)),
    Scene(storage, ("s3:*",)),
    Scene(message_queues, ("sqs:*", "ssm:*", "tag:*")),
    Scene(secrets, ("secretsmanager:*",)),
    Scene(functions, ("lambda:*Layer*", "lambda:PutFunction*", "ecr:*RepositoryPolicy")),
    Scene(images, ("ecr:*",)),
    Scene(machines, ("ec2:*LaunchTemplate*", "iam:*InstanceProfile*")),
    Scene(databases, ("rds:*", "kms:*", "ec2:*")),
    Scene(roles, ("iam:*", "logs:*")),
    Scene(compute, ("batch:*", "ecs:*")),
    Scene(schedules, ("scheduler:*",)),
    Scene(telling, ("sns:*", "events:*", "lambda:*", "cloudwatch:*")),
)


def scene_of(action: str) -> Scene:
    """The scene in which an action is taken away."""
    return next(scene for scene in SCENES if any(fnmatchcase(action, pattern) for pattern in scene.proves))
