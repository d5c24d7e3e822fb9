"""A file system that is not ours: asked for by its id, with the access points that its paths name."""

from __future__ import annotations

import pytest

from scrapectl.errors import SpecError
from tests.account import Account, is_read, spec_of

SPEC = """version: 1
pipeline: shop
region: us-east-1
filesystems:
  work:
    existing: {system}
    paths:
      data: {{existing: {point}}}
jobs:
  count: {{image: scraper, mounts: {{/mnt/files: work/data}}}}
images:
  scraper: {{build: examples/quickstart/scraper}}
outputs: {{id: "${{filesystem.work.id}}"}}
"""
NOBODYS = "fs-0123456789abcdef0"
NO_POINT = "fsap-0123456789abcdef0"


def made(account: Account, token: str) -> tuple[str, str]:
    """A file system of somebody else's with an access point."""
    efs = account.client("efs")
    system = efs.create_file_system(CreationToken=token)["FileSystemId"]
    return system, efs.create_access_point(ClientToken=token, FileSystemId=system)["AccessPointId"]


def planned(account: Account, system: str, point: str):
    return account.plan(spec_of(SPEC.format(system=system, point=point)))


@pytest.mark.parametrize("by_arn", [False, True])
def test_it_is_mounted_and_never_changed(account: Account, by_arn: bool) -> None:
    system, point = made(account, "theirs")
    arn = account.client("efs").describe_file_systems()["FileSystems"][0]["FileSystemArn"]
    spec = spec_of(SPEC.format(system=arn if by_arn else system, point=point))
    done = account.apply(spec)
    assert done.outputs["id"] == system
    (definition,) = account.client("batch").describe_job_definitions()["jobDefinitions"]
    (volume,) = definition["containerProperties"]["volumes"]
    configuration = volume["efsVolumeConfiguration"]
    assert configuration["fileSystemId"] == system
    assert configuration["authorizationConfig"]["accessPointId"] == point
    assert account.plan(spec).plan.empty
    account.destroy(spec)
    writes = [sent for sent in account.sent.calls if sent.service == "efs" and not is_read(sent)]
    assert {sent.operation for sent in writes} == {"CreateFileSystem", "CreateAccessPoint"}
    assert len(writes) == 2


def test_what_is_not_there_is_told_at_its_place(account: Account) -> None:
    with pytest.raises(SpecError, match=rf"pipeline.yaml:6:5: filesystems.work.existing: filesystem '{NOBODYS}' is"):
        planned(account, NOBODYS, NO_POINT)
    system, _ = made(account, "theirs")
    told = rf"pipeline.yaml:8:14: filesystems.work.paths.data.existing: access point '{NO_POINT}' is not there"
    with pytest.raises(SpecError, match=told):
        planned(account, system, NO_POINT)


def test_an_access_point_of_another_file_system_is_told(account: Account) -> None:
    system, _ = made(account, "theirs")
    other, point = made(account, "another")
    with pytest.raises(SpecError, match=rf"access point '{point}' is of {other}. Name one of {system}"):
        planned(account, system, point)
