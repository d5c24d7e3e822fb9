"""What must be asked before anything can be wanted: account, network, what `existing:` names, hashes of folders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class NetworkFacts:
    """Where jobs run.

    Attributes:
        vpc: The VPC's id; None for one to be made that does not stand yet.
        subnets: Ids; empty for a network to be made.
        security_groups: Ids.
        public: Whether a subnet's route leads to an internet gateway.
        zones: Of the subnets; of a network to be made those that it shall have.
        zone_of: Subnet to its zone.
        peers: Id of each VPC that a made one is joined with, to its blocks of addresses.
    """

    vpc: str | None
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...] = ()
    public: bool = True
    zones: tuple[str, ...] = ()
    zone_of: Mapping[str, str] = field(default_factory=dict)
    peers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """Gathered once, in parallel, read only.

    Attributes:
        existing: (section, key) to the outputs of what is not ours: arn, name, url, uri.
        secret_values: Key of a secret to the value of its variable, when that is set.
        image_tags: Key of an image to the tag its folder shall have, `src-<hash>`.
        pinned_images: URI of an ECR image with a tag, as a job names it, to the same with its digest.
        notifier: Files of the function that tells of failures, as they are shipped.
        packages: Key of a function to its zip.
        layers: A layer as it is written, with runtime and platform, to its zip.
        loader: The loader's package, path in it to content, as it is shipped; empty when no function only checks.
        starter: Source of the function that starts what uploads start, as it is shipped.
        host_files: Name of each file of the program that a host's instance runs, to its source.
    """

    account: str
    partition: str
    region: str
    network: NetworkFacts
    existing: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    secret_values: Mapping[str, str] = field(default_factory=dict, repr=False)
    image_tags: Mapping[str, str] = field(default_factory=dict)
    pinned_images: Mapping[str, str] = field(default_factory=dict)
    notifier: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    packages: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    layers: Mapping[tuple[str, str, str], bytes] = field(default_factory=dict, repr=False)
    starter: bytes = field(default=b"", repr=False)
    host_files: Mapping[str, str] = field(default_factory=dict, repr=False)
    loader: Mapping[str, bytes] = field(default_factory=dict, repr=False)
