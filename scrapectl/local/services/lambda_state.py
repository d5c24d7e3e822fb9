"""What moto does not keep of a region's functions: when each is ready, where it logs, where it stands, what it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.registry import Call, Params, Refusal

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

IN_NETWORK = "VpcConfig"
_OURS = ("VpcConfig", "FileSystemConfigs", "EphemeralStorage")
_PENDING = {"State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating"}
_CHANGING = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being updated.",
    "LastUpdateStatusReasonCode": "Creating",
}


@dataclass
class Functions:
    """A region's functions by name.

    Attributes:
        made: When each is no longer Pending.
        changed: When its last change is done.
        logging: Its LoggingConfig.
        more: Members of its configuration that moto keeps wrongly, or not at all.
        images: The URI of its image, as it was given.
    """

    made: dict[str, float] = field(default_factory=dict)
    changed: dict[str, float] = field(default_factory=dict)
    logging: dict[str, Params] = field(default_factory=dict)
    more: dict[str, Params] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)

    def forget(self, name: str) -> None:
        """Know nothing of a function any more."""
        for kept in (self.made, self.changed, self.logging, self.more, self.images):
            kept.pop(name, None)


def function_name(name_or_arn: str) -> str:
    """Take the name out of what calls name a function by: its name, its ARN, or account:function:name."""
    _, _, after = name_or_arn.rpartition("function:")
    return (after or name_or_arn).split(":")[0]


def functions_in(call: Call) -> Functions:
    """The functions of the call's region."""
    return call.cloud.store(Functions, call.region)


def named(call: Call) -> str:
    """The name of the function that a call is about."""
    return function_name(call.params["FunctionName"])


def log_group_of(cloud: Cloud, region: str, name: str) -> str:
    """Say which log group a function writes to."""
    return str(logging_of(cloud.store(Functions, region), name)["LogGroup"])


def logging_of(functions: Functions, name: str) -> Params:
    """Its LoggingConfig."""
    return functions.logging.get(name) or {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}


def backend_function(call: Call) -> Any:
    """The function as moto keeps it; None when it does not stand."""
    backend: Any = moto_private.get_backend("lambda")[call.account][call.region]
    name = named(call)
    return next((one for one in backend.list_functions() if one.function_name == name), None)


def keep(call: Call, name: str) -> None:
    """Keep what a call says of a function's configuration, member by member; of logging, what is given."""
    functions, params = functions_in(call), call.params
    more = functions.more.setdefault(name, {})
    more |= {member: params[member] for member in _OURS if member in params}
    if "ImageConfig" in params:
        more["ImageConfigResponse"] = {"ImageConfig": params["ImageConfig"]}
    if "VpcConfig" in params:
        more["VpcConfig"] = _network(call, params["VpcConfig"])
    if params.get("LoggingConfig"):
        functions.logging[name] = logging_of(functions, name) | params["LoggingConfig"]
    image = (params.get("Code") or params).get("ImageUri")
    if image:
        functions.images[name] = image


def _network(call: Call, config: Params) -> Params:
    subnets, groups = config.get("SubnetIds") or [], config.get("SecurityGroupIds") or []
    vpc = ""
    if subnets:
        asked = {"SubnetIds": [subnets[0]]}
        vpc = call.cloud.call("ec2", "DescribeSubnets", asked, call.region)["Subnets"][0]["VpcId"]
    return {"SubnetIds": subnets, "SecurityGroupIds": groups, "VpcId": vpc, "Ipv6AllowedForDualStack": False}


def with_state(call: Call, configuration: Params) -> Params:
    """Add what moto does not know, and put what takes time in place of what moto has done at once."""
    name, now, functions = configuration["FunctionName"], call.cloud.clock.now(), functions_in(call)
    configuration = configuration | {"LoggingConfig": logging_of(functions, name)} | functions.more.get(name, {})
    if configuration.get("PackageType") == "Image":
        configuration = {key: value for key, value in configuration.items() if key not in {"Handler", "Runtime"}}
    if now < functions.made.get(name, 0):
        configuration |= _PENDING
    elif now < functions.changed.get(name, 0):
        configuration |= _CHANGING
    return configuration


def check_settled(call: Call) -> None:
    """Refuse what must wait until the function is made or changed (AWS-FACTS §9)."""
    name, now, functions = named(call), call.cloud.clock.now(), functions_in(call)
    cannot = "The operation cannot be performed at this time."
    if now < functions.made.get(name, 0):
        text = f"{cannot} The function is currently in the following state: Pending"
        raise Refusal("ResourceConflictException", text, 409)
    if now < functions.changed.get(name, 0):
        text = f"{cannot} An update is in progress for resource: {call.arn(f'function:{name}')}"
        raise Refusal("ResourceConflictException", text, 409)
