"""Finds statements of `access.policy` that IAM refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.spec.findings import show

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Desktop, Function, Host, Job, Workflow

_STATEMENT_KEYS = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")


def check_statements(runner: Job | Function | Workflow | Host | Desktop, findings: Findings) -> None:
    """Check every statement of one thing."""
    for number, statement in enumerate(runner.access.policy):
        _check_statement(statement, f"{runner.origin}.access.policy.{number}", findings)


def _check_statement(statement: Any, path: str, findings: Findings) -> None:
    for key in statement:
        if key not in _STATEMENT_KEYS:
            place = findings.place_of(f"{path}.{key}")
            findings.add(
                path, f"unknown key {show(key)} in a statement.", findings.suggest(key, _STATEMENT_KEYS), place
            )
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        message = "a statement needs an Effect." if effect is None else f"{show(effect)} is no Effect."
        findings.add(path, message, "Write Effect: Allow or Effect: Deny.")
    for either, other in (("Action", "NotAction"), ("Resource", "NotResource")):
        if (either in statement) == (other in statement):
            findings.add(path, f"a statement needs {either} or {other}, and not both.", f"Write {either}: ….")
