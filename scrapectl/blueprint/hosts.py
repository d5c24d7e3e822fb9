"""`hosts` → an Auto Scaling group each, with the launch template, the profile and the role of its one instance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scrapectl.blueprint import network
from scrapectl.blueprint.host_roles import host_role, profile_path, profile_ref
from scrapectl.blueprint.pipeline import host_groups
from scrapectl.blueprint.role import role_address, role_name
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.user_data import what_it_runs
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.autoscaling_group import AutoscalingGroup
from scrapectl.kinds.autoscaling_pause import STOP, ScheduledAction
from scrapectl.kinds.ec2_launch_template import Ec2LaunchTemplate
from scrapectl.kinds.iam_instance_profile import IamInstanceProfile
from scrapectl.kinds.user_data import Program
from scrapectl.spec.cron_unix import unix_cron
from scrapectl.spec.model import Host

# "Reference the latest AMIs using Systems Manager public parameters", Amazon Linux 2023 User Guide.
_IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"
_PROCESSOR = {"X86_64": "x86_64", "ARM64": "arm64"}


def desired(scope: Scope) -> Iterator[Desired]:
    """Role, profile, template and group of each host."""
    for host in scope.spec.hosts.values():
        yield host_role(scope, host)
        what = f"host-{host.key}"
        role = Ref(role_address(scope, what), "name", role_name(scope, what))
        profile = IamInstanceProfile(name=role_name(scope, what), path=profile_path(scope), role=role)
        yield scope.desire(f"iam_instance_profile.{scope.base(None, what)}", profile, host)
        yield scope.desire(_template_address(scope, host), _template(scope, host), host, places=_places(host))
        yield scope.desire_entry("hosts", host, _group(scope, host), after=network.ways(scope))


def _template(scope: Scope, host: Host) -> Ec2LaunchTemplate:
    """An instance without a key or an open port, its disk encrypted, its metadata by IMDSv2 alone."""
    return Ec2LaunchTemplate(
        name=scope.physical("hosts", host.key),
        hop_limit=1,  # a container has the host's own network
        root_gib=host.disk,
        image=_IMAGE + _PROCESSOR[host.platform],
        instance_type=host.instance_type,
        profile=profile_ref(scope, host),
        security_groups=host_groups(scope),
        public_ip=network.is_public(scope),
        program=Program(scope.facts.host_files),
        runs=what_it_runs(scope, host),
        at_shutdown="terminate",
    )


def _group(scope: Scope, host: Host) -> AutoscalingGroup:
    return AutoscalingGroup(
        name=scope.physical("hosts", host.key),
        template=Ref(_template_address(scope, host), "id"),
        subnets=network.job_subnets(scope),
        actions=frozenset(_actions(host)),
    )


def _actions(host: Host) -> Iterator[ScheduledAction]:
    """A start for each schedule, and its stop; what is off has none."""
    for schedule in host.schedules.values():
        name = schedule.name or schedule.key
        if schedule.enabled:
            yield ScheduledAction(name, unix_cron(schedule.cron), schedule.timezone, 1)
        if schedule.enabled and schedule.stop is not None:
            yield ScheduledAction(name + STOP, unix_cron(schedule.stop), schedule.timezone, 0)


def _template_address(scope: Scope, host: Host) -> str:
    return f"ec2_launch_template.{scope.base(host.key)}"


def _places(host: Host) -> dict[str, Any]:
    """Where the spec says what a template's fields hold."""
    told = {"root_gib": "disk", "image": "platform", "instance_type": "instance_type"}
    told |= {"runs": "image" if host.image is not None else "script"}
    return {field: host.place_of(key) for field, key in told.items() if key in host.places}
