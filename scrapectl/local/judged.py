"""One request → what IAM judges it on: each action, the resource it is asked of, and the keys that conditions know.

After the service authorization reference, as far as scrapectl's own calls go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scrapectl.aws.iam import actions_for, passed_roles, values_at
from scrapectl.aws.iam_policies import matches
from scrapectl.aws.iam_resources import arn_of, is_action, level_of, types_of
from scrapectl.local.judged_ec2 import made_by, named_by
from scrapectl.local.judged_flows import appstream_named, states_named
from scrapectl.local.judged_functions import asked_for_function
from scrapectl.local.judged_hosts import groups_named, template_of
from scrapectl.local.judged_redshift import password_of, redshift_named
from scrapectl.local.judged_tables import ANY_ARN, BESIDES, LINKED, MANAGED_PASSWORD, NAMED, PASSED_TO
from scrapectl.local.registry import Call, Refusal


@dataclass(frozen=True)
class Asked:
    """One permission that a request needs."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def asked_by(call: Call) -> Iterator[Asked]:
    """Every permission that the sender of a request needs, its own actions first."""
    tags = {f"aws:RequestTag/{key}": value for key, value in _tags(call.params).items()}
    for action in actions_for(call.service, call.operation, call.params):
        if action == "iam:PassRole":
            yield from _passes(call)
        elif action == "ec2:CreateTags" and call.operation != "CreateTags":
            made = _arn(call, made_by(call.operation), "*")
            yield Asked(action, made, {**tags, "ec2:CreateAction": call.operation})
        else:
            for resource in _resources(call, action):
                yield Asked(action, resource, tags | _boundary(call) | _function(call))
    yield from _implied(call, tags)
    yield from _launches(call)
    yield from (Asked(action, resource) for action, resource in asked_for_function(call))


def _launches(call: Call) -> Iterator[Asked]:
    """Who makes a group from a template reads its image's parameter, and hands the role in its profile to EC2."""
    template = template_of(call)
    if image := template.get("ImageId", "").partition("resolve:ssm:")[2]:
        yield Asked("ssm:GetParameters", f"arn:aws:ssm:{call.region}::parameter{image}")
    if profile := (template.get("IamInstanceProfile") or {}).get("Arn"):
        yield Asked("iam:PassRole", _role_arn(call, profile), {"iam:PassedToService": "ec2.amazonaws.com"})


def _implied(call: Call, tags: Mapping[str, str]) -> Iterator[Asked]:
    """What a service does in the caller's name besides."""
    operation, params = (call.service, call.operation), call.params
    if operation in LINKED and not params.get("serviceRole"):
        service = f"{LINKED[operation]}.amazonaws.com"
        arn = f"arn:aws:iam::{call.account}:role/aws-service-role/{service}/*"
        yield Asked("iam:CreateServiceLinkedRole", arn, {"iam:AWSServiceName": service})
    for action in BESIDES.get(operation, ()):
        types = types_of(action)
        type_ = "ec2:network-interface" if "ec2:network-interface" in types else next(iter(types), None)
        yield Asked(action, _arn(call, type_, "*") if type_ else "*")
    if params.get("ManageMasterUserPassword"):
        for action in MANAGED_PASSWORD:
            name = "rds!db-*" if action.startswith("secretsmanager:") else "*"
            yield Asked(action, _arn(call, types_of(action)[0], name), tags)
    yield from (
        Asked(action, _arn(call, "secretsmanager:Secret", name) if name else "*", tags)
        for action, name in password_of(call)
    )
    if operation == ("scheduler", "DeleteScheduleGroup"):
        yield Asked("scheduler:DeleteSchedule", _arn(call, "scheduler:schedule", params["Name"]))
    if params.get("FinalDBSnapshotIdentifier"):
        for resource in _resources(call, "rds:CreateDBSnapshot"):
            yield Asked("rds:CreateDBSnapshot", resource)


def _resources(call: Call, action: str) -> list[str]:
    """The ARNs that a request names of the types that an action is judged on; all of a type when it names none."""
    types = types_of(action) if is_action(action) else ()
    if not types:
        return ["*"]
    found = [*_by_arn(call, types), *(_SPECIAL[call.service](call, types) if call.service in _SPECIAL else ())]
    for path, type_ in NAMED.get(call.service, ()):
        if type_ in types:
            values = values_at(call.params, path.replace("[]", ".[]").split("."))
            found += [_arn(call, type_, str(value)) for value in values if value]
    if level_of(action) == "T" and not call.operation.startswith(("Tag", "Untag", "Add", "Remove", "CreateTags")):
        found = found[:1]  # of what is made and tagged in one call
    return list(dict.fromkeys(found)) or [_arn(call, types[0], "*")]


def _by_arn(call: Call, types: tuple[str, ...]) -> list[str]:
    given = [str(call.params[name]) for name in ANY_ARN if name in call.params]
    patterns = [_arn(call, type_, "*") for type_ in types]
    return [arn for arn in given if any(matches(pattern, arn) for pattern in patterns)]


def _objects(call: Call, types: tuple[str, ...]) -> list[str]:
    if "s3:object" not in types:
        return []
    bucket = f"arn:aws:s3:::{call.params['Bucket']}"
    keys = [entry["Key"] for entry in call.params.get("Delete", {}).get("Objects", ())] or [call.params.get("Key", "*")]
    return [f"{bucket}/{key}" for key in keys]


def _iam(call: Call, types: tuple[str, ...]) -> list[str]:
    """Roles and profiles by the ARN they have; one that is not there is known by its name alone, without its path."""
    name, read, member = "RoleName", "GetRole", "Role"
    if "iam:instance-profile" in types:
        name, read, member = "InstanceProfileName", "GetInstanceProfile", "InstanceProfile"
    if name not in call.params:
        return []
    try:
        return [str(call.cloud.call("iam", read, {name: call.params[name]})[member]["Arn"])]
    except Refusal:
        path = call.params.get("Path", "/").lstrip("/")
        return [f"arn:aws:iam::{call.account}:{types[0].partition(':')[2]}/{path}{call.params[name]}"]


def _logs(call: Call, types: tuple[str, ...]) -> list[str]:
    group = call.params.get("logGroupName")
    if group is None:
        return []
    stream = call.params.get("logStreamName") if "logs:log-stream" in types else None
    return [call.arn(f"log-group:{group}:" + (f"log-stream:{stream}" if stream else "*"))]


def _scheduler(call: Call, types: tuple[str, ...]) -> list[str]:
    if "scheduler:schedule" in types:
        return [call.arn(f"schedule/{call.params.get('GroupName', 'default')}/{call.params['Name']}")]
    return [call.arn(f"schedule-group/{call.params['Name']}")] if "Name" in call.params else []


def _secrets(call: Call, types: tuple[str, ...]) -> list[str]:
    """A secret that stands is judged by the ARN it has, with AWS's six characters; another by its name."""
    named = call.params.get("SecretId") or call.params.get("Name")
    if named is None or named.startswith("arn:"):
        return [named] if named else []
    try:
        return [str(call.cloud.call("secretsmanager", "DescribeSecret", {"SecretId": named}, call.region)["ARN"])]
    except Refusal:
        return [_arn(call, types[0], named)]


def _ec2(call: Call, types: tuple[str, ...]) -> list[str]:
    return [_arn(call, type_, name) for type_, name in named_by(call, types)]


def _states(call: Call, types: tuple[str, ...]) -> list[str]:
    return [_arn(call, type_, name) for type_, name in states_named(call, types)]


def _appstream(call: Call, types: tuple[str, ...]) -> list[str]:
    return [_arn(call, type_, name) for type_, name in appstream_named(call, types)]


def _redshift(call: Call, types: tuple[str, ...]) -> list[str]:
    return [_arn(call, type_, name) for type_, name in redshift_named(call, types)]


def _datasync(call: Call, types: tuple[str, ...]) -> list[str]:
    """What is made has no ARN yet."""
    made = "datasync:task" if call.operation == "CreateTask" else "datasync:location"
    return [_arn(call, made, "*")] if call.operation.startswith("Create") and made in types else []


def _efs(call: Call, types: tuple[str, ...]) -> list[str]:
    """File systems and access points by the look of their ids; a mount target is its file system's."""
    params = call.params
    made = {"CreateAccessPoint": "access-point", "CreateFileSystem": "file-system"}.get(call.operation, "")
    if f"elasticfilesystem:{made}" in types:
        return [_arn(call, f"elasticfilesystem:{made}", "*")]
    named = [params.get(name) for name in ("FileSystemId", "AccessPointId", "ResourceId")]
    if "MountTargetId" in params:
        try:
            found = call.cloud.call(
                "efs", "DescribeMountTargets", {"MountTargetId": params["MountTargetId"]}, call.region
            )
            named.append(found["MountTargets"][0]["FileSystemId"])
        except Refusal:
            return []
    kinds = {"fs": "elasticfilesystem:file-system", "fsap": "elasticfilesystem:access-point"}
    ids = [str(one).rsplit("/", 1)[-1] for one in named if one]
    pairs = [(kinds[one.partition("-")[0]], one) for one in ids]
    return [_arn(call, type_, one) for type_, one in pairs if type_ in types]


_SPECIAL: Mapping[str, Callable[[Call, tuple[str, ...]], list[str]]] = {
    "appstream": _appstream,
    "autoscaling": groups_named,
    "datasync": _datasync,
    "ec2": _ec2,
    "efs": _efs,
    "iam": _iam,
    "logs": _logs,
    "redshift-data": _redshift,
    "redshift-serverless": _redshift,
    "s3": _objects,
    "scheduler": _scheduler,
    "secretsmanager": _secrets,
    "stepfunctions": _states,
}


def _passes(call: Call) -> Iterator[Asked]:
    for role in passed_roles(call.service, call.operation, call.params):
        to = "ec2.amazonaws.com" if call.operation.endswith("ComputeEnvironment") else PASSED_TO[call.service]
        yield Asked("iam:PassRole", _role_arn(call, role), {"iam:PassedToService": to})


def _role_arn(call: Call, role: str) -> str:
    """The role that a request hands over, by ARN, by name, or inside an instance profile."""
    name = role.rsplit("/", 1)[-1]
    if ":instance-profile/" in role:
        profile = call.cloud.call("iam", "GetInstanceProfile", {"InstanceProfileName": name})["InstanceProfile"]
        return str(profile["Roles"][0]["Arn"]) if profile["Roles"] else "*"
    if role.startswith("arn:"):
        return role
    try:
        return str(call.cloud.call("iam", "GetRole", {"RoleName": name})["Role"]["Arn"])
    except Refusal:
        return f"arn:aws:iam::{call.account}:role/{name}"


def _boundary(call: Call) -> dict[str, str]:
    """The boundary that a role gets, or has."""
    given = call.params.get("PermissionsBoundary")
    if call.service == "iam" and not given and "RoleName" in call.params:
        try:
            role = call.cloud.call("iam", "GetRole", {"RoleName": call.params["RoleName"]})["Role"]
        except Refusal:
            return {}
        given = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return {"iam:PermissionsBoundary": given} if given else {}


def _tags(params: Mapping[str, Any]) -> dict[str, str]:
    """The tags that a request brings, in whichever way its service writes them."""
    lists = [
        params.get("tags"),
        params.get("Tags"),
        params.get("TagsList"),
        params.get("CreateBucketConfiguration", {}).get("Tags"),
    ]
    lists += [each.get("Tags") for each in params.get("TagSpecifications") or ()]
    found: dict[str, str] = {}
    for tags in filter(None, lists):
        if isinstance(tags, Mapping):
            found |= tags
        else:
            entries = ({key.lower(): value for key, value in tag.items()} for tag in tags)
            found |= {entry["key"]: entry.get("value", "") for entry in entries}
    return found


def _arn(call: Call, type_: str, name: str) -> str:
    """The ARN of a thing that a request names by name, URL or id; an ARN stays as it is."""
    if type_ == "ecs:container-instance":  # a cluster's tasks are judged on its instances, though Fargate has none
        name = name.rsplit("/", 1)[-1]
    if name.startswith("arn:"):
        return name
    if type_ == "sqs:queue":
        name = name.rsplit("/", 1)[-1]
    if type_ == "ssm:parameter":
        name = name.lstrip("/").partition(":")[0]
    pattern = f"arn:aws:{arn_of(type_)}".format(region=call.region, account=call.account)
    if type_ == "batch:job-definition-revision" and ":" in name:
        return pattern.replace("*:*", name)
    return pattern.replace("*", name, 1)


def _function(call: Call) -> dict[str, str]:
    """The function that an event source mapping feeds, or shall."""
    if not call.operation.endswith("EventSourceMapping"):
        return {}
    named = call.params.get("FunctionName", "")
    if not named and "UUID" in call.params:
        try:
            mapping = call.cloud.call("lambda", "GetEventSourceMapping", {"UUID": call.params["UUID"]}, call.region)
        except Refusal:
            return {}
        named = mapping["FunctionArn"]
    return {"lambda:FunctionArn": named if named.startswith("arn:") else call.arn(f"function:{named}")}
