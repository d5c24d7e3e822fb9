"""A plan as text, JSON and Markdown; and what came of it."""

from __future__ import annotations

import io
import json
from itertools import chain, repeat
from types import SimpleNamespace

import pytest

from scrapectl.engine.plan import Action, Change, Event, Outcome, Phase, Plan, Result
from scrapectl.engine.resource import FieldChange
from scrapectl.engine.values import Policy, Ref, Text
from scrapectl.errors import Place, Problem
from scrapectl.views.console import console, print_lines, print_table
from scrapectl.views.plan_json import outcome_document, plan_document
from scrapectl.views.plan_markdown import plan_markdown
from scrapectl.views.plan_text import Line, change_lines, outcome_lines, plan_lines
from scrapectl.views.progress import Progress

DEFINITION = Change(
    "batch_job_definition.shop-collect",
    "batch_job_definition",
    Action.UPDATE,
    ("shop-collect",),
    fields=(
        FieldChange("memory", 1024, 2048),
        FieldChange("environment", {"ZIP": "1", "DB_PASSWORD": "old"}, {"ZIP": "2", "DB_PASSWORD": "new"}),
        FieldChange("image", "a:1", Ref("ecr_image.shop-scraper", "uri"), unknown=True),
        FieldChange("value", "s3cret", "s3cret2", hidden=True),
    ),
    origin="jobs.collect",
    where=Place("pipeline.yaml", 40, 5),
)
ROLE = Change(
    "iam_role.shop_job",
    "iam_role",
    Action.CREATE,
    ("shop_job",),
    fields=(
        FieldChange("trust", None, Policy({"Statement": []})),
        FieldChange("boundary", None, None),
        FieldChange("path", None, Text(("/", Ref("x", "id", "shop"), "/"))),
    ),
)
SPOT = Change(
    "batch_compute_environment.shop-spot",
    "batch_compute_environment",
    Action.REPLACE,
    ("shop-spot-2",),
    old_key=("shop-spot-1",),
    fields=(FieldChange("type", "FARGATE", "FARGATE_SPOT", fixed=True, drift=True),),
    notes=("the old one goes when the new one is in use",),
)
GONE = Change("schedule.shop-collect_morning", "schedule", Action.DELETE, ("shop", "collect_morning"))
PLAN = Plan(
    "shop",
    "eu",
    "123456789012",
    "eu-west-1",
    (ROLE, DEFINITION, SPOT, GONE),
    ("a.b", "c.d"),
    ("read late",),
    (),
    ("x stays",),
)


def text_of(plan: Plan) -> str:
    out = io.StringIO()
    print_lines(console(out, no_color=False), plan_lines(plan))
    return out.getvalue()


def test_text_says_everything_without_colour():
    assert text_of(PLAN) == (
        """\
  + create iam_role.shop_job
        trust: {"Statement": []}
        path: "/shop/"
  ~ update batch_job_definition.shop-collect  (jobs.collect, pipeline.yaml:40:5)
        memory: 1024 → 2048
        environment.DB_PASSWORD: "********" → "********"
        environment.ZIP: "1" → "2"
        image: "a:1" → (known after apply)
        value: (secret) → (secret)
-/+ replace batch_compute_environment.shop-spot  drift: it was changed in AWS
        type: "FARGATE" → "FARGATE_SPOT"  (cannot be changed in place)
        note: the old one goes when the new one is in use
  - delete schedule.shop-collect_morning
Note: read late
Stays: x stays

Plan: 1 to create, 1 to update, 1 to replace, 1 to delete; 2 unchanged.
"""
    )


def test_of_a_map_only_what_is_unknown_is_told_as_unknown():
    before = {"A": "1", "B": "1"}
    after = {"A": "2", "B": Ref("x.y", "id")}
    change = Change(
        "a.b", "a", Action.UPDATE, ("b",), fields=(FieldChange("environment", before, after, unknown=True),)
    )
    assert [line.text for line in change_lines(change)][1:] == [
        '        environment.A: "1" → "2"',
        '        environment.B: "1" → (known after apply)',
    ]


def test_an_empty_plan_is_one_line():
    assert text_of(Plan("shop", None, "1", "r", unchanged=("a.b",))) == (
        "No changes: 1 resource is as the spec wants it.\n"
    )


def test_a_leftover_says_its_address_once_and_what_stays_is_gathered():
    left = Change("a.x", "a", Action.DELETE, ("x",), origin="a.x")
    plan = Plan("shop", None, "1", "r", (left,), remains=("a.x: revisions", "a.y: revisions", "b"))
    assert text_of(plan).splitlines()[:3] == ["  - delete a.x", "Stays: a.x, a.y: revisions", "Stays: b"]
    assert text_of(Plan("shop", None, "1", "r")) == "Nothing to do: nothing stands, and nothing is wanted.\n"


def test_json_is_the_form_that_was_promised():
    document = plan_document(PLAN)
    assert list(document)[:8] == [
        "pipeline", "stage", "account", "region", "changes", "unchanged", "summary", "notes",
    ]  # fmt: skip
    assert document["stage"] == "eu"
    assert document["unchanged"] == 2
    assert document["summary"] == {"create": 1, "update": 1, "replace": 1, "delete": 1}
    assert document["changes"][1] == {
        "address": "batch_job_definition.shop-collect",
        "action": "update",
        "origin": "jobs.collect",
        "where": "pipeline.yaml:40:5",
        "fields": [
            field("memory", 1024, 2048),
            field("environment", {"ZIP": "1", "DB_PASSWORD": "********"}, {"ZIP": "2", "DB_PASSWORD": "********"}),
            field("image", "a:1", None) | {"unknown": True},
            field("value", None, None) | {"hidden": True},
        ],
        "drift": False,
        "notes": [],
    }
    assert document["changes"][2]["drift"] is True
    assert document["changes"][2]["fields"][0]["fixed"] is True
    assert json.loads(json.dumps(document)) == document


def field(name, before, after):
    return {"name": name, "before": before, "after": after, "fixed": False, "unknown": False, "hidden": False}


def test_a_refused_plan_is_shown_and_holds_the_error():
    refused = Plan("shop", None, "1", "r", (GONE,), refusals=(Problem("not ours", Place("p.yaml", 1, 2), "jobs.a"),))
    document = plan_document(refused)
    assert document["error"]["code"] == 3
    assert document["error"]["problems"][0]["line"] == 1
    assert document["changes"][0]["action"] == "delete"
    assert "Refused: p.yaml:1:2: jobs.a: not ours\n" in text_of(refused)


def test_of_what_is_new_only_its_name_is_told_unless_the_whole_is_asked_for():
    texts = [line.text for line in plan_lines(PLAN, whole=False)]
    assert texts[:2] == ["  + create iam_role.shop_job", text_of(PLAN).splitlines()[3]]
    assert "        memory: 1024 → 2048" in texts
    assert "path:" in plan_markdown(PLAN)


def test_a_long_difference_stands_on_three_lines():
    change = Change("a.b", "a", Action.UPDATE, ("b",), fields=(FieldChange("queues", ["x" * 60], ["y" * 60]),))
    before, after = "x" * 60, "y" * 60
    assert [line.text for line in change_lines(change)][1:] == [
        "        queues:",
        f'          - ["{before}"]',
        f'          + ["{after}"]',
    ]


def test_what_is_kept_is_not_counted_as_deleted():
    kept = Change("a.kept", "a", Action.DELETE, ("kept",), keep=True)
    lines = text_of(Plan("shop", None, "1", "r", (GONE, kept))).splitlines()
    assert lines[1] == "  - keep a.kept"
    assert lines[-1] == "Plan: 0 to create, 0 to update, 0 to replace, 1 to delete, 1 to keep; 0 unchanged."


def test_no_secret_stands_anywhere():
    forms = [text_of(PLAN), json.dumps(plan_document(PLAN)), plan_markdown(PLAN)]
    assert not [form for form in forms if "s3cret" in form or '"old"' in form or '"new"' in form]


def test_markdown_cannot_be_broken_out_of():
    note = "```\n# owned\n````"
    nasty = Plan("shop", None, "1", "r", (Change("a.b", "a", Action.CREATE, ("b",), notes=(note,)),))
    made = plan_markdown(nasty)
    fence = made.splitlines()[4].removesuffix("diff")
    assert set(fence) == {"`"}
    assert len(fence) == 5
    assert made.endswith(f"\n{fence}\n")
    assert made.count(fence) == 2


def test_markdown_marks_each_change():
    lines = plan_markdown(PLAN).splitlines()
    assert "+ create iam_role.shop_job" in lines
    assert "! replace batch_compute_environment.shop-spot  drift: it was changed in AWS" in lines
    assert "- delete schedule.shop-collect_morning" in lines


def outcomes():
    return [
        Outcome(ROLE, Result.DONE, 1.25),
        Outcome(DEFINITION, Result.FAILED, 2.0, "batch register: \x1b[31mno\nbad"),
        Outcome(GONE, Result.SKIPPED, 0.0, "skipped, for x failed"),
    ]


def test_outcomes_in_text_and_json():
    outputs = {"bucket": "raw", "db_password": "x"}
    texts = [line.text for line in outcome_lines(outcomes(), outputs, 2.0)]
    assert texts == [
        " failed update batch_job_definition.shop-collect (2.0s): batch register: no bad",
        "schedule.shop-collect_morning: skipped, for x failed",
        "1 done, 1 failed, 1 skipped in 2.0s.",
        "Run the same command again to go on.",
    ]
    texts = [line.text for line in outcome_lines(outcomes()[:1], outputs, 1.25)]
    assert texts == ["1 done in 1.2s.", "bucket = raw", "db_password = (secret)"]
    assert [line.text for line in outcome_lines([], {"bucket": "raw"}, 0.1)] == ["bucket = raw"]
    document = outcome_document(PLAN, outcomes(), {"bucket": "raw", "db_password": "x"})
    assert [(c["outcome"], c["seconds"], c["error"]) for c in document["changes"]] == [
        ("done", 1.2, None),
        ("failed", 2.0, "batch register: no\nbad"),
        ("skipped", 0.0, "skipped, for x failed"),
    ]
    assert document["outputs"] == {"bucket": "raw", "db_password": "********"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


def test_colour_only_where_it_may_be(terminal):
    print_lines(console(terminal, no_color=False), [Line("x", "green")])
    assert terminal.getvalue() == "\x1b[32mx\x1b[0m\n"
    plain = Terminal()
    print_lines(console(plain, no_color=True), [Line("x", "green")])
    assert plain.getvalue() == "x\n"


def test_force_color_does_not_colour_a_file(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = io.StringIO()
    print_lines(console(out, no_color=False), [Line("x", "green")])
    assert out.getvalue() == "x\n"


def test_markup_and_long_lines_are_left_alone():
    out = io.StringIO()
    print_lines(console(out, no_color=False), [Line("[bold]x[/bold] :smile: " + "y" * 300)])
    print_table(console(out, no_color=False), ["[red]head", "b"], [["[bold]\x1b[31mcell", None]])
    assert out.getvalue().splitlines() == ["[bold]x[/bold] :smile: " + "y" * 300, "[red]head   b", "[bold]cell"]


def test_progress_without_a_terminal_is_lines(capsys):
    with Progress(no_color=False) as progress:
        progress(Event(Phase.STARTED, ROLE, 0.0))
        progress(Event(Phase.RETRYING, ROLE, 1.0, "the role is \x1b[1mfresh"))
        progress(Event(Phase.ENDED, ROLE, 2.0, "", Outcome(ROLE, Result.DONE, 2.0)))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        " started create iam_role.shop_job",
        "retrying create iam_role.shop_job: the role is fresh",
        "   done create iam_role.shop_job (2.0s)",
    ]


def test_progress_says_the_same_again_only_after_a_minute(capsys, monkeypatch):
    now = chain([0.0, 0.0, 10.0, 20.0, 30.0], repeat(90.0))
    monkeypatch.setattr("scrapectl.views.progress.time", SimpleNamespace(monotonic=lambda: next(now)))
    with Progress(no_color=True) as progress:
        for text in ("creating", "creating", "backing-up", "backing-up", "backing-up"):
            progress(Event(Phase.WAITING, ROLE, 0.0, f"it is {text}"))
    assert capsys.readouterr().err.splitlines() == [
        " waiting create iam_role.shop_job: it is creating",
        " waiting create iam_role.shop_job: it is backing-up",
        " waiting create iam_role.shop_job: it is backing-up",
    ]


def test_progress_tells_both_halves_of_a_replacement_and_leaves_what_was_skipped_to_the_end(capsys):
    with Progress(no_color=True) as progress:
        progress(Event(Phase.STARTED, SPOT, 0.0))
        progress(Event(Phase.STARTED, SPOT, 1.0))
        progress(Event(Phase.ENDED, GONE, 2.0, "", Outcome(GONE, Result.SKIPPED)))
    assert capsys.readouterr().err.splitlines() == [
        " started replace batch_compute_environment.shop-spot",
        " started replace batch_compute_environment.shop-spot: the old one goes",
    ]


def test_a_table_is_neither_folded_nor_cut_on_a_narrow_terminal(terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    print_table(
        console(terminal, no_color=True), ("run", "reason"), [("2dc44563-f40b-4d1a-ae81", "it failed"), ("b", "")]
    )
    assert terminal.getvalue().splitlines() == [
        "run                      reason",
        "2dc44563-f40b-4d1a-ae81  it failed",
        "b",
    ]


def test_progress_on_a_terminal_is_a_picture_that_goes(terminal, monkeypatch):
    monkeypatch.setattr("sys.stderr", terminal)
    with Progress(no_color=True) as progress:
        progress(Event(Phase.STARTED, ROLE, 0.0))
        progress(Event(Phase.ENDED, ROLE, 2.0, "", Outcome(ROLE, Result.DONE, 2.0)))
    assert "done create iam_role.shop_job (2.0s)" in terminal.getvalue()
