"""Turns code (a zip or an image) and how it shall run into a function of AWS Lambda, with who may call it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Identity, Local
from scrapectl.engine.resource import (
    Aws,
    Key,
    Listing,
    Live,
    Needs,
    Pace,
    Removal,
    Replace,
    Resource,
    Scopes,
    Update,
)
from scrapectl.kinds.lambda_asynchronous import RETRIES, WITHIN_SECONDS, read_asynchronous, write_asynchronous
from scrapectl.kinds.lambda_configuration import PLATFORMS, SCRATCH_MIB, FileMount, own_group, status_of, values_of
from scrapectl.kinds.lambda_permission import Permission, permissions_of, replace_permissions
from scrapectl.kinds.tags import own_tags

__all__ = ["FileMount", "LambdaFunction", "Permission", "function_arn"]

ABSENT = ("ResourceNotFoundException",)
_CODE = frozenset({"code", "image", "platform"})
# A broken one ("status") gets its configuration again, which has AWS try anew.
_CONFIGURATION = frozenset(
    {
        *("handler", "runtime", "role", "memory", "timeout", "environment", "log_group", "description", "status"),
        *("command", "disk", "layers", "subnets", "security_groups", "mounts"),
    }
)
_ASYNCHRONOUS = frozenset({"on_failure", "retries", "within_seconds"})


def function_arn(partition: str, region: str, account: str, name: str) -> str:
    """Say the ARN that a function will have."""
    return f"arn:{partition}:lambda:{region}:{account}:function:{name}"


@dataclass(frozen=True, kw_only=True)
class LambdaFunction(Resource):
    """A function whose code is a zip, or an image.

    Attributes:
        code: Base64 SHA-256 of the zip, as AWS tells it of what runs; "" with an image.
        package: The zip itself.
        handler: "module.function"; "" with an image.
        runtime: Such as "python3.13"; "" with an image.
        image: URI of an image by its digest; None with a zip. AWS never makes one of the other.
        command: What the image runs instead of its own command.
        role: ARN of what it may do.
        memory: MiB, 128 to 10240.
        timeout: Seconds, to 900.
        disk: MiB of /tmp, to 10240; None for the 512 that every function has.
        platform: X86_64 or ARM64.
        layers: ARNs of layer versions, the last over the first.
        subnets: Ids of the subnets it runs in, in any order; none: outside of any network of ours.
        security_groups: Ids, in any order.
        mounts: At most one, which needs the subnets.
        log_group: Name of the log group; None: /aws/lambda/ and its name, which AWS makes.
        permissions: Who may call it: its whole resource policy.
        concurrency: How many run at once at most, set aside from the account's; None: as many as the account has.
        on_failure: ARN of the queue or topic that takes events which nobody waits for and which came to nothing.
        retries: How often such an event is tried again, 0 to 2.
        within_seconds: How old it may get, 60 to 21600.
    """

    name: Identity[str]
    code: str
    package: Local[bytes] = field(default=b"", repr=False)
    handler: str
    runtime: str
    image: Any = None
    command: tuple[str, ...] = ()
    role: Any
    memory: int
    timeout: int
    disk: int | None = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    platform: str = "X86_64"
    layers: tuple[Any, ...] = ()
    subnets: tuple[Any, ...] = ()
    security_groups: tuple[Any, ...] = ()
    mounts: frozenset[FileMount] = frozenset()
    log_group: Any = None
    permissions: frozenset[Permission] = frozenset()
    concurrency: int | None = None
    on_failure: Any = None
    retries: int = RETRIES
    within_seconds: int = WITHIN_SECONDS
    description: str = ""

    kind: ClassVar[str] = "lambda_function"
    pace: ClassVar[Pace] = Pace(first=0.0, interval=1.0, limit=600.0)
    replace: ClassVar[Replace] = Replace.IN_PLACE
    gone_at_once: ClassVar[bool] = True
    sweep: ClassVar[str | None] = "lambda:{region}:{account}:function:"
    listing: ClassVar[Listing | None] = Listing("lambda", "list_functions", "Functions", "FunctionName")
    needs: ClassVar[Needs] = Needs(
        read=("lambda:GetFunction", "lambda:GetFunctionEventInvokeConfig", "lambda:GetPolicy", "lambda:ListTags"),
        create=("iam:PassRole", "lambda:CreateFunction", "lambda:TagResource"),
        update=(
            "iam:PassRole",
            "lambda:AddPermission",
            "lambda:DeleteFunctionConcurrency",
            "lambda:DeleteFunctionEventInvokeConfig",
            "lambda:RemovePermission",
            "lambda:TagResource",
            "lambda:UntagResource",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
        ),
        delete=("lambda:DeleteFunction",),
        given={
            "concurrency": ("lambda:PutFunctionConcurrency",),
            "image": ("ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy"),
            "layers": ("lambda:GetLayerVersion",),
            "mounts": ("elasticfilesystem:DescribeMountTargets",),
            "on_failure": ("lambda:PutFunctionEventInvokeConfig",),
            "subnets": ("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
        },
    )
    scopes: ClassVar[Scopes] = Scopes(
        {"lambda:function": ("lambda:{region}:{account}:function:{name}",)}, passed_to="lambda.amazonaws.com"
    )

    def __post_init__(self) -> None:
        """Sort what AWS holds as sets; done again when references are put in."""
        for name in ("subnets", "security_groups"):
            object.__setattr__(self, name, tuple(sorted(getattr(self, name), key=str)))

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the function with its tags; of one that stands the resource policy and what becomes of its events."""
        (name,) = key
        answer = aws.call("lambda", "get_function", absent=ABSENT, FunctionName=name)
        if answer is None:
            return None
        policy, asynchronous = aws.gather(
            [
                lambda: aws.call("lambda", "get_policy", absent=ABSENT, FunctionName=name),
                lambda: read_asynchronous(aws, name),
            ]
        )
        now = answer["Configuration"]
        permissions = permissions_of(policy["Policy"]) if policy else frozenset()
        resource = cls(**values_of(answer), permissions=permissions, **asynchronous)
        status, reason = status_of(now)
        outputs = {"arn": now["FunctionArn"], "name": name}
        if "TagsError" in answer:  # nothing was said of them: to who may not list them, the list itself says so
            answer = aws.call("lambda", "list_tags", Resource=now["FunctionArn"])
        return Live(resource, outputs, own_tags(answer.get("Tags", {})), status, reason)

    def fixed(self, live: Live) -> frozenset[str]:
        """AWS never makes a function of a zip out of one of an image, nor the other way round."""
        standing = cast("LambdaFunction", live.resource)
        return frozenset({"image"}) if bool(self.image) != bool(standing.image) else frozenset()

    def create(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Make it; while it is Pending nothing else may be done with it, so the rest follows as an update."""
        aws.call(
            "lambda",
            "create_function",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            FunctionName=self.name,
            PackageType="Image" if self.image else "Zip",
            Code=self._code(),
            Architectures=[PLATFORMS[self.platform]],
            Tags=dict(tags),
            **self._configuration(),
        )

    def update(self, aws: Aws, update: Update) -> None:
        """Send the code, or else the configuration, or else the rest: each must be done before AWS takes the next."""
        if update.changed & _CODE:
            platform = [PLATFORMS[self.platform]]
            aws.call("lambda", "update_function_code", FunctionName=self.name, **self._code(), Architectures=platform)
        elif update.changed & _CONFIGURATION:
            aws.call("lambda", "update_function_configuration", FunctionName=self.name, **self._configuration())
        else:
            self._update_rest(aws, update)

    def _update_rest(self, aws: Aws, update: Update) -> None:
        if "permissions" in update.changed:
            standing = cast("LambdaFunction", update.live.resource).permissions
            replace_permissions(aws, self.name, standing, self.permissions)
        if update.changed & _ASYNCHRONOUS:
            write_asynchronous(aws, self.name, self.on_failure, self.retries, self.within_seconds)
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

    def _code(self) -> dict[str, Any]:
        return {"ImageUri": self.image} if self.image else {"ZipFile": self.package}

    def _configuration(self) -> dict[str, Any]:
        """Everything that an update replaces as a whole: what is not wanted is said to be empty."""
        return {
            **self._runs(),
            "Role": self.role,
            "MemorySize": self.memory,
            "Timeout": self.timeout,
            "EphemeralStorage": {"Size": self.disk or SCRATCH_MIB},
            "Environment": {"Variables": dict(self.environment)},
            "VpcConfig": {"SubnetIds": list(self.subnets), "SecurityGroupIds": list(self.security_groups)},
            "FileSystemConfigs": [{"Arn": each.access_point, "LocalMountPath": each.path} for each in self.mounts],
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": self.log_group or own_group(self.name)},
            "Description": self.description,
        }

    def _runs(self) -> dict[str, Any]:
        if self.image:
            return {"ImageConfig": {"Command": list(self.command)} if self.command else {}}
        return {"Handler": self.handler, "Runtime": self.runtime, "Layers": list(self.layers)}
