"""One upload is one run: in each way, however often it is told, and nothing is lost in silence."""

import json

import pytest

from containers.starter import starter
from containers.starter.conftest import MACHINE, ROUTE, created, logged, record


def told(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_upload_starts_one_run_with_what_it_needs_to_know(aws):
    starter.handler(created("in/sub/a b.csv"))
    ((machine, name), given), *more = aws.runs.items()
    assert (machine, more) == (MACHINE, [])
    assert len(name) == 64
    assert given == {"bucket": "raw", "key": "in/sub/a b.csv", "version": "", "copies": {"in/": "/sub/a b.csv"}}


def test_the_same_news_twice_starts_one_run(aws, capsys):
    starter.handler(created())
    starter.handler(created())
    assert len(aws.runs) == 1
    assert [line["starter"] for line in told(capsys)] == ["started", "known"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (created(sequencer="1"), created(sequencer="2")),
        (created(**{"version-id": "v1"}), created(**{"version-id": "v2"})),
        (created("in/a.csv"), created("in/b.csv")),
    ],
)
def test_another_write_or_version_or_key_is_another_run(aws, first, second):
    starter.handler(first)
    starter.handler(second)
    assert len(aws.runs) == 2


def test_the_version_names_a_run_whatever_the_sequencer(aws):
    starter.handler(created(sequencer="1", **{"version-id": "v1"}))
    starter.handler(created(sequencer="2", **{"version-id": "v1"}))
    (given,) = aws.inputs
    assert given["version"] == "v1"


@pytest.mark.parametrize("version", ["null", "", None])
def test_a_bucket_without_versions_has_none_to_tell(aws, version):
    starter.handler(created(sequencer="1", **{"version-id": version}))
    starter.handler(created(sequencer="2", **{"version-id": version}))
    assert [given["version"] for given in aws.inputs] == ["", ""]


@pytest.mark.parametrize("name", ["PutObject", "CompleteMultipartUpload", "CopyObject"])
def test_what_cloudtrail_logged_starts_a_run(aws, triggers, name):
    triggers["upload"]["via"] = "cloudtrail"
    starter.handler(logged(name=name, version="v7"))
    starter.handler(logged(name=name, version="v7", number="e-2"))
    (given,) = aws.inputs
    assert (given["key"], given["version"]) == ("in/a.csv", "v7")


def test_of_an_unversioned_object_cloudtrails_event_tells_one_write_from_the_next(aws, triggers):
    triggers["upload"]["via"] = "cloudtrail"
    for number in ("e-1", "e-1", "e-2"):
        starter.handler(logged(number=number))
    assert len(aws.runs) == 2


@pytest.mark.parametrize("event", [logged(errorCode="AccessDenied"), logged(name="DeleteObject")])
def test_calls_that_wrote_nothing_start_nothing(aws, triggers, event, capsys):
    triggers["upload"]["via"] = "cloudtrail"
    starter.handler(event)
    assert aws.runs == {}
    assert [line["starter"] for line in told(capsys)] == ["left"]


def test_keys_of_notifications_are_decoded(aws, triggers):
    triggers["upload"]["via"] = "notification"
    starter.handler({"Records": [record("in/a+b%2Bc%C3%BC.csv", versionId="v1"), record("in/two.csv")]})
    assert [(given["key"], given["version"]) for given in aws.inputs] == [("in/a b+cü.csv", "v1"), ("in/two.csv", "")]


def test_keys_of_events_are_taken_as_they_are(aws):
    starter.handler(created("in/a+b%2B.csv"))
    assert aws.inputs[0]["key"] == "in/a+b%2B.csv"


def test_records_of_another_sort_are_left(aws, triggers, capsys):
    triggers["upload"]["via"] = "notification"
    starter.handler({"Records": [record(name="ObjectRemoved:Delete"), record()]})
    assert len(aws.runs) == 1
    assert [line["starter"] for line in told(capsys)] == ["left", "started"]


def test_one_that_fails_keeps_none_of_the_others_and_is_raised(aws, triggers):
    triggers["upload"]["via"] = "notification"
    aws.refuses["in/1.csv"] = "AccessDeniedException"
    with pytest.raises(ExceptionGroup) as caught:
        starter.handler({"Records": [record(f"in/{n}.csv") for n in range(3)]})
    assert [given["key"] for given in aws.inputs] == ["in/0.csv", "in/2.csv"]
    assert [str(error) for error in caught.value.exceptions] == ["AccessDeniedException"]
    aws.refuses.clear()
    starter.handler({"Records": [record(f"in/{n}.csv") for n in range(3)]})  # Lambda tries again
    assert len(aws.runs) == 3


@pytest.mark.parametrize(
    "event",
    [
        created("out/a.csv"),
        created("in/a.json"),
        created(bucket="other"),
        created("in/sub/.csv/"),
        logged(),  # the trigger listens to EventBridge alone
        {"source": "aws.s3", "detail-type": "Object Deleted", "detail": {}},
        {"source": "shop", "detail-type": "order", "detail": {}},
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "raw"},
    ],
)
def test_what_concerns_no_trigger_is_left_with_a_line(aws, event, capsys):
    starter.handler(event)
    assert aws.asked == []
    assert [line["starter"] for line in told(capsys)] == ["left"]


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "upload",
        {},
        {"Records": None},
        {"Records": [{}]},
        {"Records": ["text"]},
        {"Records": [record("in/%ff.csv")]},
        {"Records": [{**record(), "s3": {"bucket": {}, "object": {}}}]},
        {"source": "aws.s3", "detail-type": "Object Created"},
        created(key=7),
        created(sequencer=None),
        created(sequencer=12),
        logged(requestParameters=None),
    ],
)
def test_what_it_does_not_understand_is_raised(aws, event):
    with pytest.raises(starter.NotUnderstood):
        starter.handler(event)
    assert aws.asked == []


def test_two_triggers_on_one_place_start_a_run_each(aws, triggers):
    triggers["wider"] = ROUTE | {"prefix": "", "suffix": "", "machine": f"{MACHINE}-2", "copies": []}
    starter.handler(created())
    starter.handler(created())  # each rule tells of it
    assert {machine for machine, _ in aws.runs} == {MACHINE, f"{MACHINE}-2"}
    assert len({name for _, name in aws.runs}) == 2


def test_a_copy_elsewhere_takes_nothing_of_the_object(aws, triggers):
    triggers["upload"] |= {"copies": ["in/sub/", "", "in/"], "suffix": ""}
    starter.handler(created("in/a"))
    assert aws.inputs[0]["copies"] == {"": "/in/a", "in/": "/a"}


@pytest.mark.parametrize(("key", "path"), [("in/a*b", "/a\\*b"), ("in/a|b\\c", "/a\\|b\\\\c"), ("in/ü?", "/ü?")])
def test_what_has_a_meaning_in_a_filter_is_escaped(key, path):
    assert starter.path_below("in/", key) == path


def test_names_do_not_run_into_each_other():
    apart = [("in/a", "bv1", ""), ("in/ab", "v1", ""), ("in/a", "", "bv1x")]
    uploads = [starter.Upload("eventbridge", "raw", key, version, moment) for key, version, moment in apart]
    assert len({starter.run_of("upload", upload) for upload in uploads}) == 3
    assert len({starter.run_of(name, uploads[0]) for name in ("upload", "other")}) == 2


def test_a_line_of_the_log_is_one_line_whatever_the_key(aws, capsys):
    starter.handler(created("in/a\n\x1b[2Jb.csv"))
    (line,) = told(capsys)
    assert line["key"] == "in/a\n\x1b[2Jb.csv"
