"""A saved plan comes back as it was; anything else that is given as one is refused in one clear line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scrapectl.engine.plan import Action, Change, Plan
from scrapectl.engine.resource import FieldChange
from scrapectl.errors import PlanRefused, UsageError
from scrapectl.views.plan_file import PlanFile

CHANGE = Change(
    "batch_job_definition.shop-a", "jobs.a", Action.UPDATE, ("shop-a",), fields=(FieldChange("memory", 1024, 2048),)
)
PLAN = Plan("shop", None, "123456789012", "us-east-1", (CHANGE,))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    (tmp_path / "pipeline.yaml").write_text("pipeline: shop\n")
    path = tmp_path / "plan.json"
    PlanFile.of(PLAN, str(tmp_path / "pipeline.yaml"), ("vars.a=1",)).write(str(path))
    return path


def test_a_saved_plan_comes_back(saved):
    found = PlanFile.read(str(saved))
    found.refuse_unless_same(PLAN)
    assert (found.stage, found.sets, found.region) == (None, ("vars.a=1",), "us-east-1")
    assert saved.stat().st_mode & 0o777 == 0o600


def test_another_plan_is_refused(saved):
    with pytest.raises(PlanRefused):
        PlanFile.read(str(saved)).refuse_unless_same(Plan("shop", None, "123456789012", "us-east-1"))


def refused(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        PlanFile.read(str(path))
    assert caught.value.exit_code == 64
    return caught.value.message.replace(str(path), "FILE")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no plan: Expecting value: line 1 column 1 (char 0)."),
        ("[" * 100_000, "is no plan: maximum recursion depth"),
        ("\xff", "is no plan: 'utf-8' codec can't decode"),
        ("[]", "is no plan: [] is not of type 'object'."),
        ("{}", "is no plan: 'scrapectl_plan' is a required property."),
        ('{"scrapectl_plan": 2}', "was written by another version of scrapectl."),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path, text, told):
    path = tmp_path / "x"
    path.write_bytes(text.encode("latin-1"))
    assert refused(path).startswith(f"--plan FILE {told}")


def test_what_cannot_be_read_is_refused(tmp_path):
    assert refused(tmp_path) == "--plan FILE is no plan: Is a directory."
    assert refused(tmp_path / "none") == "--plan FILE is no plan: No such file or directory."


@pytest.mark.parametrize(
    ("steps", "value", "told"),
    [
        (["spec"], 5, "spec: 5 is not of type 'string'"),
        (["spec"], "", "spec: '' should be non-empty"),
        (["digest"], "x", "digest: 'x' does not match '^[0-9a-f]{64}$'"),
        (["sets"], "a=b", "sets: 'a=b' is not of type 'array'"),
        (["region"], None, "region: None is not of type 'string'"),
        (["more"], 1, "Additional properties are not allowed ('more' was unexpected)"),
        (["document"], [], "document: [] is not of type 'object'"),
        (["document", "changes", 0, "action"], "explode", "document.changes.0.action: 'explode' is not one of"),
        (["document", "changes", 0, "fields", 0, "fixed"], 1, "document.changes.0.fields.0.fixed: 1 is not of type"),
        (["spec"], ["\x1b[2J" * 100], r"spec: ['\x1b[2J"),
    ],
)
def test_a_plan_that_was_changed_by_hand_is_refused_at_the_place(saved, steps, value, told):
    plain = json.loads(saved.read_text())
    holder = plain
    for step in steps[:-1]:
        holder = holder[step]
    holder[steps[-1]] = value
    saved.write_text(json.dumps(plain))
    message = refused(saved)
    assert message.startswith(f"--plan FILE is no plan: {told}")
    assert message.isprintable()
    assert len(message) < 250
