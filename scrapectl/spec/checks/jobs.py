"""Finds what is wrong with a job: processors that differ, statements IAM refuses, attributes without a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec.checks.statements import check_statements
from scrapectl.spec.checks.texts import check_shares_named

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Job, Spec


def check_job(spec: Spec, job: Job, findings: Findings) -> None:
    """Check one job."""
    image = spec.image_of(job)
    if image and image.platform != job.platform:
        message = f'the image "{image.key}" is built for {image.platform}, and the job runs on {job.platform}.'
        written = "platform" if "platform" in job.places else "image"
        findings.add(f"{job.origin}.{written}", message, f"Write platform: {job.platform} in both, for example.")
    check_statements(job, findings)
    check_shares_named(spec, job, findings)
