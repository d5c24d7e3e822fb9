"""Turn a failed run of a pipeline, or a start that never came to be, into one message to the people it concerns.

Runs as a Lambda function, with nothing but its runtime: `routes.json` beside it says whom to tell (README.md).
"""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from texts import MASK, VALUES_AT, is_secret, moment, plain, secrets_in, set_in, short_cause, table

LINES = 20
LONGEST_LINE = 1000
LONGEST_SUBJECT = 99  # "less than 100 characters" (botocore's model, Publish)
MOST_BYTES = 256 * 1024
PLAIN_END = "Essential container in task exited"
TIMED_OUT = "Job attempt duration exceeded timeout"
TRIES = 10  # of a group that are looked at
AN_HOUR = timedelta(hours=1)


def handler(event: dict[str, Any], _context: object = None) -> dict[str, Any] | None:
    """Tell of a failed run, or of dead letters, which all stay in their queue."""
    if "Records" not in event:
        (teller_of(event["detail"]) or tell_run)(event["detail"], [])
        return None
    untold = []
    for record in event["Records"]:
        if record["attributes"]["ApproximateReceiveCount"] == "1":  # it stays, but it is told once
            try:
                tell_letter(record)
            except Exception as error:  # noqa: BLE001 - the other letters of the batch have no second chance either
                untold.append(error)
    if untold:
        raise ExceptionGroup("letters that could not be told", untold)  # an Error in the function's log and metrics
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}


def teller_of(detail: dict[str, Any]) -> Callable[[dict[str, Any], list[str]], None] | None:
    """Find who tells of what an event is about, by a name that only such events have."""
    tellers = {"jobDefinition": tell_run, "executionArn": tell_execution}
    tellers |= {"AutoScalingGroupName": tell_launch, "instance-id": tell_lost}
    return next((teller for name, teller in tellers.items() if name in detail), None)


@functools.cache
def routes() -> dict[str, Any]:
    """Read whom to tell of what."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("routes.json").read_text())
    return found | {"owner": ".".join(filter(None, [found["pipeline"], found["stage"]]))}


@functools.cache
def client(service: str) -> Any:
    """Make a client of an AWS service, once."""
    import boto3  # noqa: PLC0415 - the tests need none

    return boto3.client(service)


def tell_run(told: dict[str, Any], notes: list[str]) -> None:
    """Tell of a failed run, unless it is none of ours; `told` is the job as the event has it."""
    route = routes()["jobs"].get(told["jobDefinition"].rsplit("/", 1)[-1].partition(":")[0])
    if route is None:
        return
    run = (client("batch").describe_jobs(jobs=[told["jobId"]])["jobs"] or [told])[0]
    size = (run.get("arrayProperties") or {}).get("size")
    failed = failed_children(run) if size else []
    one = run
    if failed:
        one = (client("batch").describe_jobs(jobs=[f"{run['jobId']}:{failed[0]}"])["jobs"] or [run])[0]
    short, cause = how_it_ended(one)
    about = {"Job": route["job"], "Run": f"{run['jobName']} ({run['jobId']})"}
    if failed:
        short = f"{len(failed)} of {size} children"
        about["Failed"] = f"{len(failed)} of {size} children; the first is {failed[0]}"
    about["Cause"] = set_in(cause, VALUES_AT)
    about |= {"Started": moment(run.get("startedAt")), "Ended": moment(run.get("stoppedAt"))}
    if len(one.get("attempts") or []) > 1:
        about["Attempts"] = str(len(one["attempts"]))
    again = [route["job"], *(["--array", str(size)] if size else [])]
    again += ["--share", run["shareIdentifier"]] if run.get("shareIdentifier") else []
    again += [word for setting in own_environment(run) for word in ("--env", setting)]
    parts = [*notes, table(about), table({"Its log": typed("logs", run["jobId"]), "Again": typed("run", *again)})]
    if lines := last_lines(one):  # at the end, where a message that is too long is cut
        parts.append("\n  ".join([f"Last lines of child {failed[0]}:" if failed else "Last lines:", *lines]))
    send(route["topic"], f"{routes()['owner']}: {route['job']} failed ({short})", parts, [run, one])


def tell_execution(told: dict[str, Any], notes: list[str]) -> None:
    """Tell of a run of a workflow that could not tell itself: its time limit ended it, or the states are the user's."""
    route = routes()["workflows"].get(told["stateMachineArn"].rsplit(":", 1)[-1])
    late, cause = told["status"] == "TIMED_OUT", told.get("cause") or ""
    if route is None or not (late or route["own_states"]) or told_by_job(cause, route["topic"]):
        return
    short = "timed out" if late else told.get("error") or "unknown"
    why = "it took longer than its time limit" if late else f"{short}: {short_cause(cause)}".removesuffix(": ")
    about = {"Workflow": route["workflow"], "Run": told["name"], "Cause": set_in(why, VALUES_AT)}
    about |= {"Started": moment(told.get("startDate")), "Ended": moment(told.get("stopDate"))}
    commands = {"Its log": typed("logs", told["name"]), "Again": typed("run", route["workflow"])}
    parts = [*notes, table(about), table(commands)]
    send(route["topic"], f"{routes()['owner']}: {route['workflow']} failed ({short})", parts, [])


def tell_launch(told: dict[str, Any], notes: list[str]) -> None:
    """Tell of a host that AWS could not start: once, though Auto Scaling tries again and again."""
    route = routes()["hosts"].get(told["AutoScalingGroupName"])
    if route is None or tried_before(told):
        return
    cause = set_in(told.get("StatusMessage") or "AWS gave no reason", VALUES_AT)
    about = {"Host": route["host"], "Cause": cause, "Tried": told.get("StartTime", "")}
    note = "Auto Scaling goes on trying until it can start it, or until the host's stop is due."
    parts = [*notes, table(about), note, table({"Try now": typed("run", route["host"])})]
    send(route["topic"], f"{routes()['owner']}: {route['host']} was not started", parts, [])


def tried_before(told: dict[str, Any]) -> bool:
    """Tell whether the try before this one failed, too, less than an hour ago."""
    asked = {"AutoScalingGroupName": told["AutoScalingGroupName"], "MaxRecords": TRIES}
    began = datetime.fromisoformat(told["StartTime"])
    for one in client("autoscaling").describe_scaling_activities(**asked)["Activities"]:  # the newest first
        if one["ActivityId"] != told["ActivityId"] and one["StartTime"] <= began:
            return bool(one["StatusCode"] == "Failed" and began - one["StartTime"] < AN_HOUR)
    return False


def tell_lost(told: dict[str, Any], notes: list[str]) -> None:
    """Tell of an instance that ended while its group wants it, and have the group forget it: else none would follow."""
    scaling = client("autoscaling")
    for one in scaling.describe_auto_scaling_instances(InstanceIds=[told["instance-id"]])["AutoScalingInstances"]:
        route = routes()["hosts"].get(one["AutoScalingGroupName"])
        if route and one["LifecycleState"] == "InService":  # one that ended itself is out of its group, or Terminating
            run, cause = one["InstanceId"], f"its instance was {told['state']}, and not by scrapectl"
            again = {"Its log": typed("logs", run), "Again": typed("run", route["host"])}
            parts = [*notes, table({"Host": route["host"], "Run": run, "Cause": cause}), table(again)]
            send(route["topic"], f"{routes()['owner']}: {route['host']} failed (lost)", parts, [])
            scaling.terminate_instance_in_auto_scaling_group(InstanceId=run, ShouldDecrementDesiredCapacity=True)


def told_by_job(cause: str, topic: str) -> bool:
    """Tell whether a run failed by a job of ours, of which this topic hears with its last lines."""
    try:
        definition = json.loads(cause)["JobDefinition"]
    except (ValueError, LookupError, TypeError):
        return False
    route = routes()["jobs"].get(str(definition).rsplit("/", 1)[-1].partition(":")[0])
    return route is not None and route["topic"] == topic


def failed_children(run: dict[str, Any]) -> list[int]:
    """List the indices of an array's children that failed, the lowest first."""
    pages = client("batch").get_paginator("list_jobs").paginate(arrayJobId=run["jobId"], jobStatus="FAILED")
    return sorted(child["arrayProperties"]["index"] for page in pages for child in page["jobSummaryList"])


def own_environment(run: dict[str, Any]) -> list[str]:
    """List the variables that this run was given, and that its job does not have so.

    Secrets are masked here: quoted for a shell, one with a quote in it would not be known again.
    """
    found = client("batch").describe_job_definitions(jobDefinitions=[run["jobDefinition"]])["jobDefinitions"]
    declared, given = (
        {entry["name"]: entry["value"] for entry in (container or {}).get("environment") or []}
        for container in ((found or [{}])[0].get("containerProperties"), run.get("container"))
    )
    own = {name: value for name, value in sorted(given.items()) if declared.get(name) != value}
    return [f"{name}={MASK if is_secret(name) else value}" for name, value in own.items()]


def how_it_ended(job: dict[str, Any]) -> tuple[str, str]:
    """Say why a job failed: in a word or two, and in full."""
    container, why = job.get("container") or {}, job.get("statusReason") or ""
    details = [text for text in dict.fromkeys((why, container.get("reason"))) if text and text != PLAIN_END]
    if why.startswith(TIMED_OUT):
        seconds = (job.get("timeout") or {}).get("attemptDurationSeconds")
        return "timed out", f"it took longer than {seconds} s" if seconds else "it took too long"
    if job.get("isTerminated") or job.get("isCancelled"):
        return "stopped", f"stopped: {why}"
    code = container.get("exitCode")
    if code is not None:
        return f"exit {code}", ": ".join([f"exit code {code}", *details])
    return "ended by AWS" if job.get("startedAt") else "not started", ": ".join(details) or "AWS gave no reason"


def last_lines(job: dict[str, Any]) -> list[str]:
    """Read the end of a job's log; one that never started has none."""
    container = job.get("container") or {}
    options = (container.get("logConfiguration") or {}).get("options") or {}
    stream, group = container.get("logStreamName"), options.get("awslogs-group", routes()["log_group"])
    if not stream:
        return []
    try:
        where = {"logGroupName": group, "logStreamName": stream}
        found = client("logs").get_log_events(**where, limit=LINES, startFromHead=False)
    except Exception as error:  # noqa: BLE001 - a log that cannot be read is no reason to say nothing
        return [f"(The log cannot be read: {type(error).__name__})"]
    return [set_in(event["message"], len("  ")) for event in found["events"]]


def tell_letter(record: dict[str, Any]) -> None:
    """Tell of one dead letter: of a start that EventBridge Scheduler, or an event that EventBridge, gave up."""
    about = {name: value.get("stringValue") or "" for name, value in record["messageAttributes"].items()}
    cause = set_in(f"{about.get('ERROR_CODE', 'unknown')}: {about.get('ERROR_MESSAGE', '')}", VALUES_AT)
    try:
        body = json.loads(record["body"])
    except ValueError:
        body = None
    body = body if isinstance(body, dict) else {}
    detail, why = missed(about, body, cause)
    if teller := teller_of(detail):
        teller(detail, [f"This comes late: {why}."])
        return
    topic, what, short, told = given_up(about, body, cause)
    queue = record["eventSourceARN"].rsplit(":", 1)[-1]
    note = f"The message {record['messageId']} stays in the queue {queue} until it is deleted or too old."
    if topic:
        send(topic, f"{routes()['owner']}: {what} ({short})", [table(told), note], [body])


def missed(about: dict[str, str], body: dict[str, Any], cause: str) -> tuple[dict[str, Any], str]:
    """Give what an event tells that should have come here at once, and why it did not; else nothing."""
    context, event, why = body.get("requestContext"), body, f"EventBridge could not deliver the event ({cause})"
    if isinstance(context, dict) and called(context) not in routes()["functions"]:  # a call of this very function
        event, why = body.get("requestPayload"), "this could not be told when it was new"
    elif "RULE_ARN" not in about:
        return {}, ""
    detail = event.get("detail") if isinstance(event, dict) else None
    return (detail, why) if isinstance(detail, dict) else ({}, "")


def called(context: dict[str, Any]) -> str:
    """Name the function whose call Lambda gave up."""
    return str(context.get("functionArn")).partition(":function:")[2].partition(":")[0]


def given_up(about: dict[str, str], body: dict[str, Any], cause: str) -> tuple[str | None, str, str, dict[str, str]]:
    """Say whom to tell of a letter, what was given up, why in a word, and what is known of it."""
    if isinstance(body.get("requestContext"), dict):
        return failed_call(body)
    letters, short = routes()["dead_letters"], about.get("ERROR_CODE", "unknown")
    if "SCHEDULE_ARN" in about:
        name = about["SCHEDULE_ARN"].rsplit("/", 1)[-1]
        route = routes()["schedules"].get(name) or {}
        told = {"Schedule": name, "Due": about.get("SCHEDULED_TIME", ""), "Cause": cause}
        told |= {"Do it now": route.get("command", "")}
        return letters, f"{route.get('job', name)} was not started", short, told
    if upload := uploaded(body):
        return letters, "an upload started nothing", short, {"Object": upload, "Cause": cause}
    return letters, "a message was given up", short, {"Cause": cause}


def failed_call(record: dict[str, Any]) -> tuple[str | None, str, str, dict[str, str]]:
    """Say whom to tell of a call of a function that Lambda gave up, and what: the record that it leaves of one."""
    context, answer = record["requestContext"], record.get("responsePayload")
    error = answer if isinstance(answer, dict) else {}
    short = str(error.get("errorType") or context.get("condition") or "unknown")
    name = called(context)
    cause = set_in(f"{short}: {error.get('errorMessage', '')}".removesuffix(": "), VALUES_AT)
    if upload := uploaded(record.get("requestPayload")):
        return routes()["dead_letters"], "an upload started nothing", short, {"Object": upload, "Cause": cause}
    route = routes()["functions"].get(name) or {"function": name, "topic": routes()["dead_letters"], "command": ""}
    tries = str(context.get("approximateInvokeCount") or "")
    told = {"Function": route["function"], "Request": str(context.get("requestId") or ""), "Cause": cause}
    return route["topic"], f"{route['function']} failed", short, told | {"Tries": tries, "Again": route["command"]}


def uploaded(event: Any) -> str:
    """Name the object whose upload an event tells of, as EventBridge, CloudTrail or S3 itself says it."""
    if not isinstance(event, dict):
        return ""
    records = event.get("Records")
    told = records[0].get("s3") if records and isinstance(records, list) else event.get("detail")
    try:
        if "requestParameters" in told:
            return f"s3://{told['requestParameters']['bucketName']}/{told['requestParameters']['key']}"
        return f"s3://{told['bucket']['name']}/{told['object']['key']}"
    except (KeyError, TypeError):
        return ""


def typed(*words: str) -> str:
    """Write a command of scrapectl for this pipeline, as it is typed."""
    stage = ["--stage", routes()["stage"]] if routes()["stage"] else []
    return shlex.join(["scrapectl", *words, "--pipeline", routes()["pipeline"], *stage, "--region", routes()["region"]])


def send(topic: str, subject: str, parts: list[str], hidden_in: list[Any]) -> None:
    """Publish one message: plain text, without the secrets that stand in what it tells of, as long as SNS takes it."""
    line, text = plain(subject).replace("\n", " "), plain("\n\n".join(parts)) + "\n"
    for value in sorted({piece for job in hidden_in for piece in secrets_in(job)}, key=len, reverse=True):
        line, text = line.replace(value, MASK), text.replace(value, MASK)
    line = "".join(letter if " " <= letter <= "~" else "?" for letter in line)[:LONGEST_SUBJECT]
    text = "\n".join(row[:LONGEST_LINE] for row in text.split("\n")).encode()[:MOST_BYTES].decode(errors="ignore")
    client("sns").publish(TopicArn=topic, Subject=line, Message=text)
