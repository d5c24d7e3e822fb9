"""Hosts that stand, as they are run, told, stopped and paused: over the embedded Auto Scaling and Logs."""

from __future__ import annotations

import dataclasses
import time

import pytest

from scrapectl.engine.ownership import ADDRESS, PIPELINE
from scrapectl.errors import AwsError, UsageError
from scrapectl.kinds.autoscaling_group import AutoscalingGroup
from scrapectl.kinds.autoscaling_pause import ScheduledAction, pauses
from scrapectl.kinds.ec2_launch_template import Ec2LaunchTemplate
from scrapectl.kinds.user_data import Program
from scrapectl.local.clock import VirtualClock
from scrapectl.local.cloud import Cloud
from scrapectl.local.hosts.instance import hosts_of
from scrapectl.local.inprocess import record
from scrapectl.local.jobs.process import Process
from scrapectl.local.registry import Refusal
from scrapectl.operate import host_pauses
from scrapectl.operate.clock import Clock
from scrapectl.operate.host_schedules import host_timings
from scrapectl.operate.hosts import find_hosts
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.runnables import find_runnables
from scrapectl.operate.running_hosts import Hosts
from scrapectl.operate.stop import active_runs
from tests import current

REGION = "us-east-1"
SLEEPS = {"start.py": "import time\ntime.sleep(300)\n"}
TAGS = {PIPELINE: "shop", ADDRESS: "autoscaling_group.shop-ingester"}
ACTIONS = frozenset(
    {ScheduledAction("weekly", "0 5 * * 2", "UTC", 1), ScheduledAction("weekly_stop", "20 5 * * 2", "UTC", 0)}
)


@pytest.fixture
def cloud():
    made = Cloud(VirtualClock())
    yield made
    made.close()


@pytest.fixture
def aws(cloud):
    """An owner's account with one host, whose instances do nothing."""
    session = current.session(cloud, REGION)
    subnet = session.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    made = Ec2LaunchTemplate("shop-ingester", image="ami-1", program=Program(SLEEPS), runs={}).create(session, TAGS)
    AutoscalingGroup("shop-ingester", made.outputs["id"], (subnet,), actions=ACTIONS).create(session, TAGS)
    session.client("logs").create_log_group(logGroupName="/scrapectl/shop")
    return session


@pytest.fixture
def hosts(aws, cloud):
    clock = Clock(cloud.clock.now, cloud.clock.sleep)
    return lambda: Hosts(aws, "shop", find_hosts(aws, "shop"), clock)


def says(cloud, instance, *lines):
    """The instance writes lines to its log."""
    now = int(cloud.clock.now() * 1000)
    cloud.put_logs("/scrapectl/shop", f"ingester/{instance}", [(now, line) for line in lines], REGION)


def started(hosts):
    one = hosts()
    return one.start("ingester", one.request("ingester", Overrides()), stay=True)


def without_an_image(aws):
    """No instance can be started from the template."""
    client = aws.client("ec2")
    template = client.describe_launch_templates()["LaunchTemplates"][0]["LaunchTemplateId"]
    client.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData={"InstanceType": "t3.nano"})
    client.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")


def await_(met):
    end = time.monotonic() + 20
    while not met():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [(0, "SUCCEEDED", None), (3, "FAILED", None), (124, "FAILED", "it took longer than its timeout")],
)
def test_a_run_is_an_instance_and_its_last_line_tells_how_it_ended(hosts, aws, cloud, code, state, reason):
    run = started(hosts)
    assert (run.state, run.kind, run.id[:2]) == ("STARTING", "host", "i-")
    says(cloud, run.id, "begun")
    assert [one.state for one in hosts().refresh([run])] == ["RUNNING"]
    says(cloud, run.id, "said scrapectl: exit 9", f"scrapectl: exit {code}")
    (ended,) = hosts().refresh([run])
    assert (ended.state, ended.exit_code, ended.reason) == (state, code, reason)
    assert hosts().find(run.id).state == state
    assert [one.id for one in find_runnables(aws, "shop").recent("ingester", 5)] == [run.id]


def test_one_that_is_stopped_runs_until_it_has_ended(hosts, aws, cloud, monkeypatch):
    monkeypatch.setattr(Process, "terminate", lambda _: None)  # it takes its time
    run = started(hosts)
    says(cloud, run.id, "begun")
    assert hosts().stop([run], "by hand") == [(run, "terminate")]
    for found in (hosts().refresh([run])[0], *hosts().recent(["ingester"], 0), hosts().find(run.id)):
        assert (found.id, found.state, found.stopped) == (run.id, "RUNNING", None)
    after = started(hosts)
    assert hosts().stop([run], "by hand") == [(run, "terminate")]
    assert hosts().things["ingester"].instances == (after.id,), "stopped twice, it takes no other with it"
    (meant,) = active_runs(find_runnables(aws, "shop"), "ingester", every=False)
    assert meant.id == after.id
    assert len(active_runs(find_runnables(aws, "shop"), None, every=True)) == 2
    says(cloud, run.id, "scrapectl: exit 143")
    (ended,) = hosts().refresh([run])
    assert (ended.state, ended.exit_code, ended.reason) == ("FAILED", 143, "it was stopped")


def test_one_that_ended_without_a_word_has_failed(hosts, aws, cloud):
    run = started(hosts)
    says(cloud, run.id, "begun")
    assert hosts().stop([run], "by hand") == [(run, "terminate")]
    await_(lambda: find_hosts(aws, "shop")["ingester"].grouped == ())
    (ended,) = hosts().refresh([run])
    assert (ended.state, ended.exit_code, ended.reason) == ("FAILED", None, "it ended without saying how: see its log")
    assert find_hosts(aws, "shop")["ingester"].desired == 0


def test_one_runs_at_a_time_and_nothing_is_overridden(hosts):
    run = started(hosts)
    with pytest.raises(UsageError, match=f"ingester runs already: {run.id}"):
        started(hosts)
    for overrides in (Overrides(environment={"A": "b"}), Overrides(array=3), Overrides(command=("x",))):
        with pytest.raises(UsageError):
            hosts().request("ingester", overrides)


def test_a_launch_that_fails_is_told_and_leaves_nothing_wanted(hosts, aws):
    without_an_image(aws)
    with pytest.raises(AwsError, match=r"ingester got no instance: .*names no image"):
        started(hosts)
    assert find_hosts(aws, "shop")["ingester"].desired == 0


def test_a_start_by_the_clock_that_fails_is_a_run_that_failed_while_it_is_wanted(hosts, aws):
    without_an_image(aws)
    group = {"AutoScalingGroupName": "shop-ingester"}
    aws.client("autoscaling").set_desired_capacity(**group, DesiredCapacity=1)
    (run,) = hosts().recent(["ingester"], 5)
    assert (run.state, run.name, run.ended, run.exit_code) == ("FAILED", "ingester", True, None)
    assert run.reason.startswith("got no instance: The requested configuration is not valid: it names no image")
    aws.client("autoscaling").set_desired_capacity(**group, DesiredCapacity=0)
    assert hosts().recent(["ingester"], 5) == []


def test_one_that_died_in_its_group_has_failed_and_makes_room_for_the_next(hosts, aws, cloud):
    run = started(hosts)
    says(cloud, run.id, "begun")
    hosts_of(cloud).processes[run.id].kill()
    await_(lambda: [one.state for one in hosts().refresh([run])] == ["FAILED"])
    (died,) = hosts().refresh([run])
    assert (died.exit_code, died.reason) == (None, "its instance is terminated")
    assert hosts().things["ingester"].instances == (run.id,), "its group does not see it"
    assert started(hosts).id != run.id


def test_another_owners_groups_are_none_of_ours(aws):
    assert find_hosts(aws, "shop-eu") == {}
    assert find_hosts(aws, "sho") == {}


def test_a_pause_takes_the_actions_away_keeps_them_in_a_tag_and_an_apply_heeds_it(aws):
    host = find_hosts(aws, "shop")["ingester"]
    assert [(one.name, one.expression, one.enabled) for one in host_timings(aws, [host])] == [
        ("weekly", "cron(0 5 ? * 3 *)", True)
    ]
    assert host_pauses.notes_of(aws, host, ["weekly"], "shop", pause=False) == {"weekly": "not paused"}
    host_pauses.hold(aws, host, "weekly", "2026-11-21T06:00:00Z by anna")
    notes = host_pauses.notes_of(aws, host, ["weekly"], "shop", pause=True)
    assert notes == {"weekly": "paused already, 2026-11-21T06:00:00Z by anna"}
    live = AutoscalingGroup.read(aws, ("shop-ingester",))
    assert live.resource.actions == frozenset()
    assert frozenset(pauses(live.tags)["weekly"].actions) == ACTIONS
    wanted = dataclasses.replace(live.resource, actions=ACTIONS).given(live)
    assert (wanted.actions, wanted.paused) == (frozenset(), ("weekly",))
    assert wanted.differ(live) == ()
    assert "weekly is paused" in wanted.told(live, ())[0]
    off = dataclasses.replace(live.resource, actions=frozenset()).given(live)
    assert [change.name for change in off.differ(live)] == ["paused"]  # the spec has turned it off: the pause ends
    (timing,) = host_timings(aws, find_hosts(aws, "shop").values())
    assert (timing.enabled, timing.pause) == (False, "2026-11-21T06:00:00Z by anna")
    host_pauses.hold(aws, host, "weekly", "")
    live = AutoscalingGroup.read(aws, ("shop-ingester",))
    assert (live.resource.actions, pauses(live.tags)) == (ACTIONS, {})


def test_a_pause_that_was_cut_short_is_one_schedule_and_is_done_again(aws, cloud):
    recorder = record(cloud)
    recorder.refuse("BatchDeleteScheduledAction", Refusal("ValidationError", "not now", 400))
    host = find_hosts(aws, "shop")["ingester"]
    with pytest.raises(AwsError, match="not now"):
        host_pauses.hold(aws, host, "weekly", "2026-11-21T06:00:00Z by anna")
    (host,) = find_hosts(aws, "shop").values()
    assert [(one.name, one.enabled) for one in host_timings(aws, [host])] == [("weekly", True)]
    host_pauses.hold(aws, host, "weekly", "2026-11-21T07:00:00Z by anna")
    (timing,) = host_timings(aws, find_hosts(aws, "shop").values())
    assert (timing.enabled, timing.pause) == (False, "2026-11-21T07:00:00Z by anna")
