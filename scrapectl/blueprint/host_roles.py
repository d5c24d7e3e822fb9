"""What a host does → the role of its instance: what its access says, its own log, its uploads, its own end."""

from __future__ import annotations

from scrapectl.blueprint import access
from scrapectl.blueprint.pipeline import log_group_arn_of
from scrapectl.blueprint.role import make_role, role_name, trust_of
from scrapectl.blueprint.roles import PULL, repository_arn
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.secret_access import secret_statements
from scrapectl.blueprint.told import failure_topic
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Ref
from scrapectl.kinds.autoscaling_group import autoscaling_group_arn
from scrapectl.kinds.iam_instance_profile import instance_profile_arn
from scrapectl.kinds.iam_role import role_path
from scrapectl.spec.model import Host


def host_role(scope: Scope, host: Host) -> Desired:
    """The role: each host its own, for it may end the instances of its own group alone."""
    description = f"What the host {host.key} of {scope.owner} may do"
    trust = trust_of("ec2.amazonaws.com")
    return make_role(scope, f"host-{host.key}", trust, _leave(scope, host), host, description=description)


def profile_ref(scope: Scope, host: Host) -> Ref:
    """The profile's ARN."""
    what = f"host-{host.key}"
    partition, account = scope.facts.partition, scope.facts.account
    arn = instance_profile_arn(partition, account, profile_path(scope), role_name(scope, what))
    return Ref(f"iam_instance_profile.{scope.base(None, what)}", "arn", arn)


def profile_path(scope: Scope) -> str:
    """The path of profiles, as of the owner's roles."""
    return role_path(scope.facts.region, scope.owner)


def _leave(scope: Scope, host: Host) -> list[access.Statement]:
    group = autoscaling_group_arn(*scope.place, scope.physical("hosts", host.key))
    streams = f"{log_group_arn_of(scope)}:log-stream:{host.key}/*"
    topic, repository = failure_topic(scope, host), repository_arn(scope, host)
    found = [
        access.allow(("logs:CreateLogStream", "logs:PutLogEvents"), [streams]),
        access.allow(("autoscaling:TerminateInstanceInAutoScalingGroup",), [group]),
        *access.statements(scope, host.access),
        *_uploads(scope, host),
        *secret_statements(scope, host.secrets.values()),
        *access.publish_statements(scope, [topic] if topic else []),
    ]
    if repository is not None:
        found.append(access.allow(PULL, [repository]))
        found.append(access.allow(("ecr:GetAuthorizationToken",), ["*"]))  # AWS allows nothing narrower
    return found


def _uploads(scope: Scope, host: Host) -> list[access.Statement]:
    """Leave to put objects where the host's folders go, and nothing else there."""
    places = host.upload.values()
    if not places:
        return []
    arns = [f"{scope.arn('buckets', place.bucket)}/{place.prefix}*" for place in places]
    buckets = sorted({place.bucket for place in places})
    keys = [one for bucket in buckets for one in access.key_statements(scope, bucket, writes=True)]
    return [access.allow(("s3:PutObject",), arns), *keys]
