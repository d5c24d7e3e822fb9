"""Turns a zip of libraries into a layer of AWS Lambda, whose versions say in words whose they are: no tags there."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from scrapectl.engine.marks import Identity, Local
from scrapectl.engine.ownership import PIPELINE
from scrapectl.engine.resource import Aws, Key, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.kinds import schedule_mark
from scrapectl.kinds.lambda_configuration import PLATFORMS

ABSENT = ("ResourceNotFoundException",)
_KEPT = ("pipeline", "address", "applied")


@dataclass(frozen=True, kw_only=True)
class LambdaLayer(Resource):
    """The newest version of a layer. A version never changes: another content is another version.

    Functions that use an older version keep what they have when it is deleted (Lambda Developer Guide, "Deleting a
    layer version"), so that none is left behind.

    Attributes:
        code: Base64 SHA-256 of the zip, as AWS tells it.
        package: The zip itself.
        runtimes: What it is for, in any order.
        platform: X86_64 or ARM64.
    """

    name: Identity[str]
    code: str
    package: Local[bytes] = field(default=b"", repr=False)
    runtimes: tuple[str, ...]
    platform: str = "X86_64"

    kind: ClassVar[str] = "lambda_layer"
    tags_in_update: ClassVar[bool] = True
    gone_at_once: ClassVar[bool] = True
    needs: ClassVar[Needs] = Needs(
        read=("lambda:GetLayerVersion", "lambda:ListLayerVersions"),
        create=("lambda:PublishLayerVersion",),
        update=("lambda:DeleteLayerVersion", "lambda:PublishLayerVersion"),
        delete=("lambda:DeleteLayerVersion",),
        owned=("lambda:ListLayers",),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "lambda:layer": ("lambda:{region}:{account}:layer:{name}",),
            "lambda:layerVersion": ("lambda:{region}:{account}:layer:{name}:*",),
        }
    )

    def __post_init__(self) -> None:
        """Sort what AWS holds as a set."""
        object.__setattr__(self, "runtimes", tuple(sorted(self.runtimes)))

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """List the versions, newest first; what is in the newest another call tells."""
        (name,) = key
        versions = aws.pages("lambda", "list_layer_versions", "LayerVersions", absent=ABSENT, LayerName=name)
        if not versions:
            return None
        newest, *older = sorted(versions, key=lambda each: -int(each["Version"]))
        answer = aws.call("lambda", "get_layer_version", absent=ABSENT, LayerName=name, VersionNumber=newest["Version"])
        if answer is None:
            return None
        _, tags = schedule_mark.read(newest.get("Description") or "")
        resource = cls(
            name=name,
            code=answer["Content"]["CodeSha256"],
            runtimes=tuple(newest.get("CompatibleRuntimes") or ()),
            platform=_platform(newest.get("CompatibleArchitectures") or ()),
        )
        outputs = {"arn": newest["LayerVersionArn"], "name": name}
        return Live(resource, outputs, tags or {}, detail=tuple(each["Version"] for each in (newest, *older)))

    def create(self, aws: Aws, tags: Mapping[str, str]) -> None:
        """Publish a version, which says whose it is where others have their description."""
        aws.call(
            "lambda",
            "publish_layer_version",
            blind_retry=False,  # each call makes another version
            LayerName=self.name,
            Description=schedule_mark.write("", tags, _KEPT),
            Content={"ZipFile": self.package},
            CompatibleRuntimes=list(self.runtimes),
            CompatibleArchitectures=[PLATFORMS[self.platform]],
        )

    def update(self, aws: Aws, update: Update) -> None:
        """Publish another version; those before it go."""
        self.create(aws, update.tags)
        _delete_versions(aws, self.name, update.live.detail)

    @classmethod
    def retag(cls, aws: Aws, live: Live, put: Mapping[str, str], drop: Sequence[str]) -> None:
        """Leave it: what a version says is final, and its next one will say it anew."""

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Delete every version; the layer is gone with the last."""
        del removal
        _delete_versions(aws, live.outputs["name"], live.detail)

    @classmethod
    def owned(cls, aws: Aws, owner: str) -> list[Key]:
        """List all layers with their newest version, which says whose it is."""
        layers = aws.pages("lambda", "list_layers", "Layers")
        return [(layer["LayerName"],) for layer in layers if _owner(layer["LatestMatchingVersion"]) == owner]


def _owner(version: Mapping[str, Any]) -> str | None:
    _, tags = schedule_mark.read(version.get("Description") or "")
    return (tags or {}).get(PIPELINE)


def _platform(architectures: Sequence[str]) -> str:
    ours = {theirs: platform for platform, theirs in PLATFORMS.items()}
    return " ".join(ours.get(each, each) for each in architectures)


def _delete_versions(aws: Aws, name: str, versions: Sequence[int]) -> None:
    delete = functools.partial(aws.call, "lambda", "delete_layer_version", absent=ABSENT, LayerName=name)
    for version in versions:
        delete(VersionNumber=version)
