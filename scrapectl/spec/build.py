"""Turns checked values into the dataclasses of the model, with everything filled in that the spec leaves unsaid."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from scrapectl.spec import model
from scrapectl.spec.build_functions import build_desktops, build_functions
from scrapectl.spec.build_hosts import build_hosts
from scrapectl.spec.build_jobs import build_job
from scrapectl.spec.build_loaders import build_loaders, jobs_among
from scrapectl.spec.build_services import (
    Consumers,
    build_alerts,
    build_databases,
    build_message_queues,
    build_topics,
)
from scrapectl.spec.build_storage import build_filesystems, build_network
from scrapectl.spec.build_triggers import build_triggers
from scrapectl.spec.build_warehouses import build_warehouses
from scrapectl.spec.build_workflows import build_workflows
from scrapectl.spec.defaults import Choice, choose_compute
from scrapectl.spec.entries import Entries, Values, inside
from scrapectl.spec.loader_runners import image_of, message_triggers

if TYPE_CHECKING:
    from pathlib import Path

    from scrapectl.spec.findings import Findings

    Environments: TypeAlias = "dict[str, model.ComputeEnvironment]"


class Builder:
    """Builds a Spec from the values of one file; what is wrong is noted in `findings` and left out."""

    def __init__(self, values: Values, findings: Findings) -> None:
        self.values = values
        self.findings = findings
        self.entries = Entries(values, findings)
        self.has_jobs = bool(self.entries.names("jobs") or jobs_among(self.entries))

    def spec(self, file: str, folder: Path, stage: str | None, region: str | None) -> model.Spec:
        """Build the whole spec."""
        entries = self.entries
        plain = {
            key: self.values[key] for key in ("formerly", "account", "tags", "vars", "outputs") if key in self.values
        }
        top = {path: place for path, place in self.findings.places.items() if path.partition(".")[0] in _TOP_LEVEL}
        images = {key: model.Image(**entries.entry("images", key)) for key in entries.names("images")}
        secrets = {key: model.Secret(**entries.entry("secrets", key)) for key in entries.names("secrets")}
        buckets = {key: self.bucket(key) for key in entries.names("buckets")}
        environments = self.environments()
        queues = self.queues(environments)
        jobs = {key: build_job(entries, key, queues) for key in entries.names("jobs")}
        functions, triggers = build_functions(entries), build_triggers(entries)
        loaders = build_loaders(entries, queues)
        images |= image_of(loaders.values())
        jobs |= {key: loader.runner for key, loader in loaders.items() if isinstance(loader.runner, model.Job)}
        functions |= {key: each.runner for key, each in loaders.items() if isinstance(each.runner, model.Function)}
        triggers |= message_triggers(loaders.values())
        return model.Spec(
            origin="",
            where=self.findings.place_of("pipeline"),
            places=top,
            file=file,
            folder=folder,
            pipeline=self.values.get("pipeline", "unnamed"),
            stage=stage,
            region=region,
            network=build_network(entries),
            iam=model.Iam(**entries.single("iam")),
            alerts=build_alerts(entries),
            logs=model.Logs(**entries.single("logs")),
            images=images,
            secrets=secrets,
            buckets=buckets,
            filesystems=build_filesystems(entries),
            message_queues=build_message_queues(entries, Consumers(jobs, functions, triggers)),
            topics=build_topics(entries),
            databases=build_databases(entries),
            warehouses=build_warehouses(entries),
            loaders=loaders,
            compute_environments=environments,
            job_queues=queues,
            jobs={key: job for key, job in jobs.items() if job.image},
            functions=functions,
            hosts=build_hosts(entries),
            workflows=build_workflows(entries),
            triggers=triggers,
            desktops=build_desktops(entries),
            **plain,
        )

    def bucket(self, key: str) -> model.Bucket:
        """Build a bucket."""
        values = self.entries.entry("buckets", key)
        if "archive" in values:
            values["archive"] = model.Archive(**inside(values, "archive"), **values["archive"])
        return model.Bucket(**values)

    def environments(self) -> dict[str, model.ComputeEnvironment]:
        """Build the compute environments; one is made when a queue needs one and none is written."""
        section, entries = "compute_environments", self.entries
        made = {key: self.environment(key) for key in entries.names(section)}
        queues = self.values.get("job_queues", {})
        needed = any("existing" not in queue for queue in queues.values()) if queues else self.has_jobs
        if not made and needed:
            where = entries.first_of("job_queues", "jobs", "loaders")
            made["default"] = model.ComputeEnvironment(origin=f"{section}.default", where=where, key="default")
        return made

    def environment(self, key: str) -> model.ComputeEnvironment:
        """Build a compute environment."""
        values = self.entries.entry("compute_environments", key)
        written = tuple(values.pop("instance_types", ()))
        if written:  # all of a list may be wrong, which is told
            values["instance_types"] = written
        return model.ComputeEnvironment(**values)

    def queues(self, environments: Environments) -> dict[str, model.JobQueue]:
        """Build the job queues; one is made when there are jobs and none is written."""
        entries = self.entries
        made = {key: self.queue(entries.entry("job_queues", key), environments) for key in entries.names("job_queues")}
        if not made and self.has_jobs:
            where = entries.first_of("jobs", "loaders")
            origin = {"origin": "job_queues.default", "where": where, "key": "default"}
            made["default"] = self.queue(origin, environments)
        return made

    def queue(self, values: Values, environments: Environments) -> model.JobQueue:
        """Build a job queue."""
        choice = Choice(tuple(environments), self.findings, values["origin"], values["where"])
        if "existing" not in values:
            values["compute"] = choose_compute(values.get("compute"), choice)
        values["shares"] = {share: float(part) for share, part in values.get("shares", {}).items()}
        values["on_ec2"] = any(environments[key].on_ec2 for key in values.get("compute", ()))
        return model.JobQueue(**values)


_TOP_LEVEL = frozenset("version pipeline formerly region account tags vars network iam logs alerts outputs".split())  # noqa: SIM905
