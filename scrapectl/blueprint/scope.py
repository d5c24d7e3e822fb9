"""The names, ARNs and references of one instance: what every section's file asks while it says what is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scrapectl.engine.resource import Desired, Resource
from scrapectl.engine.values import Ref
from scrapectl.engine.values import Text as Mixed
from scrapectl.errors import Place
from scrapectl.facts import Facts
from scrapectl.kinds.appstream_fleet import fleet_arn
from scrapectl.kinds.batch_compute_environment import compute_environment_arn
from scrapectl.kinds.batch_job_definition import job_definition_arn
from scrapectl.kinds.batch_job_queue import job_queue_arn
from scrapectl.kinds.ecr_repository import repository_arn, repository_uri
from scrapectl.kinds.lambda_function import function_arn
from scrapectl.kinds.rds_instance import db_instance_arn
from scrapectl.kinds.redshift_cluster import cluster_arn
from scrapectl.kinds.s3_bucket_rules import bucket_arn
from scrapectl.kinds.sfn_state_machine import state_machine_arn
from scrapectl.kinds.sns_topic import topic_arn
from scrapectl.kinds.sqs_queue import queue_arn
from scrapectl.spec import names
from scrapectl.spec.model import Attribute, Entry, Fact, Part, Spec, Template, Text, Written

SECTIONS = {
    "bucket": "buckets",
    "message_queue": "message_queues",
    "compute_environment": "compute_environments",
    "job_queue": "job_queues",
    "job": "jobs",
    "image": "images",
    "secret": "secrets",
    "topic": "topics",
    "database": "databases",
    "warehouse": "warehouses",
    "filesystem": "filesystems",
    "function": "functions",
    "host": "hosts",
    "workflow": "workflows",
    "desktop": "desktops",
}
_KIND_OF = {
    "buckets": "s3_bucket",
    "message_queues": "sqs_queue",
    "compute_environments": "batch_compute_environment",
    "job_queues": "batch_job_queue",
    "jobs": "batch_job_definition",
    "images": "ecr_repository",
    "secrets": "secret",
    "topics": "sns_topic",
    "databases": "rds_instance",
    "filesystems": "efs_file_system",
    "functions": "lambda_function",
    "hosts": "autoscaling_group",
    "workflows": "sfn_state_machine",
    "desktops": "appstream_fleet",
}


@dataclass(frozen=True)
class Scope:
    """One spec with its facts."""

    spec: Spec
    facts: Facts
    _made: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The instance's name."""
        return self.spec.owner

    @property
    def place(self) -> tuple[str, str, str]:
        """Partition, region, account: the beginning of every ARN."""
        return self.facts.partition, self.facts.region, self.facts.account

    def base(self, key: str | None = None, what: str | None = None) -> str:
        """`{pipeline}[-{stage}][-{key}][_{what}]`, uncut: what addresses are made of."""
        return names.physical_name(self.spec.pipeline, self.spec.stage, key, what, limit=10_000)

    def name(self, limit: int, key: str | None = None, what: str | None = None, joint: str = "_") -> str:
        """A physical name."""
        return names.physical_name(self.spec.pipeline, self.spec.stage, key, what, limit=limit, joint=joint)

    def address(self, section: str, key: str) -> str:
        """`batch_job_definition.shop-collect`."""
        if section == "warehouses":
            return self.warehouse_address(key)
        return f"{_KIND_OF[section]}.{self.base(key)}"

    def warehouse_address(self, key: str, output: str = "") -> str:
        """Where a warehouse's output comes from: of a serverless one its namespace has the password."""
        if not self.spec.warehouses[key].is_serverless:
            return f"redshift_cluster.{self.base(key)}"
        kind = "redshift_namespace" if output == "secret" else "redshift_workgroup"
        return f"{kind}.{self.base(key)}"

    def entry(self, section: str, key: str) -> Any:
        """An entry of a section."""
        return getattr(self.spec, section)[key]

    def physical(self, section: str, key: str) -> str:
        """The physical name of an entry that is ours."""
        owner = (self.spec.pipeline, self.spec.stage)
        return names.entry_name(owner, section, self.entry(section, key), self.facts.account, self.facts.region)

    def outputs(self, section: str, key: str) -> Mapping[str, Any]:
        """Outputs of an entry: plain text when its name determines them, None when only AWS can tell."""
        found = self._made.get((section, key))
        if found is None:
            found = self._made[section, key] = self._outputs(section, key)
        return found

    def _outputs(self, section: str, key: str) -> Mapping[str, Any]:
        existing = self.facts.existing.get((section, key))
        if existing is not None:
            return existing
        name, place = self.physical(section, key), self.place
        known: dict[str, Any] = {"name": name}
        if section == "buckets":
            known["arn"] = bucket_arn(self.facts.partition, name)
        elif section == "images":
            known |= {"arn": repository_arn(*place, name), "uri": repository_uri(*place, name)}
        elif section in {"secrets", "hosts"}:
            known["arn"] = None
        elif section == "message_queues":
            known |= {"arn": queue_arn(*place, name), "url": None}
        elif section == "topics":
            known["arn"] = topic_arn(*place, name)
        elif section == "databases":
            known |= self._database(key, db_instance_arn(*place, name))
        elif section == "warehouses":
            known |= self._warehouse(key, name)
        elif section == "filesystems":
            known |= {"arn": None, "id": None}
        else:
            known["arn"] = _ARN[section](*place, name)
        return known

    def _database(self, key: str, arn: str) -> Mapping[str, Any]:
        """Where it answers, and its password's ARN, are AWS's to choose."""
        known = {"arn": arn, "database": self.spec.databases[key].database}
        return {**known, "endpoint": None, "port": None, "secret": None}

    def _warehouse(self, key: str, name: str) -> Mapping[str, Any]:
        """The ARN of a workgroup ends in an id; that of a cluster in its name."""
        warehouse = self.spec.warehouses[key]
        arn = None if warehouse.is_serverless else cluster_arn(*self.place, name)
        return {"arn": arn, "database": warehouse.database, "endpoint": None, "port": None, "secret": None}

    def arn(self, section: str, key: str) -> str:
        """An entry's ARN as plain text, which orders nothing: for policies."""
        return str(self.outputs(section, key)["arn"])

    def ref(self, section: str, key: str, output: str) -> Any:
        """A reference that orders; plain text for what is not ours."""
        value = self.outputs(section, key)[output]
        if (section, key) in self.facts.existing:
            return self.text(value)
        if section == "warehouses":
            # What a workgroup does not tell, its name or its namespace does.
            return value if output == "database" else Ref(self.warehouse_address(key, output), output, value)
        return Ref(self.address(section, key), output, value)

    def text(self, text: Text, within: str = "") -> Any:
        """Put references in place of `${…}`; `within` is the address whose own attributes order nothing."""
        if not isinstance(text, Template):
            return text
        parts = tuple(self._part(part, within) for part in text.parts)
        if len(parts) == 1:
            return parts[0]
        return Mixed(parts) if any(isinstance(part, Ref) for part in parts) else "".join(parts)

    def filled(self, written: Any) -> Any:
        """Put references in place of `${…}` at any depth of what was written freely: a policy, an input, a machine."""
        if isinstance(written, Mapping):
            return {key: self.filled(item) for key, item in written.items()}
        if isinstance(written, list | tuple):
            return type(written)(self.filled(item) for item in written)
        return self.text(written)

    def _part(self, part: Part, within: str) -> Any:
        if isinstance(part, Attribute):
            found = self._attribute(part)
            own = isinstance(found, Ref) and found.address == within
            return found.value if own else found
        if isinstance(part, Fact):
            return self.facts.account if part.name == "account" else self.facts.region
        return str(part)

    def _attribute(self, attribute: Attribute) -> Any:
        section = self._section(attribute)
        if section == "jobs" and attribute.attribute in {"queue", "share"}:
            job = self.spec.jobs[attribute.name]
            return self.ref("job_queues", job.queue, "name") if attribute.attribute == "queue" else job.share or ""
        return self.ref(section, attribute.name, attribute.attribute)

    def _section(self, attribute: Attribute) -> str:
        """The section that has what is named: a loader is a job or a function."""
        if attribute.section == "loader":
            return "jobs" if self.spec.loaders[attribute.name].run_on == "job" else "functions"
        return SECTIONS[attribute.section]

    def desire(self, address: str, resource: Resource, written: Written, **more: Any) -> Desired:
        """Want a resource: it carries the spec's tags, and knows where it was written."""
        tags = {**self.spec.tags, **more.pop("tags", {})}
        return Desired(
            address,
            resource,
            written.origin or "pipeline",
            written.where,
            more.pop("places", None) or _places(written),
            tags,
            **more,
        )

    def desire_entry(self, section: str, entry: Entry, resource: Resource, **more: Any) -> Desired:
        """Want the resource of an entry."""
        return self.desire(self.address(section, entry.key), resource, entry, **more)


def _places(written: Written) -> Mapping[str, Place]:
    return {path.split(".")[0]: place for path, place in reversed(list(written.places.items()))}


_ARN = {
    "functions": function_arn,
    "workflows": state_machine_arn,
    "jobs": job_definition_arn,
    "job_queues": job_queue_arn,
    "compute_environments": compute_environment_arn,
    "desktops": fleet_arn,
}
