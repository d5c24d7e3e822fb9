"""Schema, model and a spec with every key hold the same language, and the hand-made walk agrees with jsonschema."""

from __future__ import annotations

import copy
import dataclasses
import functools
import importlib.util
import itertools
import json
import random
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from scrapectl.errors import SpecError
from scrapectl.spec import check_text, later, load_spec, model
from scrapectl.spec.findings import Findings
from scrapectl.spec.nodes import Mapping, Node, Scalar, Sequence
from scrapectl.spec.schema import load_schema, schema_path
from scrapectl.spec.shape import Shape
from scrapectl.spec.yaml import parse

EVERYTHING = Path(__file__).with_name("everything.yaml")
MADE = EVERYTHING.with_name("everything_made.yaml")
RAW = json.loads(schema_path().read_text())

_found = importlib.util.spec_from_file_location("random_specs", Path(__file__).parents[2] / "random_specs.py")
random_specs = importlib.util.module_from_spec(_found)
_found.loader.exec_module(random_specs)

# Where the properties of each model class stand in the resolved schema; of several places it has what all have.
CLASSES = {
    model.Spec: [()],
    model.Network: [("network",)],
    model.MadeNetwork: [("network",)],
    model.Logs: [("logs",)],
    model.Image: [("images", "*")],
    model.Secret: [("secrets", "*")],
    model.Bucket: [("buckets", "*")],
    model.Archive: [("buckets", "*", "archive")],
    model.FileSystem: [("filesystems", "*")],
    model.AccessPath: [("filesystems", "*", "paths", "*")],
    model.MessageQueue: [("message_queues", "*")],
    model.ComputeEnvironment: [("compute_environments", "*")],
    model.JobQueue: [("job_queues", "*")],
    model.Job: [("jobs", "*")],
    model.Access: [(section, "*", "access") for section in ("jobs", "functions", "workflows", "hosts", "desktops")],
    model.Schedule: [(section, "*", "schedules", "*") for section in ("jobs", "functions", "workflows")],
    model.Deliver: [("jobs", "*", "schedules", "*", "deliver")],
    model.Function: [("functions", "*")],
    model.Workflow: [("workflows", "*")],
    model.Host: [("hosts", "*")],
    model.HostSchedule: [("hosts", "*", "schedules", "*")],
    model.Trigger: [("triggers", "*")],
    model.Desktop: [("desktops", "*")],
    model.Iam: [("iam",)],
    model.Topic: [("topics", "*")],
    model.Database: [("databases", "*")],
    model.Power: [("databases", "*", "power")],
    model.Warehouse: [("warehouses", "*")],
    model.Serverless: [("warehouses", "*", "serverless")],
    model.Cluster: [("warehouses", "*", "cluster")],
    model.Alerts: [("alerts",)],
    model.Loader: [("loaders", "*")],
    model.BadRows: [("loaders", "*", "bad_rows")],
    model.Expectation: [("jobs", "*", "expect")],
}
# What of a place's keys belongs to another class.
OTHERS = {
    model.Network: {"cidr", "zones", "nat", "endpoints", "peer"},
    model.MadeNetwork: {"vpc", "subnets", "security_groups"},
    model.Trigger: {"start"},
}
# Keys that are words of Python.
RENAMED = {"instance_class": "class", "source": "from", "place": "in"} | {
    "key_columns": "key",
    "key_fields": "key",
}
# What the loader adds, and what it uses up.
NOT_WRITTEN = {"origin", "where", "places", "key", "file", "folder", "stage", "on_ec2", "made", "asked"} | {
    "states",
    "section",
    "starts",
    "runner",
}
NOT_KEPT = {"version", "stages"}


def schema_at(steps: tuple[str, ...]) -> dict:
    part = load_schema()
    for step in steps:
        every = part.get("additionalProperties") or part.get("items")
        part = every if step == "*" else part["properties"][step]
    return part


def nodes_of(part, path=""):
    """Yield every schema inside the schema that describes a value, with its path."""
    for key, inner in part.get("properties", {}).items():
        yield f"{path}.{key}", inner
        yield from nodes_of(inner, f"{path}.{key}")
    if isinstance(part.get("additionalProperties"), dict):
        yield f"{path}.*", part["additionalProperties"]
        yield from nodes_of(part["additionalProperties"], f"{path}.*")
    if "items" in part:
        yield from nodes_of(part["items"], f"{path}[]")


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(RAW)


@pytest.mark.parametrize(("path", "part"), list(nodes_of(load_schema())))
def test_every_key_has_a_description(path, part):
    assert len(part.get("description", "")) > 8, path


@pytest.mark.parametrize(("path", "part"), list(nodes_of(load_schema())))
def test_every_pattern_says_what_to_write_instead(path, part):
    for inner in (part, part.get("items", {}), part.get("propertyNames", {})):
        if "pattern" in inner:
            assert ". " in inner["patternErrorMessage"], path


def keys_of(found: type) -> set[str]:
    """The keys that the schema has for what a class of the model holds."""
    keys = {key for steps in CLASSES[found] for key in schema_at(steps)["properties"]}
    return keys - OTHERS.get(found, NOT_KEPT if found is model.Spec else set())


@pytest.mark.parametrize("found", CLASSES, ids=lambda c: c.__name__)
def test_model_and_schema_have_the_same_keys(found):
    names = {field.name for field in dataclasses.fields(found)} - NOT_WRITTEN
    fields = {RENAMED.get(name, name) for name in names}
    if CLASSES[found][0][-1:] not in ((), ("*",)):
        fields.discard("name")
    assert fields == keys_of(found)


def test_a_spec_with_every_key_writes_every_key():
    written = set()

    def walk(node, part, path) -> None:
        written.add(path)
        if isinstance(node, Mapping):
            for key, inner in node.entries.items():
                if key in part.get("properties", {}):
                    walk(inner, part["properties"][key], f"{path}.{key}")
                elif isinstance(part.get("additionalProperties"), dict):
                    walk(inner, part["additionalProperties"], f"{path}.*")

    for file in (EVERYTHING, MADE):
        walk(parse(file.read_text(), "x"), load_schema(), "")
    assert {path for path, _ in nodes_of(load_schema()) if "[]" not in path} <= written


def test_each_key_reaches_the_model_as_something_other_than_its_default():
    seen: dict[type, set[str]] = {}
    stack: list = [load_spec(EVERYTHING), load_spec(MADE)]
    while stack:
        thing = stack.pop()
        if isinstance(thing, dict):
            stack += thing.values()
        elif type(thing) in CLASSES:
            for field in dataclasses.fields(thing):
                value = getattr(thing, field.name)
                stack.append(value)
                default = field.default_factory() if callable(field.default_factory) else field.default
                if value != default:
                    seen.setdefault(type(thing), set()).add(RENAMED.get(field.name, field.name))
    for found in CLASSES:
        assert keys_of(found) <= seen[found], found


def node_of(default, findings: Findings) -> Node:
    if isinstance(default, list):
        return Sequence(tuple(node_of(item, findings) for item in default), findings.start)
    text = default if isinstance(default, str) else json.dumps(default)
    return Scalar(text, quoted=isinstance(default, str), place=findings.start)


def test_defaults_of_the_schema_are_those_of_the_model():
    names = {key: field for field, key in RENAMED.items()}
    spec = check_text(
        "pipeline: x\njobs: {a: {image: b, schedules: {s: {rate: 1h}}}}\nbuckets: {b: }\nimages: {i: {build: .}}\n"
        "topics: {t: }\nalerts: {}\ndatabases: {d: {engine: mysql, version: 8.4, power: {start: '0 1 * * ? *', "
        "stop: '0 2 * * ? *'}}}\nnetwork: {cidr: 10.0.0.0/24}\nfilesystems: {w: {paths: {p: }}}\n"
        "functions: {f: {image: 1.dkr.ecr.us-east-1.amazonaws.com/x}}\ndesktops: {r: {image: x}}\n"
        "workflows: {s: {steps: [{run: a}]}}\ntriggers: {t: {on: {upload: b}, start: {workflow: s}}}"
    )
    database = spec.databases["d"]
    job = spec.jobs["a"]
    for thing, steps in (
        (job, ("jobs", "*")),
        (job.schedules["s"], ("jobs", "*", "schedules", "*")),
        (spec.buckets["b"], ("buckets", "*")),
        (spec.images["i"], ("images", "*")),
        (spec.job_queues["default"], ("job_queues", "*")),
        (spec.compute_environments["default"], ("compute_environments", "*")),
        (spec.logs, ("logs",)),
        (spec.alerts, ("alerts",)),
        (spec.topics["t"], ("topics", "*")),
        (database, ("databases", "*")),
        (database.power, ("databases", "*", "power")),
        (spec.network.made, ("network",)),
        (spec.filesystems["w"], ("filesystems", "*")),
        (spec.filesystems["w"].paths["p"], ("filesystems", "*", "paths", "*")),
        (spec.functions["f"], ("functions", "*")),
        (spec.desktops["r"], ("desktops", "*")),
        (spec.workflows["s"], ("workflows", "*")),
        (spec.triggers["t"], ("triggers", "*")),
    ):
        for key, part in schema_at(steps)["properties"].items():
            if "default" in part:
                findings = Findings("x")
                read = Shape(findings).read(node_of(part["default"], findings), part, key)
                # A list is kept as a tuple, and `public: false` as nobody's networks.
                read = tuple(read) if isinstance(read, list) else () if key == "public" and read is False else read
                assert getattr(thing, names.get(key, key)) == read, key
                assert not findings.problems


def plain(node: Node):
    """The tree as any YAML 1.2 reader gives it to jsonschema."""
    if isinstance(node, Mapping):
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if node.is_null:
        return None
    for value in (node.as_bool(), node.as_int(), node.as_number()):
        if value is not None:
            return value
    return node.text


def leaves(value, path=()):
    """Yield the path of every single value of a spec; not of those that references cannot stand in for."""
    if path[:1] in (("vars",), ("stages",)):
        return
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    elif value not in OF_RUN:
        yield path


# What a var cannot stand for: it is known in the steps of a workflow alone.
OF_RUN = ("${run}", "${key}")
EVERY_VALUE = plain(parse(EVERYTHING.read_text(), "x"))


def meaning(thing):
    """A spec without its places, which move when a line grows."""
    if dataclasses.is_dataclass(thing):
        names = {field.name for field in dataclasses.fields(thing)} - {"where", "places", "vars"}
        return {name: meaning(getattr(thing, name)) for name in names}
    if isinstance(thing, dict):
        return {key: meaning(value) for key, value in thing.items()}
    return [meaning(item) for item in thing] if isinstance(thing, list | tuple) else thing


@functools.cache
def meaning_of_all():
    return meaning(check_text(json.dumps(EVERY_VALUE), "x", folder=EVERYTHING.parent))


def entry_of(path):
    """What holds a value: one entry of a section of entries, or the whole section."""
    inside = EVERY_VALUE[path[0]]
    of_entries = isinstance(inside, dict) and all(isinstance(entry, dict) for entry in inside.values())
    return path[:2] if of_entries else path[:1]


def one_of_each_entry():
    """Every value of the spec, in as few lists as there are with one value of an entry in each."""
    lists = []
    for _, paths in itertools.groupby(sorted(leaves(EVERY_VALUE), key=entry_key), key=entry_key):
        for at, path in enumerate(paths):
            lists[at : at + 1] = [[*(lists[at] if at < len(lists) else ()), path]]
    return lists


def entry_key(path):
    return str(entry_of(path))


ONE_OF_EACH = one_of_each_entry()


def test_every_value_is_tried():
    tried = [path for paths in ONE_OF_EACH for path in paths]
    assert sorted(map(str, tried)) == sorted(map(str, leaves(EVERY_VALUE)))
    for paths in ONE_OF_EACH:
        assert len({entry_of(path) for path in paths}) == len(paths)


@pytest.mark.parametrize("paths", ONE_OF_EACH, ids=range(len(ONE_OF_EACH)))
def test_a_reference_may_stand_for_every_value(paths):
    """By jsonschema, as editors see it, and by the loader, which gets the same spec from it."""
    value = copy.deepcopy(EVERY_VALUE)
    for number, path in enumerate(paths):
        holder = value
        for step in path[:-1]:
            holder = holder[step]
        value["vars"][f"swapped{number}"], holder[path[-1]] = holder[path[-1]], f"${{var.swapped{number}}}"
    refused = [(error.json_path, error.message) for error in Draft202012Validator(RAW).iter_errors(value)]
    assert refused == []
    loaded = check_text(json.dumps(value), "x", folder=EVERYTHING.parent)
    assert meaning(loaded) == meaning_of_all(), paths


@pytest.mark.parametrize("wrong", ["${var.a}${var.b}", "a ${var.a}", "$${var.a}", "${}", "${var.a"])
@pytest.mark.parametrize("key", ["memory", "retries", "public_ip", "vcpus"])
def test_only_one_whole_reference_stands_for_a_value_that_is_not_text(key, wrong):
    accepted = jsonschema_accepts({"pipeline": "a", "jobs": {"a": {"image": "x", key: wrong}}})
    assert accepted == (key == "memory" and "a}" in wrong and "$$" not in wrong)


def verdict_of_shape(tree: Mapping) -> list[str]:
    findings = Findings("x")
    Shape(findings).read(tree, load_schema())
    return [str(problem) for problem in findings.problems]


# Units have bounds that JSON Schema has no word for.
OUR_OWN = re.compile(r"[0-9][smhd] is (too short|too long|not a whole)|whole number of MiB")


def jsonschema_accepts(value) -> bool:
    return Draft202012Validator(RAW).is_valid(value)


@pytest.mark.parametrize("seed", range(30))
def test_random_specs_are_valid_by_both(seed):
    text = random_specs.random_spec(seed)
    tree = parse(text, "x")
    assert jsonschema_accepts(plain(tree))
    assert check_text(text, folder=random_specs.FOLDER, env=random_specs.ENV).jobs


@pytest.mark.parametrize("seed", range(30))
def test_the_published_schema_confirms_random_specs(seed):
    """With references filled in, the same as by the walk alone."""
    text = random_specs.random_spec(seed)
    for stage in (None, "prod") if "stages:" in text else (None,):
        sure = check_text(text, folder=random_specs.FOLDER, env=random_specs.ENV, stage=stage, confirm=True)
        assert sure == check_text(text, folder=random_specs.FOLDER, env=random_specs.ENV, stage=stage)


def test_the_published_schema_confirms_every_key():
    assert load_spec(EVERYTHING, confirm=True) == load_spec(EVERYTHING)


@pytest.mark.parametrize(
    "text",
    [
        "account: 012345678901",
        "tags: {zip: 02134, on: yes, none: 1e3, at: 2026-01-01}",
        "jobs: {a: {image: x, command: [1, 0x10, true, 1:30], environment: {ZIP: 02134, NOT: '${var.nine}'}}}",
        "jobs: {a: {image: x, array: '${env.UNSET}', public_ip: '${env.UNSET}', command: ['${env.UNSET}']}}",
        "images: {i: {existing: their-own, tag: 1.20}}",
        "job_queues: {q: {shares: {1: 1, 2: 4}}}\njobs: {a: {image: x,share: 2, schedules: {s: {rate: 1h, share: 1}}}}",
        "buckets: {a: , b: ~, c: {archive: }}",
        "jobs: {a: {image: x, access: {policy: [{Effect: Allow, Action: a, Resource: 1}]}}}",
    ],
)
def test_the_published_schema_confirms_what_the_language_takes_as_text(text):
    text = f"pipeline: x\nvars: {{nine: '9'}}\n{text}"
    assert check_text(text, env={}, require_env=False, confirm=True).pipeline == "x"


def test_what_the_published_schema_refuses_is_told_at_its_place(monkeypatch):
    narrower = copy.deepcopy(RAW)
    narrower["$defs"]["job"]["properties"]["retries"]["anyOf"][0]["maximum"] = 3
    monkeypatch.setattr("scrapectl.spec.confirm.load_published", lambda: narrower)
    text = "pipeline: x\njobs:\n  a:\n    image: x\n    retries: 4"
    assert check_text(text).jobs["a"].retries == 4
    with pytest.raises(SpecError) as caught:
        check_text(text, "f", confirm=True)
    assert [str(problem) for problem in caught.value.problems] == [
        (
            "f:5:5: jobs.a.retries: the published schema refuses what scrapectl takes: "
            "4 is greater than the maximum of 3. "
            "Editors will underline it. Please report this as a defect of scrapectl."
        )
    ]


@pytest.mark.parametrize("seed", range(150))
def test_a_spoiled_spec_has_one_verdict(seed):
    """Put a wrong value, a wrong key or nothing somewhere: whatever jsonschema refuses the walk refuses as well."""
    rng = random.Random(seed)
    value = plain(parse(random_specs.random_spec(seed), "x"))
    holders: list = []

    def walk(part, path) -> None:
        inside = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        for key, inner in list(inside):
            if not (isinstance(part, dict) and path[-1:] in (["policy"], ["stages"])) and "policy" not in path:
                holders.append((part, key))
            walk(inner, [*path, key])

    walk(value, [])
    holder, key = rng.choice(holders)
    wrong = rng.choice([None, True, -1, 10**7, 0.123, "", "no such thing!", [], {}, [1], {"unknown": 1}])
    if isinstance(holder, dict) and rng.random() < 0.2:
        holder["unknown-Key"] = copy.deepcopy(wrong)
    else:
        holder[key] = wrong
    problems = verdict_of_shape(parse(json.dumps(value), "x"))
    problems = [problem for problem in problems if not OUR_OWN.search(problem)]
    as_text = isinstance(wrong, bool | int | float) or wrong == [1]  # a number where the language takes text
    if jsonschema_accepts(value):
        assert problems == []
    elif not as_text:
        assert problems


def test_the_schema_is_found_in_an_installed_package(tmp_path, monkeypatch):
    package = tmp_path / "scrapectl"
    (package / "schemas").mkdir(parents=True)
    packed = package / "schemas" / "pipeline.schema.json"
    packed.write_text(schema_path().read_text())
    monkeypatch.setattr("scrapectl.spec.schema._PACKAGE", package)
    assert schema_path() == packed


def test_a_key_that_is_not_built_yet_is_in_no_schema():
    for pattern, keys in later.KEYS.items():
        steps = tuple(pattern.split(".")) if pattern else ()
        assert not keys & set(schema_at(steps)["properties"]), pattern


def test_an_invalid_spec_is_invalid():
    with pytest.raises(SpecError):
        check_text("pipeline: 5x")
