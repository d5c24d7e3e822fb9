"""One request of Step Functions or AppStream → the things that it names, for IAM to judge: (type, name or ARN)."""

from __future__ import annotations

from scrapectl.local.registry import Call

Named = list[tuple[str, str]]


def states_named(call: Call, types: tuple[str, ...]) -> Named:
    """A machine by its ARN, when it is made by its name; a run by its own ARN."""
    if call.operation == "CreateStateMachine":
        return [("states:statemachine", call.params["name"])]
    named = call.params.get("executionArn") or call.params.get("stateMachineArn")
    return [(types[0], str(named))] if named else []


def appstream_named(call: Call, types: tuple[str, ...]) -> Named:
    """Fleet and stack, what the call is of first: it is this that gets the tags; then the image of a fleet."""
    own = "appstream:stack" if "Stack" in call.operation else "appstream:fleet"
    found = [(own, name) for name in (*call.params.get("Names", ()), call.params.get("Name"))]
    found += [
        (f"appstream:{kind}", call.params.get(f"{kind.capitalize()}Name")) for kind in ("fleet", "stack", "image")
    ]
    return [(type_, str(name)) for type_, name in found if name and type_ in types]
