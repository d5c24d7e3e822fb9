"""The cases of Lambda beyond a plain function: functions in a network with mounts, functions of images, layers."""

from __future__ import annotations

import dataclasses
from typing import Any

from scrapectl.kinds.lambda_function import FileMount, LambdaFunction
from scrapectl.kinds.lambda_layer import LambdaLayer
from scrapectl.operate.images import push_image
from tests.contract.bench import Bench
from tests.contract.cases import Case
from tests.contract.efs_datasync_cases import file_system_id, group, subnets
from tests.contract.messaging_cases import digest, function, other_permissions, role, zipped

_NETWORK = ("ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface")
LIBRARY = zipped("import this\n")


def in_network(bench: Bench, owner: str) -> LambdaFunction:
    """A function in two subnets, which everything but its code is changed of."""
    may = role(bench, "lambda", *_NETWORK, "sqs:SendMessage", name="for-network")
    made = dataclasses.replace(
        function(bench, owner),
        name=f"{owner}-publish",
        role=may,
        permissions=frozenset(),
        concurrency=None,
        subnets=tuple(each["SubnetId"] for each in subnets(bench)[:2]),
        security_groups=(group(bench, "functions"),),
    )
    return dataclasses.replace(made, log_group=None)


def mount(bench: Bench, name: str) -> FileMount:
    """An access point of a file system with a mount target in every zone."""

    def targets() -> None:
        for subnet in subnets(bench):
            bench.aws.client("efs").create_mount_target(FileSystemId=file_system_id(bench), SubnetId=subnet["SubnetId"])

    def point() -> str:
        made: dict[str, Any] = bench.aws.client("efs").create_access_point(
            ClientToken=name, FileSystemId=file_system_id(bench)
        )
        bench.cloud.clock.advance(200)
        return str(made["AccessPointArn"])

    file_system_id(bench)
    bench.once("targets", targets)
    return FileMount(bench.once(f"point {name}", point), f"/mnt/{name}")


def layer_arn(bench: Bench, name: str) -> str:
    """Somebody's layer."""

    def make() -> str:
        answer = bench.aws.client("lambda").publish_layer_version(LayerName=name, Content={"ZipFile": LIBRARY})
        return str(answer["LayerVersionArn"])

    return str(bench.once(f"layer {name}", make))


def image_uri(bench: Bench, name: str) -> str:
    """A pushed image, by its digest."""

    def make() -> str:
        folder = bench.folder / name
        folder.mkdir()
        (folder / "Dockerfile").write_text(f"FROM scratch\nLABEL name={name}\n")
        made = bench.aws.client("ecr").create_repository(repositoryName=name)
        uri = str(made["repository"]["repositoryUri"])
        return f"{uri}@{push_image(bench.aws, uri, folder, 'src-1')}"

    return str(bench.once(f"image {name}", make))


def of_image(bench: Bench, owner: str) -> LambdaFunction:
    return LambdaFunction(
        name=f"{owner}-render",
        code="",
        handler="",
        runtime="",
        image=image_uri(bench, "render"),
        command=("app.handler",),
        role=role(bench, "lambda", name="for-image"),
        memory=512,
        timeout=60,
        disk=1024,
    )


def layer(_bench: Bench, owner: str) -> LambdaLayer:
    return LambdaLayer(name=f"{owner}-pandas-4f1a", code=digest(LIBRARY), package=LIBRARY, runtimes=("python3.13",))


def publish_another(bench: Bench, want: LambdaLayer) -> None:
    """Somebody's version over ours."""
    bench.aws.client("lambda").publish_layer_version(
        LayerName=want.name,
        Content={"ZipFile": zipped("import that\n")},
        CompatibleRuntimes=list(want.runtimes),
        CompatibleArchitectures=["x86_64"],
    )


LAMBDA_CASES: dict[str, Case] = {
    LambdaLayer.kind: Case(
        layer,
        {
            "runtimes": lambda _: ("python3.12", "python3.11"),
            "platform": lambda _: "ARM64",
        },
        tampers={"code": publish_another},
        user_tags=False,
    ),
}

LAMBDA_VARIANTS: dict[str, Case] = {
    f"{LambdaFunction.kind} in a network": Case(
        in_network,
        {
            "subnets": lambda bench: tuple(each["SubnetId"] for each in subnets(bench)[1:3]),
            "security_groups": lambda bench: (group(bench, "functions"), group(bench, "more")),
            "mounts": lambda bench: frozenset({mount(bench, "work")}),
            "layers": lambda bench: (layer_arn(bench, "one"), layer_arn(bench, "two")),
            "disk": lambda _: 2048,
            "on_failure": lambda _: "arn:aws:sqs:us-east-2:123456789012:dead",
            "retries": lambda _: 0,
            "within_seconds": lambda _: 3600,
            "permissions": other_permissions,
        },
    ),
    f"{LambdaFunction.kind} of an image": Case(
        of_image,
        {
            "image": lambda bench: image_uri(bench, "other"),
            "command": lambda _: (),
            "disk": lambda _: None,
            "memory": lambda _: 128,
        },
    ),
}
