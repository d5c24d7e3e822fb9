"""How somebody else makes what functions, workflows, uploads and desktops stand on, under a name a pipeline wants."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from scrapectl.kinds.s3_bucket_policy import trail_statements
from scrapectl.kinds.schedule_mark import write
from tests.account import ACCOUNT, REGION, Account
from tests.properties.strangers_of_networks import Tags, any_name, named, pairs, subnets

_DEFINITION = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


def role_of(account: Account, service: str, *actions: str) -> str:
    """A role that a service of theirs acts as."""
    principal = {"Service": f"{service}.amazonaws.com"}
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    iam, name = account.client("iam"), any_name()
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))
    if actions:
        may = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=_document(may))
    return str(made["Role"]["Arn"])


def _document(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def package() -> bytes:
    """The code of a function of theirs."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("theirs.py", "def handler(event, context): ...\n")
    return packed.getvalue()


def function_of(account: Account, name: str, tags: Tags, *actions: str) -> str:
    """A function of theirs, whose role may do some actions."""
    made = account.client("lambda").create_function(
        FunctionName=name,
        Role=role_of(account, "lambda", *actions),
        Runtime="python3.13",
        Handler="theirs.handler",
        Code={"ZipFile": package()},
        Tags=tags,
    )
    return str(made["FunctionArn"])


def efs_file_system(account: Account, want: Any, tags: Tags) -> None:
    account.client("efs").create_file_system(CreationToken=want.name, Encrypted=True, Tags=named(want, tags))


def _file_system(account: Account) -> tuple[str, str]:
    made = account.client("efs").create_file_system(CreationToken=any_name(), Encrypted=True)
    return made["FileSystemId"], made["FileSystemArn"]


def efs_access_point(account: Account, want: Any, tags: Tags) -> None:
    system, _ = _file_system(account)
    account.client("efs").create_access_point(ClientToken="theirs", FileSystemId=system, Tags=named(want, tags))


def datasync_location_s3(account: Account, want: Any, tags: Tags) -> None:
    _bucket_place(account, named(want, tags))


def _bucket_place(account: Account, tags: list[dict[str, str]]) -> str:
    bucket = any_name()
    account.client("s3").create_bucket(Bucket=bucket)
    role = role_of(account, "datasync", "s3:*")
    where = {"S3BucketArn": f"arn:aws:s3:::{bucket}", "S3Config": {"BucketAccessRoleArn": role}}
    return str(account.client("datasync").create_location_s3(**where, Tags=tags)["LocationArn"])


def datasync_location_efs(account: Account, want: Any, tags: Tags) -> None:
    _file_place(account, named(want, tags))


def _file_place(account: Account, tags: list[dict[str, str]]) -> str:
    system, arn = _file_system(account)
    ec2, subnet = account.client("ec2"), subnets(account)[0]
    group = ec2.create_security_group(GroupName=any_name(), Description="theirs", VpcId=subnet["VpcId"])["GroupId"]
    inward = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[inward])
    account.client("efs").create_mount_target(FileSystemId=system, SubnetId=subnet["SubnetId"], SecurityGroups=[group])
    config = {
        "SubnetArn": subnet["SubnetArn"],
        "SecurityGroupArns": [f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{group}"],
    }
    made = account.client("datasync").create_location_efs(EfsFilesystemArn=arn, Ec2Config=config, Tags=tags)
    return str(made["LocationArn"])


def datasync_task(account: Account, want: Any, tags: Tags) -> None:
    account.client("datasync").create_task(
        SourceLocationArn=_bucket_place(account, []),
        DestinationLocationArn=_file_place(account, []),
        Name=want.name,
        Tags=pairs(tags),
    )


def lambda_layer(account: Account, want: Any, tags: Tags) -> None:
    """Whose a layer is stands in its description."""
    account.client("lambda").publish_layer_version(
        LayerName=want.name,
        Description=write("theirs", tags, ("pipeline", "address")),
        Content={"ZipFile": package()},
    )


def sfn_state_machine(account: Account, want: Any, tags: Tags) -> None:
    account.client("stepfunctions").create_state_machine(
        name=want.name,
        definition=json.dumps(_DEFINITION),
        roleArn=role_of(account, "states"),
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )


def s3_bucket_notification(account: Account, want: Any, _: Tags) -> None:
    """An entry with our id that calls a function of theirs; it can carry no tag."""
    function = function_of(account, "theirs", {})
    source = {"SourceArn": f"arn:aws:s3:::{want.bucket}", "SourceAccount": ACCOUNT}
    account.client("lambda").add_permission(
        FunctionName=function,
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        **source,
    )
    entry = {"Id": want.id, "LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
    account.client("s3").put_bucket_notification_configuration(
        Bucket=want.bucket, NotificationConfiguration={"LambdaFunctionConfigurations": [entry]}
    )


def cloudtrail_trail(account: Account, want: Any, tags: Tags) -> None:
    s3, bucket = account.client("s3"), "their-trails"
    s3.create_bucket(Bucket=bucket)
    trail = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{want.name}"
    s3.put_bucket_policy(Bucket=bucket, Policy=_document(*trail_statements(f"arn:aws:s3:::{bucket}", trail)))
    account.client("cloudtrail").create_trail(Name=want.name, S3BucketName=bucket, TagsList=pairs(tags))


def _some(tags: Tags) -> dict[str, Any]:
    """AppStream takes no tags that are none."""
    return {"Tags": tags} if tags else {}


def appstream_fleet(account: Account, want: Any, tags: Tags) -> None:
    capacity = {"DesiredInstances": 1}
    account.client("appstream").create_fleet(
        Name=want.name,
        ImageName="theirs",
        InstanceType="stream.standard.medium",
        ComputeCapacity=capacity,
        **_some(tags),
    )


def appstream_stack(account: Account, want: Any, tags: Tags) -> None:
    account.client("appstream").create_stack(Name=want.name, **_some(tags))
