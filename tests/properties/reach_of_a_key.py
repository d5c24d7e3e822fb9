"""What a key of a spec may bring about: its own entry, those that name it, and what is shared and of the key's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from scrapectl.engine.plan import Change

Path_ = tuple[str | int, ...]
Tree = dict[str, Any]

_INSTANCE = {"schedule_group", "sqs_queue", "security_group", "log_group"}
# The keys that say what a role may do, by what the role is for. A queue or an environment is renamed by some.
_OF_ROLES = {
    "job": {"access", "mounts", "paths", "queue", "encryption", "job_queues", "type", "vars"},
    "start": {"secrets", "image", "vars", "run_on"},
    "scheduler": {"queue", "schedules", "job_queues", "type", "run_on"},
    "notifier": {"alerts", "on_failure"},
    "instances": {"type"},
    "function": {"access", "secrets", "mounts", "encryption", "vars", "paths", "message_queue"},
    "machine": {
        *("steps", "start", "upload", "job_queues", "queue", "type", "run_on"),
        *("vars", "paths", "on_failure", "alerts"),
    },
    "transfer": {"copy", "encryption", "paths"},
    "desktop": {"access", "encryption"},
    "starter": {"triggers"},
    "load": {"from", "into", "to", "encryption", "vars", "database", "warehouse", "message_queue", "run_on"},
    "copy": {"into", "warehouse", "vars"},
    "expect": {"expect", "in", "from", "alerts", "on_failure", "encryption"},
    "host": {
        *("access", "upload", "secrets", "secret", "encryption", "vars", "image", "on_failure", "alerts"),
        *("queue", "job_queues", "type"),
    },
}
_OF_UPLOADS = {"events", "notifications", "policy", "trail"}  # what triggers write into buckets and dead letters
_TELLING = {"events_rule", "lambda_function", "lambda_event_source", "cloudwatch_alarm", "sfn_state_machine"}
_TOLD = {"events_rule", "lambda_function", "sfn_state_machine"}
_SHARED = {"policy", "visibility"}
# What the notifier repeats, so that a missed run can be typed.
_TYPED = {"schedules", "share", "array", "vars", "run_on"}


def leaves(tree: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every scalar of the spec with its path."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else None
    if entries is None:
        yield path, tree
        return
    for key, value in entries:
        yield from leaves(value, (*path, key))


def mentions(tree: Tree, name: str) -> set[str]:
    """The origins of the entries that name something, in whatever way."""
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    sections = {key: section for key, section in tree.items() if key in SECTIONS}
    return {
        f"{section}.{entry}"
        for section, entries in sections.items()
        for entry, body in entries.items()
        if any(word.search(str(leaf)) for _, leaf in leaves(body))
    }


SECTIONS = (
    *("images", "secrets", "buckets", "message_queues", "topics", "databases"),
    *("compute_environments", "job_queues", "jobs"),
    *("filesystems", "functions", "workflows", "triggers", "desktops", "warehouses", "loaders", "hosts"),
)


def allowed(trees: tuple[Tree, Tree], path: Path_) -> set[str]:
    """The origins that a key may touch: its own entry, and those that name it, however far."""
    found: set[str] = set()
    todo = [".".join(map(str, path[:2]))]
    while todo:
        origin = todo.pop()
        if origin not in found:
            found.add(origin)
            section, _, name = origin.partition(".")
            todo.extend(m for tree in trees for m in mentions(tree, name))
            todo.extend(related(trees, section, name))
    return found


def related(trees: tuple[Tree, Tree], section: str, name: str) -> Iterator[str]:
    """The entries that follow from one without naming it."""
    entries = [tree.get(section, {}).get(name, {}) for tree in trees] if section in SECTIONS else []
    accesses = [entry.get("access", {}) for entry in entries]
    if section == "compute_environments":  # a queue over the only environment need not name it, nor be written
        yield "job_queues.default"
        yield from (f"job_queues.{queue}" for tree in trees for queue in tree.get("job_queues", {}))
    if section == "job_queues":  # a job on the only queue need not name it
        yield from (f"jobs.{job}" for tree in trees for job in tree["jobs"])
    if section in {"jobs", "functions"}:  # what one receives from is hidden for six times its timeout
        yield from (f"message_queues.{queue}" for access in accesses for queue in access.get("receive", []))
    if section == "loaders":  # and what a loader takes, for its window as well
        sources = [entry["from"] for entry in entries if isinstance(entry.get("from"), dict)]
        yield from (f"message_queues.{source['message_queue']}" for source in sources)
    if section in {"jobs", "functions", "hosts", "loaders"}:  # a database lets those in that connect to it
        ends = [end for access in accesses for end in access.get("connect", [])]
        ends += [end for entry in entries for key, end in entry.get("into", {}).items() if key != "table"]
        yield from (f"{kind}.{end}" for end in ends for kind in ("databases", "warehouses"))
    if section in {"jobs", "functions", "workflows"}:  # a file system has a door for each place that is used
        words = {str(word).split("/")[0] for entry in entries for _, word in leaves(entry)}
        yield from (f"filesystems.{key}" for tree in trees for key in tree.get("filesystems", {}) if key in words)
    if section == "triggers":  # a workflow looks at the object of the upload that started it
        started = [entry.get("start", {}).get("workflow") for entry in entries]
        yield from (f"workflows.{workflow}" for workflow in started if workflow)
    if section == "topics":  # a queue lets those topics send that it hears
        yield from (f"message_queues.{queue}" for entry in entries for queue in entry.get("queues", []))


def touches(change: Change, may: set[str], path: Path_) -> bool:
    """Whether a change is one of those that the key may bring about."""
    if path[0] in {"tags", "network"}:  # everything carries tags, and stands somewhere
        return True
    if path[0] == "logs":  # what trails write is kept as long as logs are
        return change.kind == "log_group" or change.address.endswith("-trail")
    if change.kind == "iam_role":  # shared by all entries with the same access; all have the same boundary
        what = change.address.split("_", 2)[2].partition("-")[0]
        return path[0] == "iam" or bool(_OF_ROLES[what] & set(path))
    if change.origin in may or any(change.origin.startswith(f"{one}.") for one in may):
        return True
    if (
        change.kind in {"iam_instance_profile", "ec2_launch_template"} and path[0] != "alerts"
    ):  # there while an environment is on EC2
        return path[-1] == "type"
    # A thing that the change leaves without an origin, or that stands for the instance while it is needed.
    left = change.origin == change.address and any(one.split(".")[1] in change.address.partition(".")[2] for one in may)
    return tells(change, path) or (left and change.kind not in _INSTANCE)


def tells(change: Change, path: Path_) -> bool:
    """Whether it is shared, and of the key's: how failures are told, uploads heard of, or files copied."""
    fields, kind = {field.name for field in change.fields}, change.kind
    only_code, only_policy = (
        kind == "lambda_function" and fields == {"code"},
        kind == "sqs_queue" and fields == {"policy"},
    )
    lies_in_others = kind in {"sns_topic", "sqs_queue"} and fields <= _SHARED
    heard_of = kind in {"s3_bucket", "sqs_queue"} and fields <= _OF_UPLOADS
    by_host = kind == "ec2_launch_template" and fields == {"runs"}
    return any(
        (
            path[0] in {"triggers", "workflows", "buckets"} and change.address.endswith("_starter"),
            "copy" in path and kind.startswith("datasync_location"),  # named by its place, and shared by copies
            path[0] == "triggers" and heard_of,
            "expect" in path and change.address.endswith("_expect"),  # one function looks for all jobs
            "expect" in path and (only_code or change.origin.startswith("loaders.")),  # or the loader of the items
            bool({"expect", "from"} & set(path)) and only_policy,  # whose uploads are heard of
            "run_on" in path and change.address.endswith("_functions"),  # the group of all functions in the network
            "layers" in path and kind == "lambda_layer",  # named by its content
            path[0] == "alerts" and (kind in _TELLING or lies_in_others or by_host),  # whom CloudWatch may reach
            "on_failure" in path and (kind in _TOLD or only_policy),
            only_code and bool(_TYPED & set(path)),
        )
    )
