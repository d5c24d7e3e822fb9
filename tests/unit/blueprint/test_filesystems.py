"""What file systems, mounts and copies become."""

from __future__ import annotations

import pytest

from scrapectl.blueprint import Scope
from scrapectl.blueprint.transfers import task_ref
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.facts import NetworkFacts
from scrapectl.kinds.batch_container import BatchMount
from tests.unit.blueprint.world import facts_for, resources, roles, spec_of, wanted

SPEC = """
buckets: {raw: {}, reports: {}}
filesystems:
  work: {throughput: {provisioned: 4}, cold_after: 7d, paths: {data: {uid: 1001, gid: 1001, mode: "750"}}}
jobs:
  analyse: {image: public.ecr.aws/x/y:1, mounts: {/mnt/files: work/data}}
  other: {image: public.ecr.aws/x/y:1}
workflows:
  process:
    steps:
      - copy: {from: raw/in/, to: work/data/in}
      - run: analyse
      - parallel: [[{copy: {from: work/data/out, to: reports/outputs/, only: "${run}"}}], [{run: other}]]
"""
NETWORK = NetworkFacts(
    "vpc-1", ("subnet-1", "subnet-2", "subnet-3"), zone_of={"subnet-1": "a", "subnet-2": "b", "subnet-3": "b"}
)


@pytest.fixture(scope="module")
def found() -> dict[str, Desired]:
    return wanted(spec_of(SPEC), network=NETWORK)


def statements(role: object) -> list[dict[str, object]]:
    return list(role.policy.document["Statement"])  # type: ignore[attr-defined]


def test_a_file_system_is_reached_once_in_each_zone(found: dict[str, Desired]):
    system = found["efs_file_system.shop-work"].resource
    group = Ref("security_group.shop-work_mounts", "id")
    assert {target.subnet for target in system.mount_targets} == {"subnet-1", "subnet-2"}
    assert {target.security_groups for target in system.mount_targets} == {(group,)}
    assert (system.throughput, system.provisioned_mibps, system.cold_after_days) == ("provisioned", 4.0, 7)


def test_only_what_mounts_it_and_datasync_come_to_its_port(found: dict[str, Desired]):
    group = found["security_group.shop-work_mounts"].resource
    sources = {(rule.protocol, rule.from_port, rule.to_port, rule.source) for rule in group.ingress}
    assert sources == {("tcp", 2049, 2049, "self"), ("tcp", 2049, 2049, Ref("security_group.shop_jobs", "id"))}
    assert {rule.source for rule in group.egress} == {"self"}


def test_functions_that_mount_it_come_to_its_port_too():
    text = """
filesystems: {work: {paths: {data: {}}}}
functions: {publish: {image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1, mounts: {/mnt/files: work/data}}}
"""
    group = resources(spec_of(text), "security_group")["security_group.shop-work_mounts"]
    assert len({rule.source for rule in group.ingress} - {"self"}) == 1


def test_the_policy_refuses_plain_text_and_whoever_passes_the_access_points_by(found: dict[str, Desired]):
    policy = found["efs_file_system.shop-work"].resource.policy.document
    effects = {statement["Sid"]: (statement["Effect"], statement["Condition"]) for statement in policy["Statement"]}
    assert effects == {
        "NothingInPlainText": ("Deny", {"Bool": {"aws:SecureTransport": "false"}}),
        "OnlyThroughAccessPoints": ("Deny", {"Null": {"elasticfilesystem:AccessPointArn": "true"}}),
    }


def test_every_folder_that_is_used_has_an_access_point_of_the_path_it_is_in(found: dict[str, Desired]):
    points = {a: d.resource for a, d in found.items() if d.resource.kind == "efs_access_point"}
    assert {point.path for point in points.values()} == {"/data", "/data/in", "/data/out"}
    assert {(point.uid, point.gid, point.mode) for point in points.values()} == {(1001, 1001, "750")}
    assert len({point.name for point in points.values()}) == len(points)


def test_another_owner_is_another_access_point_so_that_the_new_one_stands_first():
    def name(uid: int) -> str:
        text = f"filesystems: {{work: {{paths: {{data: {{uid: {uid}}}}}}}}}"
        return resources(spec_of(text), "efs_access_point")["efs_access_point.shop-work_data"].name

    assert name(1001) != name(1002)
    assert name(1001) == name(1001)


def test_a_job_mounts_by_its_access_point_and_its_role_may_do_that_alone(found: dict[str, Desired]):
    address = "efs_access_point.shop-work_data"
    system = Ref("efs_file_system.shop-work", "id")
    assert found["batch_job_definition.shop-analyse"].resource.mounts == {
        BatchMount("/mnt/files", system, Ref(address, "id"))
    }
    job_roles = {name: role for name, role in roles(spec_of(SPEC)).items() if name.startswith("job-")}
    (role,) = job_roles.values()  # the other job has no access at all, and so no role
    assert statements(role) == [
        {
            "Effect": "Allow",
            "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            "Resource": [Ref("efs_file_system.shop-work", "arn")],
            "Condition": {"StringEquals": {"elasticfilesystem:AccessPointArn": Ref(address, "arn")}},
        }
    ]
    assert found["batch_job_definition.shop-other"].resource.job_role is None


def test_each_copy_has_a_task_between_its_locations(found: dict[str, Desired]):
    tasks = [d.resource for d in found.values() if d.resource.kind == "datasync_task"]
    assert [task.name[:-7] for task in tasks] == ["shop-process-1", "shop-process-2"]
    for task, (source, target) in zip(tasks, (("s3", "efs"), ("efs", "s3")), strict=True):
        assert found[task.source.address].resource.kind == f"datasync_location_{source}"
        assert found[task.target.address].resource.kind == f"datasync_location_{target}"
    spec = spec_of(SPEC)
    assert task_ref(Scope(spec, facts_for(spec)), "process", 2).address in found


def test_locations_say_where_and_how(found: dict[str, Desired]):
    buckets = {d.resource.prefix: d.resource for d in found.values() if d.resource.kind == "datasync_location_s3"}
    assert set(buckets) == {"in/", "outputs/"}
    folders = [d.resource for d in found.values() if d.resource.kind == "datasync_location_efs"]
    assert {location.access_point.address for location in folders} == {
        "efs_access_point.shop-work_data_in",
        "efs_access_point.shop-work_data_out",
    }
    assert {location.path for location in folders} == {"/"}
    assert {location.subnet for location in folders} == {"arn:aws:ec2:us-east-1:123456789012:subnet/subnet-1"}
    assert {location.security_groups for location in folders} == {(Ref("security_group.shop-work_mounts", "arn"),)}


def test_datasync_reads_where_it_reads_and_writes_where_it_writes():
    made = [role for name, role in roles(spec_of(SPEC)).items() if name.startswith("transfer-")]
    by_prefix = {}
    for role in made:
        trust = role.trust.document["Statement"][0]
        assert trust["Principal"] == {"Service": "datasync.amazonaws.com"}
        assert trust["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnLike": {"aws:SourceArn": "arn:aws:datasync:us-east-1:123456789012:*"},
        }
        for statement in statements(role):
            for resource in statement["Resource"]:  # type: ignore[attr-defined]
                if str(resource).endswith("*"):
                    by_prefix[str(resource).partition("-us-east-1")[2]] = set(statement["Action"])  # type: ignore[call-overload]
    assert "s3:PutObject" not in by_prefix["/in/*"]
    assert {"s3:GetObject", "s3:PutObject"} <= by_prefix["/outputs/*"]
    assert len(made) == 4


def test_two_copies_of_one_place_share_its_location():
    text = SPEC + "  again: {steps: [{copy: {from: raw/in, to: work/data/in}}]}\n"
    spec = spec_of(text)
    assert len(resources(spec, "datasync_location_s3")) == 2
    assert len(resources(spec, "datasync_task")) == 3


def test_a_place_that_is_written_later_too_keeps_its_location():
    """DataSync changes no location; what it is made of must not hang on the copies."""
    back = SPEC + "  again: {steps: [{copy: {from: work/data/in, to: raw/in}}]}\n"
    for kind in ("datasync_location_s3", "datasync_location_efs"):
        before, after = (resources(spec_of(text), kind) for text in (SPEC, back))
        assert {address: after[address] for address in before} == before


def test_a_file_system_that_is_not_ours_is_used_by_its_own_access_points():
    text = """
buckets: {raw: {}}
filesystems: {theirs: {existing: fs-0123456789abcdef0, paths: {data: {existing: fsap-0123456789abcdef0}}}}
workflows: {process: {steps: [{copy: {from: raw/in/, to: theirs/data/in}}]}}
"""
    arn = "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-0123456789abcdef0"
    existing = {("filesystems", "theirs"): {"id": "fs-0123456789abcdef0", "arn": arn, "name": "theirs"}}
    found = wanted(spec_of(text), existing=existing)
    assert not [d for d in found.values() if d.resource.kind in {"efs_file_system", "efs_access_point"}]
    (location,) = [d.resource for d in found.values() if d.resource.kind == "datasync_location_efs"]
    assert location.file_system == arn
    assert location.access_point.endswith(":access-point/fsap-0123456789abcdef0")
    assert location.path == "/in/"
    (group,) = location.security_groups
    assert found[group.address].resource.ingress == frozenset()
