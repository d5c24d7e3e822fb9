"""Lambda's functions beyond moto: states that take time, log groups, platforms, networks, mounts and images."""

from __future__ import annotations

from scrapectl.local.registry import Call, Params, operation
from scrapectl.local.services import lambda_checks, lambda_events_control, lambda_layers_control
from scrapectl.local.services.lambda_network import put_interfaces, take_interfaces
from scrapectl.local.services.lambda_state import (
    IN_NETWORK,
    backend_function,
    function_name,
    functions_in,
    keep,
    log_group_of,
    named,
    with_state,
)

__all__ = ["function_name", "lambda_checks", "lambda_events_control", "lambda_layers_control", "log_group_of"]


@operation("lambda", "CreateFunction")
def create_function(call: Call) -> Params:
    """Create a function that is Pending for a while, longer in a network."""
    result = call.moto(_for_moto(call.params))
    name, functions, delays = named(call), functions_in(call), call.cloud.delays
    functions.forget(name)
    keep(call, name)
    network = functions.more[name].get(IN_NETWORK, {})
    put_interfaces(call, name, {}, network)
    takes = delays.function_in_network if network.get("SubnetIds") else delays.function_create
    functions.made[name] = call.cloud.clock.now() + takes
    return with_state(call, result)


def _for_moto(params: Params) -> Params:
    """Leave out what moto reads wrongly and we keep."""
    return {key: value for key, value in params.items() if key not in {"VpcConfig", "FileSystemConfigs", "ImageConfig"}}


@operation("lambda", "UpdateFunctionCode")
def update_code(call: Call) -> Params:
    """Change code and platform; moto leaves the platform as it was."""
    result = call.moto()
    platforms = call.params.get("Architectures")
    if not call.params.get("DryRun"):
        keep(call, named(call))
        if platforms:
            backend_function(call).architectures = platforms
            result["Architectures"] = platforms
    return _changing(call, result)


@operation("lambda", "UpdateFunctionConfiguration")
def update_configuration(call: Call) -> Params:
    """Change the configuration; of logging, what is given."""
    result = call.moto(_for_moto(call.params))
    name, functions = named(call), functions_in(call)
    before = functions.more.get(name, {}).get(IN_NETWORK, {})
    keep(call, name)
    put_interfaces(call, name, before, functions.more[name].get(IN_NETWORK, {}))
    return _changing(call, result)


def _changing(call: Call, configuration: Params) -> Params:
    functions_in(call).changed[named(call)] = call.cloud.clock.now() + call.cloud.delays.function_update
    return with_state(call, configuration)


@operation("lambda", "GetFunction")
def get_function(call: Call) -> Params:
    """Answer a function with its state; its tags only to those who may list them (GetFunction, TagsError)."""
    result = call.moto()
    result["Configuration"] = with_state(call, result["Configuration"])
    image = functions_in(call).images.get(named(call))
    if image:
        digest = result["Configuration"]["CodeSha256"]
        resolved = image if "@" in image else f"{image.rpartition(':')[0]}@sha256:{digest}"
        result["Code"] = {"RepositoryType": "ECR", "ImageUri": image, "ResolvedImageUri": resolved}
    if withheld := call.notes.get("tags withheld"):
        result.pop("Tags", None)
        result["TagsError"] = {"ErrorCode": "AccessDeniedException", "Message": withheld}
    return result


@operation("lambda", "GetFunctionConfiguration")
def get_configuration(call: Call) -> Params:
    """Answer a configuration with its state."""
    return with_state(call, call.moto())


@operation("lambda", "ListFunctions")
def list_functions(call: Call) -> Params:
    """Answer a page of functions with where each logs."""
    result = call.moto()
    result["Functions"] = [with_state(call, configuration) for configuration in result["Functions"]]
    return result


@operation("lambda", "DeleteFunction")
def delete_function(call: Call) -> Params:
    """Delete a function; its mappings stay, as AWS leaves them, and so do its interfaces for a while."""
    result = call.moto()
    if "Qualifier" not in call.params:
        take_interfaces(call.cloud, call.region, call.arn(f"function:{named(call)}"))
        functions_in(call).forget(named(call))
        lambda_events_control.forget(call.cloud, call.region, named(call))
    return result
