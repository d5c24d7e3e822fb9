"""Items become JSON lines in an S3 bucket, and a list of pages travels through it from one job to another."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

PAGES = "pages/latest.json"


class ObjectStore(Protocol):
    """The part of boto3's S3 client that is used here."""

    exceptions: Any

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> Any:  # noqa: N803 - AWS's names
        """Write an object, whole or not at all."""

    def get_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803 - AWS's names
        """Read an object: `{"Body": stream}`."""


@dataclass
class Bucket:
    """Where the scraped items go."""

    store: ObjectStore
    name: str

    def write_items(self, run: str, items: list[dict[str, Any]]) -> None:
        """Write a run's items, one JSON object a line. A repeated run writes the same key, so nothing is doubled."""
        body = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)
        self.put(f"items/{run}.jsonl", body, "application/x-ndjson")

    def write_pages(self, addresses: list[str]) -> None:
        """Leave the addresses of the item pages for the next job."""
        self.put(PAGES, json.dumps(addresses), "application/json")

    def read_pages(self) -> list[str]:
        """The addresses that the last `write_pages` left."""
        try:
            addresses = json.load(self.store.get_object(Bucket=self.name, Key=PAGES)["Body"])
        except self.store.exceptions.ClientError as error:  # no such key; S3 may say access denied instead
            raise ValueError(f"s3://{self.name}/{PAGES}: {error}. Has collect run?") from error
        return [str(address) for address in addresses]

    def put(self, key: str, body: str, kind: str) -> None:
        """Write one object."""
        self.store.put_object(Bucket=self.name, Key=key, Body=body.encode(), ContentType=kind)
