"""Lambda's functions beyond moto: roles that cannot be assumed yet, states that take time, log groups, platforms."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.registry import Call, Params, Refusal, check, operation
from scrapectl.local.services import iam

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_PENDING = {"State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating"}
_CHANGING = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being updated.",
    "LastUpdateStatusReasonCode": "Creating",
}


@dataclass
class Functions:
    """What moto does not keep of a region's functions, by name: when each is ready, and where it logs."""

    made: dict[str, float] = field(default_factory=dict)
    changed: dict[str, float] = field(default_factory=dict)
    logging: dict[str, Params] = field(default_factory=dict)


def function_name(name_or_arn: str) -> str:
    """Take the name out of what calls name a function by: its name, its ARN, or account:function:name."""
    _, _, after = name_or_arn.rpartition("function:")
    return (after or name_or_arn).split(":")[0]


def log_group_of(cloud: Cloud, region: str, name: str) -> str:
    """Say which log group a function writes to."""
    return str(_logging(cloud.store(Functions, region), name)["LogGroup"])


def _logging(functions: Functions, name: str) -> Params:
    return functions.logging.get(name) or {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}


def _functions(call: Call) -> Functions:
    return call.cloud.store(Functions, call.region)


def _name(call: Call) -> str:
    return function_name(call.params["FunctionName"])


def _with_state(call: Call, configuration: Params) -> Params:
    """Add what moto does not know, and put what takes time in place of what moto has done at once."""
    name, now, functions = configuration["FunctionName"], call.cloud.clock.now(), _functions(call)
    configuration = configuration | {"LoggingConfig": _logging(functions, name)}
    if now < functions.made.get(name, 0):
        configuration |= _PENDING
    elif now < functions.changed.get(name, 0):
        configuration |= _CHANGING
    return configuration


@check("lambda", "CreateFunction")
def check_create(call: Call) -> None:
    """Refuse a name that stands, what is no zip, and a role that Lambda cannot assume (yet)."""
    name = call.params["FunctionName"]
    backend: Any = moto_private.get_backend("lambda")[call.account][call.region]
    if any(function.function_name == name for function in backend.list_functions()):
        raise Refusal("ResourceConflictException", f"Function already exist: {name}", 409)
    _check_zip((call.params.get("Code") or {}).get("ZipFile"))
    _check_role(call)


@check("lambda", "UpdateFunctionCode")
def check_code(call: Call) -> None:
    """Refuse a change while another is under way, and what is no zip."""
    _check_settled(call)
    _check_zip(call.params.get("ZipFile"))


@check("lambda", "UpdateFunctionConfiguration")
def check_configuration(call: Call) -> None:
    """Refuse a change while another is under way, and a role that Lambda cannot assume (yet)."""
    _check_settled(call)
    _check_role(call)


@check("lambda", "PublishVersion")
@check("lambda", "DeleteFunction")
def _check_settled(call: Call) -> None:
    """Refuse what must wait until the function is made or changed (AWS-FACTS §9)."""
    name, now, functions = _name(call), call.cloud.clock.now(), _functions(call)
    cannot = "The operation cannot be performed at this time."
    arn = call.arn(f"function:{name}")
    if now < functions.made.get(name, 0):
        text = f"{cannot} The function is currently in the following state: Pending"
        raise Refusal("ResourceConflictException", text, 409)
    if now < functions.changed.get(name, 0):
        text = f"{cannot} An update is in progress for resource: {arn}"
        raise Refusal("ResourceConflictException", text, 409)


def _check_zip(content: bytes | None) -> None:
    if content is not None and not zipfile.is_zipfile(io.BytesIO(content)):
        text = "Could not unzip uploaded file. Please check your file, then try to upload again."
        raise Refusal("InvalidParameterValueException", text, 400)


def _check_role(call: Call) -> None:
    role = call.params.get("Role")
    if role and not iam.can_be_assumed(call.cloud, role, "lambda.amazonaws.com"):
        text = "The role defined for the function cannot be assumed by Lambda."
        raise Refusal("InvalidParameterValueException", text, 400)


@check("lambda", "AddPermission")
def check_permission(call: Call) -> None:
    """Refuse a statement id that is taken."""
    sid = call.params["StatementId"]
    function = _backend_function(call)
    if function is not None and any(statement.get("Sid") == sid for statement in function.policy.statements):
        text = (
            f"The statement id ({sid}) provided already exists. Please provide a new statement id, "
            "or remove the existing statement."
        )
        raise Refusal("ResourceConflictException", text, 409)


def _backend_function(call: Call) -> Any:
    """The function as moto keeps it; None when it does not stand."""
    backend: Any = moto_private.get_backend("lambda")[call.account][call.region]
    name = _name(call)
    return next((one for one in backend.list_functions() if one.function_name == name), None)


@operation("lambda", "CreateFunction")
def create_function(call: Call) -> Params:
    """Create a function that is Pending for a while."""
    result = call.moto()
    name, functions = call.params["FunctionName"], _functions(call)
    functions.made[name] = call.cloud.clock.now() + call.cloud.delays.function_create
    functions.changed.pop(name, None)
    functions.logging.pop(name, None)
    _keep_logging(call, functions, name)
    return _with_state(call, result)


@operation("lambda", "UpdateFunctionCode")
def update_code(call: Call) -> Params:
    """Change code and platform; moto leaves the platform as it was."""
    result = call.moto()
    platforms = call.params.get("Architectures")
    if platforms and not call.params.get("DryRun"):
        _backend_function(call).architectures = platforms
        result["Architectures"] = platforms
    return _changing(call, result)


@operation("lambda", "UpdateFunctionConfiguration")
def update_configuration(call: Call) -> Params:
    """Change the configuration; of logging, what is given."""
    result = call.moto()
    _keep_logging(call, _functions(call), _name(call))
    return _changing(call, result)


def _keep_logging(call: Call, functions: Functions, name: str) -> None:
    given = call.params.get("LoggingConfig")
    if given:
        functions.logging[name] = _logging(functions, name) | given


def _changing(call: Call, configuration: Params) -> Params:
    _functions(call).changed[_name(call)] = call.cloud.clock.now() + call.cloud.delays.function_update
    return _with_state(call, configuration)


@operation("lambda", "GetFunction")
def get_function(call: Call) -> Params:
    """Answer a function with its state; its tags only to those who may list them (GetFunction, TagsError)."""
    result = call.moto()
    result["Configuration"] = _with_state(call, result["Configuration"])
    if withheld := call.notes.get("tags withheld"):
        result.pop("Tags", None)
        result["TagsError"] = {"ErrorCode": "AccessDeniedException", "Message": withheld}
    return result


@operation("lambda", "GetFunctionConfiguration")
def get_configuration(call: Call) -> Params:
    """Answer a configuration with its state."""
    return _with_state(call, call.moto())


@operation("lambda", "ListFunctions")
def list_functions(call: Call) -> Params:
    """Answer a page of functions with where each logs."""
    result = call.moto()
    result["Functions"] = [_with_state(call, configuration) for configuration in result["Functions"]]
    return result


@operation("lambda", "DeleteFunction")
def delete_function(call: Call) -> Params:
    """Delete a function; its mappings stay, as AWS leaves them."""
    result = call.moto()
    functions, name = _functions(call), _name(call)
    if "Qualifier" not in call.params:
        functions.made.pop(name, None)
        functions.changed.pop(name, None)
        functions.logging.pop(name, None)
    return result
