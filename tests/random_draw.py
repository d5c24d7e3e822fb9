"""Draws from a seed: one of several choices, about half of an entry's keys, texts that a careless parser mistakes."""

from __future__ import annotations

import random
from typing import Any

Entry = dict[str, Any]

NAMES = ("alpha", "beta", "gamma", "delta-2", "epsilon-x")
_CRONS = ("0 6 * * ? *", "0/15 8-18 ? * MON-FRI *", "0 12 L * ? *", "30 5 ? * 6L *", "0 0 1,15 JAN-JUN ? 2026-2030")
ZONES = ("UTC", "America/Detroit", "Europe/Berlin", "Australia/Lord_Howe")
# What YAML 1.1 or a careless parser would take for something else.
_TEXTS = ("plain", "yes", "02134", "1:30", "2026-01-01", "null", "a b", "$${HOME}", "ünï", "")
_ATTRIBUTES = {
    "message_queues": ["url"],
    "jobs": ["queue"],
    "databases": ["endpoint", "port", "database", "secret"],
    "warehouses": ["endpoint", "port", "database", "secret"],
    "filesystems": ["id"],
}


class Draw:
    """One spec in the making: what was drawn so far, by section, and the seed's generator."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.made: dict[str, Entry] = {}

    def some(self, entry: Entry) -> Entry:
        """Keep about half of the keys."""
        return {key: value for key, value in entry.items() if self.rng.random() < 0.5 and value not in ({}, None)}

    def pick(self, *choices: Any) -> Any:
        """Draw one."""
        return self.rng.choice(choices)

    def maybe(self, chance: float = 0.5) -> bool:
        """Say yes as often as that."""
        return self.rng.random() < chance

    def one_of(self, section: str) -> str | None:
        """The name of an entry that was drawn before; None when there is none."""
        return self.pick(*self.made[section]) if self.made.get(section) else None

    def text(self) -> str:
        return str(self.pick(*_TEXTS))

    def time(self) -> Entry:
        """When something happens by the clock."""
        entry: Entry = self.pick(
            {"cron": self.pick(*_CRONS)}, {"rate": self.pick("5m", "1h", "2d")}, {"at": "2031-12-24T06:00:00"}
        )
        if "rate" not in entry:
            entry |= self.some({"timezone": self.pick(*ZONES)})
        if "at" not in entry:
            entry |= self.some({"from_date": "2030-01-01T00:00:00Z", "to_date": "2032-01-01T00:00:00Z"})
        more = {
            "flex": self.pick("1m", "15m"),
            "enabled": self.pick(True, False),
            "deliver": {"retries": self.rng.randint(0, 9), "within": "2h"},
        }
        return entry | self.some(more)

    def environment_of(self) -> Entry:
        """Variables with every sort of text."""
        entry = {
            "ZIP": "${var.zip}",
            "TEXT": self.text(),
            "NUMBER": self.rng.randint(0, 99),
            "ENV": "${env.RANDOM_SPEC_TEXT}",
        }
        entry |= {f"ATTRIBUTE_{number}": text for number, text in enumerate(self.attributes())}
        return self.some(entry | {"WHERE": "${pipeline}/${account}/${region}"})

    def attributes(self) -> list[str]:
        """List attributes of what stands above: never of what is being made, so there is no circle."""
        found = []
        for section, entries in self.made.items():
            for name in entries if section not in ("network", "triggers") else ():
                singular = section.removesuffix("s")
                names = ["name", "arn", *_ATTRIBUTES.get(section, [])]
                found.append(f"${{{singular}.{name}.{self.pick(*names)}}}")
        return self.rng.sample(found, min(len(found), 3))

    def access(self) -> Entry:
        """What a job or function may do to what stands above."""
        entry: Entry = {}
        if bucket := self.one_of("buckets"):
            entry |= {"read": [f"{bucket}/in/"], "write": [self.pick(bucket, f"{bucket}/out/")]}
        if queue := self.one_of("message_queues"):
            entry |= {"send": [queue], "receive": [queue]}
        if topic := self.one_of("topics"):
            entry["send"] = [*entry.get("send", ()), topic]
        if ends := self.connected():
            entry["connect"] = self.rng.sample(ends, self.rng.randint(1, len(ends)))
        for word, section in (("submit", "jobs"), ("call", "functions"), ("start", "workflows")):
            if name := self.one_of(section):
                entry[word] = [name]
        entry["policy"] = [{"Effect": "Allow", "Action": ["sqs:ListQueues"], "Resource": "*"}]
        return self.some(entry)

    def secrets(self) -> Entry:
        """Variables that hold secrets."""
        secret = self.one_of("secrets")
        entry: Entry = {"TOKEN": secret} if secret else {}
        if ends := self.connected():
            name = self.pick(*ends)
            singular = "database" if name in self.made["databases"] else "warehouse"
            entry["PASSWORD"] = f"${{{singular}.{name}.secret}}:password"
        return self.some(entry)

    def connected(self) -> list[str]:
        """What jobs connect to: of databases the first, which has no power hours, and every warehouse."""
        return [*list(self.made["databases"])[:1], *self.made["warehouses"]]
