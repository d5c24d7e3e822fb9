"""(spec, place) → the resources that it wants, without asking AWS: what AWS alone knows is assumed."""

from __future__ import annotations

import string
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scrapectl import blueprint
from scrapectl.engine.resource import Desired
from scrapectl.facts import Facts, NetworkFacts
from scrapectl.spec.model import Spec

ANY = "*"
_EXISTING_ARN = {
    "buckets": "s3:::{name}",
    "message_queues": "sqs:{region}:{account}:{name}",
    "topics": "sns:{region}:{account}:{name}",
    "secrets": "secretsmanager:{region}:{account}:secret:{name}-??????",
    "images": "ecr:{region}:{account}:repository/{name}",
    "compute_environments": "batch:{region}:{account}:compute-environment/{name}",
    "job_queues": "batch:{region}:{account}:job-queue/{name}",
    "databases": "rds:{region}:{account}:db:{name}",
    "warehouses": "redshift:{region}:{account}:cluster:{name}",
    "filesystems": "elasticfilesystem:{region}:{account}:file-system/{name}",
}

_WORKGROUP = "redshift-serverless:{region}:{account}:workgroup/*"


@dataclass(frozen=True)
class Where:
    """Where an instance stands; account and region may be "*" when nobody can tell."""

    account: str
    region: str

    @property
    def partition(self) -> str:
        """By the region's name (AWS General Reference, "Amazon Resource Names")."""
        known = {"cn": "aws-cn", "us-gov": "aws-us-gov", "us-iso": "aws-iso", "us-isob": "aws-iso-b"}
        return next((partition for start, partition in known.items() if self.region.startswith(f"{start}-")), "aws")


def assume(spec: Spec, where: Where) -> list[Desired]:
    """Everything that the spec wants, as far as its names tell."""
    existing = {(section, key): _outputs(found, where) for (section, key), found in existing_arns(spec, where).items()}
    network = NetworkFacts(
        vpc=spec.network.vpc or ANY,
        subnets=spec.network.subnets or (ANY,),
        security_groups=spec.network.security_groups,
        zones=_zones(spec),
    )
    tags = {key: "src-0" for key, image in spec.images.items() if image.build is not None}
    facts = Facts(where.account, where.partition, where.region, network, existing, image_tags=tags)
    return blueprint.blueprint(spec, facts)


def _zones(spec: Spec) -> tuple[str, ...]:
    """Two, or as many as a made network has, each with a letter of its own."""
    made = spec.network.made
    return tuple(f"{ANY}{letter}" for letter in string.ascii_lowercase[: made.zones if made else 2])


def existing_arns(spec: Spec, where: Where) -> dict[tuple[str, str], str]:
    """The ARN of each thing that the spec uses and does not own, by section and key."""
    found = {}
    for section, pattern in _EXISTING_ARN.items():
        for entry in getattr(spec, section).values():
            if entry.existing is not None:
                serverless = getattr(entry, "engine", "") == "redshift-serverless"  # known by an id that AWS chose
                arn = (_WORKGROUP if serverless else pattern).format(
                    name=entry.existing, account=where.account, region=where.region
                )
                given = entry.existing.startswith("arn:")
                found[section, entry.key] = entry.existing if given else f"arn:{where.partition}:{arn}"
    return found


def existing_access_points(spec: Spec, where: Where) -> list[str]:
    """The ARN of each access point that paths of file systems name which are not the spec's."""
    systems = [system for system in spec.filesystems.values() if system.existing is not None]
    points = sorted({str(path.existing) for system in systems for path in system.paths.values()})
    start = f"arn:{where.partition}:elasticfilesystem:{where.region}:{where.account}"
    return [f"{start}:access-point/{point}" for point in points]


def _outputs(arn: str, where: Where) -> Mapping[str, Any]:
    """What AWS would tell of it: its name and ARN; all else is any text."""
    name = arn.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
    uri = f"{where.account}.dkr.ecr.{where.region}.amazonaws.com/{name}"
    return defaultdict(str, arn=arn, name=name, uri=uri)
