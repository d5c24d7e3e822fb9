"""The section `warehouses` as frozen dataclasses: Amazon Redshift, serverless or a cluster of nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from scrapectl.spec.sections import Entry, Written

if TYPE_CHECKING:
    from scrapectl.spec.services import DatabaseEnd
    from scrapectl.spec.template import Text

WarehouseEngine: TypeAlias = Literal["redshift", "redshift-serverless"]
# Redshift's own default; both forms take it.
PORT = 5439
# "Considerations when using Amazon Redshift Serverless": three subnets, in three zones.
ZONES_OF_SERVERLESS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Serverless(Written):
    """A workgroup in its namespace; `rpus` is the base capacity: 4, 8, or a multiple of 8."""

    rpus: int = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster(Written):
    """Nodes that stand, and cost, all the time."""

    node_type: str = "ra3.large"
    nodes: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Warehouse(Entry):
    """A Redshift warehouse; its password is made and kept by AWS. One of serverless, cluster, existing is set.

    Attributes:
        database: Name of the database made in it.
        username: Its first user.
        public: CIDRs that may reach it from outside; empty: private.
        existing: Name or ARN of a workgroup or a cluster that is not ours.
        engine: What an existing one is; None for ours.
        secret: The ARN of an existing one's password.
        role: The ARN of the role by which COPY reads into an existing one; None: it is not loaded from S3.
    """

    serverless: Serverless | None = None
    cluster: Cluster | None = None
    database: str = "dev"
    username: str = "scrapectl"
    public: tuple[str, ...] = ()
    on_destroy: DatabaseEnd = "snapshot"
    existing: str | None = None
    engine: WarehouseEngine | None = None
    secret: Text | None = None
    role: str | None = None

    @property
    def is_serverless(self) -> bool:
        """Whether it is a workgroup."""
        return self.serverless is not None or self.engine == "redshift-serverless"

    @property
    def port(self) -> int:
        """Where it listens, unless it is not ours and says otherwise."""
        return PORT
