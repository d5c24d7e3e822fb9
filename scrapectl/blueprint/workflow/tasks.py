"""Steps that call AWS → Task states: what is sent, what is kept of the answer, what is tried again."""

from __future__ import annotations

from typing import Any

from scrapectl.blueprint.workflow.given import Given
from scrapectl.blueprint.workflow.naming import slot
from scrapectl.blueprint.workflow.texts import PATHS, RUN, field, pairs
from scrapectl.spec.model import CallStep, RunStep

State = dict[str, Any]

# Of a call that answers at once.
CALL_SECONDS = 60
_UPLOAD = ("bucket", "key", "version")


def retry(*errors: str, first: int = 2, attempts: int = 6, most: int = 60) -> State:
    """Try again after some errors: `first` seconds later, then twice as late each time, to `most` seconds."""
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": first,
        "BackoffRate": 2,
        "MaxDelaySeconds": most,
        "MaxAttempts": attempts,
        "JitterStrategy": "FULL",
    }


# A job that failed is States.TaskFailed, which Batch has tried again itself; these are of the call: AWS throttles
# SubmitJob at 50 a second, and Step Functions tells that as AWSBatchException (AWS samples, "Batch error handling").
_BATCH = retry(
    "Batch.AWSBatchException", "Batch.ServerException", "Batch.TooManyRequestsException", first=10, attempts=8, most=120
)
# AWS, "Handle transient Lambda service exceptions" (Step Functions best practices).
_LAMBDA = retry(
    *("Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"),
    *("Lambda.ClientExecutionTimeoutException", "Lambda.TooManyRequestsException"),
)
_SNS = retry("SNS.AmazonSNSException", "SNS.InternalErrorException", "SNS.ThrottledException", "SNS.SdkClientException")


def run_job(step: RunStep, name: str, given: Given, within: int) -> State:
    """Submit a job and wait for its end; member names as Batch's API, in PascalCase."""
    job = given.jobs[step.job]
    request: State = {"JobName": job.name, "JobQueue": job.queue, "JobDefinition": job.definition}
    share, array = step.share or job.share, step.array or job.array
    if share:
        request["ShareIdentifier"] = share
    if array:
        request["ArrayProperties"] = {"Size": array}
    if step.timeout:
        request["Timeout"] = {"AttemptDurationSeconds": step.timeout}
    known = {"RUN": {"Value.$": RUN}}
    if given.uploads:
        known |= {what.upper(): {"Value.$": PATHS[what]} for what in _UPLOAD}
    own = {variable: field("Value", text, given) for variable, text in step.environment.items()}
    request["ContainerOverrides"] = {"Environment": pairs(known | own)}
    return {
        "Type": "Task",
        "Resource": given.arn("batch:submitJob.sync"),
        "Parameters": request,
        "ResultSelector": {"job.$": "$.JobId", "status.$": "$.Status"},
        "ResultPath": f"$.steps.{slot(name)}",
        "TimeoutSeconds": within,
        "Retry": [_BATCH],
    }


def call_function(step: CallStep, name: str, given: Given, within: int) -> State:
    """Call a function and wait for its answer; the answer itself stays in the run's history alone."""
    function = given.functions[step.function]
    event: State = {"environment": {}, "run.$": RUN, "input.$": "$$.Execution.Input"}
    for variable in sorted(step.environment):
        event["environment"] |= field(variable, step.environment[variable], given)
    if given.uploads:
        event |= {f"{what}.$": PATHS[what] for what in _UPLOAD}
    return {
        "Type": "Task",
        "Resource": given.arn("lambda:invoke"),
        "Parameters": {"FunctionName": function.arn, "Payload": event},
        "ResultSelector": {"status.$": "$.StatusCode"},
        "ResultPath": f"$.steps.{slot(name)}",
        "TimeoutSeconds": min(within, function.timeout + CALL_SECONDS),
        "Retry": [_LAMBDA],
    }


def publish(given: Given, subject: str, message: str) -> State:
    """Send a message to the topic; `message` is an intrinsic function."""
    return {
        "Type": "Task",
        "Resource": given.arn("sns:publish"),
        "Parameters": {"TopicArn": given.topic, "Subject": subject, "Message.$": message},
        "ResultPath": None,
        "TimeoutSeconds": CALL_SECONDS,
        "Retry": [_SNS],
    }
