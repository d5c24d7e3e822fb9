"""Makes small valid specs over the whole built language from a seed, for tests that must hold for any spec."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tests.random_draw import NAMES, ZONES, Entry
from tests.random_loads import THEIR_DATABASE, THEIR_WAREHOUSE, THEIRS, Loads

if TYPE_CHECKING:
    from tests.account import Account

# Where the specs stand: with an image's folder, a function's, a layer's and a definition.
FOLDER = Path(__file__).with_name("random_folder")
# What the specs read from the environment.
ENV = {"RANDOM_SPEC_SECRET": "a-value-nobody-should-see", "RANDOM_SPEC_TEXT": "from the environment"}

_SIZES = {0.25: (512, 1024, 2048), 0.5: (1024, 2048, 4096), 1: (2048, 4096, "8 GB"), 2: (4096, "16 GB")}
# How often a spec may have anything of a section at all: those that make many calls are in fewer specs.
_CHANCES = {"warehouses": 0.35, "loaders": 0.8, "hosts": 0.35}
# Sections of which somebody else has something, and how often a spec uses it.
_OF_OTHERS = {"buckets": 0.3, "databases": 0.1, "warehouses": 0.1}
_THEIR_POSTGRES = {
    "Engine": "postgres",
    "DBInstanceClass": "db.t4g.micro",
    "AllocatedStorage": 20,
    "MasterUsername": "they",
    "ManageMasterUserPassword": True,
}
_THEIR_REDSHIFT = {
    "NodeType": "ra3.large",
    "ClusterType": "single-node",
    "MasterUsername": "they",
    "ManageMasterPassword": True,
}
# Where several sections share one set of names.
_PREFIX = {
    "topics": "news-",
    "filesystems": "files-",
    "functions": "call-",
    "loaders": "load-",
    "workflows": "flow-",
    "hosts": "host-",
    "warehouses": "lake-",
}


def furnished(account: Account) -> Account:
    """Make what somebody else has in the account, and the specs name by `existing:`."""
    account.client("s3").create_bucket(Bucket=THEIRS)
    account.client("rds").create_db_instance(DBInstanceIdentifier=THEIR_DATABASE, **_THEIR_POSTGRES)
    account.client("redshift").create_cluster(ClusterIdentifier=THEIR_WAREHOUSE, **_THEIR_REDSHIFT)
    return account


def random_spec(seed: int, pipeline: str = "random", build: str | None = "./scraper", region: str = "us-east-1") -> str:
    """Give the YAML text of a valid spec; the same seed gives the same text.

    Args:
        seed: Any integer.
        pipeline: The pipeline's name: the same for all seeds, so that one spec can follow another.
        build: The folder of every image; None for specs without `images`, whose jobs name image URIs.
        region: The region written into the spec.
    """
    return yaml.safe_dump(
        _Maker(random.Random(seed), build).spec(pipeline, region), sort_keys=False, allow_unicode=True
    )


class _Maker(Loads):
    """Draws one spec; later sections refer to earlier ones by name alone."""

    def __init__(self, rng: random.Random, build: str | None) -> None:
        super().__init__(rng)
        self.build = build
        self.ec2 = rng.random() < 0.25

    def spec(self, pipeline: str, region: str) -> Entry:
        top: Entry = {"version": 1, "pipeline": pipeline, "region": region}
        top |= self.some(
            {
                "tags": {"team": self.pick("mobility", "yes", "02134"), "cost": 12},
                "logs": {"retention": self.pick("7d", "30d", "90d")},
            }
        )
        top["vars"] = {"zip": self.text(), "memory": 2048, "flag": True}
        top |= self.some({"iam": {"boundary": "arn:aws:iam::123456789012:policy/limits"}})
        top |= self.some({"stages": {"prod": {"vars": {"zip": "10001"}, "logs": {"retention": "14d"}}}})
        self.made["network"] = self.network() if self.maybe(0.3) else {}
        top |= {"network": self.made["network"]} if self.made["network"] else {}
        for section, entry, most in (
            ("images", self.image, 2 if self.build else 0),
            ("secrets", self.secret, 2),
            ("buckets", self.bucket, 2),
            ("filesystems", self.filesystem, 2),
            ("message_queues", self.message_queue, 2),
            ("topics", self.topic, 2),
            ("databases", self.database, 2),
            ("warehouses", self.warehouse, 2),
            ("compute_environments", self.environment, 3),
            ("job_queues", self.queue, 2),
            ("jobs", self.job, 4),
            ("functions", self.function, 2),
            ("loaders", self.loader, 2 if self.build else 0),
            ("hosts", self.host, 2),
            ("workflows", self.workflow, 2),
            ("desktops", self.desktop, 1),
        ):
            count = self.rng.randint(self.fewest(section), most) if self.can_have(section) else 0
            names = [self.prefix(section) + name for name in NAMES[:count]]
            self.made[section] = {}
            for name in names:
                self.made[section][name] = entry()
            if self.maybe(_OF_OTHERS.get(section, 0)):
                self.made[section][f"{self.prefix(section)}theirs"] = self.theirs(section)
            if self.made[section]:
                top[section] = self.made[section]
        top |= self.triggers()
        if self.made["topics"]:
            top |= self.some({"alerts": self.alerts()})
        top |= self.some({"outputs": {"all": " ".join(["in ${region}", *self.attributes()])}})
        return top

    def prefix(self, section: str) -> str:
        """Say how names of a section begin: databases never move into another network, and are others there."""
        inside = section in {"databases", "warehouses"} and self.made["network"]
        return ("inside-" if inside else "") + _PREFIX.get(section, "")

    def fewest(self, section: str) -> int:
        """Say how many a section must have: over several environments somebody must name the queue's."""
        several = len(self.made.get("compute_environments", ())) > 1
        return int(section == "jobs" or (section == "job_queues" and several))

    def can_have(self, section: str) -> bool:
        """Say whether a section may have anything: loaders need somewhere to load from, and into."""
        return self.maybe(_CHANCES.get(section, 1)) and (section != "loaders" or self.can_load())

    def image(self) -> Entry:
        more = {"keep": self.rng.randint(1, 30), "scan": False, "on_destroy": self.pick("delete", "keep")}
        return {"build": self.build} | self.some(more)

    def secret(self) -> Entry:
        return self.pick({"from_env": "RANDOM_SPEC_SECRET"}, {"generate": self.rng.randint(8, 64)})

    def bucket(self) -> Entry:
        archive = {"after": "90d"} | self.some({"deep_after": "200d"})
        return self.some(
            {
                "versioned": True,
                "encryption": "s3",
                "expire": {"tmp/": "1d"} | self.some({"": "365d"}),
                "archive": archive,
                "on_destroy": self.pick("refuse", "delete"),
            }
        )

    def message_queue(self) -> Entry:
        return self.some({"retention": "2h", "dead_letter_after": self.rng.randint(1, 9), "visibility": "10m"})

    def topic(self) -> Entry:
        entry: Entry = {"email": self.rng.sample(["a@example.org", "b@example.org"], self.rng.randint(1, 2))}
        if self.made["message_queues"]:
            entry["queues"] = [self.pick(*self.made["message_queues"])]
        return self.some(entry)

    def database(self) -> Entry:
        """With power hours only where no job can need it outside them: jobs connect to the first."""
        # Engine and storage of a name are the same in every spec: AWS takes no other engine, and no less storage. In a
        # made network so is whether it is public, which puts it into other subnets.
        engine, version = ("mysql", "8.0") if self.made["databases"] else ("postgres", "16")
        entry: Entry = {"engine": engine, "version": version}
        entry |= self.some(
            {
                "class": self.pick("db.t4g.micro", "db.t4g.small"),
                "max_storage": self.pick(100, 200),
                "public": None if self.made["network"] else ["203.0.113.0/24"],
                "backup": self.pick("1d", "14d"),
                "multi_az": True,
                "changes": "window",
                "maintenance": "sun:05:00-sun:06:00",
                "on_destroy": self.pick("snapshot", "delete"),
            }
        )
        if self.made["network"] and self.made["databases"]:
            entry["public"] = ["203.0.113.0/24"]
        zones = ("UTC",) if "maintenance" in entry else ZONES  # the window is in UTC, and must be in these hours
        power = {"start": "30 2 * * ? *", "stop": "30 6 * * ? *"} | self.some({"timezone": self.pick(*zones)})
        return entry | (self.some({"power": power}) if self.made["databases"] else {})

    def alerts(self) -> Entry:
        more = {"failed_runs": False, "dead_letters": False}
        more |= {"queue_age": "1h"} if self.made["message_queues"] else {}
        return {"to": self.pick(*self.made["topics"])} | self.some(more)

    def environment(self) -> Entry:
        if not self.ec2:
            return self.some({"type": self.pick("fargate", "fargate-spot"), "max_vcpus": self.rng.randint(4, 64)})
        more = self.some({"instance_types": self.pick(["m7i"], ["m6i", "c6i.large"]), "min_vcpus": 0})
        return {"type": self.pick("ec2", "ec2-spot"), "max_vcpus": self.rng.randint(4, 64)} | more

    def queue(self) -> Entry:
        entry = self.some({"priority": self.rng.randint(0, 50), "stuck_after": self.pick("10m", "2h")})
        environments = list(self.made["compute_environments"])
        if len(environments) > 1:
            entry["compute"] = self.rng.sample(environments, self.rng.randint(1, len(environments)))
        if self.rng.random() < 0.5:
            entry["shares"] = {"low": 1, "high": self.pick(2, 4, 2.5)}
            entry |= self.some({"share_decay": "300s", "reserve": self.rng.randint(0, 99)})
        return entry

    def job(self) -> Entry:
        vcpus = self.pick(*(size for size in _SIZES if not self.ec2 or size >= 1))
        entry: Entry = {"image": self.pick(*self.made["images"], "public.ecr.aws/docker/library/python:3.13-slim")}
        if self.rng.random() < 0.7:
            entry |= {"vcpus": vcpus, "memory": self.pick(*_SIZES[vcpus])}
        queue = self.queue_of(entry)
        if not self.ec2:
            # Without a public address and NAT a job reaches nothing but endpoints.
            private = not self.made["network"] or self.has_way_out()
            more = {"public_ip": self.pick(True, not private), "mounts": self.mounts()}
            entry |= self.some({"disk": self.rng.randint(21, 200)} | more)
        entry |= self.some(
            {
                "command": ["python", "-m", "scraper", "${var.zip}"],
                "environment": self.environment_of(),
                "secrets": self.secrets(),
                "read_only": True,
                "on_failure": self.pick(*self.made["topics"], None),
                "access": self.access(),
                "priority": self.rng.randint(0, 9999),
                "array": self.rng.randint(2, 20),
                "timeout": self.pick("60s", "30m", "2h"),
                "retries": self.rng.randint(1, 9),
                "retry_on": self.rng.sample(["spot", "pull", "memory", "exit:137", "exit:1*"], self.rng.randint(1, 4)),
                "keep_revisions": self.rng.randint(1, 9),
                "expect": self.expectation(),
                "schedules": {name: self.schedule(queue) for name in NAMES[: self.rng.randint(1, 3)]},
            }
        )
        return entry

    def queue_of(self, entry: Entry) -> Entry:
        """Choose the queue of a job, writing it where it must be written."""
        queues = self.made["job_queues"]
        if not queues:
            return {}
        name = self.pick(*queues)
        if len(queues) > 1:
            entry["queue"] = name
        if queues[name].get("shares"):
            entry |= self.some({"share": self.pick(*queues[name]["shares"])})
        return queues[name]

    def schedule(self, queue: Entry) -> Entry:
        entry = self.time() | self.given()
        if queue.get("shares"):
            entry |= self.some({"share": self.pick(*queue["shares"])})
        return entry | self.some({"array": self.rng.randint(2, 9), "priority": self.rng.randint(0, 9999)})
