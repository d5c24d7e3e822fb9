"""What EC2 environments stand on: the role and profile of their instances, and the template they start from."""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.blueprint import access
from scrapectl.blueprint.pipeline import log_group_arn_of
from scrapectl.blueprint.role import make_role, role_address, role_name, trust_of
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.ec2_launch_template import Ec2LaunchTemplate
from scrapectl.kinds.iam_instance_profile import IamInstanceProfile, instance_profile_arn
from scrapectl.kinds.iam_role import role_path
from scrapectl.spec import names
from scrapectl.spec.model import ComputeEnvironment

_WHAT = "instances"
_ANYWHERE = ("ecs:DiscoverPollEndpoint",)
"""What of the ECS agent's IAM takes no resource for (Service Authorization Reference, Amazon ECS)."""
_OF_A_CLUSTER = ("ecs:CreateCluster", "ecs:DeregisterContainerInstance", "ecs:RegisterContainerInstance")
_OF_STATE = ("ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange")
_OF_AN_INSTANCE = ("ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState")
_AS_IT_REGISTERS = {"StringEquals": {"ecs:CreateAction": "RegisterContainerInstance"}}


def desired(scope: Scope) -> Iterator[Desired]:
    """One of each for the instance, when one of its environments is on EC2."""
    first = next(iter(_environments(scope)), None)
    if first is None:
        return
    description = f"What the EC2 instances of {scope.owner} may do for the ECS agent"
    yield make_role(scope, _WHAT, trust_of("ec2.amazonaws.com"), _leave(scope), first, description=description)
    role = Ref(role_address(scope, _WHAT), "name", role_name(scope, _WHAT))
    profile = IamInstanceProfile(name=role_name(scope, _WHAT), path=_path(scope), role=role)
    yield scope.desire(_profile_address(scope), profile, first)
    yield scope.desire(_template_address(scope), Ec2LaunchTemplate(name=_template_name(scope)), first)


def profile_ref(scope: Scope) -> Ref:
    """The profile's ARN."""
    arn = instance_profile_arn(scope.facts.partition, scope.facts.account, _path(scope), role_name(scope, _WHAT))
    return Ref(_profile_address(scope), "arn", arn)


def template_ref(scope: Scope) -> Ref:
    """The launch template's name: encrypted disks, and metadata by IMDSv2 alone."""
    return Ref(_template_address(scope), "name", _template_name(scope))


def _environments(scope: Scope) -> list[ComputeEnvironment]:
    return [e for e in scope.spec.compute_environments.values() if e.on_ec2 and e.existing is None]


def _leave(scope: Scope) -> list[access.Statement]:
    """What AWS's own AmazonEC2ContainerServiceforEC2Role allows anywhere, on the clusters that Batch makes for us.

    Pulling images is the job's execution role's, as are its logs; the agent writes none.
    """
    partition, region, account = scope.place
    ecs = f"arn:{partition}:ecs:{region}:{account}"
    clusters, instances = [], []
    for environment in _environments(scope):
        name = _whatever_hash(scope, environment)
        # Batch names the cluster after the environment, today and before ("Batch compute environments and ECS").
        for cluster in (f"AWSBatch-{name}-*", f"{name}_Batch_*"):
            clusters.append(f"{ecs}:cluster/{cluster}")
            instances.append(f"{ecs}:container-instance/{cluster}/*")
    return [
        access.allow(_ANYWHERE, ["*"]),  # AWS allows nothing narrower
        access.allow((*_OF_A_CLUSTER, *_OF_STATE), clusters),
        access.allow(_OF_AN_INSTANCE, instances),
        # Where the agent registers an instance with tags ("Grant permission to tag resources on creation", Amazon ECS).
        access.allow(("ecs:TagResource",), instances, _AS_IT_REGISTERS),
        access.allow(("logs:CreateLogStream", "logs:PutLogEvents"), [f"{log_group_arn_of(scope)}:*"]),
    ]


def _whatever_hash(scope: Scope, environment: ComputeEnvironment) -> str:
    """The environment's name: of one that replaces another both names, as jobs on the old one's instances still end."""
    name = scope.physical("compute_environments", environment.key)
    return name if environment.name else name[: -names.HASH_DIGITS] + "?" * names.HASH_DIGITS


def _path(scope: Scope) -> str:
    return role_path(scope.facts.region, scope.owner)


def _profile_address(scope: Scope) -> str:
    return f"iam_instance_profile.{scope.base(None, _WHAT)}"


def _template_name(scope: Scope) -> str:
    return scope.name(names.LAUNCH_TEMPLATE_LIMIT, None, _WHAT)


def _template_address(scope: Scope) -> str:
    return f"ec2_launch_template.{scope.base(None, _WHAT)}"
