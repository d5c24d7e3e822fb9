"""Turns the checked values of databases, topics, alerts and message queues into the dataclasses of the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scrapectl.spec import model
from scrapectl.spec.defaults import Choice
from scrapectl.spec.entries import inside
from scrapectl.spec.findings import one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapectl.spec.entries import Entries

_LONGEST_VISIBILITY = 12 * 3600


@dataclass(frozen=True)
class Consumers:
    """Who may receive messages."""

    jobs: Mapping[str, model.Job]
    functions: Mapping[str, model.Function]
    triggers: Mapping[str, model.Trigger]

    def visibility(self, queue: str) -> int | None:
        """Give the seconds that a message of a queue is best hidden, to 12 h; None when nobody receives.

        Six times what a consumer may take, and what Lambda gathers messages for before it calls: "Configuring a queue
        to use with Lambda".
        """
        runners: list[model.Job | model.Function] = [*self.jobs.values(), *self.functions.values()]
        found = [6 * runner.timeout for runner in runners if queue in runner.access.receive]
        for trigger in self.triggers.values():
            function = self.functions.get(trigger.starts) if trigger.section == "functions" else None
            if isinstance(trigger.on, model.MessageEvent) and trigger.on.queue == queue and function:
                found.append(6 * function.timeout + trigger.on.window)
        return min(max(found), _LONGEST_VISIBILITY) if found else None


def build_message_queues(entries: Entries, consumers: Consumers) -> dict[str, model.MessageQueue]:
    """Build the message queues; one that does not say hides a message six times as long as its consumers run."""
    made = {}
    for key in entries.names("message_queues"):
        queue = model.MessageQueue(**entries.entry("message_queues", key))
        visibility = consumers.visibility(key)
        if visibility is not None and "visibility" not in entries.values["message_queues"][key]:
            queue = replace(queue, visibility=visibility)
        made[key] = queue
    return made


def build_topics(entries: Entries) -> dict[str, model.Topic]:
    """Build the topics."""
    made = {}
    for key in entries.names("topics"):
        values = entries.entry("topics", key)
        values["email"] = tuple(values.get("email", ()))
        path = f"{values['origin']}.queues"
        values["queues"] = entries.known(values.get("queues", ()), ("message_queues",), "message queue", path)
        made[key] = model.Topic(**values)
    return made


def build_databases(entries: Entries) -> dict[str, model.Database]:
    """Build the databases; one of a wrong engine (already told) is left out."""
    made = {}
    for key in entries.names("databases"):
        values = entries.entry("databases", key)
        if "engine" not in values:
            continue
        if "class" in values:
            values["instance_class"] = values.pop("class")
        values["database"] = values.get("database", key.replace("-", "_"))
        if isinstance(values.get("public"), list):
            values["public"] = tuple(values["public"])
        elif values.pop("public", False):
            hint = "Write the networks that may reach it, such as [203.0.113.0/24]."
            entries.findings.add(f"{values['origin']}.public", "public to whom?", hint)
        power = values.get("power")
        if power is not None:
            whole = "start" in power and "stop" in power
            values["power"] = model.Power(**power, **inside(values, "power")) if whole else None
        made[key] = model.Database(**values)
    return made


def build_alerts(entries: Entries) -> model.Alerts:
    """Build the alerts; the topic that is meant when none is written is `default`, else the only one."""
    values = entries.single("alerts")
    if "alerts" not in entries.values:
        return model.Alerts(**values)
    choice = Choice(tuple(entries.names("topics")), entries.findings, "alerts", values["where"])
    if "to" in values:
        values["to"] = values["to"] if choice.has(values["to"], "topic", "topics", "alerts.to") else None
        return model.Alerts(**values)
    alerts = model.Alerts(**values, to=choice.only())
    if alerts.to is None and (alerts.failed_runs or alerts.dead_letters or alerts.queue_age):
        message = f"which topic is meant, {one_of(choice.names)}?" if choice.names else "there is no topic to tell."
        hint = f"Write to: {choice.names[0]}." if choice.names else "Write topics: {news: {email: [you@example.org]}}."
        entries.findings.add("alerts", message, hint)
    return alerts
