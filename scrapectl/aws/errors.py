"""boto3's exceptions → ours: absent, denied, lost, or plainly refused, each with service, operation and code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from scrapectl.errors import AccessDenied, AwsError, EnvironmentProblem, ScrapectlError

_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "UnauthorizedAccess"}
)
_NOT_DENIED = ("authorized to assume", "Log Destination", "managed-rule", "Neither the global service principal")
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_INVALID_KEYS = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "AuthFailure",
    }
)
_SERVER_ERROR = 500


def code_of(error: BaseException) -> str:
    """AWS's error code, or the exception's own name."""
    return str(_error(error).get("Code") or type(error).__name__)


def is_absent(error: BaseException, absent: Sequence[str]) -> bool:
    """Whether an error is one of those that mean "not there": "Code", or "Code:text in the message"."""
    code, message = code_of(error), str(_error(error).get("Message", ""))
    for entry in absent:
        wanted, _, text = entry.partition(":")
        if code == wanted and text in message:
            return True
    return False


def translate(error: Exception, service: str, operation: str) -> ScrapectlError:
    """Say in our words what a failed call means."""
    code = code_of(error)
    details = _error(error)
    if not details:
        return _without_answer(error, service, operation)
    answer: dict[str, Any] = getattr(error, "response", {}).get("ResponseMetadata", {})
    message = str(details.get("Message") or code)
    facts: dict[str, Any] = {
        "service": service,
        "operation": operation,
        "code": code,
        "request_id": str(answer.get("RequestId", "")),
        "lost": int(answer.get("HTTPStatusCode", 0)) >= _SERVER_ERROR,
    }
    if code in _EXPIRED or code in _INVALID_KEYS:
        return EnvironmentProblem(f"AWS refuses the credentials ({code}).", _CREDENTIALS_HINT)
    if code in _DENIED and not any(text in message for text in _NOT_DENIED):
        return _denied(message, facts, getattr(error, "operation_name", operation))
    return AwsError(f"{service} {operation}: {code}: {message}", **facts)


def _denied(message: str, facts: dict[str, Any], api: str) -> AccessDenied:
    from scrapectl.aws.iam import missing_action  # noqa: PLC0415 - reads a table that only denials need

    action, resource = missing_action(facts["service"], api, message)
    text = f"{facts['service']} {facts['operation']}: access denied: {action} is missing" + (
        f" on {resource}" if resource else ""
    )
    return AccessDenied(
        text, "Allow it to the user or role that runs scrapectl.", **facts, action=action, resource=resource
    )


def _without_answer(error: Exception, service: str, operation: str) -> ScrapectlError:
    if isinstance(error, ScrapectlError):
        return error
    problem = _environment_problem(error, None)
    name = type(error).__name__
    if problem is not None and name not in _NETWORK:
        return problem
    lost = name not in UNREACHED | _UNSENT
    return AwsError(f"{service} {operation}: {error}", service=service, operation=operation, code=name, lost=lost)


_UNSENT = frozenset({"ParamValidationError"})
UNREACHED = frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"})
"""A connection that was never made: nothing was carried out."""
_NETWORK = UNREACHED | {"ReadTimeoutError"}
_CREDENTIALS_HINT = "Sign in again (aws sso login), or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
_REGION_HINT = "Write region: in the spec, or give --region or AWS_REGION."
_UNREACHABLE = ("AWS cannot be reached: {error}", "Check the network, the region and --endpoint-url.")
_NO_CREDENTIALS = ("No AWS credentials were found.", _CREDENTIALS_HINT)
_SIGNED_OUT = ("The sign-in has expired.", _CREDENTIALS_HINT)
_MISCONFIGURED = ("{error}", "Check --region and --endpoint-url.")

_ENVIRONMENT: dict[str, tuple[str, str]] = {
    "NoCredentialsError": _NO_CREDENTIALS,
    "PartialCredentialsError": _NO_CREDENTIALS,
    "CredentialRetrievalError": _NO_CREDENTIALS,
    "TokenRetrievalError": _SIGNED_OUT,
    "SSOTokenLoadError": _SIGNED_OUT,
    "UnauthorizedSSOTokenError": _SIGNED_OUT,
    "SSOError": _SIGNED_OUT,
    "ProfileNotFound": ("There is no AWS profile {profile!r}.", "See ~/.aws/config, or leave --profile out."),
    "NoRegionError": ("No region is set.", _REGION_HINT),
    "EndpointConnectionError": _UNREACHABLE,
    "ConnectTimeoutError": _UNREACHABLE,
    "ProxyConnectionError": _UNREACHABLE,
    "ReadTimeoutError": _UNREACHABLE,
    "InvalidRegionError": _MISCONFIGURED,
    "InvalidEndpointConfigurationError": _MISCONFIGURED,
    "ValueError": _MISCONFIGURED,  # botocore's word for an --endpoint-url that is none
}


def _environment_problem(error: Exception, profile: str | None) -> EnvironmentProblem | None:
    known = _ENVIRONMENT.get(type(error).__name__)
    if known is None:
        return None
    message, hint = known
    named = getattr(error, "kwargs", {}).get("profile", profile)  # AWS_PROFILE names one, too
    return EnvironmentProblem(message.format(error=error, profile=named), hint)


@contextlib.contextmanager
def environment_problems(profile: str | None) -> Iterator[None]:
    """Turn what goes wrong while a session opens into one clear line."""
    try:
        yield
    except ScrapectlError:
        raise
    except Exception as error:
        problem = _environment_problem(error, profile)
        if problem is None:
            raise translate(error, "sts", "get_caller_identity") from error
        raise problem from error


def _error(error: BaseException) -> dict[str, Any]:
    response = getattr(error, "response", None)
    found = response.get("Error", {}) if isinstance(response, dict) else {}
    return found if isinstance(found, dict) else {}
