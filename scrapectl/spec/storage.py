"""File systems as frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from scrapectl.spec.sections import Entry, OnDestroy, Written

if TYPE_CHECKING:
    from collections.abc import Mapping

Throughput: TypeAlias = Literal["elastic", "bursting"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessPath(Written):
    """A folder that is made on first use, and who everything in it belongs to.

    Attributes:
        mode: In octal, as text.
        existing: Id of the access point, of a file system that is not ours; None in one that is.
    """

    uid: int = 1000
    gid: int = 1000
    mode: str = "755"
    existing: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSystem(Entry):
    """An EFS file system, encrypted, with one access point for each path.

    Attributes:
        throughput: "elastic", "bursting", or MiB/s set aside ("provisioned").
        cold_after: Seconds (whole days that EFS knows) after which a file that nobody read is cold; None: never.
        backup: Whether AWS Backup keeps a copy each day.
        kms: ARN of the user's key; None: AWS's own.
        paths: Name, which is also the folder's, to who owns it.
        existing: Id or ARN of one that is not ours; each of its `paths` then names an access point that stands.
    """

    throughput: Throughput | float = "elastic"
    cold_after: int | None = None
    backup: bool = True
    kms: str | None = None
    paths: Mapping[str, AccessPath] = field(default_factory=dict)
    on_destroy: OnDestroy = "refuse"
    existing: str | None = None
