"""Gives clients of AWS, made when first asked for and kept as long as the process lives."""

from __future__ import annotations

import functools
from typing import Any


@functools.cache
def client(service: str) -> Any:
    """Make the client of a service; the environment tells region and credentials."""
    import boto3  # noqa: PLC0415 - slow to load, and a test may do without
    from botocore.config import Config  # noqa: PLC0415

    patient = Config(retries={"mode": "standard", "max_attempts": 6}, connect_timeout=10, read_timeout=60)
    return boto3.client(service, config=patient)
