"""Changing any one key of a spec changes only what it names or what is derived from it; the way back is as good."""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from scrapectl.errors import SpecError
from scrapectl.spec.model import Spec
from tests.account import EXAMPLES, SEEDS, Account, assert_empty, shown, spec_of
from tests.properties.reach_of_a_key import Path_, Tree, allowed, leaves, touches
from tests.random_specs import ENV, random_spec
from tests.remembered import Remembered

_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_NOT_THESE = {"version", "pipeline", "region", "account", "stages"}
# Keys that have no other valid value where they stand: another size would need another memory, another engine
# another version; an environment is named once in a queue; messages are JSON; and there is one topic, queue, database,
# warehouse, secret, job or workflow to name.
_ALONE = {
    *("vcpus", 0, 1, "engine", "format", "NPS_KEY"),
    *("to", "on_failure", "message_queue", "database", "warehouse", "job", "run", "workflow"),
}
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
    "mode": ("700", "append", "replace"),
    "window": ("45s",),
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
    usual = _BY_KEY.get(key)
    if text and isinstance(value, str):  # of the variables some are no free text
        likely: Iterable[Any] = [f"{value}x", *(usual or ())]
    else:
        likely = others(tree, value) if usual is None else usual
    for other in likely:
        changed = with_value(tree, path, other)
        if other != value and read(changed, folder):
            return changed
    return None


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


@pytest.mark.parametrize("seed", [82] if SEEDS <= 25 else range(SEEDS // 10))
def test_one_key_of_any_spec(account: Account, folder: Path, tmp_path: Path, seed: int) -> None:
    shutil.copytree(folder, tmp_path / "spec")
    shutil.copytree(folder / "scraper", tmp_path / "spec" / "other")
    (tmp_path / "spec" / "other" / "more").write_text("another image", encoding="utf-8")
    tree = yaml.safe_load(random_spec(seed))
    # The longest of all, with every kind in it: each run takes every fifth key, the long form each key of many specs.
    every, step = (8, 1) if SEEDS > 25 else (8, 5)
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
