"""CreateStack and its kin, and which fleet a stack streams from."""

from __future__ import annotations

from typing import Any

from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.appstream.state import Stack, find_fleet, find_stack, new_document, state_in

_MEMBERS = ("DisplayName", "Description", "StorageConnectors", "UserSettings", "ApplicationSettings")
# Every action is enabled until it is said otherwise (its API reference, CreateStack).
_ACTIONS = (
    *("CLIPBOARD_COPY_FROM_LOCAL_DEVICE", "CLIPBOARD_COPY_TO_LOCAL_DEVICE", "FILE_UPLOAD", "FILE_DOWNLOAD"),
    "PRINTING_TO_LOCAL_DEVICE",
)


@operation("appstream", "CreateStack")
def create(call: Call) -> Params:
    """Make a stack."""
    document = new_document(call, "stack", _MEMBERS)
    document["UserSettings"] = _settings(document.get("UserSettings", []))
    made = Stack(document, tags=dict(call.params.get("Tags") or {}))
    state_in(call.cloud, call.region).stacks[call.params["Name"]] = made
    return {"Stack": made.document}


def _settings(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    said = {entry["Action"]: entry for entry in given}
    enabled = [{"Action": action, "Permission": "ENABLED"} for action in _ACTIONS if action not in said]
    return [*said.values(), *enabled]


@operation("appstream", "UpdateStack")
def update(call: Call) -> Params:
    """Change what is named."""
    found = find_stack(call, call.params["Name"])
    found.document |= {name: call.params[name] for name in _MEMBERS if name in call.params}
    found.document["UserSettings"] = _settings(found.document["UserSettings"])
    return {"Stack": found.document}


@operation("appstream", "DescribeStacks")
def describe(call: Call) -> Params:
    """Answer the named stacks, all of which must stand, or every one."""
    names = call.params.get("Names")
    standing = state_in(call.cloud, call.region).stacks
    return {"Stacks": [find_stack(call, name).document for name in names or standing]}


@operation("appstream", "DeleteStack")
def delete(call: Call) -> Params:
    """Delete one that streams from no fleet."""
    found = find_stack(call, call.params["Name"])
    if found.fleet is not None:
        raise Refusal("ResourceInUseException", f"The stack is associated with the fleet {found.fleet}.", 400)
    del state_in(call.cloud, call.region).stacks[call.params["Name"]]
    return {}


@operation("appstream", "AssociateFleet")
def associate(call: Call) -> Params:
    """Have a stack stream from a fleet; it streams from one at a time."""
    fleet = call.params["FleetName"]
    find_fleet(call, fleet)
    found = find_stack(call, call.params["StackName"])
    if found.fleet not in {None, fleet}:
        text = f"The stack is associated with the fleet {found.fleet} already."
        raise Refusal("LimitExceededException", text, 400)
    found.fleet = fleet
    return {}


@operation("appstream", "DisassociateFleet")
def disassociate(call: Call) -> Params:
    """Take a stack off a fleet."""
    find_fleet(call, call.params["FleetName"])
    found = find_stack(call, call.params["StackName"])
    if found.fleet == call.params["FleetName"]:
        found.fleet = None
    return {}


@operation("appstream", "ListAssociatedFleets")
def associated_fleets(call: Call) -> Params:
    """Name the fleet that a stack streams from; of a stack that is not there, none."""
    found = state_in(call.cloud, call.region).stacks.get(call.params["StackName"])
    return {"Names": [found.fleet] if found is not None and found.fleet else []}


@operation("appstream", "ListAssociatedStacks")
def associated_stacks(call: Call) -> Params:
    """Name the stacks that stream from a fleet."""
    standing = state_in(call.cloud, call.region).stacks
    return {"Names": [name for name, stack in standing.items() if stack.fleet == call.params["FleetName"]]}
