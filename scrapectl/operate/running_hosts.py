"""Hosts behind the verbs that everything shares which can be run."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from scrapectl.errors import AwsError, UsageError
from scrapectl.operate.clock import Clock
from scrapectl.operate.functions import refuse_for_jobs
from scrapectl.operate.hosts import StandingHost, death_of, failed_launch, find_hosts, find_run, list_runs
from scrapectl.operate.logs import Stream, streams_of
from scrapectl.operate.overrides import Overrides
from scrapectl.operate.run import Run, is_instance

if TYPE_CHECKING:
    from scrapectl.engine.resource import Aws

LAUNCH = 90.0
"""Seconds in which a group that wants an instance has one, or says why not."""


@dataclass(frozen=True)
class Hosts:
    """The hosts of an owner; implements `RunsOf`. A run is an instance of the host's group."""

    aws: Aws
    owner: str
    things: Mapping[str, StandingHost]
    clock: Clock

    def request(self, name: str, overrides: Overrides) -> dict[str, Any]:
        """A SetDesiredCapacity request.

        Raises:
            UsageError: Something is overridden: a host runs what its launch template says.
        """
        host = self.things[name]
        refuse_for_jobs(host, overrides)
        if overrides.environment:
            raise UsageError(f"--env is not for hosts, and {name} is one.", "Write it under environment: and apply.")
        return {"AutoScalingGroupName": host.physical, "DesiredCapacity": 1, "HonorCooldown": False}

    def start(self, name: str, request: Mapping[str, Any], *, stay: bool) -> Run:
        """Have the group want an instance, and wait for it to be there: only then its id is known.

        Raises:
            UsageError: One runs already.
            AwsError: None was launched; the group wants none any more.
        """
        del stay
        host = self.things[name]
        for instance in host.instances:
            if not death_of(self.aws, instance):
                raise UsageError(f"{name} runs already: {instance}.", f"End it first: scrapectl stop {name}")
            self._terminate(instance)
        begun = self.clock.now()
        self.aws.call("autoscaling", "set_desired_capacity", **request)
        while self.clock.now() - begun < LAUNCH:
            found = find_hosts(self.aws, self.owner).get(name, host)
            if new := [one for one in found.instances if one not in host.instances]:
                return self._begun(found, new[0], begun)
            if failed := failed_launch(self.aws, host, begun - 1):
                break
            self.clock.sleep(1.0)
        self.aws.call("autoscaling", "set_desired_capacity", **{**request, "DesiredCapacity": 0})
        why = failed.reason if failed else f"got no instance: none was launched within {LAUNCH:g} s"
        raise AwsError(f"{name} {why}")

    def recent(self, names: Collection[str], most: int) -> list[Run]:
        """What goes on, and the newest."""
        return list_runs(self.aws, [self.things[name] for name in names], most)

    def find(self, run_id: str) -> Run | None:
        """Look for an instance's id among groups and log streams."""
        return find_run(self.aws, self.things.values(), run_id) if is_instance(run_id) else None

    def refresh(self, runs: Sequence[Run]) -> list[Run]:
        """What has not ended is looked at anew."""
        going = [run for run in runs if not run.ended]
        now = find_hosts(self.aws, self.owner) if going else {}
        asks = [functools.partial(self._again, run, now.get(run.name)) for run in going]
        told = dict(zip((run.id for run in going), self.aws.gather(asks), strict=True))
        return [told.get(run.id, run) for run in runs]

    def explain(self, runs: Sequence[Run]) -> list[Run]:
        """The log has told all."""
        return list(runs)

    def parts(self, run: Run, known: Collection[str]) -> list[Run]:
        """An instance begins nothing that AWS knows of."""
        del run, known
        return []

    def feeds(self, run: Run, since: float, *, every_attempt: bool) -> Sequence[Stream]:
        """Its log stream."""
        return streams_of([run], since, every_attempt=every_attempt)

    def stop(self, runs: Sequence[Run], reason: str) -> list[tuple[Run, str]]:
        """End the instances, and have their groups want none; they still upload.

        What is being ended already is let be: its group would want one less again, which may be the next run's.
        """
        del reason
        ending = {instance for host in self.things.values() for instance in host.ending}
        self.aws.gather([functools.partial(self._terminate, run.id) for run in runs if run.id not in ending])
        return [(run, "terminate") for run in runs]

    def stoppable(self, name: str) -> None:
        """EC2 ends any."""

    def _again(self, run: Run, host: StandingHost | None) -> Run:
        found = find_run(self.aws, [host] if host else [], run.id)
        return run if found is None else replace(found, created=run.created or found.created, part_of=run.part_of)

    def _begun(self, host: StandingHost, instance: str, at: float) -> Run:
        where: dict[str, Any] = {"log_group": host.log_group, "streams": (host.stream(instance),)}
        return Run(instance, host.name, "STARTING", at, kind="host", of=host.physical, **where)

    def _terminate(self, instance: str) -> None:
        self.aws.call(
            "autoscaling",
            "terminate_instance_in_auto_scaling_group",
            absent=("ValidationError:not found",),
            InstanceId=instance,
            ShouldDecrementDesiredCapacity=True,
        )
