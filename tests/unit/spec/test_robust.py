"""Whatever the text is, a spec or a SpecError comes out of it: quickly, with a place, and without heavy imports."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scrapectl.errors import SpecError
from scrapectl.spec import check_text
from scrapectl.spec.model import Spec

EVERYTHING = Path(__file__).with_name("everything.yaml").read_text()
KEYS = [
    "pipeline",
    "jobs",
    "a",
    "image",
    "buckets",
    "schedules",
    "cron",
    "access",
    "policy",
    "secrets",
    "network",
    "vars",
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["${var.a}", "${", "raw/"])
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


def outcome(text: str) -> Spec | list[str]:
    try:
        return check_text(text, "f", env={})
    except SpecError as error:
        problems = error.problems
    assert problems
    for problem in problems:
        assert problem.place is not None
        assert problem.message
        assert str(problem).isprintable()
    return [str(problem) for problem in problems]


@given(st.text(alphabet="ab:-{}[],&*!|>'\"#%@`\n ?$\t\x85\ufeff", max_size=60))
def test_any_text_is_a_spec_or_an_error(text):
    outcome(text)


@given(st.dictionaries(st.sampled_from(KEYS), TREES, max_size=5))
def test_any_tree_is_a_spec_or_an_error(tree):
    outcome(repr(tree).replace("None", "null").replace("True", "true").replace("False", "false"))


@pytest.mark.parametrize("seed", range(200))
def test_a_spec_with_a_slip_is_a_spec_or_an_error(seed):
    """Take the spec with every key, and delete, double, swap or change some characters of it."""
    rng = random.Random(seed)
    text = list(EVERYTHING)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(text))
        text[at] = rng.choice(["", text[at] * 2, rng.choice("ab:-{}[],'\"\n 0${"), text[at - 1]])
    outcome("".join(text))


WRONG = [None, True, -1, 0.123, 10**7, "", "x y", "rows", "news", "results", "ec2", "0 0 1 1 ? *", "0s", "8.4", [], {}]
WRONG += ["0001-01-01T00:00:00+14:00", "9999-12-31T00:00:00-14:00", "0.0.0.0/0", "2001:db8::/32", ["x"], {"x": 1}]
WRONG += ["${topic.news.arn}", "${database.results.secret}", "${database.x.secret}", "${account}", "${env.NO}"]


@pytest.mark.parametrize("seed", range(150))
def test_a_spec_with_wrong_values_is_a_spec_or_an_error(seed):
    """Take the spec with every key, and put something else at some places of it, or nothing."""
    rng = random.Random(seed)
    tree = yaml.safe_load(EVERYTHING)
    for _ in range(rng.randint(1, 4)):
        holder, key = rng.choice(list(holders(tree)))
        if rng.random() < 0.25:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(rng.choice(WRONG))
    outcome(json.dumps(tree, default=str))


def holders(tree):
    """Yield every map and list of a tree with each of its keys."""
    for key, inner in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield tree, key
        yield from holders(inner)


LARGE = {
    "unknown keys": "pipeline: x\n" + "".join(f"unknown{n}: 1\n" for n in range(25_000)),
    "unknown names": "pipeline: x\njobs:\n" + "".join(f"  j{n}: {{image: x, queue: q{n}}}\n" for n in range(8_000)),
    "unknown vars": "pipeline: x\ncommand: [" + "'${var.a}', " * 50_000 + "]\n",
    "vars in a row": "pipeline: x\nvars:\n"
    + "".join(f"  v{n}: ${{var.v{n + 1}}}\n" for n in range(20_000))
    + "  v20000: a\n",
    "vars that double": "pipeline: x\nvars:\n  v0: a\n"
    + "".join(f"  v{n}: ${{var.v{n - 1}}}${{var.v{n - 1}}}\n" for n in range(1, 99)),
    "a long number": "pipeline: x\nversion: " + "9" * 900_000,
    "a long name": "pipeline: " + "a" * 900_000,
    "a long almost-name": "pipeline: " + "a-" * 450_000,
    "a long pattern": "pipeline: x\nbuckets: {a: {encryption: 'kms:arn:aws" + "-" * 900_000 + "'}}",
    "a long cron": "pipeline: x\njobs: {a: {image: x, schedules: {s: {cron: '" + "1," * 400_000 + " * * ? * *'}}}}",
    "a long instance type": "pipeline: x\ncompute_environments: {a: {type: ec2, instance_types: ['a"
    + "1" * 900_000
    + "!']}}",
    "many schedules that miss": "pipeline: x\ndatabases: {d: {engine: mysql, version: 8.4, power: "
    "{start: '0 1 * * ? *', stop: '0 2 * * ? *'}}}\njobs: {a: {image: x, access: {connect: [d]}, schedules: {"
    + ", ".join(f"s{n}: {{cron: '{n % 60} {3 + n // 60} * * ? *'}}" for n in range(1000))
    + "}}}",
    "many dollars": "pipeline: x\nvars: {a: '" + "${" * 400_000 + "'}",
    "one circle of jobs": "pipeline: x\njobs:\n"
    + "".join(f"  j{n}: {{image: x, command: ['${{job.j{(n + 1) % 2000}.arn}}']}}\n" for n in range(2_000)),
}


@pytest.mark.usefixtures("small_heap")
@pytest.mark.parametrize("name", LARGE)
def test_a_large_wrong_spec_is_refused_quickly(name):
    started = time.process_time()
    problems = outcome(LARGE[name])
    assert time.process_time() - started < 4
    assert isinstance(problems, list)
    assert max(map(len, problems)) < 1000


def test_loading_a_spec_imports_nothing_heavy():
    program = (
        "import sys\nfrom scrapectl.spec import check_text\n"
        "heavy = {'boto3', 'botocore', 'moto', 'rich', 'click', 'jsonschema', 'requests', 'asyncio'}\n"
        "assert not heavy & set(sys.modules)\nassert 'yaml' not in sys.modules\n"
        "check_text('pipeline: x\\njobs: {a: {image: x, schedules: {s: {rate: 1h}}}}')\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
