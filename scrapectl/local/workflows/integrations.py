"""A Task's resource and parameters → a call of a service as the machine's role, and what it answers or refuses.

Names and texts of errors are those that AWS's own histories show (LocalStack's snapshots of AWS, error_handling and
services): optimised integrations speak as the Java SDK 1 does, `aws-sdk` ones as version 2.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.loaders import create_loader

from scrapectl.local import moto_private
from scrapectl.local.jobs.permissions import refused
from scrapectl.local.registry import Call, Refusal
from scrapectl.local.services import iam
from scrapectl.local.workflows.failure import TASK_FAILED, StateFailure
from scrapectl.local.workflows.members import pascal, sent, shown
from scrapectl.local.workflows.payloads import Scene

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

PRINCIPAL = "states.amazonaws.com"
_RESOURCE = re.compile(
    r"arn:[a-z-]+:states:::(aws-sdk:)?([a-z0-9-]+):([A-Za-z0-9]+)(?:\.(sync(?::2)?|waitForTaskToken))?"
)
# How the Java SDK calls services where botocore says otherwise.
_SERVICES = {"sfn": "stepfunctions", "cloudwatchlogs": "logs", "eventbridge": "events", "states": "stepfunctions"}
_METADATA = {"SdkHttpMetadata": {"HttpStatusCode": 200}}


@dataclass(frozen=True)
class Optimised:
    """An integration that Step Functions made its own.

    Attributes:
        prefix: Of its errors' names.
        exception: The error that is none of those that the service names.
        service: What causes call it.
        patterns: What it can be waited for by.
        texts: Members that may be given as JSON, and are sent as text.
    """

    prefix: str
    exception: str
    service: str
    patterns: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()


_TOKEN = frozenset({"waitForTaskToken"})
OPTIMISED: dict[tuple[str, str], Optimised] = {
    ("batch", "submitJob"): Optimised("Batch", "AWSBatchException", "AWSBatch", frozenset({"sync"})),
    ("lambda", "invoke"): Optimised("Lambda", "AWSLambdaException", "AWSLambda", _TOKEN),
    ("sns", "publish"): Optimised("SNS", "AmazonSNSException", "AmazonSNS", _TOKEN, frozenset({"Message"})),
    ("sqs", "sendMessage"): Optimised("SQS", "AmazonSQSException", "AmazonSQS", _TOKEN, frozenset({"MessageBody"})),
    ("states", "startExecution"): Optimised(
        "StepFunctions",
        "AWSStepFunctionsException",
        "AWSStepFunctions",
        frozenset({"sync", "sync:2"}) | _TOKEN,
        frozenset({"Input"}),
    ),
    ("events", "putEvents"): Optimised(
        "EventBridge", "AmazonEventBridgeException", "AmazonEventBridge", _TOKEN, frozenset({"Detail"})
    ),
}


@dataclass(frozen=True)
class Caller:
    """Who calls: a run (`session` is its name), with the role of its machine."""

    cloud: Cloud
    region: str
    role: str
    machine: str
    session: str

    def call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call a service as the role.

        Raises:
            Refusal: The role cannot be assumed or may not, or the service refuses.
        """
        if not iam.can_be_assumed(self.cloud, self.role, PRINCIPAL, {"aws:SourceArn": self.machine}):
            text = f"Step Functions cannot assume the role {self.role}"
            raise Refusal("AccessDeniedException", text, 400)
        wanted = refused(Call(self.cloud, service, operation, params, self.region), self._policies())
        if wanted is not None:
            who = f"arn:aws:sts::{self.cloud.account}:assumed-role/{self.role.rsplit('/', 1)[-1]}/{self.session}"
            text = (
                f"User: {who} is not authorized to perform: {wanted.action} on resource: {wanted.resource or '*'} "
                f"because no identity-based policy allows the {wanted.action} action"
            )
            raise Refusal("AccessDeniedException", text, 403)
        return self.cloud.call(service, operation, params, self.region)

    def _policies(self) -> list[dict[str, Any]]:
        return iam.policies_of(self.cloud, self.role)


@dataclass(frozen=True)
class Integration:
    """What a task calls.

    Attributes:
        type: `batch`, `aws-sdk:datasync`.
        api: `submitJob`.
        pattern: "", `sync`, `sync:2` or `waitForTaskToken`.
        service: botocore's name of the service.
        operation: The operation in its spelling.
        optimised: How it speaks; None for the SDK's.
    """

    type: str
    api: str
    pattern: str
    service: str
    operation: str
    optimised: Optimised | None

    @property
    def resource(self) -> str:
        """As histories name it: `submitJob.sync`."""
        return f"{self.api}.{self.pattern}" if self.pattern else self.api

    def request(self, given: Any, scene: Scene) -> dict[str, Any]:
        """The parameters as the service's model spells them.

        Raises:
            StateFailure: `States.Runtime`: they are none of this call's.
        """
        texts = self.optimised.texts if self.optimised else frozenset()
        problems: list[str] = []
        request = sent(given if isinstance(given, dict) else {}, self._shape("input"), texts, problems)
        if not isinstance(given, dict):
            problems.append("The parameters must be a JSON object")
        if problems:
            shown_given = json.dumps(given, separators=(",", ":"))
            text = f"The Parameters '{shown_given}' could not be used to start the Task: [{', '.join(problems)}]"
            raise scene.failure(text)
        made: dict[str, Any] = request
        return made

    def call(self, caller: Caller, request: dict[str, Any]) -> Any:
        """Call it; returns the answer as the next state sees it.

        Raises:
            StateFailure: It was refused.
        """
        try:
            answer = caller.call(self.service, self.operation, request)
        except Refusal as refusal:
            raise self.failure(refusal) from refusal
        result = shown(answer, self._shape("output"))
        if self.optimised is None:
            return result
        if self.type == "lambda":
            result = _function_result(result)
        request_id = result.pop("RequestId", None) or str(uuid.uuid4())  # of a function the one that its log names
        return {**result, **_METADATA, "SdkResponseMetadata": {"RequestId": request_id}}

    def failure(self, refusal: Refusal) -> StateFailure:
        """How the refusal of a service is told."""
        model = moto_private.get_service_model(self.service)
        code = _MISSING.get(self.operation, refusal.code) if refusal.code == "404" else refusal.code
        named = _exception_of(model, code)
        status, request = refusal.status or 400, uuid.uuid4()
        if self.optimised is None:
            service = pascal(str(model.metadata["serviceId"]))
            cause = f"{refusal.message} (Service: {service}, Status Code: {status}, Request ID: {request})"
            return StateFailure(f"{service}.{named or f'{service}Exception'}", cause, of_task=True)
        ours = self.optimised
        cause = (
            f"{refusal.message} (Service: {ours.service}; Status Code: {status}; Error Code: {refusal.code}; "
            f"Request ID: {request}; Proxy: null)"
        )
        return StateFailure(f"{ours.prefix}.{named or ours.exception}", cause, of_task=True)

    def _shape(self, which: str) -> Any:
        model = moto_private.get_service_model(self.service).operation_model(self.operation)
        return model.input_shape if which == "input" else model.output_shape


# What HEAD requests cannot say in a body.
_MISSING = {"HeadObject": "NoSuchKey", "HeadBucket": "NoSuchBucket"}


def integration_of(resource: str) -> Integration | None:
    """Read a resource; None when it is none that is called here."""
    match = _RESOURCE.fullmatch(resource)
    if match is None:
        return None
    sdk, name, api, pattern = match.groups()
    optimised = None if sdk else OPTIMISED.get((name, api))
    if not sdk and (optimised is None or (pattern and pattern not in optimised.patterns)):
        return None
    if sdk and pattern not in {None, "waitForTaskToken"}:
        return None
    service = _service(name)
    if service is None:
        return None
    operations = {one.lower(): one for one in moto_private.get_service_model(service).operation_names}
    operation = operations.get(api.lower())
    if operation is None:
        return None
    return Integration(f"{sdk or ''}{name}", api, pattern or "", service, operation, optimised)


def _service(name: str) -> str | None:
    """The name that botocore has for a service; resources name it so, without dashes."""
    return _SERVICES.get(name) or _services().get(name.replace("-", ""))


@cache
def _services() -> dict[str, str]:
    return {name.replace("-", ""): name for name in create_loader().list_available_services("service-2")}


def _exception_of(model: Any, code: str) -> str | None:
    """The Java SDK's name of an error that the service's model has; None for any other."""
    for shape in model.error_shapes:
        if code in {shape.name, shape.error_code}:
            name = str(shape.name).removesuffix("Fault").removesuffix("Exception")
            return f"{name[0].upper()}{name[1:]}Exception"
    return None


def _function_result(result: dict[str, Any]) -> dict[str, Any]:
    """A function's answer, parsed.

    Raises:
        StateFailure: The function failed; its own error is the failure's.
    """
    payload = json.loads(result.get("Payload") or "null")
    if "FunctionError" not in result:
        return {**result, "Payload": payload}
    error = payload.get("errorType") if isinstance(payload, dict) else None
    if error is None:
        text = "The cause could not be determined because Lambda did not return an error type. Returned payload: "
        raise StateFailure("Lambda.Unknown", f"{text}{result.get('Payload')}", of_task=True)
    raise StateFailure(error, result["Payload"], of_task=True)


def job_failure(description: dict[str, Any]) -> StateFailure:
    """What was waited for ended badly: its whole description is the cause."""
    return StateFailure(TASK_FAILED, json.dumps(description, separators=(",", ":")), of_task=True)
