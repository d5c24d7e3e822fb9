"""boto3's exceptions in our own words: absent, denied, lost, plainly refused, or a machine that is not ready."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as botocore
from botocore.exceptions import ClientError

from scrapectl.aws.errors import code_of, environment_problems, is_absent, translate
from scrapectl.errors import AccessDenied, AwsError, EnvironmentProblem, ScrapectlError


def client_error(code: str, message: str = "no", status: int = 400) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "r-1"},
    }
    return ClientError(answer, "CreateJobQueue")


def said(error: Exception) -> ScrapectlError:
    return translate(error, "batch", "create_job_queue")


def test_refusal_says_which_call_and_why() -> None:
    found = said(client_error("ClientException", "compute environment is not VALID"))
    assert isinstance(found, AwsError)
    assert str(found) == "batch create_job_queue: ClientException: compute environment is not VALID"
    assert (found.service, found.operation, found.code, found.request_id, found.lost) == (
        "batch",
        "create_job_queue",
        "ClientException",
        "r-1",
        False,
    )


@pytest.mark.parametrize(("status", "lost"), [(400, False), (429, False), (500, True), (503, True)])
def test_servers_error_may_have_been_carried_out(status: int, lost: bool) -> None:
    found = said(client_error("ServerException", status=status))
    assert isinstance(found, AwsError)
    assert found.lost is lost


@pytest.mark.parametrize(
    "code", ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"]
)
def test_denial_names_the_missing_action(code: str) -> None:
    found = said(client_error(code, "User: a is not authorized to perform: batch:TagResource on resource: arn:x", 403))
    assert isinstance(found, AccessDenied)
    assert (found.action, found.resource) == ("batch:TagResource", "arn:x")
    assert "batch:TagResource is missing on arn:x" in str(found)


def test_denial_without_words_names_what_the_call_needs() -> None:
    found = translate(client_error("AccessDenied", "Access Denied", 403), "s3", "get_bucket_policy")
    assert isinstance(found, AccessDenied)
    assert found.action


@pytest.mark.parametrize(
    "message",
    ["Neither the global service principal states.amazonaws.com is authorized to assume the provided role"],
)
def test_fresh_role_is_no_denial(message: str) -> None:
    found = said(client_error("AccessDeniedException", message, 403))
    assert type(found) is AwsError


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "AuthFailure"])
def test_refused_credentials_are_the_environments(code: str) -> None:
    found = said(client_error(code, status=403))
    assert isinstance(found, EnvironmentProblem)
    assert code in str(found)
    assert "aws sso login" in found.hint


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (botocore.ReadTimeoutError(endpoint_url="https://x"), True),
        (botocore.ConnectionClosedError(endpoint_url="https://x"), True),
        (botocore.ResponseStreamingError(error="cut short"), True),
        (botocore.EndpointConnectionError(endpoint_url="https://x"), False),
        (botocore.ConnectTimeoutError(endpoint_url="https://x"), False),
        (botocore.ProxyConnectionError(proxy_url="http://proxy"), False),
    ],
)
def test_answer_that_never_came(error: Exception, lost: bool) -> None:
    """A call that was sent may have been carried out; one that never found AWS was not. Neither ends an apply."""
    found = said(error)
    assert isinstance(found, AwsError)
    assert found.lost is lost
    assert found.code == type(error).__name__


def test_request_that_botocore_itself_refuses_was_never_sent() -> None:
    found = said(botocore.ParamValidationError(report="Missing required parameter"))
    assert isinstance(found, AwsError)
    assert not found.lost


def test_credentials_that_vanish_in_the_middle() -> None:
    assert isinstance(said(botocore.NoCredentialsError()), EnvironmentProblem)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (botocore.NoCredentialsError(), "No AWS credentials were found."),
        (botocore.PartialCredentialsError(provider="env", cred_var="x"), "No AWS credentials were found."),
        (botocore.ProfileNotFound(profile="p"), "There is no AWS profile 'p'."),
        (botocore.NoRegionError(), "No region is set."),
        (botocore.SSOTokenLoadError(error_msg="x", profile_name="p"), "The sign-in has expired."),
        (botocore.EndpointConnectionError(endpoint_url="https://x"), "AWS cannot be reached: "),
        (botocore.ReadTimeoutError(endpoint_url="https://x"), "AWS cannot be reached: "),
        (botocore.InvalidRegionError(region_name="no region"), "Provided region_name 'no region'"),
        (client_error("ExpiredToken", status=403), "AWS refuses the credentials (ExpiredToken)."),
    ],
)
def test_opening_says_one_line(error: Exception, line: str) -> None:
    with pytest.raises(EnvironmentProblem) as found, environment_problems("mine"):
        raise error
    assert str(found.value).startswith(line)
    assert "\n" not in str(found.value)
    assert found.value.hint


def test_absence_by_code_and_words() -> None:
    error = client_error("InvalidRequestException", "it is marked for deletion")
    assert is_absent(error, ("NotFound", "InvalidRequestException"))
    assert is_absent(error, ("InvalidRequestException:marked for deletion",))
    assert not is_absent(error, ("InvalidRequestException:already exists",))
    assert not is_absent(error, ())
    assert code_of(error) == "InvalidRequestException"
    assert code_of(KeyError("x")) == "KeyError"
