"""Opening a session says in one clear line what is wrong with the machine or the account, and soon."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from scrapectl.aws.facts import gather_facts
from scrapectl.aws.session import Call, Session, Where, open_session
from scrapectl.errors import AccessDenied, AwsError, EnvironmentProblem
from scrapectl.local.registry import Refusal
from tests.account import ACCOUNT, REGION, Account, spec_of

KEYS = ("AKIAIOSFODNN7EXAMPLE", "secret")
SOON = 5.0
IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:user/ann</Arn><UserId>A</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
REFUSAL = "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without credentials, profile or region."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE", "REGION", "DEFAULT_REGION"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


class Sts:
    """An STS that gives its answers in turn, the last one for ever."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self.date = ""
        self.asked = 0
        sts = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                status, body = answers[min(sts.asked, len(answers) - 1)]
                sts.asked += 1
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def date_time_string(self, timestamp: float | None = None) -> str:
                return sts.date or super().date_time_string(timestamp)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def sts() -> Iterator[Any]:
    made: list[Sts] = []

    def make(*answers: tuple[int, str]) -> Sts:
        made.append(Sts(*(answers or [(200, IDENTITY)])))
        return made[-1]

    yield make
    for one in made:
        one.server.shutdown()
        one.server.server_close()


def problem(where: Where) -> str:
    """What opening says; it must be one line, and come soon."""
    started = time.monotonic()
    with pytest.raises(EnvironmentProblem) as error:
        open_session(where)
    assert time.monotonic() - started < SOON
    assert "\n" not in str(error.value)
    assert error.value.exit_code == 1
    assert error.value.hint
    return str(error.value)


def test_who_and_where(sts: Any) -> None:
    calls: list[Call] = []
    aws = open_session(
        Where(region=REGION, endpoint_url=sts().url, keys=KEYS, expected_account=ACCOUNT), [calls.append]
    )
    assert (aws.account, aws.region, aws.partition, aws.local) == (ACCOUNT, REGION, "aws", False)


def test_busy_aws_is_asked_again(sts: Any) -> None:
    one = sts((503, ""), (400, REFUSAL.format(code="Throttling")), (200, IDENTITY))
    assert open_session(Where(region=REGION, endpoint_url=one.url, keys=KEYS)).account == ACCOUNT
    assert one.asked == 3


def test_no_credentials() -> None:
    assert problem(Where(region=REGION)) == "No AWS credentials were found."


def test_no_region() -> None:
    assert problem(Where(keys=KEYS)) == "No region is set."


def test_unknown_profile() -> None:
    assert problem(Where(profile="nobody", region=REGION)) == "There is no AWS profile 'nobody'."


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"])
def test_credentials_that_aws_refuses(sts: Any, code: str) -> None:
    where = Where(region=REGION, endpoint_url=sts((403, REFUSAL.format(code=code))).url, keys=KEYS)
    assert problem(where) == f"AWS refuses the credentials ({code})."


def test_wrong_account(sts: Any) -> None:
    where = Where(region=REGION, endpoint_url=sts().url, keys=KEYS, expected_account="999999999999")
    assert problem(where) == f"The credentials are of account {ACCOUNT}, the spec's is 999999999999."


def test_closed_port() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = problem(Where(region=REGION, endpoint_url=f"http://127.0.0.1:{port}", keys=KEYS))
    assert said.startswith("AWS cannot be reached: ")


def test_network_that_swallows_everything() -> None:
    """Connections are taken by the kernel and never answered, as behind a firewall that drops."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        said = problem(Where(region=REGION, endpoint_url=f"http://127.0.0.1:{silent.getsockname()[1]}", keys=KEYS))
    assert said.startswith("AWS cannot be reached: ")


def test_endpoint_that_is_none() -> None:
    assert "not-a-url" in problem(Where(region=REGION, endpoint_url="not-a-url", keys=KEYS))


def test_no_default_vpc() -> None:
    account = Account(default_network=False)
    spec = spec_of("version: 1\npipeline: shop\nregion: us-east-1\njobs: {a: {image: x}}\n")
    with pytest.raises(EnvironmentProblem, match=f"Account {ACCOUNT} has no default VPC in {REGION}") as error:
        gather_facts(spec, account.session(), lambda _folder, _platform: "")
    assert "network:" in error.value.hint


# Calls


def test_denied_call_names_the_action(account: Account) -> None:
    text = "User: arn:aws:iam::1:user/a is not authorized to perform: batch:CreateJobQueue on resource: arn:aws:batch:q"
    account.sent.refuse("DescribeJobQueues", Refusal("AccessDeniedException", text, 403))
    with pytest.raises(AccessDenied) as error:
        account.session().call("batch", "describe_job_queues")
    assert (error.value.action, error.value.resource) == ("batch:CreateJobQueue", "arn:aws:batch:q")
    assert "batch:CreateJobQueue is missing on arn:aws:batch:q" in str(error.value)


def test_call_that_is_not_there_is_none(account: Account) -> None:
    aws = account.session()
    assert aws.call("ssm", "get_parameter", Name="/no", absent=("ParameterNotFound",)) is None
    with pytest.raises(AwsError) as error:
        aws.call("ssm", "get_parameter", Name="/no", absent=("ParameterNotFound:another text",))
    assert (error.value.service, error.value.operation, error.value.code) == (
        "ssm",
        "get_parameter",
        "ParameterNotFound",
    )


def test_pages_are_read_to_the_end(account: Account) -> None:
    logs = account.client("logs")
    for number in range(7):
        logs.create_log_group(logGroupName=f"/g/{number}")
    calls = account.calls_of(
        lambda: groups.extend(account.session().pages("logs", "describe_log_groups", "logGroups", limit=3))
    )
    assert [group["logGroupName"] for group in groups] == [f"/g/{number}" for number in range(7)]
    assert len(calls) == 3


groups: list[Any] = []


@pytest.mark.parametrize(("blind_retry", "sent"), [(True, 2), (False, 1)])
def test_lost_answer_is_asked_for_again_only_where_that_is_harmless(
    account: Account, blind_retry: bool, sent: int
) -> None:
    account.sent.lose_answer("ListQueues")
    calls = account.calls_of(lambda: answers.append(outcome(account.session(), blind_retry)))
    assert len(calls) == sent
    assert answers.pop() == ("answered" if blind_retry else "lost")


answers: list[str] = []


def outcome(aws: Session, blind_retry: bool) -> str:
    try:
        aws.call("sqs", "list_queues", blind_retry=blind_retry)
    except AwsError as error:
        return "lost" if error.lost else str(error)
    return "answered"


def test_listeners_hear_every_call(account: Account) -> None:
    aws = account.session()
    heard: list[Call] = []
    aws.listeners.append(heard.append)
    try:
        aws.call("sqs", "list_queues", QueueNamePrefix="a")
        aws.call("ssm", "get_parameter", Name="/no", absent=("ParameterNotFound",))
    finally:
        aws.listeners.remove(heard.append)
    assert [(call.service, call.operation, call.error) for call in heard] == [
        ("sqs", "list_queues", ""),
        ("ssm", "get_parameter", "ParameterNotFound"),
    ]


def test_time_is_that_of_aws(sts: Any) -> None:
    one = sts()
    one.date = "Mon, 02 Mar 2026 09:00:00 GMT"
    aws = open_session(Where(region=REGION, endpoint_url=one.url, keys=KEYS))
    aws.call("sts", "get_caller_identity")
    assert abs(aws.now() - dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)) < dt.timedelta(seconds=5)


def test_reads_side_by_side_keep_their_order_and_raise_the_first_error(account: Account) -> None:
    aws = account.session()

    def slow(number: int) -> int:
        time.sleep(0.01 * (3 - number))
        return number

    assert aws.gather([lambda n=n: slow(n) for n in range(4)]) == [0, 1, 2, 3]  # type: ignore[misc]
    with pytest.raises(ZeroDivisionError):
        aws.gather([lambda: 1, lambda: 1 // 0])
