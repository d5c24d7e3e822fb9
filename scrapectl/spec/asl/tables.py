"""The fields of every type of state, as states-language.net and AWS's "Amazon States Language" list them."""

from __future__ import annotations

MACHINE = frozenset({"Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"})
BRANCH = frozenset({"Comment", "StartAt", "States", "QueryLanguage", "ProcessorConfig"})
TYPES = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")
ENDS = ("Succeed", "Fail")

_EVERY = {"Type", "Comment", "QueryLanguage"}
_MOVES = {"Next", "End"}
_ERRORS = {"Retry", "Catch"}
_IN_OUT = {"InputPath", "OutputPath"}
_LIMITS = {"TimeoutSeconds", "HeartbeatSeconds"}
_MAP = {"ItemProcessor", "ItemReader", "ItemSelector", "ItemBatcher", "ResultWriter", "MaxConcurrency", "Label"}
_MAP |= {"ToleratedFailurePercentage", "ToleratedFailureCount"}
_RESULT = {"ResultSelector", "ResultPath", "Parameters"}

_JSONPATH = {
    "Pass": {"Result", "Parameters", "ResultPath", "Assign"} | _IN_OUT | _MOVES,
    "Task": {"Resource", "Credentials", "Assign", "TimeoutSecondsPath", "HeartbeatSecondsPath"}
    | (_LIMITS | _RESULT | _IN_OUT | _MOVES | _ERRORS),
    "Choice": {"Choices", "Default", "Assign"} | _IN_OUT,
    "Wait": {"Seconds", "SecondsPath", "Timestamp", "TimestampPath", "Assign"} | _IN_OUT | _MOVES,
    "Succeed": _IN_OUT,
    "Fail": {"Error", "ErrorPath", "Cause", "CausePath"},
    "Parallel": {"Branches", "Assign"} | _RESULT | _IN_OUT | _MOVES | _ERRORS,
    "Map": {"Iterator", "ItemsPath", "MaxConcurrencyPath", "ToleratedFailurePercentagePath", "Assign"}
    | ({"ToleratedFailureCountPath"} | _MAP | _RESULT | _IN_OUT | _MOVES | _ERRORS),
}
_JSONATA = {
    "Pass": {"Output", "Assign"} | _MOVES,
    "Task": {"Resource", "Credentials", "Arguments", "Output", "Assign"} | _LIMITS | _MOVES | _ERRORS,
    "Choice": {"Choices", "Default", "Output", "Assign"},
    "Wait": {"Seconds", "Timestamp", "Output", "Assign"} | _MOVES,
    "Succeed": {"Output"},
    "Fail": {"Error", "Cause"},
    "Parallel": {"Branches", "Arguments", "Output", "Assign"} | _MOVES | _ERRORS,
    "Map": {"Items", "Output", "Assign"} | _MAP | _MOVES | _ERRORS,
}
REQUIRED = {"Task": ("Resource",), "Choice": ("Choices",), "Parallel": ("Branches",)}
REFERENCES = frozenset(
    {"SecondsPath", "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "MaxConcurrencyPath"}
) | {"ToleratedFailurePercentagePath", "ToleratedFailureCountPath"}
TEMPLATES = frozenset({"Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials", "Arguments", "Output"})
# At least and at most.
NUMBERS = {
    "TimeoutSeconds": (1, 99_999_999),
    "HeartbeatSeconds": (1, 99_999_999),
    "Seconds": (0, 99_999_999),
    "MaxConcurrency": (0, 99_999_999),
    "ToleratedFailureCount": (0, 99_999_999),
    "ToleratedFailurePercentage": (0, 100),
}
RESERVED_ERRORS = (
    *("States.ALL", "States.BranchFailed", "States.DataLimitExceeded", "States.ExceedToleratedFailureThreshold"),
    *("States.HeartbeatTimeout", "States.Http.Socket", "States.IntrinsicFailure", "States.ItemReaderFailed"),
    *("States.NoChoiceMatched", "States.ParameterPathFailure", "States.Permissions", "States.QueryEvaluationError"),
    *("States.ResultPathMatchFailure", "States.ResultWriterFailed", "States.Runtime", "States.TaskFailed"),
    "States.Timeout",
)


def fields_of(kind: str, *, jsonata: bool) -> set[str]:
    """List the fields that a state of a type may have."""
    return (_JSONATA if jsonata else _JSONPATH)[kind] | _EVERY


def belongs_to_other(kind: str, field: str, *, jsonata: bool) -> bool:
    """Whether a field is one of the query language that the state does not speak."""
    return field in (_JSONPATH if jsonata else _JSONATA)[kind]
