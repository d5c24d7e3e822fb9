"""Turns the tags of ECR images that jobs and functions name by URI into digests, which no later push can move."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from scrapectl.engine.resource import Aws
from scrapectl.errors import AccessDenied, Problem
from scrapectl.spec.model import Function, Host, Job, Spec

ABSENT = ("RepositoryNotFoundException", "ImageNotFoundException")

_ECR = re.compile(
    r"(?P<repository>(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"
    r"/(?P<name>[^:@]+))(?::(?P<tag>[^:@]+))?"
)
_TAGS = 100  # in one DescribeImages [botocore: ImageIdentifierList]
_Asked = tuple[str, str]
"""Account and name of a repository."""


def pin_tasks(spec: Spec, aws: Aws) -> list[Callable[[], Mapping[str, str | AccessDenied]]]:
    """What to ask: one DescribeImages for each repository, whatever the number of its tags.

    Each answers with image URI → the same with its digest; a URI that is not there is left out, and one that may not
    be read has the refusal. A repository of another region cannot be asked, nor any other registry: what is written
    there holds as it is.
    """
    return [_task(aws, repository, uris) for repository, uris in _wanted(spec, aws.region).items()]


def repositories(spec: Spec, region: str) -> list[_Asked]:
    """Account and name of each repository that is asked."""
    return list(_wanted(spec, region))


def pinned(
    spec: Spec, answers: list[Mapping[str, str | AccessDenied]], region: str
) -> tuple[dict[str, str], list[Problem]]:
    """Gather the answers: image URI → with its digest; and what is wrong, each with its place."""
    known = {uri: image for answer in answers for uri, image in answer.items()}
    problems = []
    for runner in _runners(spec):
        found = _ecr(runner)
        if found is None or found["region"] != region:
            continue
        image = known.get(str(runner.image))
        if not isinstance(image, str):
            problems.append(_problem(runner, image))
    return {uri: image for uri, image in known.items() if isinstance(image, str)}, problems


def _wanted(spec: Spec, region: str) -> dict[_Asked, dict[str, re.Match[str]]]:
    wanted: dict[_Asked, dict[str, re.Match[str]]] = {}
    for uri, found in _named(spec).items():
        if found["region"] == region:
            wanted.setdefault((found["account"], found["name"]), {})[uri] = found
    return wanted


def _named(spec: Spec) -> dict[str, re.Match[str]]:
    return {str(runner.image): found for runner in _runners(spec) if (found := _ecr(runner))}


def _runners(spec: Spec) -> list[Job | Function | Host]:
    return [*spec.jobs.values(), *spec.functions.values(), *spec.hosts.values()]


def _ecr(runner: Job | Function | Host) -> re.Match[str] | None:
    return _ECR.fullmatch(runner.image) if isinstance(runner.image, str) else None


def _task(aws: Aws, asked: _Asked, uris: Mapping[str, re.Match[str]]) -> Callable[[], Mapping[str, str | AccessDenied]]:
    def ask() -> Mapping[str, str | AccessDenied]:
        tags = sorted({found["tag"] or "latest" for found in uris.values()})
        try:
            parts = [tags[start : start + _TAGS] for start in range(0, len(tags), _TAGS)]
            digests = {tag: digest for part in parts for tag, digest in _digests(aws, asked, part).items()}
        except AccessDenied as denied:
            return dict.fromkeys(uris, denied)
        images = {uri: (found["repository"], digests.get(found["tag"] or "latest")) for uri, found in uris.items()}
        return {uri: f"{repository}@{digest}" for uri, (repository, digest) in images.items() if digest}

    return ask


def _digests(aws: Aws, asked: _Asked, tags: list[str]) -> dict[str, str]:
    """Tag → digest, of those that are there; ECR answers for all of them or, when one is missing, for none."""
    account, name = asked
    wanted = [{"imageTag": tag} for tag in tags]
    answer: Any = aws.call(
        "ecr", "describe_images", absent=ABSENT, registryId=account, repositoryName=name, imageIds=wanted
    )
    if answer is None:
        return (
            {} if len(tags) == 1 else {tag: one for each in tags for tag, one in _digests(aws, asked, [each]).items()}
        )
    return {
        tag: detail["imageDigest"] for detail in answer["imageDetails"] for tag in detail["imageTags"] if tag in tags
    }


def _problem(job: Job | Function | Host, denied: str | AccessDenied | None) -> Problem:
    path = f"{job.origin}.image"
    if isinstance(denied, AccessDenied):
        hint = "Have its repository's policy allow ecr:DescribeImages, or name the image by its digest (@sha256:…)."
        return Problem(f"the image {job.image} may not be read: {denied}", job.place_of("image"), path, hint)
    hint = "Check the account, the repository and the tag; an image that is named by its digest is not looked up."
    return Problem(f"the image {job.image} is not there.", job.place_of("image"), path, hint)
