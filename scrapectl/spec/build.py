"""Turns checked values into the dataclasses of the model, with everything filled in that the spec leaves unsaid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scrapectl.spec import model, words
from scrapectl.spec.defaults import Choice, choose_compute, choose_queue, choose_share
from scrapectl.units import parse_duration

if TYPE_CHECKING:
    from pathlib import Path

    from scrapectl.errors import Place
    from scrapectl.spec.findings import Findings

Values = dict[str, Any]

_LONGEST_VISIBILITY = 12 * 3600


class Builder:
    """Builds a Spec from the values of one file; what is wrong is noted in `findings` and left out."""

    def __init__(self, values: Values, findings: Findings) -> None:
        self.values = values
        self.findings = findings
        self._places = _by_entry(findings.places)

    def spec(self, file: str, folder: Path, stage: str | None, region: str | None) -> model.Spec:
        """Build the whole spec."""
        plain = {
            key: self.values[key] for key in ("formerly", "account", "tags", "vars", "outputs") if key in self.values
        }
        top = {path: place for path, place in self.findings.places.items() if path.partition(".")[0] in _TOP_LEVEL}
        images = {key: model.Image(**self.entry("images", key)) for key in self.names("images")}
        secrets = {key: model.Secret(**self.entry("secrets", key)) for key in self.names("secrets")}
        buckets = {key: self.bucket(key) for key in self.names("buckets")}
        environments = self.environments()
        queues = self.queues(tuple(environments))
        jobs = {key: self.job(key, queues) for key in self.names("jobs")}
        return model.Spec(
            origin="",
            where=self.findings.place_of("pipeline"),
            places=top,
            file=file,
            folder=folder,
            pipeline=self.values.get("pipeline", "unnamed"),
            stage=stage,
            region=region,
            network=self.network(),
            iam=model.Iam(**self.written("iam")),
            alerts=model.Alerts(**self.written("alerts")),
            logs=model.Logs(**self.written("logs"), **self.values.get("logs", {})),
            images=images,
            secrets=secrets,
            buckets=buckets,
            message_queues=self.message_queues(jobs),
            compute_environments=environments,
            job_queues=queues,
            jobs={key: job for key, job in jobs.items() if job.image},
            **plain,
        )

    def names(self, section: str) -> list[str]:
        """List the entries of a section."""
        return list(self.values.get(section, {}))

    def written(self, origin: str) -> Values:
        """Give what says where a thing stands; `places` has the paths of the keys inside it."""
        places = self._places.get(origin, {})
        return {"origin": origin, "where": self.findings.place_of(origin), "places": places}

    def entry(self, section: str, key: str) -> Values:
        """Give an entry's values, with its key and where it stands."""
        return {**self.values[section][key], **self.written(f"{section}.{key}"), "key": key}

    def network(self) -> model.Network:
        """Build the network: the default one unless ids are written."""
        values = self.values.get("network", {})
        ids = values if isinstance(values, dict) else {}
        ids = {key: tuple(value) if isinstance(value, list) else value for key, value in ids.items()}
        return model.Network(**self.written("network"), **ids)

    def bucket(self, key: str) -> model.Bucket:
        """Build a bucket."""
        values = self.entry("buckets", key)
        if "archive" in values:
            values["archive"] = model.Archive(**_inside(values, "archive"), **values["archive"])
        return model.Bucket(**values)

    def environments(self) -> dict[str, model.ComputeEnvironment]:
        """Build the compute environments; one is made when a queue needs one and none is written."""
        section = "compute_environments"
        made = {key: model.ComputeEnvironment(**self.entry(section, key)) for key in self.names(section)}
        queues = self.values.get("job_queues", {})
        needed = any("existing" not in queue for queue in queues.values()) if queues else bool(self.names("jobs"))
        if not made and needed:
            where = self.first_of("job_queues", "jobs")
            made["default"] = model.ComputeEnvironment(origin=f"{section}.default", where=where, key="default")
        return made

    def queues(self, environments: tuple[str, ...]) -> dict[str, model.JobQueue]:
        """Build the job queues; one is made when there are jobs and none is written."""
        made = {key: self.queue(key, environments) for key in self.names("job_queues")}
        if not made and self.names("jobs"):
            where = self.first_of("jobs")
            choice = Choice(environments, self.findings, "job_queues.default", where)
            compute = choose_compute(None, choice)
            made["default"] = model.JobQueue(origin="job_queues.default", where=where, key="default", compute=compute)
        return made

    def queue(self, key: str, environments: tuple[str, ...]) -> model.JobQueue:
        """Build a job queue."""
        values = self.entry("job_queues", key)
        choice = Choice(environments, self.findings, values["origin"], values["where"])
        if "existing" not in values:
            values["compute"] = choose_compute(values.get("compute"), choice)
        values["shares"] = {share: float(part) for share, part in values.get("shares", {}).items()}
        return model.JobQueue(**values)

    def job(self, key: str, queues: dict[str, model.JobQueue]) -> model.Job:
        """Build a job; one without an image (already told) keeps an empty one."""
        values = self.entry("jobs", key)
        origin = values["origin"]
        choice = Choice(tuple(queues), self.findings, origin, values["where"])
        queue = values["queue"] = choose_queue(values.get("queue"), choice)
        share = values["share"] = choose_share(values.get("share"), queues.get(queue), self.findings, f"{origin}.share")
        values["image"] = values.get("image", "")
        words.check_image(values["image"], self.names("images"), self.findings, f"{origin}.image")
        values["access"] = self.access(values)
        values["secrets"] = self.secret_refs(values)
        values["command"] = tuple(values.get("command", ()))
        if "retry_on" in values:
            values["retry_on"] = tuple(values["retry_on"])
        if "vcpus" in values:
            values["vcpus"] = float(values["vcpus"])
        values["schedules"] = {
            name: self.schedule(name, values, (queues.get(queue), share)) for name in values.get("schedules", {})
        }
        return model.Job(**values)

    def secret_refs(self, job: Values) -> dict[str, model.SecretRef]:
        """Read a job's `secrets`."""
        known = self.names("secrets")
        found = {}
        for variable, text in job.get("secrets", {}).items():
            ref = words.secret_ref(text, known, self.findings, f"{job['origin']}.secrets.{variable}")
            if ref:
                found[variable] = ref
        return found

    def access(self, job: Values) -> model.Access:
        """Read a job's `access`."""
        values: Values = dict(job.get("access", {}))
        path = f"{job['origin']}.access"
        for key in ("read", "write"):
            texts = values.get(key, ())
            places = [
                words.bucket_place(text, self.names("buckets"), self.findings, f"{path}.{key}.{number}")
                for number, text in enumerate(texts)
            ]
            values[key] = tuple(place for place in places if place)
        for key, section, what in (
            ("send", "message_queues", "message queue"),
            ("receive", "message_queues", "message queue"),
            ("submit", "jobs", "job"),
        ):
            values[key] = self.known(values.get(key, ()), section, what, f"{path}.{key}")
        values["policy"] = tuple(values.get("policy", ()))
        return model.Access(**_inside(job, "access"), **values)

    def known(self, names: list[str], section: str, what: str, path: str) -> tuple[str, ...]:
        """Keep the names that a section has, and tell of the others."""
        choice = Choice(tuple(self.names(section)), self.findings, path, self.findings.place_of(path))
        return tuple(name for number, name in enumerate(names) if choice.has(name, what, section, f"{path}.{number}"))

    def schedule(self, name: str, job: Values, waits: tuple[model.JobQueue | None, str | None]) -> model.Schedule:
        """Build a schedule; share and array that it does not say are its job's."""
        values = {**job["schedules"][name], **_inside(job, f"schedules.{name}"), "key": name}
        queue, share = waits
        written = values.get("share")
        path = f"{values['origin']}.share"
        values["share"] = choose_share(written, queue, self.findings, path) if written else share
        values["array"] = values.get("array", job.get("array"))
        if "rate" in values:
            values["rate"] = parse_duration(values["rate"])
        values["deliver"] = model.Deliver(**values.get("deliver", {}))
        return model.Schedule(**values)

    def message_queues(self, jobs: dict[str, model.Job]) -> dict[str, model.MessageQueue]:
        """Build the message queues; one that does not say hides a message six times as long as its consumers run."""
        made = {}
        for key in self.names("message_queues"):
            queue = model.MessageQueue(**self.entry("message_queues", key))
            timeouts = [job.timeout for job in jobs.values() if key in job.access.receive]
            if timeouts and "visibility" not in self.values["message_queues"][key]:
                queue = replace(queue, visibility=min(6 * max(timeouts), _LONGEST_VISIBILITY))
            made[key] = queue
        return made

    def first_of(self, *sections: str) -> Place:
        """Say where the first entry of the first of these sections stands."""
        for section in sections:
            for key in self.names(section):
                return self.findings.place_of(f"{section}.{key}")
        return self.findings.start


_TOP_LEVEL = frozenset("version pipeline formerly region account tags vars network logs outputs".split())  # noqa: SIM905


def _by_entry(places: dict[str, Place]) -> dict[str, dict[str, Place]]:
    """Sort places by the thing they stand in: "jobs.collect" → {"memory": …}, "logs" → {"retention": …}."""
    found: dict[str, dict[str, Place]] = {}
    for path, place in places.items():
        parts = path.split(".", 2)
        count = 1 if parts[0] in ("logs", "network") else 2
        if len(parts) > count:
            found.setdefault(".".join(parts[:count]), {})[".".join(parts[count:])] = place
    return found


def _inside(values: Values, key: str) -> Values:
    """Give where a part of an entry stands."""
    places: dict[str, Place] = values["places"]
    start = f"{key}."
    inner = {path[len(start) :]: place for path, place in places.items() if path.startswith(start)}
    return {"origin": f"{values['origin']}.{key}", "where": places.get(key, values["where"]), "places": inner}
