"""A pipeline's whole life on the embedded cloud, each command in text and in JSON."""

from __future__ import annotations

import dataclasses
import json
import re
import signal
import time
from pathlib import Path

import pytest

from scrapectl.cli import pushing
from tests.cli.conftest import PATIENCE, started

SPEC = """
    version: 1
    pipeline: {name}
    region: us-east-1
    images: {{scraper: {{build: ./scraper}}}}
    buckets: {{raw: {{}}}}
    job_queues: {{default: {{shares: {{low: 1, high: 4}}}}}}
    jobs:
      collect:
        image: scraper
        command: [collect]
        vcpus: 0.25
        memory: 512
        retries: 0
        environment: {{ZIP: "48104", API_KEY: from-the-spec}}
        schedules:
          morning: {{cron: "0 6 * * ? *", timezone: America/Detroit}}
          off: {{rate: 1h, enabled: false}}
      scrape:
        image: scraper
        command: [scrape]
        vcpus: 0.25
        memory: 512
        retries: 0
        array: 3
    outputs: {{bucket: "${{bucket.raw.name}}"}}
"""
SCRIPT = """
    import os, sys, time
    what, index = sys.argv[1], os.environ.get("AWS_BATCH_JOB_ARRAY_INDEX")
    print(f"{what} {os.environ['ZIP'] if 'ZIP' in os.environ else index} \\x1b[31mred\\x1b[0m", flush=True)
    if what == "sleep":
        time.sleep(60)
    if what == "scrape" and index in ("1", "2"):
        sys.exit(10 + int(index))
    if what == "kill":
        os.kill(os.getpid(), 9)
    if what == "fail":
        sys.exit(5)
    print("end", flush=True)
"""
RUN_ID = r"[0-9a-f]{8}-[0-9a-f-]{27}"


@pytest.fixture(scope="session")
def names():
    """A name for each pipeline of a session."""
    return iter(f"life{number}" for number in range(1000))


@pytest.fixture
def shop(cloud, spec, names, scrapectl):
    """A pipeline that stands, for one test alone: its name."""
    name = next(names)
    spec(SPEC.format(name=name), SCRIPT)
    answer = scrapectl("apply", "--yes", "--output", "json")
    assert answer.code == 0, answer
    return name


@pytest.fixture(scope="session")
def mall_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("mall")


@pytest.fixture
def mall(cloud, mall_folder, write_spec, scrapectl, monkeypatch):
    """A pipeline that stands, for all tests that change nothing of it: its name."""
    monkeypatch.chdir(mall_folder)
    if not (mall_folder / "pipeline.yaml").exists():
        write_spec(mall_folder, SPEC.format(name="mall"), SCRIPT)
        assert scrapectl("apply", "--yes").code == 0
    return "mall"


@pytest.mark.usefixtures("cloud")
def test_from_nothing_to_nothing(spec, names, scrapectl):
    name = next(names)
    path = spec(SPEC.format(name=name), SCRIPT)
    planned = scrapectl("plan", "--detailed-exitcode")
    assert planned.code == 2
    assert f"  + create batch_job_definition.{name}-collect  (jobs.collect, pipeline.yaml:8:3)\n" in planned.out
    assert "from-the-spec" not in planned.out
    applied = scrapectl("apply", "--yes")
    assert applied.code == 0
    assert f"done create batch_job_definition.{name}-collect" in applied.err
    assert re.search(rf"\n[0-9]+ done in [0-9.]+s\.\nbucket = {name}-raw-123456789012-us-east-1\n$", applied.out)
    again = scrapectl("plan", "--detailed-exitcode")
    assert (again.code, again.out[:11]) == (0, "No changes:")
    path.write_text(path.read_text().replace("memory: 512", "memory: 1024", 1))
    changed = scrapectl("plan", "--output", "json")
    (change,) = changed.json["changes"]
    assert change["address"] == f"batch_job_definition.{name}-collect"
    assert change["where"] == "pipeline.yaml:12:5"  # the key that was edited
    assert [(f["name"], f["before"], f["after"]) for f in change["fields"]] == [("memory", 512, 1024)]
    assert scrapectl("apply", "--yes").code == 0
    gone = scrapectl("destroy", "--yes", "--output", "json")
    assert gone.code == 0
    assert {change["outcome"] for change in gone.json["changes"]} == {"done"}
    assert {change["action"] for change in gone.json["changes"]} == {"delete"}
    assert name not in {each["pipeline"] for each in scrapectl("pipelines", "--output", "json").json["pipelines"]}


@pytest.mark.usefixtures("cloud")
def test_the_form_of_apply(spec, names, scrapectl):
    name = next(names)
    spec(SPEC.format(name=name), SCRIPT)
    document = scrapectl("apply", "--yes", "--output", "json").json
    assert {"pipeline", "stage", "account", "region", "changes", "unchanged", "summary", "notes", "outputs"} <= set(
        document
    )
    assert document["pipeline"] == name
    assert document["account"] == "123456789012"
    assert document["outputs"] == {"bucket": f"{name}-raw-123456789012-us-east-1"}
    assert document["summary"]["create"] == len(document["changes"])
    for change in document["changes"]:
        assert {
            "address",
            "action",
            "origin",
            "where",
            "fields",
            "drift",
            "notes",
            "outcome",
            "seconds",
            "error",
        } <= set(change)
        assert (change["outcome"], change["error"]) == ("done", None)
    assert "from-the-spec" not in json.dumps(document)
    again = scrapectl("apply", "--yes", "--output", "json").json
    assert (again["changes"], again["outputs"]) == ([], document["outputs"])


@pytest.mark.usefixtures("cloud")
def test_asking(spec, names, scrapectl, monkeypatch):
    name = next(names)
    spec(SPEC.format(name=name), SCRIPT)
    nobody = scrapectl("apply", stdin="")
    assert nobody.code == 64
    assert "Give --yes" in nobody.err
    no = scrapectl("apply", stdin="no\n")
    assert no.code == 130
    assert "Nothing was changed." in no.err
    yes = scrapectl("apply", "--output", "json", stdin="yes\n")
    assert yes.code == 0
    assert yes.json["pipeline"] == name
    wrong = scrapectl("destroy", stdin="yes\n")
    assert wrong.code == 130
    monkeypatch.setenv("SCRAPECTL_SPEC", "/nowhere")
    right = scrapectl("destroy", "--pipeline", name, stdin=f"{name}\n")
    monkeypatch.delenv("SCRAPECTL_SPEC")
    assert right.code == 0
    assert f"Type {name} to destroy it" in right.err
    assert scrapectl("destroy").out == "Nothing to do: nothing stands, and nothing is wanted.\n"


@pytest.mark.usefixtures("cloud")
def test_a_saved_plan_is_applied_only_while_nothing_moved(spec, names, scrapectl, tmp_path):
    path = spec(SPEC.format(name=next(names)), SCRIPT)
    assert scrapectl("plan", "--out", "plan.json").code == 0
    assert "from-the-spec" not in (tmp_path / "plan.json").read_text()
    assert (tmp_path / "plan.json").stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    path.write_text(before + "# changed\n")
    moved = scrapectl("apply", "--plan", "plan.json")
    assert moved.code == 3
    assert "has changed since the plan was made" in moved.err
    path.write_text(before)
    assert scrapectl("apply", "--plan", "plan.json").code == 0
    stale = scrapectl("apply", "--plan", "plan.json", "--output", "json")
    assert stale.code == 3
    assert stale.json["error"]["message"] == "AWS has changed since the plan was made. Plan again."


@pytest.mark.usefixtures("shop")
def test_data_that_would_be_lost_is_refused(scrapectl):
    script = "import boto3, os; boto3.client('s3').put_object(Bucket=os.environ['BUCKET'], Key='a', Body=b'x')"
    Path("scraper/go.py").write_text(script)
    text = Path("pipeline.yaml").read_text()
    change = {"ZIP: ": 'BUCKET: "${bucket.raw.name}", ZIP: ', "command: [collect]": "access: {write: [raw]}"}
    for old, new in change.items():
        text = text.replace(old, new, 1)
    Path("pipeline.yaml").write_text(text)
    assert scrapectl("apply", "--yes").code == 0
    assert scrapectl("run", "collect", "--wait").code == 0
    refused = scrapectl("destroy", "--yes", "--output", "json")
    assert refused.code == 3
    assert refused.json["error"]["code"] == 3
    assert "holds 1 object" in refused.json["error"]["message"]
    assert refused.json["changes"]
    told = scrapectl("destroy", "--yes")
    assert told.code == 3
    assert "holds 1 object" in told.err
    assert "holds" not in told.out  # it is told once
    Path("without.yaml").write_text(Path("pipeline.yaml").read_text().replace("raw", "cooked"))
    planned = scrapectl("plan", "without.yaml")
    assert planned.code == 3
    assert "Refused: " in planned.out
    assert scrapectl("destroy", "--yes", "--delete-data").code == 0


@pytest.mark.usefixtures("cloud")
def test_only_brings_what_it_needs(spec, names, scrapectl):
    spec(SPEC.format(name=next(names)), SCRIPT)
    document = scrapectl("apply", "--yes", "--only", "images.scraper", "--output", "json").json
    assert {change["origin"] for change in document["changes"]} == {"images.scraper"}
    unknown = scrapectl("apply", "--yes", "--only", "jobs.bogus")
    assert unknown.code == 64


def test_markdown(mall, scrapectl):
    answer = scrapectl("plan", "--markdown")
    assert answer.out.startswith(f"### scrapectl plan: {mall}\n\nAccount 123456789012, region us-east-1. **No changes:")
    assert scrapectl("plan", "--markdown", "--output", "json").code == 64


def test_run_and_wait(mall, scrapectl):
    submitted = scrapectl("run", "collect", "--output", "json").json
    assert submitted | {"run": ""} == {
        "run": "", "name": "collect", "state": "SUBMITTED", "exit_code": None, "seconds": None, "reason": None,
    }  # fmt: skip
    waited = scrapectl("run", "collect", "--wait", "--output", "json")
    assert waited.code == 0
    assert waited.json | {"run": "", "seconds": 0} == {
        "run": "", "name": "collect", "state": "SUCCEEDED", "exit_code": 0, "seconds": 0, "reason": None,
    }  # fmt: skip
    text = scrapectl("run", "collect", "--wait")
    assert text.out == ""
    assert re.search(rf"collect {RUN_ID} SUCCEEDED after [0-9.]+s, exit code 0\n$", text.err)
    assert mall


@pytest.mark.usefixtures("mall")
def test_run_ends_with_the_containers_code(scrapectl):
    failed = scrapectl("run", "collect", "--wait", "--command", "fail", "--output", "json")
    assert (failed.code, failed.json["state"], failed.json["exit_code"]) == (5, "FAILED", 5)
    killed = scrapectl("run", "collect", "--wait", "--", "kill")
    assert killed.code == 137
    assert re.search(rf"^Its log: scrapectl logs {RUN_ID}$", killed.err, re.MULTILINE)
    array = scrapectl("run", "scrape", "--wait", "--output", "json")
    assert (array.code, array.json["exit_code"]) == (11, 11)


@pytest.mark.usefixtures("mall")
def test_follow_prints_every_line_and_then_the_run(scrapectl):
    answer = scrapectl("run", "collect", "--follow", "--env", "ZIP=10001", "--output", "json")
    assert answer.code == 0
    first, second, run = answer.lines
    assert (first["text"], second["text"]) == ("collect 10001 red", "end")
    assert set(first) == {"run", "at", "text"}
    assert first["run"] == run["run"]
    assert run["state"] == "SUCCEEDED"
    text = scrapectl("run", "scrape", "--follow")
    assert text.code == 11
    assert sorted(line[9:] for line in text.out.splitlines()) == [
        "[0] end",
        "[0] scrape 0 red",
        "[1] scrape 1 red",
        "[2] scrape 2 red",
    ]
    assert "\x1b" not in text.out


@pytest.mark.usefixtures("mall")
def test_dry_run_shows_the_request_and_hides_secrets(scrapectl, tmp_path):
    (tmp_path / "env").write_text("# words\nURL=http://x\n")
    words = f"--array 2 --share high --vcpus 0.5 --env-file {tmp_path}/env --env API_KEY=hunter2".split()
    words += ["--memory", "1 GB"]
    answer = scrapectl("run", "collect", "--dry-run", *words, "--", "a b", "c")
    request = answer.json["request"]
    assert request["shareIdentifier"] == "high"
    assert request["arrayProperties"] == {"size": 2}
    assert request["containerOverrides"] == {
        "command": ["a b", "c"],
        "environment": [{"name": "URL", "value": "http://x"}, {"name": "API_KEY", "value": "********"}],
        "resourceRequirements": [{"type": "VCPU", "value": "0.5"}, {"type": "MEMORY", "value": "1024"}],
    }
    assert "hunter2" not in answer.out + answer.err
    assert answer.err.startswith("Warning: API_KEY looks like a secret.")


def test_an_unknown_job_is_64_with_the_close_one(mall, scrapectl):
    answer = scrapectl("run", "colect")
    assert answer.code == 64
    told = f'{mall} has no job, function, workflow, host or run "colect".'
    assert answer.err.splitlines() == [told, 'Did you mean "collect"?']


def test_logs(shop, scrapectl):
    nothing = scrapectl("logs", "collect")
    assert (nothing.code, nothing.out) == (0, "")
    ids = [scrapectl("run", "collect", "--wait", "--env", f"ZIP={n}", "--output", "json").json["run"] for n in (1, 2)]
    asked = (
        ["collect"],
        [],
        [ids[0]],
        ["collect", "--last", 2],
        ["collect", "--filter", "end"],
        ["collect", "--pipeline", shop, "--region", "us-east-1"],
        ["collect", "--follow"],
    )
    answers = [scrapectl("logs", *words, "--output", "json") for words in asked]
    texts = [[line["text"] for line in answer.lines] for answer in answers]
    assert texts[0] == texts[1] == texts[5] == texts[6] == ["collect 2 red", "end"]
    assert texts[2] == ["collect 1 red", "end"]
    assert texts[3] == ["collect 1 red", "end", "collect 2 red", "end"]
    assert texts[4] == ["end"]
    several = scrapectl("logs", "collect", "--last", "2").out.splitlines()
    assert several[0].endswith(f"[{ids[0][:8]}] collect 1 red")
    assert scrapectl("logs", "collect", "--since", "1h").out.count("\n") == 2
    assert scrapectl("logs", "collect", "--since", "soon").code == 64
    assert "has no such line." in scrapectl("logs", "collect", "--filter", "nowhere").err
    unknown = scrapectl("logs", "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa")
    assert unknown.code == 64


@pytest.mark.usefixtures("mall")
def test_logs_of_an_array_hold_every_child(scrapectl):
    scrapectl("run", "scrape", "--wait")
    lines = scrapectl("logs", "scrape", "--all", "--output", "json").lines
    assert sorted(line["text"] for line in lines) == ["end", "scrape 0 red", "scrape 1 red", "scrape 2 red"]
    assert {line["run"].rpartition(":")[2] for line in lines} == {"0", "1", "2"}


def test_status(shop, scrapectl):
    run = scrapectl("run", "collect", "--wait", "--command", "fail", "--output", "json").json["run"]
    document = scrapectl("status", "--output", "json").json
    assert set(document) == {"resources", "runs", "schedules", "triggers", "refused"}
    assert {"address": f"batch_job_queue.{shop}-default", "status": "READY", "reason": None} in document["resources"]
    (shown,) = document["runs"]
    assert set(shown) == {"run", "name", "state", "started", "seconds", "exit_code", "reason"}
    assert (shown["run"], shown["name"], shown["state"], shown["exit_code"]) == (run, "collect", "FAILED", 5)
    morning, off = document["schedules"]
    assert (morning["name"], morning["schedule"], morning["enabled"], morning["paused"]) == (
        "collect_morning", "cron(0 6 * * ? *)", True, False,
    )  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT06:00:00-0[45]:00", morning["next"][0])
    assert (off["enabled"], off["next"]) == (False, [])
    of_one = scrapectl("status", "scrape", "--pipeline", shop, "--region", "us-east-1", "--output", "json").json
    assert [each["address"] for each in of_one["resources"]] == [f"batch_job_definition.{shop}-scrape"]
    assert (of_one["runs"], of_one["schedules"]) == ([], [])
    text = scrapectl("status").out
    assert re.search(rf"batch_job_queue.{shop}-default +READY\n", text)
    assert re.search(rf"{run} +collect +FAILED .* 5 ", text)
    assert scrapectl("status", "bogus").code == 64
    nobody = scrapectl("status", "--pipeline", "nobody", "--region", "us-east-1")
    assert nobody.code == 64
    assert nobody.err.startswith("Nothing of nobody stands in account 123456789012, region us-east-1.")


def test_schedules(mall, scrapectl):
    listed = scrapectl("schedule", "list", "--output", "json").json["schedules"]
    assert [(each["name"], each["job"], each["enabled"]) for each in listed] == [
        ("collect_morning", "collect", True), ("collect_off", "collect", False),
    ]  # fmt: skip
    standing = scrapectl(
        "schedule", "next", "collect", "-n", "7", "--pipeline", mall, "--region", "us-east-1", "--output", "json"
    )
    written = scrapectl("schedule", "next", "collect", "-n", "7", "--output", "json")
    assert standing.json == written.json
    assert len(written.json["schedules"][0]["next"]) == 7
    assert scrapectl("schedule", "next", "bogus").code == 64
    assert "collect_morning" in scrapectl("schedule", "next").out


@pytest.mark.usefixtures("shop")
def test_stop(scrapectl):
    runs = [scrapectl("run", "collect", "--command", "sleep", "--output", "json").json["run"] for _ in range(2)]
    unclear = scrapectl("stop", "collect")
    assert unclear.code == 64
    assert "2 active runs" in unclear.err
    one = scrapectl("stop", runs[0], "--reason", "wrong zip", "--output", "json").json["runs"]
    assert [(each["run"], each["name"]) for each in one] == [(runs[0], "collect")]
    assert scrapectl("stop", "collect", "--all").out.split()[1:3] == ["collect", runs[1]]
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        time.sleep(0.05)
        states = {run["run"]: run for run in scrapectl("status", "collect", "--output", "json").json["runs"]}
        if all(run["state"] == "FAILED" for run in states.values()):
            break
    assert "wrong zip" in states[runs[0]]["reason"]
    assert scrapectl("stop", "--all").out == "Nothing runs or waits.\n"
    assert scrapectl("stop", runs[0]).code == 64
    assert scrapectl("stop").code == 64


@pytest.mark.usefixtures("shop")
def test_ctrl_c_while_following_leaves_the_run_going(scrapectl):
    words = ["run", "collect", "--follow", "--command", "sleep"]
    with started(*words) as following:
        assert following.stdout is not None
        assert "sleep 48104" in following.stdout.readline()
        following.send_signal(signal.SIGINT)
        _, err = following.communicate(timeout=PATIENCE)
    assert following.returncode == 130
    assert re.search(rf"collect {RUN_ID} goes on\.\nFollow it: scrapectl logs {RUN_ID} --follow", err)
    (run,) = scrapectl("status", "--output", "json").json["runs"]
    assert run["state"] == "RUNNING"
    assert scrapectl("stop", "collect").code == 0


def test_images_push(shop, scrapectl, tmp_path):
    standing = scrapectl("images", "push", "--output", "json").json["images"]
    assert [(each["name"], each["pushed"]) for each in standing] == [("scraper", False)]
    (tmp_path / "scraper" / "go.py").write_text("print('new')\n")
    pushed = scrapectl("images", "push", "scraper", "--output", "json").json["images"][0]
    assert pushed["pushed"] is True
    assert pushed["digest"] != standing[0]["digest"]
    assert pushed["uri"].endswith(f"/{shop}-scraper@{pushed['digest']}")
    assert scrapectl("images", "push", "bogus").code == 64
    assert scrapectl("plan", "--output", "json").json["summary"]["update"] == 2


@pytest.mark.parametrize("folder", ["changed", "unchanged"])
def test_images_push_force_builds_anew(shop, scrapectl, tmp_path, monkeypatch, folder):
    """Also what is pushed anyway: its base image may have moved as well."""
    push, anew = pushing.push_image, []
    monkeypatch.setattr(pushing, "push_image", lambda *args, **said: anew.append(said["anew"]) or push(*args, **said))
    if folder == "changed":
        (tmp_path / "scraper" / "go.py").write_text("print('newer')\n")
    assert "(pushed)" in scrapectl("images", "push", "--force").out
    assert anew == [True]


def test_images_push_that_was_interrupted_says_so(shop, scrapectl, monkeypatch):
    applying = pushing.apply_plan
    monkeypatch.setattr(pushing, "apply_plan", lambda *args: dataclasses.replace(applying(*args), interrupted=True))
    answer = scrapectl("images", "push")
    assert (answer.code, answer.err.splitlines()[-1]) == (130, "Run it again to go on.")
    assert shop


def test_pipelines(mall, scrapectl):
    found = {
        each["pipeline"]: each
        for each in scrapectl("pipelines", "--region", "us-east-1", "--output", "json").json["pipelines"]
    }
    assert found[mall]["stage"] is None
    assert found[mall]["resources"] > 5
    assert found[mall]["last_apply"]
    assert mall in scrapectl("pipelines", "--region", "us-east-1").out


def test_local_status_shows_keys_in_json_alone(mall, scrapectl):
    document = scrapectl("local", "status", "--output", "json").json
    assert {"running", "endpoint_url", "access_key", "secret_key", "region", "resources", "started"} <= set(document)
    assert document["running"] is True
    text = scrapectl("local", "status").out
    assert document["endpoint_url"] in text
    assert document["secret_key"] not in text
    assert document["access_key"] not in text
    assert mall


def test_every_aws_call_is_logged_with_debug(mall, scrapectl):
    answer = scrapectl("status", "--debug", "--output", "json")
    assert re.search(r"^aws batch describe_job_definitions  ?[0-9.]+s$", answer.err, re.MULTILINE)
    assert answer.json["resources"]
    assert mall


def test_validate_and_next_need_no_cloud(spec, scrapectl, monkeypatch):
    monkeypatch.setenv("SCRAPECTL_LOCAL_DIR", "/nowhere")
    spec(SPEC.format(name="shop"))
    assert scrapectl("validate").code == 0
    assert scrapectl("schedule", "next").code == 0


@pytest.mark.usefixtures("mall")
def test_watch_is_a_line_for_each_change(scrapectl):
    words = ["status", "--watch", "--output", "json"]
    with started(*words) as watching:
        assert watching.stdout is not None
        first = json.loads(watching.stdout.readline())
        scrapectl("run", "collect")
        second = json.loads(watching.stdout.readline())
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=PATIENCE)
    assert second["runs"] != first["runs"]
    assert watching.returncode == 130


@pytest.mark.usefixtures("cloud")
def test_ctrl_c_ends_what_has_begun_and_apply_goes_on(spec, names, scrapectl):
    spec(SPEC.format(name=next(names)), SCRIPT)
    words = ["apply", "--yes", "--output", "json"]
    with started(*words, "--parallel", "1") as applying:  # so that much is left when it is pressed
        assert applying.stderr is not None
        assert "started" in applying.stderr.readline()
        applying.send_signal(signal.SIGINT)
        out, err = applying.communicate(timeout=PATIENCE)
    assert applying.returncode == 130, err
    outcomes = [change["outcome"] for change in json.loads(out)["changes"]]
    assert "done" in outcomes
    assert "skipped" in outcomes
    assert "failed" not in outcomes
    rest = scrapectl(*words)
    assert rest.code == 0
    assert len(rest.json["changes"]) == outcomes.count("skipped")


def test_proxies_and_profiles_are_not_for_what_is_on_this_machine(mall, scrapectl, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "none")
    assert mall in scrapectl("pipelines", "--region", "us-east-1").out


@pytest.mark.usefixtures("cloud")
def test_a_plan_that_is_another_now_is_not_what_was_agreed_to(spec, names, scrapectl, monkeypatch, tmp_path):
    name = next(names)
    path = spec(SPEC.format(name=name), SCRIPT)
    other = tmp_path / "other.yaml"
    other.write_text(path.read_text().replace("memory: 512", "memory: 1024"))

    def ask_while_another_applies(*_words: str) -> str:
        assert scrapectl("apply", other, "--yes").code == 0
        return "yes"

    monkeypatch.setattr("scrapectl.cli.carrying.ask", ask_while_another_applies)
    answer = scrapectl("apply", path)
    assert answer.code == 3
    assert "Another apply came first" in answer.err


def test_destroy_of_an_unknown_name_says_which_names_stand(shop, scrapectl):
    where = ("--region", "us-east-1", "--yes")
    typo = scrapectl("destroy", "--pipeline", f"{shop}x", *where)
    assert (typo.code, typo.out) == (64, "")
    assert typo.err.splitlines() == [
        f"Nothing of {shop}x stands in account 123456789012, region us-east-1.",
        f'Did you mean "{shop}"?',
    ]
    far = scrapectl("destroy", "--pipeline", "q", *where)
    assert far.code == 64
    assert re.search(rf"There stand: .*\b{shop}\b", far.err)
    assert scrapectl("destroy", "--yes").code == 0
    assert scrapectl("destroy", "--yes").out == "Nothing to do: nothing stands, and nothing is wanted.\n"
    assert scrapectl("destroy", "--pipeline", shop, *where).code == 64


def test_a_failed_array_lists_its_failed_children(shop, scrapectl):
    answer = scrapectl("run", "scrape", "--wait")
    assert answer.code == 11
    told = answer.err.splitlines()
    at = next(number for number, line in enumerate(told) if " FAILED after " in line)
    assert told[at].startswith("scrape ")
    assert [line.split(":")[0] for line in told[at + 1 : at + 3]] == [
        "  child 1 FAILED, exit code 11",
        "  child 2 FAILED, exit code 12",
    ]
    (run,) = scrapectl("status", "scrape", "--output", "json").json["runs"]
    assert (run["exit_code"], run["failed"]) == (11, 2)
    assert [(kid["index"], kid["exit_code"]) for kid in run["failed_children"]] == [(1, 11), (2, 12)]
    assert re.search(r"\n- child 1 +scrape +FAILED .* 11 ", scrapectl("status").out)
    assert shop
