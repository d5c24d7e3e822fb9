"""Finds what is wrong with logs, network, buckets, queues and the number of things AWS allows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Bucket, JobQueue, Logs, Spec

_DAY = 86400
# PutRetentionPolicy's retentionInDays.
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
    *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
_PER_REGION = {"compute_environments": 50, "job_queues": 50}
_REFUSED_BEGINNINGS = {
    "sg-": "EC2 takes no security group",
    "sthree-": "S3 takes no bucket",
    "amzn-s3-demo-": "S3 takes no bucket",
}
_AWS_GROUP = "default"
# "Bucket naming rules", Amazon S3 User Guide.
_BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_BUCKET_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def check_logs(logs: Logs, findings: Findings) -> None:
    """CloudWatch Logs keeps for some numbers of days only."""
    days = logs.retention // _DAY
    if days not in RETENTION_DAYS:
        shorter = max((allowed for allowed in RETENTION_DAYS if allowed < days), default=None)
        longer = min((allowed for allowed in RETENTION_DAYS if allowed > days), default=None)
        nearest = " or ".join(f"{allowed}d" for allowed in (shorter, longer) if allowed)
        findings.add("logs.retention", f"CloudWatch Logs does not keep for {days} days.", f"Write {nearest}.")


def check_pipeline(spec: Spec, findings: Findings) -> None:
    """A pipeline cannot be its own past, nor have a name that AWS refuses in what is made for it."""
    for beginning, refused in _REFUSED_BEGINNINGS.items():
        if spec.pipeline.startswith(beginning):
            findings.add("pipeline", f'{refused} whose name begins with "{beginning}".', "Choose another name.")
    if spec.owner == _AWS_GROUP:
        findings.add("pipeline", "EventBridge Scheduler has a group of that name of its own.", "Choose another name.")
    if spec.formerly == spec.pipeline:
        findings.add("formerly", "is the pipeline's own name.", "Write the name it had before, or remove it.")


def check_quotas(spec: Spec, findings: Findings) -> None:
    """Batch's quotas of a region are hard."""
    for section, limit in _PER_REGION.items():
        entries = getattr(spec, section)
        ours = [key for key, entry in entries.items() if entry.existing is None]
        if len(ours) > limit:
            message = f"{len(ours)} entries are more than the {limit} that AWS Batch allows in a region."
            findings.add(section, message, "Use fewer, or split the pipeline over regions.")


def check_bucket(bucket: Bucket, findings: Findings) -> None:
    """Check tiers and a fixed name."""
    archive = bucket.archive
    if archive and archive.after and archive.deep_after and archive.after >= archive.deep_after:
        findings.add(f"{archive.origin}.deep_after", "must be more than after.", "Write a longer time.")
    if bucket.name and not _is_bucket_name(bucket.name):
        message = f'S3 refuses the name "{bucket.name}".'
        findings.add(f"{bucket.origin}.name", message, "Choose one without dots side by side and reserved words.")


def check_queue(queue: JobQueue, findings: Findings) -> None:
    """Fair share's settings need shares."""
    for key in ("share_decay", "reserve"):
        if key in queue.places and not queue.shares and findings.is_sound(f"{queue.origin}.shares"):
            findings.add(f"{queue.origin}.{key}", f"{key} means nothing without shares.", "Add shares, or remove it.")


def _is_bucket_name(name: str) -> bool:
    looks_like_ip = re.fullmatch(r"[0-9]+(\.[0-9]+){3}", name)
    reserved = name.startswith(_BUCKET_PREFIXES) or name.endswith(_BUCKET_SUFFIXES)
    return not (looks_like_ip or reserved or re.search(r"\.\.|\.-|-\.", name))
