"""An example in a folder of its own under a name of its own, and its account as another AWS client sees it."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import boto3

ROOT = Path(__file__).parents[2]
SOON = 240.0  # seconds; the machine may be busy


def copy_example(name: str, folder: Path, pipeline: str, fresh: str) -> Path:
    """Copy an example, with another pipeline's name in its spec."""
    shutil.copytree(ROOT / "examples" / name, folder, ignore=shutil.ignore_patterns("__pycache__", "tests"))
    spec = folder / "pipeline.yaml"
    spec.write_text(spec.read_text().replace(f"pipeline: {pipeline}", f"pipeline: {fresh}"))
    return spec


def await_(met: Any, seconds: float = SOON) -> Any:
    """Wait until something is true of the world, and give it."""
    end = time.monotonic() + seconds
    while not (found := met()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return found


class Account:
    """The embedded cloud through boto3, as any client of AWS."""

    def __init__(self, scrapectl: Any, region: str) -> None:
        local = scrapectl("local", "status", "--output", "json").json
        keys = {"aws_access_key_id": local["access_key"], "aws_secret_access_key": local["secret_key"]}
        self._where = {"endpoint_url": local["endpoint_url"], "region_name": region, **keys}
        self._clients: dict[str, Any] = {}
        self.s3 = self.client("s3")

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(service, **self._where)
        return self._clients[service]

    def executions(self, machine: str) -> list[dict[str, Any]]:
        """Every run of the machine with a name, the newest first."""
        states = self.client("stepfunctions")
        arns = [m["stateMachineArn"] for m in states.list_state_machines()["stateMachines"] if m["name"] == machine]
        return [run for arn in arns for run in states.list_executions(stateMachineArn=arn)["executions"]]

    def ended(self, machine: str, count: int) -> list[dict[str, Any]]:
        """The runs of a machine, when so many have ended."""

        def met() -> list[dict[str, Any]]:
            runs = self.executions(machine)
            return runs if len(runs) == count and all(run["status"] != "RUNNING" for run in runs) else []

        return list(await_(met))

    def history(self, run: dict[str, Any]) -> list[dict[str, Any]]:
        states = self.client("stepfunctions")
        pages = states.get_paginator("get_execution_history").paginate(executionArn=run["executionArn"])
        return [event for page in pages for event in page["events"]]

    def steps(self, run: dict[str, Any]) -> list[str]:
        """The states that a run entered."""
        entered = (event.get("stateEnteredEventDetails") for event in self.history(run))
        return [details["name"] for details in entered if details]

    def failure(self, run: dict[str, Any]) -> dict[str, str]:
        """Error and cause with which a run failed."""
        return dict(self.history(run)[-1]["executionFailedEventDetails"])

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]

    def document(self, bucket: str, key: str) -> Any:
        return json.loads(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def mails(scrapectl: Any) -> list[dict[str, Any]]:
    return list(scrapectl("local", "mail", "--output", "json").json["mails"])
