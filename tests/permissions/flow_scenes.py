"""Scenes of what uploads start: transfers, workflows, triggers and desktops made, edited, tampered with and ended."""

from __future__ import annotations

import dataclasses
import json

from tests.permissions.life import THEIRS, Life

ROWS = "message_queues: {rows: {}}\n"
TAGS = "tags: {team: a}\n"

TRANSFERS = """
buckets: {{raw: {{}}}}
filesystems:
  work: {{throughput: {throughput}, cold_after: {cold}, paths: {{data: {{uid: {uid}}}}}, on_destroy: delete}}
workflows: {{process: {{steps: [{{copy: {{from: raw/{folder}/, to: work/data}}}}]}}}}
"""


def transfers(life: Life) -> None:
    life.apply(ROWS + TAGS + TRANSFERS.format(throughput="bursting", cold="7d", uid=1, folder="in"))
    with life.others() as client:
        efs, datasync = client("efs"), client("datasync")
        (system,) = efs.describe_file_systems()["FileSystems"]
        target = efs.describe_mount_targets(FileSystemId=system["FileSystemId"])["MountTargets"][0]
        wide = client("ec2").create_security_group(GroupName="wide", Description="wide", VpcId=target["VpcId"])
        groups = [wide["GroupId"]]
        efs.modify_mount_target_security_groups(MountTargetId=target["MountTargetId"], SecurityGroups=groups)
        efs.put_backup_policy(FileSystemId=system["FileSystemId"], BackupPolicy={"Status": "DISABLED"})
        efs.delete_file_system_policy(FileSystemId=system["FileSystemId"])
        (task,) = datasync.list_tasks()["Tasks"]
        datasync.update_task(TaskArn=task["TaskArn"], Options={"VerifyMode": "NONE"})
        _give_another_role(life)
    life.apply(ROWS + TRANSFERS.format(throughput="elastic", cold="30d", uid=1, folder="in"))
    life.apply(ROWS + TAGS + TRANSFERS.format(throughput="elastic", cold="30d", uid=2, folder="more"))
    with life.others() as client:
        cloud = life.account.cloud
        cloud.delays = dataclasses.replace(cloud.delays, transfer_launch=3600.0)  # so that it runs when it is ended
        (task,) = client("datasync").list_tasks()["Tasks"]
        client("datasync").start_task_execution(TaskArn=task["TaskArn"])
    life.apply(ROWS, "--delete-data", "--kill")


def _give_another_role(life: Life) -> None:
    """Somebody lets a place of a bucket be read by a role of their own."""
    trust = {"Effect": "Allow", "Principal": {"Service": "datasync.amazonaws.com"}, "Action": "sts:AssumeRole"}
    may = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam, datasync = life.account.client("iam"), life.account.client("datasync")
    role = iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="theirs", PolicyName="may", PolicyDocument=_document(may))
    places = datasync.list_locations()["Locations"]
    place = next(each["LocationArn"] for each in places if each["LocationUri"].startswith("s3:"))
    datasync.update_location_s3(LocationArn=place, S3Config={"BucketAccessRoleArn": role})


def _document(statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


WORKFLOW = "workflows: {{process: {{steps: [{{wait: {wait}}}]}}}}\n"


def workflows(life: Life) -> None:
    life.apply(ROWS + TAGS + WORKFLOW.format(wait="5m"))
    life.apply(ROWS + WORKFLOW.format(wait="10m"))
    life.apply(ROWS + TAGS + WORKFLOW.format(wait="10m"))
    with life.others() as client:
        (machine,) = client("stepfunctions").list_state_machines()["stateMachines"]
        client("stepfunctions").start_execution(stateMachineArn=machine["stateMachineArn"])
    life.apply(ROWS, "--kill")


UPLOADS = """
buckets: {{raw: {{}}, theirs: {{existing: {bucket}}}}}
functions: {{publish: {{code: ./publish, handler: app.handler}}}}
triggers:
  upload: {{on: {{upload: raw/{folder}/}}, via: cloudtrail, start: {{function: publish}}}}
  theirs: {{on: {{upload: theirs/{folder}/}}, via: notification, start: {{function: publish}}}}
"""


def uploads(life: Life) -> None:
    life.apply(ROWS + TAGS + UPLOADS.format(bucket=THEIRS, folder="in"))
    with life.others() as client:
        client("cloudtrail").stop_logging(Name="shop-upload")
        client("cloudtrail").update_trail(Name="shop-upload", EnableLogFileValidation=False)
    life.apply(ROWS + UPLOADS.format(bucket=THEIRS, folder="more"))
    life.apply(ROWS + TAGS + UPLOADS.format(bucket=THEIRS, folder="more"))
    life.apply(ROWS, "--delete-data")


DESKTOPS = """
buckets: {{raw: {{}}}}
desktops: {{review: {{image: {image}, clipboard: {clipboard}, access: {{read: [raw]}}}}}}
"""


def desktops(life: Life) -> None:
    life.apply(ROWS + TAGS + DESKTOPS.format(image="one", clipboard="true"))
    life.apply(ROWS + DESKTOPS.format(image="two", clipboard="false"))
    life.apply(ROWS + TAGS + DESKTOPS.format(image="two", clipboard="false"))
    life.apply(ROWS)
