"""What a file system is told besides its size: when files grow cold, whether they are backed up, who may mount it."""

from __future__ import annotations

import json

from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.efs.state import bad_request, find_file_system, must_be_available

_TRANSITIONS = ("TransitionToIA", "TransitionToPrimaryStorageClass", "TransitionToArchive")
_WRONG = "Policy is not valid."


@operation("efs", "PutLifecycleConfiguration")
def put_lifecycle(call: Call) -> Params:
    """Take the whole: one transition in each policy object, each transition once."""
    found = find_file_system(call, call.params["FileSystemId"])
    must_be_available(found)
    policies = call.params["LifecyclePolicies"]
    named = [name for policy in policies for name in _TRANSITIONS if policy.get(name)]
    if any(len([name for name in _TRANSITIONS if policy.get(name)]) != 1 for policy in policies):
        raise bad_request("One or more LifecyclePolicy objects specified are malformed.")
    if len(set(named)) != len(named):
        raise bad_request("One or more LifecyclePolicy objects specify the same transition.")
    found.lifecycle = policies
    return {"LifecyclePolicies": policies}


@operation("efs", "DescribeLifecycleConfiguration")
def describe_lifecycle(call: Call) -> Params:
    """Answer what was put; an empty list when nothing was."""
    return {"LifecyclePolicies": find_file_system(call, call.params["FileSystemId"]).lifecycle}


@operation("efs", "PutBackupPolicy")
def put_backup(call: Call) -> Params:
    """Switch automatic backups on or off."""
    found = find_file_system(call, call.params["FileSystemId"])
    must_be_available(found)
    wanted = call.params["BackupPolicy"]["Status"]
    if wanted not in {"ENABLED", "DISABLED"}:
        raise Refusal("ValidationException", f"Status {wanted} cannot be asked for.", 400)
    found.backup = wanted == "ENABLED"
    return {"BackupPolicy": {"Status": "ENABLING" if found.backup else "DISABLING"}}


@operation("efs", "DescribeBackupPolicy")
def describe_backup(call: Call) -> Params:
    """Answer whether they are on."""
    found = find_file_system(call, call.params["FileSystemId"])
    return {"BackupPolicy": {"Status": "ENABLED" if found.backup else "DISABLED"}}


@operation("efs", "PutFileSystemPolicy")
def put_policy(call: Call) -> Params:
    """Take a policy; every statement names who, what and whether."""
    found = find_file_system(call, call.params["FileSystemId"])
    must_be_available(found)
    try:
        statements = json.loads(call.params["Policy"])["Statement"]
    except (ValueError, KeyError, TypeError):
        raise Refusal("InvalidPolicyException", _WRONG, 400) from None
    for statement in statements if isinstance(statements, list) else [statements]:
        if not {"Effect", "Principal", "Action"} <= statement.keys():
            raise Refusal("InvalidPolicyException", _WRONG, 400)
        if statement.get("Resource", found.document["FileSystemArn"]) not in ("*", found.document["FileSystemArn"]):
            raise Refusal("InvalidPolicyException", _WRONG, 400)
    found.policy = call.params["Policy"]
    return {"FileSystemId": found.id, "Policy": found.policy}


@operation("efs", "DescribeFileSystemPolicy")
def describe_policy(call: Call) -> Params:
    """Answer the policy."""
    found = find_file_system(call, call.params["FileSystemId"])
    if found.policy is None:
        raise Refusal("PolicyNotFound", "The default file system policy is in effect.", 404)
    return {"FileSystemId": found.id, "Policy": found.policy}


@operation("efs", "DeleteFileSystemPolicy")
def delete_policy(call: Call) -> Params:
    """Go back to the policy that lets everybody in."""
    found = find_file_system(call, call.params["FileSystemId"])
    must_be_available(found)
    found.policy = None
    return {}
