"""Finds keys that may not stand together, or of which one must: `existing`, a secret's source, a schedule's time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scrapectl.spec.checks.filesystems import check_path_keys
from scrapectl.spec.checks.functions import check_function_keys
from scrapectl.spec.checks.hosts import check_host_keys
from scrapectl.spec.checks.loaders import check_loader_keys
from scrapectl.spec.checks.network import check_network_keys
from scrapectl.spec.checks.warehouses import check_warehouse_keys
from scrapectl.spec.checks.workflows import check_workflow_keys
from scrapectl.spec.findings import one_of, show

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings

# What may be said of a thing that is not ours: how it is used here, never what it is.
_BESIDE_EXISTING = {
    "images": {"existing", "tag", "platform"},
    "secrets": {"existing"},
    "buckets": {"existing"},
    "message_queues": {"existing"},
    "topics": {"existing"},
    "compute_environments": {"existing", "type", "instance_types"},
    "job_queues": {"existing", "shares"},
    "databases": {"existing", "engine", "database", "secret"},
    "warehouses": {"existing", "engine", "database", "secret", "role"},
    "filesystems": {"existing", "paths"},
}
# The service and resource of an ARN, and what a name looks like.
_EXISTING = {
    "images": (r"ecr:[a-z0-9-]+:[0-9]{12}:repository/.+", r"[a-z0-9][a-z0-9._/-]{1,255}"),
    "secrets": (r"secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+", r"[A-Za-z0-9/_+=.@!-]{1,512}"),
    "buckets": (r"s3:::[a-z0-9][a-z0-9.-]{1,62}", r"[a-z0-9][a-z0-9.-]{1,62}"),
    "message_queues": (r"sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}", r"[A-Za-z0-9_-]{1,80}"),
    "topics": (r"sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}", r"[A-Za-z0-9_-]{1,256}"),
    "compute_environments": (r"batch:[a-z0-9-]+:[0-9]{12}:compute-environment/.+", r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}"),
    "job_queues": (r"batch:[a-z0-9-]+:[0-9]{12}:job-queue/.+", r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}"),
    "filesystems": (r"elasticfilesystem:[a-z0-9-]+:[0-9]{12}:file-system/fs-[0-9a-f]{8,40}", r"fs-[0-9a-f]{8,40}"),
    "warehouses": (
        r"(redshift:[a-z0-9-]+:[0-9]{12}:cluster:|redshift-serverless:[a-z0-9-]+:[0-9]{12}:workgroup/).+",
        r"[a-z0-9-]{1,64}",
    ),
    "databases": (r"rds:[a-z0-9-]+:[0-9]{12}:db:[a-z](-?[a-z0-9]){0,62}", r"[a-zA-Z](-?[a-zA-Z0-9]){0,62}"),
}
_ONE_SET = (
    (("topics", "message_queues"), "access.send"),
    (("jobs", "functions", "workflows", "hosts", "loaders"), "run"),
    (("buckets", "filesystems"), "a place"),
    (("databases", "warehouses"), "access.connect"),
)
_TIMES = ("cron", "rate", "at")
_SCHEDULED = ("jobs", "functions", "workflows", "loaders")
_SOURCES = ("from_env", "generate", "existing")


def check_together(values: dict[str, Any], findings: Findings) -> None:
    """Check every entry of every section."""
    for section, allowed in _BESIDE_EXISTING.items():
        for path, entry in _entries(values, section):
            if "existing" in entry:
                _check_existing(section, entry, allowed, path, findings)
    _check_sources(values, findings)
    _check_times(values, findings)
    check_network_keys(values, findings)
    check_path_keys(values, findings)
    check_function_keys(values, findings)
    check_host_keys(values, findings)
    check_workflow_keys(values, findings)
    check_loader_keys(values, findings)
    for sections, word in _ONE_SET:
        _check_one_set_of_names(values, sections, word, findings)


def _check_sources(values: dict[str, Any], findings: Findings) -> None:
    for path, image in _entries(values, "images"):
        _check_image(image, path, findings)
    for path, secret in _entries(values, "secrets"):
        _exactly_one(secret, _SOURCES, path, findings)
    for path, database in _entries(values, "databases"):
        _check_database(database, path, findings)
    for path, warehouse in _entries(values, "warehouses"):
        check_warehouse_keys(warehouse, path, findings)


def _check_times(values: dict[str, Any], findings: Findings) -> None:
    for path, runner in (entry for section in _SCHEDULED for entry in _entries(values, section)):
        for name, schedule in runner.get("schedules", {}).items():
            _exactly_one(schedule, _TIMES, f"{path}.schedules.{name}", findings)
    for path, job in _entries(values, "jobs"):
        if "retry_on" in job and job.get("retries") == 0:
            findings.add(f"{path}.retry_on", "nothing is retried with retries: 0.", "Remove one of the two.")


def _entries(values: dict[str, Any], section: str) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{section}.{key}", entry) for key, entry in values.get(section, {}).items()]


def _check_one_set_of_names(values: dict[str, Any], sections: tuple[str, ...], word: str, findings: Findings) -> None:
    """What names entries of several sections alike must be able to tell them apart."""
    for key in dict.fromkeys(key for section in sections for key in values.get(section, {})):
        having = [section for section in sections if key in values.get(section, {})]
        if len(having) > 1:
            *first, last = (f"a {section.removesuffix('s').replace('_', ' ')}" for section in having)
            message = f'"{key}" is {", ".join(first)} and {last}, and {word} could mean {_any(len(having))}.'
            for section in having:
                findings.add(f"{section}.{key}", message, "Rename one.")


def _any(count: int) -> str:
    return "either" if count == 2 else "any"  # noqa: PLR2004 - two


def _check_existing(section: str, entry: dict[str, Any], allowed: set[str], path: str, findings: Findings) -> None:
    for key in entry:
        if key not in allowed:
            message = f'"{key}" cannot be said of what this pipeline does not own.'
            findings.add(f"{path}.{key}", message, "Remove it, or remove existing.")
    arn, name = _EXISTING[section]
    written = entry["existing"]
    pattern = rf"arn:aws[a-z-]*:{arn}" if written.startswith("arn:") else name
    if not re.fullmatch(pattern, written):
        what = section.removesuffix("s").replace("_", " ")
        message = f"{show(written)} is neither the name nor the ARN of {_article(what)} {what}."
        findings.add(f"{path}.existing", message, "Write it as AWS shows it.")


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _check_image(image: dict[str, Any], path: str, findings: Findings) -> None:
    if "existing" in image:
        return
    if "build" not in image and findings.is_sound(path):
        findings.add(
            path, '"build" is missing.', "Write the folder with the Dockerfile (build: ./scraper), or existing."
        )
    if "tag" in image:
        findings.add(f"{path}.tag", "an image that is built is named by its digest.", "Remove tag.")


def _check_database(database: dict[str, Any], path: str, findings: Findings) -> None:
    """One that is ours says its version; of one that is not the secret and the database are known to the user alone."""
    if "existing" in database:
        needed = {"database": "the name of the database in it", "secret": "the ARN of the secret of its user"}
    else:
        needed = {"version": 'the engine\'s version, such as "16"'}
        if "secret" in database:
            findings.add(f"{path}.secret", "AWS makes the secret of a database that is ours.", "Remove it.")
    for key, what in needed.items():
        if key not in database and findings.is_sound(f"{path}.{key}"):
            findings.add(path, f'"{key}" is missing.', f"Add {key}: {what}.")


def _exactly_one(entry: dict[str, Any], keys: tuple[str, ...], path: str, findings: Findings) -> None:
    written = [key for key in keys if key in entry]
    # A time or source that is wrong in itself has been told; that none is left is no second problem.
    if len(written) != 1 and all(findings.is_sound(f"{path}.{key}") for key in keys):
        what = f"only one of {one_of(keys)} may stand here." if written else f"{one_of(keys)} is missing."
        findings.add(path, what, "Keep one." if written else "Write one of them.")
