"""Changing any one key of a spec changes only what it names or what is derived from it; the way back is as good."""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scrapectl.engine.plan import Change
from scrapectl.errors import SpecError
from scrapectl.spec.model import Spec
from tests.account import EXAMPLES, SEEDS, Account, assert_empty, shown, spec_of
from tests.random_specs import ENV, random_spec
from tests.remembered import Remembered

Path_ = tuple[str | int, ...]
Tree = dict[str, Any]

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_NOT_THESE = {"version", "pipeline", "region", "account", "stages"}
_INSTANCE = {"schedule_group", "sqs_queue", "security_group", "log_group"}
# Keys that have no other valid value where they stand: another size would need another memory, another engine
# another version; an environment is named once in a queue; and there is one topic, database, warehouse,
# secret, job or workflow to name.
_ALONE = {"vcpus", 0, 1, "engine", "to", "on_failure", "job", "run", "workflow", "warehouse", "NPS_KEY"}
_ONE_WAY = {"storage", "version", "throughput"}  # what AWS takes no way back from, or not on the same day
_WORDS = (
    "fargate",
    "fargate-spot",
    "s3",
    "kms",
    "keep",
    "delete",
    "now",
    "refuse",
    "X86_64",
    "ARM64",
    "./other",
)
_TIMES = (
    "15m",
    "2h",
    "3d",
    "14d",
    "90d",
    "100d",
    "365d",
    "2027-01-02T03:04:05Z",
    "2030-01-02T03:04:05",
    "2033-01-02T03:04:05Z",
)
_KEYS = (":username", ":password")
_CRONS = ("7 3 * * ? *", "7 6 * * ? *")
_BY_KEY: dict[str, tuple[Any, ...]] = {
    "build": ("./other",),
    "existing": (),
    "image": ("public.ecr.aws/x/y:2", "another-image"),
    "cidr": ("10.1.0.0/24",),
    "nat": ("per-zone",),
    "endpoints": ("dynamodb",),
    "mode": ("700",),
    "throughput": ("bursting",),
    "instance_type": ("stream.standard.large",),
    "from_env": ("RANDOM_SPEC_TEXT",),
    "Effect": ("Deny",),
    "Action": ("sqs:PurgeQueue",),
    "Resource": ("arn:aws:sqs:us-east-1:123456789012:other",),
    "class": ("db.t4g.medium",),
    "version": ("17", "8.4"),
    "storage": (30,),
    "public": ("198.51.100.0/24",),
    "maintenance": ("mon:05:00-mon:06:00",),
    "instance_types": ("r7i",),
    "retry_on": ("exit:7",),
    "timezone": ("America/Toronto", "Asia/Tokyo"),
    "type": ("fargate", "fargate-spot", "ec2", "ec2-spot"),
    "columns": ("integer", "varchar(99)"),
    "format": ("json", "csv"),
}
# The keys that say what a role may do, by what the role is for. A queue or an environment is renamed by some.
_OF_ROLES = {
    "job": {"access", "mounts", "paths", "queue", "encryption", "job_queues", "type", "vars"},
    "start": {"secrets", "image", "vars"},
    "scheduler": {"queue", "schedules", "job_queues", "type"},
    "notifier": {"alerts", "on_failure"},
    "instances": {"type"},
    "function": {"access", "secrets", "mounts", "encryption", "vars", "paths", "message_queue"},
    "machine": {"steps", "start", "upload", "job_queues", "queue", "type", "vars", "paths", "on_failure", "alerts"},
    "transfer": {"copy", "encryption", "paths"},
    "desktop": {"access", "encryption"},
    "starter": {"triggers"},
    "load": {"from", "into", "to", "encryption", "vars", "database", "warehouse", "message_queue"},
    "copy": {"into", "warehouse", "vars"},
    "expect": {"expect", "in", "alerts", "on_failure", "encryption"},
    "host": {"access", "upload", "secrets", "encryption", "vars", "image"},
}
_OF_UPLOADS = {"events", "notifications", "policy", "trail"}  # what triggers write into buckets and dead letters
_TELLING = {"events_rule", "lambda_function", "lambda_event_source", "cloudwatch_alarm", "sfn_state_machine"}
_SHARED = {"policy", "visibility"}
_TYPED = {"schedules", "share", "array", "vars"}  # what the notifier repeats, so that a missed run can be typed


def leaves(tree: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every scalar of the spec with its path."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else None
    if entries is None:
        yield path, tree
        return
    for key, value in entries:
        yield from leaves(value, (*path, key))


def with_value(tree: Tree, path: Path_, value: Any) -> Tree:
    """The spec with another value at one place."""
    found = copy.deepcopy(tree)
    at: Any = found
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return found


def others(tree: Tree, value: Any) -> Iterator[Any]:
    """Values that might be valid in the place of one, the likeliest first."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, value - 1, value * 2, value // 2, 1024, 4096)
    elif isinstance(value, str) and re.fullmatch(r"\d+ GB", value):
        yield from ("4 GB", "6 GB", "8 GB", "10 GB")
    elif isinstance(value, str):
        # Names of entries, of shares and of schedules; then texts of many sorts.
        names = dict.fromkeys(str(key) for path, _ in leaves(tree) for key in (*path[1:2], *path[3:4]))
        like_it = (value.replace("/", "2/"), *(re.sub(":[a-z]+$", key, value) for key in _KEYS), f"{value}x")
        first: tuple[Any, ...] = (*_TIMES, *_CRONS) if value[:1].isdigit() else (*like_it, *names)
        yield from dict.fromkeys((*first, *_WORDS, *_TIMES, *names, *like_it, "exit:7", "*"))


def as_written(text: str) -> Tree:
    """The spec as plain values; PyYAML takes the key `on` for a boolean, as YAML 1.1 did."""
    tree: Tree = yaml.safe_load(text)
    for trigger in tree.get("triggers", {}).values():
        if True in trigger:
            trigger["on"] = trigger.pop(True)
    return tree


def read(tree: Tree, folder: Path) -> Spec | None:
    """The spec, when it is valid."""
    try:
        return spec_of(yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True), folder, ENV)
    except SpecError:
        return None


def another(tree: Tree, path: Path_, value: Any, folder: Path) -> Tree | None:
    """The spec with another valid value in one place."""
    text = path[0] in {"vars", "tags", "outputs"} or "environment" in path or "command" in path
    key = next(part for part in reversed(path) if isinstance(part, str))
    if "columns" in path:
        key = "columns"
    likely = [f"{value}x"] if text and isinstance(value, str) else _BY_KEY.get(key, others(tree, value))
    for other in likely:
        changed = with_value(tree, path, other)
        if other != value and read(changed, folder):
            return changed
    return None


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
    *("filesystems", "functions", "workflows", "triggers", "desktops", "warehouses", "loaders"),
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
            if section == "compute_environments":  # a queue over the only environment need not name it, nor be written
                todo.append("job_queues.default")
                todo.extend(f"job_queues.{queue}" for tree in trees for queue in tree.get("job_queues", {}))
            if section == "job_queues":  # a job on the only queue need not name it
                todo.extend(f"jobs.{job}" for tree in trees for job in tree["jobs"])
            if section == "jobs":  # what a job receives from is hidden for six times its timeout
                jobs = [tree["jobs"].get(name, {}) for tree in trees]
                todo.extend(f"message_queues.{q}" for job in jobs for q in job.get("access", {}).get("receive", []))
                todo.extend(f"databases.{d}" for job in jobs for d in job.get("access", {}).get("connect", []))
            if section in {"jobs", "functions", "workflows"}:  # a file system has a door for each place that is used
                words = {word for tree in trees for _, word in leaves(tree.get(section, {}).get(name, {}))}
                systems = {key for tree in trees for key in tree.get("filesystems", {})}
                todo.extend(f"filesystems.{key}" for key in systems & {str(word).split("/")[0] for word in words})
            if section == "triggers":  # a workflow looks at the object of the upload that started it
                started = [tree.get("triggers", {}).get(name, {}).get("start", {}).get("workflow") for tree in trees]
                todo.extend(f"workflows.{workflow}" for workflow in started if workflow)
            if section == "topics":  # a queue lets those topics send that it hears
                topics = [tree.get("topics", {}).get(name, {}) for tree in trees]
                todo.extend(f"message_queues.{q}" for topic in topics for q in topic.get("queues", []))
    return found


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
    if change.kind in {"iam_instance_profile", "ec2_launch_template"}:  # there while an environment is on EC2
        return path[-1] == "type"
    # A thing that the change leaves without an origin, or that stands for the instance while it is needed.
    left = change.origin == change.address and any(one.split(".")[1] in change.address.partition(".")[2] for one in may)
    return tells(change, path) or (left and change.kind not in _INSTANCE)


def tells(change: Change, path: Path_) -> bool:
    """Whether it is shared, and of the key's: how failures are told, uploads heard of, or files copied."""
    fields = {field.name for field in change.fields}
    if path[0] in {"triggers", "workflows", "buckets"} and change.address.endswith("_starter"):
        return True
    if "copy" in path and change.kind.startswith("datasync_location"):  # named by its place, and shared by copies
        return True
    if path[0] == "triggers" and change.kind in {"s3_bucket", "sqs_queue"} and fields <= _OF_UPLOADS:
        return True
    if path[0] == "alerts":  # whom CloudWatch may reach, and the dead letters, lie in what others own
        return change.kind in _TELLING or (change.kind in {"sns_topic", "sqs_queue"} and fields <= _SHARED)
    if "on_failure" in path:
        return change.kind in {"events_rule", "lambda_function", "sfn_state_machine"} or (
            change.kind == "sqs_queue" and fields == {"policy"}
        )
    return change.kind == "lambda_function" and fields == {"code"} and bool(_TYPED & set(path))


def check_every_key(account: Account, tree: Tree, folder: Path, every: int, step: int = 1) -> set[str | int]:
    """Change each key (or each `step`-th) in turn; every so many-th change is also applied, and taken back."""
    base = read(tree, folder)
    assert base is not None
    known = Remembered(account)
    known.put(base)
    unchanged: set[str | int] = set()
    keys = list(leaves({key: value for key, value in tree.items() if key not in _NOT_THESE}))
    for number, (path, value) in enumerate(keys[::step]):
        changed = another(tree, path, value, folder)
        if changed is None:
            unchanged.add(path[-1])
            continue
        spec = read(changed, folder)
        assert spec is not None
        planned = known.plan(spec)
        may = allowed((tree, changed), path)
        wrong = [c for c in planned.plan.changes if not touches(c, may, path)]
        assert not wrong, (path, [(c.origin, c.address, [f.name for f in c.fields]) for c in wrong])
        if number % every == 0 and not planned.plan.refusals and path[-1] not in _ONE_WAY:
            known.put(spec)
            assert_empty(known.plan(spec))
            known.put(base)
            assert_empty(known.plan(base))
    return unchanged


@pytest.mark.parametrize("name", EXAMPLES)
def test_one_key_of_an_example(account: Account, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    shutil.copytree(EXAMPLES[name].parent, folder, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    for build in [path.parent for pattern in ("*/Dockerfile", "*/app.py") for path in folder.glob(pattern)][:1]:
        shutil.copytree(build, folder / "other")
        (folder / "other" / "more").write_text("another image", encoding="utf-8")
    tree = as_written(EXAMPLES[name].read_text(encoding="utf-8"))
    # The larger examples have many keys of one sort: of those every third is enough for each run.
    every, step = (1, 1) if SEEDS > 25 else (12, 1 if name == "quickstart" else 3)
    assert check_every_key(account, tree, folder, every, step) <= _ALONE


@pytest.mark.parametrize("seed", [23] if SEEDS <= 25 else range(SEEDS // 10))
def test_one_key_of_any_spec(account: Account, folder: Path, tmp_path: Path, seed: int) -> None:
    shutil.copytree(folder, tmp_path / "spec")
    shutil.copytree(folder / "scraper", tmp_path / "spec" / "other")
    (tmp_path / "spec" / "other" / "more").write_text("another image", encoding="utf-8")
    tree = yaml.safe_load(random_spec(seed))
    # The longest of all, with every kind in it: each run takes every third key, the long form each key of many specs.
    every, step = (8, 1) if SEEDS > 25 else (6, 3)
    check_every_key(account, tree, tmp_path / "spec", every, step)


def test_change_shows_the_very_field(account: Account, folder: Path) -> None:
    tree = yaml.safe_load(random_spec(4))
    base = read(tree, folder)
    assert base is not None
    account.put(base)
    (job, *_) = tree["jobs"]
    spec = read(with_value(tree, ("jobs", job, "priority"), 7), folder)
    assert spec is not None
    assert shown(account.plan(spec).plan) == [f"update batch_job_definition.random-{job}: priority"]
