"""Turns what may be brought into a desktop into a stack of AppStream 2.0, with its fleet: what people stream from."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from scrapectl.engine.marks import Identity
from scrapectl.engine.resource import Aws, Key, Listing, Live, Needs, Removal, Resource, Scopes, Update
from scrapectl.kinds.appstream_fleet import called
from scrapectl.kinds.tags import own_tags

ABSENT = ("ResourceNotFoundException",)
_CLIPBOARD, _UPLOADS = "CLIPBOARD_COPY_FROM_LOCAL_DEVICE", "FILE_UPLOAD"
_OUTWARD = ("CLIPBOARD_COPY_TO_LOCAL_DEVICE", "FILE_DOWNLOAD", "PRINTING_TO_LOCAL_DEVICE")
_ENABLED = "ENABLED"


@dataclass(frozen=True)
class AppstreamStack(Resource):
    """A stack.

    Attributes:
        clipboard: Whether text may be copied in.
        uploads: Whether files may be brought in.
        fleet: Name of the fleet that it streams from; None: of none.
        sealed: Nothing is copied, downloaded or printed out of it; never wanted otherwise.
    """

    name: Identity[str]
    clipboard: bool = True
    uploads: bool = True
    fleet: Any = None
    sealed: bool = True

    kind: ClassVar[str] = "appstream_stack"
    sweep: ClassVar[str | None] = "appstream:{region}:{account}:stack/"
    listing: ClassVar[Listing | None] = Listing("appstream", "describe_stacks", "Stacks", "Name")
    needs: ClassVar[Needs] = Needs(
        read=("appstream:DescribeStacks", "appstream:ListAssociatedFleets", "appstream:ListTagsForResource"),
        create=("appstream:AssociateFleet", "appstream:CreateStack", "appstream:TagResource"),
        update=(
            "appstream:AssociateFleet",
            "appstream:DisassociateFleet",
            "appstream:TagResource",
            "appstream:UntagResource",
            "appstream:UpdateStack",
        ),
        delete=("appstream:DeleteStack", "appstream:DisassociateFleet"),
    )
    scopes: ClassVar[Scopes] = Scopes(
        {
            "appstream:stack": ("appstream:{region}:{account}:stack/{name}",),
            "appstream:fleet": ("appstream:{region}:{account}:fleet/{name}",),
        },
    )

    @classmethod
    def read(cls, aws: Aws, key: Key) -> Live | None:
        """Read the stack; only of one that stands its fleet and tags."""
        (name,) = key
        found = aws.call("appstream", "describe_stacks", absent=ABSENT, Names=[name])
        for stack in found["Stacks"] if found else ():
            ask: Callable[..., Callable[[], Any]] = functools.partial
            fleets, tags = aws.gather(
                [
                    ask(aws.call, "appstream", "list_associated_fleets", absent=ABSENT, StackName=name),
                    ask(aws.call, "appstream", "list_tags_for_resource", absent=ABSENT, ResourceArn=stack["Arn"]),
                ]
            )
            if fleets is None or tags is None:  # it went between the calls
                return None
            outputs = {"arn": stack["Arn"], "name": name}
            return Live(_stack(stack, fleets.get("Names", [])), outputs, own_tags(tags.get("Tags", {})))
        return None

    def create(self, aws: Aws, tags: Mapping[str, str]) -> Live | None:
        """Make it, then give it its fleet; an update makes up for a kill."""
        answer = aws.call(
            "appstream",
            "create_stack",
            blind_retry=False,  # after a lost answer AWS would refuse the repeat: it exists
            Name=self.name,
            UserSettings=self._settings(),
            Tags=dict(tags),
        )
        if self.fleet is not None:
            aws.call("appstream", "associate_fleet", FleetName=self.fleet, StackName=self.name)
        return Live(self, {"arn": answer["Stack"]["Arn"], "name": self.name}, dict(tags))

    def update(self, aws: Aws, update: Update) -> None:
        """Send what differs; a stack has one fleet at a time."""
        if update.changed - {"fleet"}:
            aws.call("appstream", "update_stack", Name=self.name, UserSettings=self._settings())
        if "fleet" in update.changed:
            _let_go(aws, cast("AppstreamStack", update.live.resource))
            if self.fleet is not None:
                aws.call("appstream", "associate_fleet", FleetName=self.fleet, StackName=self.name)

    @classmethod
    def delete(cls, aws: Aws, live: Live, removal: Removal) -> None:
        """Take it off its fleet, then delete it: AWS refuses to delete one that has any."""
        del removal
        stack = cast("AppstreamStack", live.resource)
        _let_go(aws, stack)
        aws.call("appstream", "delete_stack", absent=ABSENT, Name=stack.name)

    @classmethod
    def stands_in(cls, live: Live) -> tuple[str, ...]:
        """Name its fleet, which AWS does not delete before the stack is off it."""
        fleet = cast("AppstreamStack", live.resource).fleet
        return (called(fleet),) if fleet else ()

    @classmethod
    def key_of_arn(cls, arn: str) -> Key | None:
        """Take the name out of the ARN."""
        _, _, name = arn.partition(":stack/")
        return (name,) if name else None

    def _settings(self) -> list[dict[str, str]]:
        wanted = {_CLIPBOARD: self.clipboard, _UPLOADS: self.uploads, **dict.fromkeys(_OUTWARD, not self.sealed)}
        return [{"Action": action, "Permission": _ENABLED if on else "DISABLED"} for action, on in wanted.items()]


def _stack(stack: Mapping[str, Any], fleets: list[str]) -> AppstreamStack:
    """Read the settings; what none is said of is allowed (AppStream's API reference, CreateStack)."""
    settings = {entry["Action"]: entry["Permission"] == _ENABLED for entry in stack.get("UserSettings", ())}
    return AppstreamStack(
        stack["Name"],
        clipboard=settings.get(_CLIPBOARD, True),
        uploads=settings.get(_UPLOADS, True),
        fleet=fleets[0] if fleets else None,
        sealed=not any(settings.get(action, True) for action in _OUTWARD),
    )


def _let_go(aws: Aws, stack: AppstreamStack) -> None:
    if stack.fleet is not None:
        aws.call("appstream", "disassociate_fleet", absent=ABSENT, FleetName=stack.fleet, StackName=stack.name)
