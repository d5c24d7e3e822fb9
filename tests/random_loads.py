"""Draws the sections of warehouses, loaders and hosts of a random spec, and what is expected of a job's items."""

from __future__ import annotations

from tests.random_draw import NAMES, ZONES, Entry
from tests.random_flows import Flows

# What stands in the account before: things of somebody else, named by `existing:`.
THEIRS, THEIR_DATABASE, THEIR_WAREHOUSE = "somebody-elses-bucket", "somebody-elses-database", "somebody-elses-cluster"
_THEIRS: Entry = {"database": "things", "secret": "arn:aws:secretsmanager:us-east-1:123456789012:secret:theirs-AbCdEf"}
_THEIR_ROLE = "arn:aws:iam::123456789012:role/somebody-elses-copies"
_COLUMNS = {
    "price": "numeric(10, 2)",
    "seen": "timestamptz",
    "note": "varchar(50) not null",
    "more": "json",
    "active": "boolean",
}
# Starts that Auto Scaling has words for, each with a stop soon after.
_STARTS = (
    ("0 6 * * ? *", "20 6 * * ? *"),
    ("0/30 8-18 ? * MON-FRI *", "15/30 8-18 ? * MON-FRI *"),
    ("50 23 1,15 JAN-JUN ? *", "10 0 2,16 JAN-JUN ? *"),
)


class Loads(Flows):
    """Draws what brings rows into tables, and scrapers on instances; `made` holds what stands above."""

    def warehouse(self) -> Entry:
        """Draw a workgroup first and then a cluster: the database of a name is the same in every spec."""
        first = not self.made["warehouses"]
        if first:
            entry: Entry = {"serverless": self.some({"rpus": self.pick(4, 16)}), "database": "dev"}
        else:
            size = {"nodes": self.rng.randint(1, 3), "node_type": self.pick("ra3.large", "ra3.xlplus")}
            entry = {"cluster": self.some(size), "database": "other", "username": "owner"}
        return entry | self.some({"public": ["203.0.113.0/24"], "on_destroy": self.pick("snapshot", "delete")})

    def theirs(self, section: str) -> Entry:
        """What somebody else has of a section, for a spec to use."""
        if section == "buckets":
            return {"existing": THEIRS}
        if section == "databases":
            return {"existing": THEIR_DATABASE, "engine": "postgres"} | _THEIRS
        return {"existing": THEIR_WAREHOUSE, "engine": "redshift", "role": _THEIR_ROLE} | _THEIRS

    def can_load(self) -> bool:
        """Whether there is a table to load into, and a place or a queue to load from."""
        return bool(self.made["buckets"] and (self.targets() or self.made["warehouses"]))

    def targets(self) -> list[str]:
        """Databases that are always up."""
        return [name for name, database in self.made["databases"].items() if "power" not in database]

    def loader(self) -> Entry:
        """Load objects or messages; as a job into databases, for a function needs a way out of the network there."""
        lakes = list(self.made["warehouses"])  # in few specs, and there taken more often
        sections = {"databases": self.targets(), "warehouses": lakes}
        section = self.pick(*(section for section in (*sections, "warehouses") if sections[section]))
        name = self.pick(*sections[section])
        is_function = self.maybe(0.2) and self.has_way_out() if section == "databases" else self.maybe(0.8)
        entry: Entry = {"columns": {"id": "varchar(10) not null"} | self.some(_COLUMNS)}
        if is_function and self.made["message_queues"] and self.maybe(0.4):
            entry |= self.of_messages()
        else:
            entry |= self.of_objects(is_function=is_function and section == "databases")
        table = f"loaded_{len(self.made['loaders'])}" if entry.get("mode") == "replace" else "shared"
        entry["into"] = {section.removesuffix("s"): name, "table": self.pick(table, f"public.{table}")}
        if is_function != (section == "warehouses"):
            entry["run_on"] = "function" if is_function else "job"
        return entry | self.some(self.of_runs(entry, is_function=is_function))

    def of_messages(self) -> Entry:
        """Draw a queue to load from, and what goes with messages."""
        more = self.some({"batch": self.rng.randint(1, 5000), "window": self.pick("1s", "5m")})
        return {"from": {"message_queue": self.one_of("message_queues")} | more} | self.keyed("append", "merge")

    def of_objects(self, *, is_function: bool) -> Entry:
        """Draw a place to load from, and how its objects are written; parquet is too large for a function's zip."""
        bucket, gzip = self.one_of("buckets"), self.some({"gzip": True})
        csv = {"csv": self.some({"header": True, "delimiter": ";"}) | gzip}
        formats = ["csv", "json", csv, {"json": gzip}, *([] if is_function else ["parquet"])]
        more = {
            "format": self.pick(*formats),
            "bad_rows": {"to": f"{bucket}/bad/"} | self.some({"max": self.rng.randint(0, 9)}),
            "schedules": {name: self.time() for name in NAMES[: self.rng.randint(1, 2)]},
        }
        return (
            {"from": f"{bucket}/{self.pick('in', 'in/alpha')}/"}
            | self.keyed("append", "merge", "replace")
            | self.some(more)
        )

    def keyed(self, *modes: str) -> Entry:
        """Draw a mode, with the key that merge needs."""
        mode = self.pick(*modes)
        return {"mode": mode, "key": ["id"]} if mode == "merge" else self.some({"mode": mode, "key": ["id"]})

    def of_runs(self, entry: Entry, *, is_function: bool) -> Entry:
        """Draw how it runs; what must be written of a job's queue is written at once."""
        more = {"schema": "evolve", "retain": self.pick("1d", "7d"), "on_failure": self.one_of("topics")}
        if is_function:
            return more | {"timeout": self.pick("60s", "10m"), "memory": self.pick(512, "2 GB")}
        self.queue_of(entry)
        return more | {"timeout": self.pick("30m", "2h"), "memory": self.pick(2048, "4 GB")}

    def queue_of(self, entry: Entry) -> Entry:
        """Choose the queue of what runs as a job, writing it where it must be written."""
        raise AssertionError(entry)  # the whole spec's maker knows the queues

    def expectation(self) -> Entry:
        """What is expected of a job's items; a loader checks it where it reads them, else a function."""
        if not self.made["buckets"]:
            return {}
        more = {"fields": {"id": self.pick(0.5, 1)}, "key": ["id"], "max_age": "1d", "change": self.pick(0.5, 2)}
        place = f"{self.one_of('buckets')}/{self.pick('in', 'in/alpha', 'out')}/"
        return {"in": place, "min_items": self.rng.randint(1, 99)} | self.some(more)

    def host(self) -> Entry:
        """Run a script or an image on an instance, and upload to where no upload starts anything."""
        kind = {"instance_type": self.pick("t3.micro", "m7i.large")}
        if self.maybe():
            entry: Entry = self.some({"setup": ["dnf install -y git", "echo ${var.zip}"]})
            entry["script"] = ["python3 /opt/scraper/run.py", "echo 'ünï' \"${pipeline}\""]
            kind = self.pick(kind, {"instance_type": "t4g.nano"}, {"platform": "ARM64"})
        else:
            entry = {"image": self.pick(*self.made["images"], "public.ecr.aws/docker/library/python:3.13-slim")}
            entry |= self.some({"command": ["python", "-m", "scraper", "${var.zip}"]})
        more = {
            "disk": self.rng.randint(8, 40),
            "timeout": self.pick("45m", "2h"),
            "environment": self.environment_of(),
            "secrets": self.secrets(),
            "access": self.access(),
            "on_failure": self.one_of("topics"),
            "schedules": {name: self.start() for name in NAMES[: self.rng.randint(1, 2)]},
        }
        more |= {"upload": {"/opt/scraper/data": f"{self.one_of('buckets')}/out/"}} if self.made["buckets"] else {}
        return entry | self.some(kind | more)

    def start(self) -> Entry:
        """When an instance starts by the clock, and ends at the latest."""
        cron, stop = self.pick(*_STARTS)
        return {"cron": cron} | self.some(
            {"stop": stop, "timezone": self.pick(*ZONES), "enabled": self.pick(True, False)}
        )
