"""The whole way: what fails in Batch and Scheduler becomes one mail each, by the notifier as it is shipped."""

import json
import time

import pytest

from scrapectl.aws.facts import NOTIFIER
from scrapectl.local.cloud import Cloud
from scrapectl.local.flows.mail import mails_of
from scrapectl.local.functions.table import functions_of
from scrapectl.local.jobs.attempt import runner_of
from scrapectl.local.server import Server
from scrapectl.shipped import shipped
from tests.unit.local_flows.conftest import ROOT, World, fill

BATCH = f"arn:aws:batch:{ROOT}:"
LETTERS = f"arn:aws:sqs:{ROOT}:shop_dead"
SUBMIT = "arn:aws:scheduler:::aws-sdk:batch:submitJob"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A cloud behind a socket, as the notifier must call back; with a small Batch."""
    folder = tmp_path_factory.mktemp("cloud")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scrapectl.local.server.TICK", 0.02)
        server = Server(Cloud(state_dir=folder))
        server.start()
        world = World(server.cloud)
        yield world, fill(world, folder / "scraper")
        server.close()


@pytest.fixture(scope="module")
def wired(place):
    """The notifier with its rule, its queue of letters and a topic, as the blueprint wants them."""
    world, stage = place
    topic = world.topic("shop-ops")
    world("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="team@example.com")
    stage.define("shop-collect", {"environment": [{"name": "SHOP_TOKEN", "value": "c4n4ry-t0ken"}]})
    stage.define("shop-broken", {"image": f"{world.cloud.account}.dkr.ecr.us-east-1.amazonaws.com/shop-scraper:none"})
    stage.define("shop-collect-2")
    stage.define("other-collect")
    world.queue("shop_dead", "events.amazonaws.com", VisibilityTimeout="43200")
    routes = {
        "pipeline": "shop",
        "stage": None,
        "region": "us-east-1",
        "log_group": "/scrapectl/shop",
        "jobs": {
            "shop-collect": {"job": "collect", "topic": topic},
            "shop-broken": {"job": "broken", "topic": topic},
        },
        "dead_letters": topic,
        "schedules": {"collect-soon": {"job": "collect", "command": "scrapectl run collect --pipeline shop"}},
    }
    files = {name: shipped(f"notifier/{name}").read_text() for name in NOTIFIER} | {"routes.json": json.dumps(routes)}
    actions = ("batch:DescribeJobDefinitions", "batch:DescribeJobs", "batch:ListJobs", "sns:Publish", "sqs:*")
    settings = {"Code": {"ZipFile": world.zipped(files)}, "Handler": "notifier.handler", "Timeout": 60}
    arn = world.function("shop_notifier", "", *actions, MemorySize=256, **settings)
    detail = {
        "status": ["FAILED"],
        "jobDefinition": [{"prefix": f"{BATCH}job-definition/shop-"}],
        "arrayProperties": {"index": [{"exists": False}]},
    }
    pattern = {"source": ["aws.batch"], "detail-type": ["Batch Job State Change"], "detail": detail}
    rule = world.rule("shop_failed-runs", pattern, {"Arn": arn, "DeadLetterConfig": {"Arn": LETTERS}})
    world.permit("shop_notifier", "events.amazonaws.com", rule)
    reports = ["ReportBatchItemFailures"]
    mapping = {"FunctionName": "shop_notifier", "EventSourceArn": LETTERS, "FunctionResponseTypes": reports}
    world("lambda").create_event_source_mapping(**mapping)
    return world, stage


def under_way(cloud):
    """Whether another mail could still come: a job or a function runs, now or within the next ticks."""
    time.sleep(0.2)
    jobs = runner_of(cloud).board.jobs.values()
    return functions_of(cloud).running.total() > 0 or not all(job.ended for job in jobs)


@pytest.fixture
def mail_after(wired):
    """Do something and return the one mail that comes of it, once no other is under way."""
    world, _ = wired

    def seen():
        return mails_of(world.cloud)

    def make(act):
        before = len(seen())
        act()
        end = time.monotonic() + 90  # it takes a second or two, but the machine may be busy
        while len(seen()) == before:
            assert time.monotonic() < end, "no mail"
            time.sleep(0.02)
        while under_way(world.cloud):
            time.sleep(0.02)
        (mail,) = seen()[before:]
        return mail

    return make


def test_a_failed_job(wired, mail_after):
    _, stage = wired
    ids = []
    mail = mail_after(
        lambda: ids.append(stage.submit("echo 'token c4n4ry-t0ken refused'; exit 3", definition="shop-collect"))
    )
    assert mail["to"] == "team@example.com"
    assert mail["subject"] == "shop: collect failed (exit 3)"
    assert f"Run:       job ({ids[0]})\n" in mail["text"]
    assert "Cause:     exit code 3\n" in mail["text"]
    assert f"scrapectl logs {ids[0]} --pipeline shop --region us-east-1\n" in mail["text"]
    assert mail["text"].endswith("Last lines:\n  token ******** refused\n")


def test_an_array_with_one_failed_child(wired, mail_after):
    _, stage = wired
    script = 'echo "child $AWS_BATCH_JOB_ARRAY_INDEX"; [ "$AWS_BATCH_JOB_ARRAY_INDEX" != 2 ]'
    mail = mail_after(lambda: stage.submit(script, definition="shop-collect", arrayProperties={"size": 4}))
    assert mail["subject"] == "shop: collect failed (1 of 4 children)"
    assert "Failed:    1 of 4 children; the first is 2\n" in mail["text"]
    assert mail["text"].endswith("Last lines of child 2:\n  child 2\n")


def test_a_job_that_never_started(wired, mail_after):
    _, stage = wired
    mail = mail_after(lambda: stage.submit(definition="shop-broken"))
    assert mail["subject"] == "shop: broken failed (not started)"
    assert "CannotPullContainerError" in mail["text"]
    assert "Last lines" not in mail["text"]


def test_a_schedule_whose_job_queue_is_gone(wired, mail_after):
    world, _ = wired
    role = world.role("starts", "batch:SubmitJob", "sqs:SendMessage", service="scheduler.amazonaws.com")
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 3))  # well ahead, however busy it is
    target = {
        "Arn": SUBMIT,
        "RoleArn": role,
        "Input": json.dumps({"JobName": "soon", "JobQueue": "gone", "JobDefinition": "shop-collect"}),
        "DeadLetterConfig": {"Arn": LETTERS},
    }
    given = {"ScheduleExpression": f"at({at})", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    mail = mail_after(lambda: world("scheduler").create_schedule(Name="collect-soon", **given))
    assert mail["subject"] == "shop: collect was not started (ClientException)"
    assert "Schedule:  collect-soon\n" in mail["text"]
    assert "Cause:     ClientException: JobQueue gone does not exist\n" in mail["text"]
    assert "Do it now: scrapectl run collect --pipeline shop\n" in mail["text"]
    asked = {"QueueUrl": world("sqs").get_queue_url(QueueName="shop_dead")["QueueUrl"]}
    names = ["ApproximateNumberOfMessagesNotVisible"]
    left = world("sqs").get_queue_attributes(**asked, AttributeNames=names)["Attributes"]
    assert left == {"ApproximateNumberOfMessagesNotVisible": "1"}  # told, and still there


def test_jobs_of_other_pipelines_are_not_told(wired, mail_after):
    _, stage = wired

    def fail():
        for definition in ("other-collect", "shop-collect-2"):
            stage.run("exit 1", definition=definition)
        stage.submit("exit 9", definition="shop-collect")

    assert mail_after(fail)["subject"] == "shop: collect failed (exit 9)"
