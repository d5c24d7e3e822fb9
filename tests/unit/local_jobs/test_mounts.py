"""File systems of EFS in jobs: found at their path, kept between jobs, refused as on AWS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scrapectl.local.services.efs.folders import folder_of, root_of
from tests.unit.local_jobs.conftest import Stage

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "elasticfilesystem:ClientMount",
            "Condition": {"Null": {"elasticfilesystem:AccessPointArn": "true"}},
        }
    ],
}


class Files:
    """A file system that jobs of the stage may mount by one access point, at /mnt/files of a machine without it."""

    def __init__(self, stage: Stage, at: str = "/mnt/scrapectl/work") -> None:
        self.stage, self.at = stage, at
        self.system = stage.call("efs", "create_file_system", CreationToken="work", Encrypted=True)["FileSystemId"]
        subnet = stage.call("ec2", "describe_subnets")["Subnets"][0]
        self.group = stage.call("ec2", "describe_security_groups")["SecurityGroups"][0]["GroupId"]
        target = {"FileSystemId": self.system, "SubnetId": subnet["SubnetId"], "SecurityGroups": [self.group]}
        self.target = stage.call("efs", "create_mount_target", **target)["MountTargetId"]
        made = {"OwnerUid": 1001, "OwnerGid": 1001, "Permissions": "750"}
        self.point = stage.call(
            "efs",
            "create_access_point",
            ClientToken="data",
            FileSystemId=self.system,
            PosixUser={"Uid": 1001, "Gid": 1001},
            RootDirectory={"Path": "/data", "CreationInfo": made},
        )["AccessPointId"]
        stage.call("efs", "put_file_system_policy", FileSystemId=self.system, Policy=json.dumps(POLICY))
        self.role = stage.make_role("mounts")
        self.open()
        arn = f"arn:aws:elasticfilesystem:us-east-1:{stage.cloud.account}:access-point/{self.point}"
        condition = {"StringEquals": {"elasticfilesystem:AccessPointArn": arn}}
        stage.allow(
            "mounts",
            "elasticfilesystem:ClientMount",
            "elasticfilesystem:ClientWrite",
            resource="*",
            Condition=condition,
        )

    def open(self) -> None:
        rule = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": self.group}]}
        self.stage.call("ec2", "authorize_security_group_ingress", GroupId=self.group, IpPermissions=[rule])

    def define(self, name: str, *, read_only: bool = False, **authorization: Any) -> str:
        leave = {"accessPointId": self.point, "iam": "ENABLED"} | authorization
        system = {"fileSystemId": self.system, "transitEncryption": "ENABLED", "authorizationConfig": leave}
        return self.stage.define(
            name,
            {
                "jobRoleArn": self.role,
                "volumes": [{"name": "files-1", "efsVolumeConfiguration": system}],
                "mountPoints": [{"sourceVolume": "files-1", "containerPath": self.at, "readOnly": read_only}],
            },
        )

    def run(self, script: str, **options: Any) -> dict[str, Any]:
        self.define("mounting", **options)
        return self.stage.run(script, definition="mounting")


@pytest.fixture
def files(stage: Stage) -> Files:
    return Files(stage)


def test_what_one_job_writes_the_next_one_reads(files: Files):
    job = files.run(f"mkdir -p {files.at}/in && echo hello > {files.at}/in/a && echo done")
    assert job["status"] == "SUCCEEDED", job
    assert (root_of(files.stage.cloud, files.system) / "data/in/a").read_text() == "hello\n"
    assert files.stage.log(files.run(f"cat {files.at}/in/a")) == ["hello"]


def test_nobody_else_on_the_machine_sees_the_mount(files: Files):
    files.run(f"echo hello > {files.at}/a")
    assert not Path(files.at).exists()


def test_the_job_still_sees_what_stood_beside_the_mount(files: Files, tmp_path: Path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "beside").write_text("stays")
    (site / "link").symlink_to("beside")
    files.at = str(site / "deep" / "work")
    job = files.run(f"cat {site}/link; touch {files.at}/here; ls {files.at}")
    assert files.stage.log(job) == ["stayshere"]
    assert sorted(path.name for path in site.iterdir()) == ["beside", "link"]


def test_a_path_at_the_root_of_the_machine_is_found(files: Files):
    files.at = "/scrapectl-work"
    assert files.stage.log(files.run("echo hello > /scrapectl-work/a; cat /scrapectl-work/a; pwd | wc -l")) == [
        "hello",
        "1",
    ]
    assert not Path("/scrapectl-work").exists()


def test_read_only_takes_no_writes(files: Files):
    job = files.run(f"touch {files.at}/a", read_only=True)
    assert job["status"] == "FAILED"
    assert "Read-only file system" in files.stage.log(job)[0]


def test_a_command_that_is_not_there_fails_with_its_name(files: Files):
    files.define("mounting")
    job = files.stage.wait(
        files.stage.submit(None, definition="mounting", containerOverrides={"command": ["no-such-program"]})
    )
    assert job["attempts"][-1]["container"]["exitCode"] == 127
    assert files.stage.log(job) == ['exec: "no-such-program": no such file or directory']


def test_the_access_points_folder_is_its_owners(files: Files):
    folder = folder_of(files.stage.cloud, files.system, files.point)
    assert folder == root_of(files.stage.cloud, files.system) / "data"
    if Path("/proc/self").stat().st_uid == 0:
        assert (folder.stat().st_uid, folder.stat().st_gid) == (1001, 1001)


def refused(files: Files, text: str, **options: Any) -> None:
    job = files.run("true", **options)
    assert job["status"] == "FAILED"
    assert job["statusReason"].startswith("ResourceInitializationError: failed to invoke EFS utils commands")
    assert text in job["statusReason"]
    assert "exitCode" not in job["attempts"][-1]["container"]


def test_without_a_mount_target_in_its_zone_it_is_not_found(files: Files):
    files.stage.call("efs", "delete_mount_target", MountTargetId=files.target)
    refused(files, f'Failed to resolve "{files.system}.efs.us-east-1.amazonaws.com"')


def test_a_closed_security_group_times_out(files: Files):
    rule = {"IpProtocol": "tcp", "FromPort": 2049, "ToPort": 2049, "UserIdGroupPairs": [{"GroupId": files.group}]}
    default = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": files.group}]}
    for permission in (rule, default):
        found = files.stage.call("ec2", "describe_security_groups", GroupIds=[files.group])["SecurityGroups"][0]
        if any(one["IpProtocol"] == permission["IpProtocol"] for one in found["IpPermissions"]):
            files.stage.call("ec2", "revoke_security_group_ingress", GroupId=files.group, IpPermissions=[permission])
    refused(files, "mount.nfs4: Connection timed out")


def test_the_role_must_come_through_its_own_access_point(files: Files):
    other = files.stage.call("efs", "create_access_point", ClientToken="other", FileSystemId=files.system)
    refused(files, "access denied by server", accessPointId=other["AccessPointId"])


def test_who_does_not_say_who_it_is_is_denied(files: Files):
    refused(files, "access denied by server", iam="DISABLED")


def test_an_access_point_of_another_file_system_is_denied(files: Files):
    files.stage.call("efs", "delete_file_system_policy", FileSystemId=files.system)
    theirs = files.stage.call("efs", "create_file_system", CreationToken="theirs")["FileSystemId"]
    point = files.stage.call("efs", "create_access_point", ClientToken="theirs", FileSystemId=theirs)["AccessPointId"]
    refused(files, "access denied by server", accessPointId=point)


def test_a_machine_that_lets_no_one_mount_says_so(files: Files, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("scrapectl.local.jobs.mounts._problem", lambda: "PermissionError: Operation not permitted")
    refused(files, f"scrapectl: {files.at}: this machine lets no process mount")
