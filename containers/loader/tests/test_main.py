"""The loader as a job: what its environment tells, its last line, its exit code."""

import json
import signal

import pytest
from loader import __main__ as job
from loader import emptying
from loader.sources import messages
from loader_scene import SOURCE


@pytest.fixture
def run(scene, monkeypatch, capsys):
    """Run the job with a document and an environment; gives its exit code and its last line."""
    monkeypatch.setattr(job, "client", scene.client)
    before = signal.getsignal(signal.SIGTERM)

    def ran(text=None, **environment):
        monkeypatch.setenv("SCRAPECTL_LOAD", text or scene.text())
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        code = job.main()
        last = capsys.readouterr().out.splitlines()[-1]
        return code, json.loads(last) if last.startswith("{") else last

    yield ran
    signal.signal(signal.SIGTERM, before)


def test_a_load_and_the_same_again(scene, run):
    scene.put("out/a.csv", [("1", "a@x", "1")])
    code, last = run(BUCKET=SOURCE, KEY="out/a.csv", RUN="r-1")
    assert (code, last["state"], last["run"], last["rows"]) == (0, "loaded", "r-1", 1)
    assert scene.records() == [last]
    code, last = run(BUCKET=SOURCE, KEY="out/a.csv", RUN="r-2")
    assert (code, last["state"]) == (0, "skipped")


def test_a_refusal_is_an_exit_code(scene, run):
    scene.put("out/a.csv", [("1", "a@x", "much")])
    code, last = run()
    assert (code, last["state"]) == (1, "refused")


def test_a_wrong_document_says_so(run):
    assert run("{}") == (1, "the loader's document is wrong: KeyError 'version'")


def test_sigterm_ends_it(run, scene):
    run()
    with pytest.raises(SystemExit) as ended:
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 143


def test_a_queue_is_emptied_but_for_what_does_not_fit(scene, run, monkeypatch):
    sqs = scene.client("sqs")
    url = sqs.create_queue(QueueName="rows")["QueueUrl"]
    for body in ('{"id": "1"}', "no json", '[{"id": "2"}, {"id": "3"}]', *['{"id": "4"}'] * 12):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    monkeypatch.setattr(emptying, "MOST_MESSAGES", 7)
    monkeypatch.setattr(messages, "SECONDS_WAITED", 0)
    text = scene.text(source={"queue": url}, format={"type": "json"}, key=[])
    code, _ = run(text, RUN="r-1")
    assert code == 1, "a message does not fit"
    assert sorted(row[0] for row in scene.rows()) == ["1", "2", "3", *["4"] * 12]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (told["ApproximateNumberOfMessages"], told["ApproximateNumberOfMessagesNotVisible"]) == ("1", "0")
    assert {source.rpartition("#")[0] for source in scene.ledger()} == {"sqs:rows"}
    sqs.purge_queue(QueueUrl=url)
    code, last = run(text, RUN="r-2")
    assert (code, last["reason"]) == (0, "the queue is empty")


def test_expectations_without_a_table(scene, run):
    scene.put("out/a.json", '{"id": 1}')
    told = {"version": 1, "pipeline": "p", "loader": "expect", "source": {"bucket": SOURCE},
            "staging": {"bucket": "loads-bucket"},
            "expect": [{"job": "collect", "prefix": "out/", "min_items": 2}]}  # fmt: skip
    code, last = run(json.dumps(told))
    assert (code, last["reason"]) == (1, "collect: 1 items, at least 2 are expected")
