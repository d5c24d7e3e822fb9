"""Turns a zip of code and how it shall run into a function of AWS Lambda, with who may call it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Identity, Local
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Pace, Removal, Resource, Scopes, Status, Update
from scrapectl.kinds.lambda_permission import Permission, permissions_of, replace_permissions
from scrapectl.kinds.tags import own_tags

__all__ = ["LambdaFunction", "Permission", "function_arn"]

ABSENT = ("ResourceNotFoundException",)
_PLATFORMS = {"X86_64": "x86_64", "ARM64": "arm64"}
_CODE = frozenset({"code", "platform"})
# A broken one ("status") gets its configuration again, which has AWS try anew.
_CONFIGURATION = frozenset(
    {"handler", "runtime", "role", "memory", "timeout", "environment", "log_group", "description", "status"}
)


def function_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a function will have."""
    return f"arn:{partition}:lambda:{region}:{account}:function:{name}"


@dataclass(frozen=True, kw_only=True)
class LambdaFunction(Resource):
    """A function whose code is a zip.

    Attributes:
        code: Base64 SHA-256 of the zip, as AWS tells it of what runs.
        package: The zip itself.
        handler: "module.function".
        runtime: Such as "python3.13".
        role: ARN of what it may do.
        memory: MiB, 128 to 10240.
        timeout: Seconds, to 900.
        platform: X86_64 or ARM64.
        log_group: Name of the log group; None: /aws/lambda/ and its name, which AWS makes.
        permissions: Who may call it: its whole resource policy.
        concurrency: How many run at once at most, set aside from the account's; None: as many as the account has.
    """

    name: Identity[str]
    code: str
    package: Local[bytes] = field(default=b"", repr=False)
    handler: str
    runtime: str
    role: Any
    memory: int
    timeout: int
    environment: Mapping[str, Any] = field(default_factory=dict)
    platform: str = "X86_64"
    log_group: Any = None
    permissions: frozenset[Permission] = frozenset()
    concurrency: int | None = None
    description: str = ""

    kind: ClassVar[str] = "lambda_function"
    pace: ClassVar[Pace] = Pace(first=0.0, interval=1.0, limit=600.0)
    gone_at_once: ClassVar[bool] = True
    sweep: ClassVar[str | None] = "lambda:{region}:{account}:function:"
    listing: ClassVar[Listing | None] = Listing("lambda", "list_functions", "Functions", "FunctionName")
    needs: ClassVar[Needs] = Needs(
        read=("lambda:GetFunction", "lambda:GetPolicy", "lambda:ListTags"),
        create=("iam:PassRole", "lambda:CreateFunction", "lambda:TagResource"),
        update=(
            "iam:PassRole",
            "lambda:AddPermission",
            "lambda:DeleteFunctionConcurrency",
            "lambda:PutFunctionConcurrency",
            "lambda:RemovePermission",
            "lambda:TagResource",
            "lambda:UntagResource",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
        ),
        delete=("lambda:DeleteFunction",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {"lambda:function": ("lambda:{region}:{account}:function:{name}",)}, passed_to="lambda.amazonaws.com"
    )

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the function with its tags; only of one that stands the resource policy."""
        (name,) = key
        answer = aws.call("lambda", "get_function", absent=ABSENT, FunctionName=name)
        if answer is None:
            return None
        policy = aws.call("lambda", "get_policy", absent=ABSENT, FunctionName=name)
        now = answer["Configuration"]
        log_group = now.get("LoggingConfig", {}).get("LogGroup")
        architecture = (now.get("Architectures") or ["x86_64"])[0]
        resource = cls(
            name=name,
            code=now["CodeSha256"],
            handler=now.get("Handler", ""),  # an image, never ours, has neither handler nor runtime
            runtime=now.get("Runtime", ""),
            role=now["Role"],
            memory=now["MemorySize"],
            timeout=now["Timeout"],
            environment=now.get("Environment", {}).get("Variables", {}),
            platform=next((ours for ours, theirs in _PLATFORMS.items() if theirs == architecture), architecture),
            log_group=None if log_group == _own_group(name) else log_group,
            permissions=permissions_of(policy["Policy"]) if policy else frozenset(),
            concurrency=answer.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
            description=now.get("Description", ""),
        )
        status, reason = _status(now)
        outputs = {"arn": now["FunctionArn"], "name": name}
        if "TagsError" in answer:  # nothing was said of them: to who may not list them, the list itself says so
            answer = aws.call("lambda", "list_tags", Resource=now["FunctionArn"])
        return Live(resource, outputs, own_tags(answer.get("Tags", {})), status, reason)

    def create(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Make it; while it is Pending nothing else may be done with it, so permissions follow as an update."""
        aws.call(
            "lambda",
            "create_function",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            FunctionName=self.name,
            PackageType="Zip",
            Code={"ZipFile": self.package},
            Architectures=[_PLATFORMS[self.platform]],
            Tags=dict(tags),
            **self._configuration(),
        )

    def update(self, aws: Aws, update: Update) -> None:
        """Send the code, or else the configuration, or else the rest: each must be done before AWS takes the next."""
        if update.changed & _CODE:
            aws.call(
                "lambda",
                "update_function_code",
                FunctionName=self.name,
                ZipFile=self.package,
                Architectures=[_PLATFORMS[self.platform]],
            )
        elif update.changed & _CONFIGURATION:
            aws.call("lambda", "update_function_configuration", FunctionName=self.name, **self._configuration())
        else:
            self._update_rest(aws, update)

    def _update_rest(self, aws: Aws, update: Update) -> None:
        if "permissions" in update.changed:
            standing = cast("LambdaFunction", update.live.resource).permissions
            replace_permissions(aws, self.name, standing, self.permissions)
        if "concurrency" not in update.changed:
            return
        if self.concurrency is None:
            aws.call("lambda", "delete_function_concurrency", FunctionName=self.name)
        else:
            aws.call(
                "lambda",
                "put_function_concurrency",
                FunctionName=self.name,
                ReservedConcurrentExecutions=self.concurrency,
            )

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete it with its permissions; its mappings are resources of their own, and went before."""
        del removal
        aws.call("lambda", "delete_function", absent=ABSENT, FunctionName=live.outputs["name"])

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN."""
        _, _, name = arn.partition(":function:")
        return (name.split(":")[0],) if name else None

    def _configuration(self) -> dict[str, Any]:
        return {
            "Handler": self.handler,
            "Runtime": self.runtime,
            "Role": self.role,
            "MemorySize": self.memory,
            "Timeout": self.timeout,
            "Environment": {"Variables": dict(self.environment)},
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": self.log_group or _own_group(self.name)},
            "Description": self.description,
        }


def _own_group(name: str) -> str:
    """Where a function writes that names no log group."""
    return f"/aws/lambda/{name}"


def _status(now: Mapping[str, Any]) -> tuple[Status, str]:
    """Read what AWS is doing with it. Inactive is ready: the next event wakes it."""
    if now.get("State") == "Pending":
        return Status.BUSY, now.get("StateReason", "it is being made")
    if now.get("LastUpdateStatus") == "InProgress":
        return Status.BUSY, now.get("LastUpdateStatusReason", "it is being changed")
    if now.get("State") == "Failed":
        return Status.BROKEN, now.get("StateReason", "it could not be made")
    if now.get("LastUpdateStatus") == "Failed":
        return Status.BROKEN, now.get("LastUpdateStatusReason", "its last change failed")
    return Status.READY, ""
