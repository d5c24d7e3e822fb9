"""Items become JSON lines in an S3 bucket, and a list of pages travels through it from one job to another."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from scraper_base import JsonLines, Run

PAGES = "pages/latest.json"


@dataclass
class Bucket:
    """Where the scraped items go; `store` is boto3's S3 client."""

    store: Any
    name: str

    def write_items(self, run: Run, items: list[dict[str, Any]]) -> None:
        """Write a run's items, one JSON object a line. A repeated run writes the same key, so nothing is doubled."""
        with JsonLines(self.store, self.name, f"items/{run.name}.jsonl") as lines:
            for item in items:
                lines.write(item)

    def write_pages(self, addresses: list[str]) -> None:
        """Leave the addresses of the item pages for the next job."""
        body = json.dumps(addresses).encode()
        self.store.put_object(Bucket=self.name, Key=PAGES, Body=body, ContentType="application/json")

    def read_pages(self) -> list[str]:
        """The addresses that the last `write_pages` left."""
        try:
            addresses = json.load(self.store.get_object(Bucket=self.name, Key=PAGES)["Body"])
        except self.store.exceptions.ClientError as error:  # no such key; S3 may say access denied instead
            raise ValueError(f"s3://{self.name}/{PAGES}: {error}. Has collect run?") from error
        return [str(address) for address in addresses]
