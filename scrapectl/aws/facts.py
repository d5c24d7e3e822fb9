"""Gathers what a spec takes as given: the network, what `existing:` names, hashes of folders to build, zips."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scrapectl.aws.existing import asker, found, named
from scrapectl.aws.function_reach import out_of_reach
from scrapectl.aws.network import network_facts
from scrapectl.aws.pinned_images import pin_tasks, pinned
from scrapectl.engine.resource import Aws
from scrapectl.errors import Problem, SpecError
from scrapectl.facts import Facts, NetworkFacts
from scrapectl.packages.build import Packages, build_packages
from scrapectl.packages.loader import package_members
from scrapectl.shipped import shipped
from scrapectl.spec.expected import checked_by_itself
from scrapectl.spec.model import Spec
from scrapectl.spec.warehouses import ZONES_OF_SERVERLESS

ZONES_OF_A_DATABASE = 2
NOTIFIER = ("notifier.py", "texts.py")
"""The files of `containers/notifier` that run in AWS."""
FolderHash = Callable[[Path, str], str]
"""(folder, platform) → hex digits: the same folder built for another platform is another image."""


def gather_facts(
    spec: Spec,
    aws: Aws,
    folder_hash: FolderHash,
    env: Mapping[str, str] | None = None,
    build: Callable[[Spec], Packages] = build_packages,
) -> Facts:
    """Pack what is to be packed, then gather everything in one round, side by side.

    Args:
        spec: What was written.
        aws: Whom to ask.
        folder_hash: Names what a build folder holds.
        env: The environment; this process's own when None.
        build: Makes the zips of functions; a destroy needs none.

    Raises:
        SpecError: something that `existing:` or `build:` names is not there, or not as it has to be; with its place.
        EnvironmentProblem: the account has no default network.
    """
    known = os.environ if env is None else env
    problems: list[Problem] = []
    theirs = named(spec, aws.region, problems)
    packages = build(spec)
    tasks: list[Callable[[], Any]] = [lambda: network_facts(aws, spec)]
    tasks += [asker(aws, section, entry) for section, entry in theirs]
    network, *answers = aws.gather([*tasks, *pin_tasks(spec, aws)])
    existing = found(theirs, answers[: len(theirs)], problems)
    tags = _image_tags(spec, folder_hash, problems)
    images, wrong = pinned(spec, answers[len(theirs) :], aws.region)
    problems += wrong
    problems.extend(_too_few_zones(spec, network))
    problems.extend(out_of_reach(spec, aws, network))
    if problems:
        raise SpecError.of(problems)
    return Facts(
        aws.account,
        aws.partition,
        aws.region,
        network,
        existing,
        secret_values=_secret_values(spec, known),
        image_tags=tags,
        pinned_images=images,
        packages=packages.functions,
        layers=packages.layers,
        notifier={name: shipped(f"notifier/{name}").read_bytes() for name in NOTIFIER} if _tells(spec) else {},
        starter=shipped("starter/starter.py").read_bytes() if spec.triggers else b"",
        host_files=_host_files() if spec.hosts else {},
        loader={member.name: member.data for member in package_members()} if checked_by_itself(spec) else {},
    )


def _host_files() -> dict[str, str]:
    """The program of a host's instance: what begins it, and the modules that it unpacks."""
    folder = shipped("host")
    modules = {path.name: path.read_text(encoding="utf-8") for path in sorted((folder / "scrapectl_host").glob("*.py"))}
    return {"start.py": (folder / "start.py").read_text(encoding="utf-8"), **modules}


def _tells(spec: Spec) -> bool:
    """Whether anybody may have to be told of a failure."""
    return spec.alerts.to is not None or any(started.on_failure for started in spec.started)


def _too_few_zones(spec: Spec, network: NetworkFacts) -> list[Problem]:
    """RDS takes no subnet group of fewer than two zones (AWS-FACTS §18: DBSubnetGroupDoesNotCoverEnoughAZs).

    Redshift Serverless makes no workgroup in fewer than three ("Considerations when using Amazon Redshift Serverless").
    """
    databases = [database for database in spec.databases.values() if database.existing is None]
    workgroups = [warehouse for warehouse in spec.warehouses.values() if warehouse.serverless is not None]
    for ours, what, least in (
        (databases, "a database needs subnets in two zones", ZONES_OF_A_DATABASE),
        (workgroups, "a serverless warehouse needs subnets in three zones", ZONES_OF_SERVERLESS),
    ):
        if ours and len(network.zones) < least:
            message = f"{what}; those of the network are in {', '.join(network.zones)}."
            place = spec.network.place_of("subnets") if spec.network.subnets else ours[0].where
            return [Problem(message, place, "network.subnets", "Name a subnet of another zone too.")]
    return []


def _secret_values(spec: Spec, env: Mapping[str, str]) -> dict[str, str]:
    named = {key: secret.from_env for key, secret in spec.secrets.items() if secret.from_env}
    return {key: env[name] for key, name in named.items() if env.get(name)}


def _image_tags(spec: Spec, folder_hash: FolderHash, problems: list[Problem]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for key, image in spec.images.items():
        if image.build is None:
            continue
        folder = spec.folder / image.build
        if not (folder / "Dockerfile").is_file():
            message = f"{image.build} has no Dockerfile." if folder.is_dir() else f"there is no folder {image.build}."
            path = f"{image.origin}.build"
            problems.append(Problem(message, image.place_of("build"), path, "Paths start at the spec's own folder."))
            continue
        tags[key] = f"src-{folder_hash(folder, image.platform)}"
    return tags
