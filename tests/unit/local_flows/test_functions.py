"""Functions really run: their answer, their errors, their log, their environment, their limits."""

import base64
import json
import threading
import time

import pytest
from botocore.exceptions import ClientError

from scrapectl.local.server import Server

ECHO = "def handler(event, context):\n    print('got', event)\n    return {'echo': event}\n"


def test_a_function_answers(world):
    world.function("echo", ECHO)
    told, answer = world.invoke("echo", {"a": 1})
    assert (told, answer["StatusCode"], answer.get("FunctionError")) == ({"echo": {"a": 1}}, 200, None)
    assert answer["ExecutedVersion"] == "$LATEST"


def test_its_lines_are_in_its_log_group(world):
    world.function("echo", ECHO)
    _, answer = world.invoke("echo", 1, LogType="Tail")
    start, line, end, report = world.log("/aws/lambda/echo")
    assert line == "got 1"
    assert start.startswith("START RequestId: ")
    assert end.startswith("END RequestId: ")
    assert "Memory Size: 128 MB" in report
    assert "got 1\n" in base64.b64decode(answer["LogResult"]).decode()


def test_without_the_right_to_log_it_runs_and_leaves_no_line(world):
    role = world.role("bare")
    world.function("echo", ECHO, Role=role)
    assert world.invoke("echo", 1)[0] == {"echo": 1}
    assert world("logs").describe_log_groups()["logGroups"] == []


ERRORS = {
    "raises": ("def handler(e, c):\n    raise KeyError('no')\n", "KeyError", "'no'"),
    "no module": ("import nowhere\n", "Runtime.ImportModuleError", "Unable to import module 'main': No module named"),
    "no handler": ("x = 1\n", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'main'"),
    "odd answer": ("def handler(e, c):\n    return {1, 2}\n", "Runtime.MarshalError", "Unable to marshal response"),
    "exits": ("import os\ndef handler(e, c):\n    os._exit(3)\n", "Runtime.ExitError", "exit status 3"),
    "no python": ("def handler(\n", "Runtime.UserCodeSyntaxError", "Syntax error in module 'main'"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_have_lambdas_shape(world, case):
    code, kind, words = ERRORS[case]
    world.function("bad", code)
    told, answer = world.invoke("bad")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert told["errorType"] == kind
    assert words in told["errorMessage"]


def test_an_error_is_in_the_log_with_its_place(world):
    world.function("bad", "def handler(e, c):\n    raise KeyError('no')\n")
    told, _ = world.invoke("bad")
    assert 'main.py", line 2, in handler' in told["stackTrace"][0]
    assert "[ERROR] KeyError: 'no'" in world.log("/aws/lambda/bad")


def test_what_takes_too_long_is_ended(world, hurry):
    hurry(0.1)
    world.function("slow", "import time\ndef handler(e, c):\n    time.sleep(60)\n", Timeout=3)
    told, answer = world.invoke("slow")
    assert answer["FunctionError"] == "Unhandled"
    assert told["errorType"] == "Sandbox.Timedout"
    assert told["errorMessage"].endswith("Error: Task timed out after 3.00 seconds")


def test_what_it_finds_around_it(world):
    world.cloud.endpoint = "http://127.0.0.1:4711"
    code = """
import os
def handler(event, context):
    left = context.get_remaining_time_in_millis()
    about = [context.function_name, context.memory_limit_in_mb, context.invoked_function_arn, 0 < left <= 7000]
    return {"env": dict(os.environ), "about": about, "here": os.getcwd() == os.environ["LAMBDA_TASK_ROOT"]}
"""
    variables = {"SHOP": "north", "AWS_ENDPOINT_URL": "https://aws"}
    arn = world.function("look", code, Timeout=7, MemorySize=256, Environment={"Variables": variables})
    told, _ = world.invoke("look")
    assert told["about"] == ["look", "256", arn, True]
    assert told["here"]
    env = told["env"]
    assert (env["SHOP"], env["AWS_ENDPOINT_URL"]) == ("north", "http://127.0.0.1:4711")
    assert (env["AWS_REGION"], env["AWS_LAMBDA_FUNCTION_NAME"], env["TZ"]) == ("us-east-1", "look", "UTC")
    assert env["AWS_SESSION_TOKEN"]
    assert "PYTEST_CURRENT_TEST" not in env


def test_new_code_counts_at_once(world):
    world.function("echo", ECHO)
    world.invoke("echo", 1)
    code = world.zipped({"main.py": "def handler(e, c):\n    return 'new'\n"})
    world("lambda").update_function_code(FunctionName="echo", ZipFile=code)
    assert world.invoke("echo")[0] == "new"


def test_a_role_that_lambda_cannot_assume(world):
    role = world.role("other", service="ecs-tasks.amazonaws.com")
    good = world.role("good", service="lambda.amazonaws.com")
    world.function("echo", ECHO, Role=good)
    trust = world("iam").get_role(RoleName=role.rsplit("/", 1)[-1])["Role"]["AssumeRolePolicyDocument"]
    world("iam").update_assume_role_policy(RoleName="good", PolicyDocument=json.dumps(trust))
    with pytest.raises(ClientError, match="AccessDeniedException"):
        world.invoke("echo")


def test_reserved_concurrency_of_nothing_throttles(world):
    world.function("echo", ECHO)
    world("lambda").put_function_concurrency(FunctionName="echo", ReservedConcurrentExecutions=0)
    with pytest.raises(world("lambda").exceptions.TooManyRequestsException):
        world.invoke("echo")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"{", "InvalidRequestContent"),
        (b'"\xff"', "InvalidRequestContent"),
        (b'"' + b"x" * 6291456, "TooLarge"),
        (('"' + "ü" * 3145728 + '"').encode(), "TooLarge"),
    ],
)
def test_payloads_that_are_refused(world, payload, code):
    world.function("echo", ECHO)
    with pytest.raises(ClientError, match=code):
        world("lambda").invoke(FunctionName="echo", Payload=payload)


def test_a_function_that_is_not_there(world):
    with pytest.raises(world("lambda").exceptions.ResourceNotFoundException):
        world.invoke("nobody")


FAILS = "def handler(e, c):\n    print('try')\n    raise ValueError(e)\n"


def test_an_event_is_tried_three_times(world):
    world.function("bad", FAILS)
    answer = world("lambda").invoke(FunctionName="bad", InvocationType="Event", Payload=b"1")
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    tries = []
    for seconds in (0, 59, 1, 119, 1, 3600):
        world.pass_time(seconds)
        tries.append(world.log("/aws/lambda/bad").count("try"))
    assert tries == [1, 1, 2, 2, 3, 3]


def test_fewer_tries_when_that_is_configured(world):
    world.function("bad", FAILS)
    world("lambda").put_function_event_invoke_config(FunctionName="bad", MaximumRetryAttempts=0)
    world("lambda").invoke(FunctionName="bad", InvocationType="Event", Payload=b"1")
    world.pass_time()
    world.pass_time(3600)
    assert world.log("/aws/lambda/bad").count("try") == 1


def test_a_dry_run_runs_nothing(world):
    world.function("echo", ECHO)
    assert world("lambda").invoke(FunctionName="echo", InvocationType="DryRun")["StatusCode"] == 204
    world.pass_time()
    assert world("logs").describe_log_groups()["logGroups"] == []


def test_logging_goes_to_the_log_in_lambdas_format(world):
    code = "import logging\ndef handler(e, c):\n    logging.warning('low on %s', e)\n    logging.info('no')\n"
    world.function("logs", code)
    world.invoke("logs", "milk")
    lines = [line for line in world.log("/aws/lambda/logs") if "milk" in line]
    assert len(lines) == 1
    assert lines[0].startswith("[WARNING]\t")
    assert lines[0].endswith("\tlow on milk")
    assert json.dumps(lines).count("\\t") == 3


def test_it_logs_where_it_is_told_to(world):
    world("logs").create_log_group(logGroupName="/scrapectl/shop")
    world.function("echo", ECHO, LoggingConfig={"LogGroup": "/scrapectl/shop"})
    world.invoke("echo", 1)
    assert "got 1" in world.log("/scrapectl/shop")
    assert len(world("logs").describe_log_groups()["logGroups"]) == 1


def test_a_function_acts_as_its_role_and_no_more(world):
    server = Server(world.cloud)
    server.start()
    code = """
import boto3
def handler(event, context):
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=event)["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
"""
    world.function("makes", code, "sqs:CreateQueue")
    told, _ = world.invoke("makes", "rows")
    server.close()
    assert told["errorType"] == "ClientError"
    assert "assumed-role/makes-role/makes is not authorized to perform: sqs:DeleteQueue" in told["errorMessage"]


def test_what_runs_ends_with_the_cloud(world, tmp_path):
    mark = tmp_path / "mark"
    code = f"import time\ndef handler(e, c):\n    open({str(mark)!r}, 'w').close()\n    time.sleep(60)\n"
    world.function("slow", code, Timeout=60)
    call = threading.Thread(target=world.invoke, args=("slow",))
    call.start()
    end = time.monotonic() + 10
    while not mark.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    world.cloud.close()
    call.join(5)
    assert not call.is_alive()
