"""Draws the sections of networks, file systems, functions, workflows, triggers and desktops of a random spec."""

from __future__ import annotations

from tests.random_draw import NAMES, Draw, Entry

# What a function in a network without NAT may need; a database is reached inside it.
_NEEDS_NOTHING = ("connect", "policy")


class Flows(Draw):
    """Draws what is started, what starts it, and where it stands; `made` holds what stands above."""

    ec2: bool

    def network(self) -> Entry:
        """Always of the same addresses and zones: with others it would be another network."""
        entry: Entry = {"cidr": "10.0.0.0/24", "zones": 3, "nat": self.pick("none", "single", "per-zone")}
        return entry | self.some({"endpoints": self.pick(["s3"], ["s3", "logs"], ["secretsmanager"])})

    def has_way_out(self) -> bool:
        """Whether a function in the network reaches AWS; in the default one it has no public address."""
        return bool(self.made["network"]) and self.made["network"]["nat"] != "none"

    def filesystem(self) -> Entry:
        paths = {"data": {"uid": 1001, "gid": 1001, "mode": self.pick("755", "700")}, "more": {}}
        return self.some(
            {
                "throughput": self.pick("bursting", {"provisioned": self.pick(1, 2.5)}),
                "cold_after": self.pick("7d", "30d"),
                "backup": False,
                "paths": self.some(paths),
                "on_destroy": self.pick("refuse", "delete"),
            }
        )

    def mounts(self, most: int = 2) -> Entry:
        """Places of file systems: the whole, a path, or any folder."""
        systems = list(self.made["filesystems"])[:most]
        return self.some({f"/mnt/{name}": self.folder_of(name) for name in systems})

    def folder_of(self, name: str) -> str:
        """A file system as a whole, a path of it, or any folder under one."""
        paths = list(self.made["filesystems"][name].get("paths", ()))
        return f"{name}{self.pick('', '/', *(f'/{path}{deeper}' for path in paths for deeper in ('', '/in/deep')))}"

    def function(self) -> Entry:
        entry: Entry = {"code": "./handler", "handler": "app.handler"}
        if (image := self.one_of("images")) and self.maybe(0.3):
            entry = {"image": image} | self.some({"command": ["app.handler", "${var.zip}"]})
        else:
            entry |= self.some({"layers": ["./layer"], "runtime": self.pick("python3.12", "python3.14")})
        entry |= self.some(
            {
                "memory": self.pick(128, "1 GB"),
                "timeout": self.pick("5s", "90s"),
                "disk": self.pick(512, 2048),
                "concurrency": self.rng.randint(1, 3),
                "environment": self.environment_of(),
                "secrets": self.secrets(),
                "on_failure": self.one_of("topics"),
                "access": self.access(),
                "mounts": self.mounts(most=1),
                "schedules": {name: self.time() | self.given() for name in NAMES[: self.rng.randint(1, 2)]},
            }
        )
        return self.reachable(entry)

    def reachable(self, entry: Entry) -> Entry:
        """Take away what a function could not reach from inside the network."""
        access = entry.get("access", {})
        inside = "mounts" in entry or any(name in self.made["databases"] for name in access.get("connect", ()))
        if inside and not self.has_way_out():
            entry.pop("secrets", None)
            entry["access"] = {key: value for key, value in access.items() if key in _NEEDS_NOTHING}
            if "connect" in access:  # a warehouse is asked by AWS's own API
                entry["access"]["connect"] = [name for name in access["connect"] if name in self.made["databases"]]
        return entry

    def given(self) -> Entry:
        """What a schedule tells a function or a job."""
        return self.some({"environment": {"ZIP": self.text()}})

    def workflow(self) -> Entry:
        entry: Entry = {"timeout": self.pick("1h", "6h")} if self.maybe() else {}
        if self.maybe(0.2):
            entry["definition"] = "./process.asl.json"
            entry |= self.some({"access": {key: self.access().get(key, []) for key in ("send", "submit")}})
        else:
            entry["steps"] = [self.step() for _ in range(self.rng.randint(1, 4))]
        given = {"input": {"full": True, "zip": "${var.zip}"}}
        return entry | self.some(
            {
                "on_failure": self.one_of("topics"),
                "schedules": {name: self.time() | self.some(given) for name in NAMES[: self.rng.randint(1, 2)]},
            }
        )

    def step(self, depth: int = 0) -> Entry:
        kinds = ["wait", "run"]
        kinds += ["call"] if self.made["functions"] else []
        kinds += ["copy", "copy"] if self.made["buckets"] and self.made["filesystems"] else []
        loaders = self.loaders_from("")
        kinds += ["load"] if loaders else []
        kinds += ["parallel"] if depth == 0 else []
        kind = self.pick(*kinds)
        if kind == "parallel":
            return {kind: [[self.step(depth + 1)] for _ in range(self.rng.randint(1, 2))]}
        drawn = {"wait": lambda: "5m", "run": self.run, "call": self.call, "copy": self.copy}
        drawn["load"] = lambda: self.pick(*loaders)
        return {kind: drawn[kind]()}

    def loaders_from(self, place: str) -> list[str]:
        """Loaders that read a place, or any one; those of messages are started by these alone."""
        sources = {name: loader["from"] for name, loader in self.made["loaders"].items()}
        return [
            name for name, source in sources.items() if isinstance(source, str) and (place or source).startswith(source)
        ]

    def run(self) -> str | Entry:
        """Run a job, by its name or with what is its own for this run."""
        name = self.one_of("jobs") or ""
        if self.maybe():
            return name
        more = {"environment": {"STEP": "${run}"}, "array": self.rng.randint(2, 9), "timeout": "20m"}
        return {"job": name} | self.some(more)

    def call(self) -> str | Entry:
        """Call a function, by its name or with an environment."""
        name = self.one_of("functions") or ""
        return name if self.maybe() else {"function": name, "environment": {"STEP": "${run}", "ZIP": self.text()}}

    def copy(self) -> Entry:
        """Copy in, or out again; never to where an upload starts something."""
        bucket, folder = self.one_of("buckets"), self.folder_of(self.pick(*self.made["filesystems"]))
        if self.maybe():
            return {"from": self.pick(bucket, f"{bucket}/in/"), "to": folder}
        return {"from": folder, "to": f"{bucket}/out/"} | self.some({"only": self.pick("${run}", "all/${run}")})

    def triggers(self) -> Entry:
        """The section, where there is anything that could start something."""
        self.made["triggers"] = {}
        for name in NAMES[: self.rng.randint(0, 3) if self.made["buckets"] else 0]:
            self.made["triggers"][name] = self.trigger(name)
        return {"triggers": self.made["triggers"]} if self.made["triggers"] else {}

    def trigger(self, name: str) -> Entry:
        """Start something when an object comes under a place of this trigger's own, or a message comes."""
        queue, function = self.one_of("message_queues"), self.one_of("functions")
        taken = [
            (one["on"].get("message_queue"), one["start"].get("function")) for one in self.made["triggers"].values()
        ]
        if queue and function and self.maybe(0.3) and (queue, function) not in taken:
            more = self.some({"batch": self.rng.randint(1, 9), "window": self.pick("1s", "5s")})
            return {"on": {"message_queue": queue} | more, "start": {"function": function}}
        via = self.pick("eventbridge", "cloudtrail", "notification")
        place = f"{self.one_of('buckets')}/in/{name}/"
        entry: Entry = {"on": {"upload": place} | self.some({"suffix": ".csv"}), "via": via}
        what = [kind for kind in ("job", "function", "workflow") if self.made[f"{kind}s"]]
        loaders = self.loaders_from(place)
        if loaders and self.maybe(0.3):
            return {**entry, "start": {"loader": self.pick(*loaders)}}
        what += ["message_queue"] if queue and via != "notification" else []
        kind = self.pick(*what)
        entry["start"] = {kind: self.one_of(f"{kind}s")}
        return entry | (self.some({"deliver": {"retries": 2}}) if via != "notification" else {})

    def desktop(self) -> Entry:
        entry: Entry = {"image": self.pick("review-1", "review-2")}
        more = {"idle": "10m", "longest": "1h", "clipboard": False, "uploads": False, "desired": self.pick(1, 2)}
        bucket = self.one_of("buckets")
        return entry | self.some(more | {"access": {"read": [bucket]} if bucket else {}})
