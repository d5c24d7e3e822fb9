"""Hosts that stand → their runs: each an instance of their Auto Scaling group, known by its log stream."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from scrapectl.engine.ownership import ADDRESS, PIPELINE
from scrapectl.kinds.tags import tags_from_list
from scrapectl.operate.patience import patiently
from scrapectl.operate.run import Run

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

_ABSENT = ("ResourceNotFoundException",)
_EXIT = re.compile(r"scrapectl: exit ([0-9]{1,3})")
_GOING = ("Pending", "InService")
_ENDING = "Terminating"  # :Wait and :Proceed, too
_SAID = {124: "it took longer than its timeout", 143: "it was stopped"}
_LAST = 5  # lines that are looked at: of one moment, CloudWatch says no order
_SILENT = "it ended without saying how: see its log"
_DEAD = frozenset({"terminated", "stopped"})  # one that shuts down still ends its program, uploads and tells


@dataclass(frozen=True)
class StandingHost:
    """A host as AWS has it; `instances` are those of its group that are not being ended, `ending` those that are."""

    name: str
    physical: str
    log_group: str
    desired: int = 0
    instances: tuple[str, ...] = ()
    ending: tuple[str, ...] = ()
    tags: Mapping[str, str] | None = None

    kind: ClassVar[str] = "host"

    @property
    def grouped(self) -> tuple[str, ...]:
        """The instances that are still in its group."""
        return (*self.instances, *self.ending)

    def stream(self, instance: str) -> str:
        """The log stream of a run."""
        return f"{self.name}/{instance}"


def find_hosts(aws: Aws, owner: str) -> dict[str, StandingHost]:
    """The hosts of an owner by their names: Auto Scaling filters groups by tags itself, and is never late."""
    mine = [{"Name": f"tag:{PIPELINE}", "Values": [owner]}]
    listed = aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", Filters=mine)
    base = owner.replace(".", "-")
    found = {}
    for group in listed:
        tags = tags_from_list(group.get("Tags", ()))
        name = tags.get(ADDRESS, "").partition(".")[2].removeprefix(f"{base}-")
        if name:
            states = {one["InstanceId"]: one["LifecycleState"] for one in group["Instances"]}
            found[name] = StandingHost(
                name,
                group["AutoScalingGroupName"],
                f"/scrapectl/{owner}",
                group["DesiredCapacity"],
                tuple(instance for instance, state in states.items() if state in _GOING),
                tuple(instance for instance, state in states.items() if state.startswith(_ENDING)),
                tags,
            )
    return found


def death_of(aws: Aws, instance: str) -> str:
    """How an instance has ended that its group, which looks after no instance's health, has still; "" while it runs."""
    gone = ("InvalidInstanceID.NotFound",)
    answer = aws.call("ec2", "describe_instances", absent=gone, InstanceIds=[instance])
    for one in [one for each in (answer or {}).get("Reservations", ()) for one in each["Instances"]]:
        why = (one.get("StateReason") or {}).get("Message", "")
        return f"its instance is {one['State']['Name']}: {why}".removesuffix(": ") if _is_dead(one) else ""
    return "its instance is gone"


def failed_launch(aws: Aws, host: StandingHost, since: float = 0.0) -> Run | None:
    """The last try of a group to start an instance, as a run that failed; None when it did not fail."""
    ask = functools.partial(aws.call, "autoscaling", "describe_scaling_activities", MaxRecords=1)
    for newest in ask(AutoScalingGroupName=host.physical)["Activities"][:1]:
        at = newest["StartTime"].timestamp()
        if newest["StatusCode"] == "Failed" and at >= since:
            why = f"got no instance: {newest.get('StatusMessage') or newest['Description']}"
            number = newest["ActivityId"]
            return Run(number, host.name, "FAILED", at, stopped=at, reason=why, kind="host", of=host.physical)
    return None


def list_runs(aws: Aws, hosts: Iterable[StandingHost], most: int) -> list[Run]:
    """All that go on, and the newest `most` of each host."""
    wanted = list(hosts)
    asks = [functools.partial(_streams, aws, host, f"{host.name}/") for host in wanted]
    pairs: list[tuple[StandingHost, Mapping[str, Any]]] = []
    for host, streams in zip(wanted, aws.gather(asks), strict=True):
        newest = sorted(streams, key=lambda stream: -stream["creationTime"])
        going = [stream for stream in newest[most:] if _instance(stream) in host.grouped]
        unseen = set(host.grouped) - {_instance(stream) for stream in newest}
        pairs += [(host, stream) for stream in (*newest[:most], *going)]
        pairs += [(host, {"logStreamName": host.stream(instance)}) for instance in sorted(unseen)]
    runs = aws.gather([functools.partial(_run, aws, host, stream) for host, stream in pairs])
    waiting = [host for host in wanted if host.desired > len(host.instances)]
    failed = aws.gather([functools.partial(failed_launch, aws, host) for host in waiting])
    return sorted([*runs, *filter(None, failed)], key=lambda run: (-run.created, run.id))


def find_run(aws: Aws, hosts: Iterable[StandingHost], instance: str) -> Run | None:
    """The run of an instance's id."""
    for host in hosts:
        streams = _streams(aws, host, host.stream(instance))
        if streams or instance in host.grouped:
            return _run(aws, host, streams[0] if streams else {"logStreamName": host.stream(instance)})
    return None


def _streams(aws: Aws, host: StandingHost, prefix: str) -> Sequence[Mapping[str, Any]]:
    ask = functools.partial(aws.pages, "logs", "describe_log_streams", "logStreams", absent=_ABSENT)
    return patiently(functools.partial(ask, logGroupName=host.log_group, logStreamNamePrefix=prefix)) or ()


def _is_dead(instance: Mapping[str, Any]) -> bool:
    return instance["State"]["Name"] in _DEAD


def _instance(stream: Mapping[str, Any]) -> str:
    return str(stream["logStreamName"]).rpartition("/")[2]


def _run(aws: Aws, host: StandingHost, stream: Mapping[str, Any]) -> Run:
    """Put together what the group and the last line of the log say."""
    instance, begun = _instance(stream), stream.get("creationTime", 0) / 1000
    code, at = _exit_of(aws, host, stream) if begun else (None, 0.0)
    death = death_of(aws, instance) if code is None and instance in host.grouped else ""
    if code is None and instance in host.grouped and not death:
        state = "RUNNING" if begun else "STARTING"
    else:
        state = "SUCCEEDED" if code == 0 else "FAILED"
    ended = state in {"SUCCEEDED", "FAILED"}
    last = stream.get("lastEventTimestamp", 0) / 1000
    reason = None if code == 0 or not ended else (death or _SILENT) if code is None else _SAID.get(code)
    return Run(
        instance,
        host.name,
        state,
        created=begun,
        started=begun or None,
        stopped=(at or last or begun) if ended else None,
        exit_code=code,
        reason=reason,
        log_group=host.log_group,
        streams=(host.stream(instance),),
        kind="host",
        of=host.physical,
        ending=not ended and instance in host.ending,
    )


def _exit_of(aws: Aws, host: StandingHost, stream: Mapping[str, Any]) -> tuple[int | None, float]:
    """The exit code that the last line tells, and when; None while there is none."""
    where = {"logGroupName": host.log_group, "logStreamName": stream["logStreamName"]}
    ask = functools.partial(aws.call, "logs", "get_log_events", absent=_ABSENT, limit=_LAST, startFromHead=False)
    answer = patiently(functools.partial(ask, **where))
    for event in reversed((answer or {}).get("events", ())):
        if told := _EXIT.fullmatch(event["message"]):
            return int(told[1]), event["timestamp"] / 1000
    return None, 0.0
