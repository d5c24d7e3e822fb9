"""The quickstart's whole life on the embedded cloud, a step a line: applied, run, read, changed, destroyed, gone.

python examples/quickstart/demo.py, or `make demo`; needs `scrapectl` on the PATH and nothing else. It works on a copy
of this folder, against a website on loopback. Any step that goes otherwise than expected ends it with exit code 1.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent
OWNER = "quickstart"
BIKES = 12
OURS = re.compile(rf"(^|/){OWNER}(-|/|$)")
LISTINGS: list[
    tuple[str, str, str, str, dict[str, Any]]
] = [  # service, operation, result, its name ("": itself), asked
    ("s3", "list_buckets", "Buckets", "Name", {}),
    ("sqs", "list_queues", "QueueUrls", "", {}),
    ("iam", "list_roles", "Roles", "Arn", {"PathPrefix": "/scrapectl/"}),
    ("logs", "describe_log_groups", "logGroups", "logGroupName", {"logGroupNamePrefix": "/scrapectl/"}),
    ("ecr", "describe_repositories", "repositories", "repositoryName", {}),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupName", {}),
    ("batch", "describe_compute_environments", "computeEnvironments", "computeEnvironmentName", {}),
    ("batch", "describe_job_queues", "jobQueues", "jobQueueName", {}),
    ("batch", "describe_job_definitions", "jobDefinitions", "jobDefinitionName", {"status": "ACTIVE"}),
    ("scheduler", "list_schedule_groups", "ScheduleGroups", "Name", {}),
    ("scheduler", "list_schedules", "Schedules", "GroupName", {}),
    ("lambda", "list_functions", "Functions", "FunctionName", {}),
    ("redshift-serverless", "list_workgroups", "workgroups", "workgroupName", {}),
    ("redshift-serverless", "list_namespaces", "namespaces", "namespaceName", {}),
    ("secretsmanager", "list_secrets", "SecretList", "Name", {}),
    ("ssm", "get_parameters_by_path", "Parameters", "Name", {"Path": "/scrapectl", "Recursive": True}),
    (
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList",
        "ResourceARN",
        {"TagFilters": [{"Key": "scrapectl:pipeline", "Values": [OWNER]}]},
    ),
]

WAREHOUSE = """
warehouses:
  lake: {serverless: {rpus: 4}, on_destroy: delete}
loaders:
  items:                                  # whatever lies there that was not loaded yet, all or nothing
    from: raw/items/
    into: {warehouse: lake, table: bikes}
    format: json
    columns:
      sku: varchar(40) not null
      name: varchar(200)
      price: numeric(10,2)
      condition: varchar(40)
      description: varchar(4000)
      url: varchar(2048)
    key: [sku]
    mode: merge
"""
DEAREST = "SELECT sku, price, name FROM bikes WHERE description IS NOT NULL ORDER BY price DESC"


class DemoFailed(Exception):
    """A step went otherwise than expected."""


class Demo:
    """Runs scrapectl in a copy of the example, showing each command and what it answers."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.site = f"vars.site={address}"
        self.steps = 0

    def say(self, text: str) -> None:
        """Announce the next step."""
        self.steps += 1
        line = f"{self.steps}. {text}"
        plain = os.environ.get("NO_COLOR") or not sys.stdout.isatty()
        print(f"\n{line}" if plain else f"\n\033[1m{line}\033[0m", flush=True)

    def run(self, *words: str, ends: int = 0) -> None:
        """Show a command and run it; it must end with the exit code `ends`."""
        command = ["scrapectl", *words]
        print(f"$ {shlex.join(command)}", flush=True)
        code = subprocess.run(command, cwd=self.folder, check=False).returncode
        expect(code == ends, f"`{shlex.join(command)}` ended with {code}, not {ends}")

    def ask(self, *words: str) -> dict[str, Any]:
        """The JSON that a command answers, without showing either."""
        command = ["scrapectl", *words, "--output", "json"]
        answer = subprocess.run(command, cwd=self.folder, check=False, capture_output=True, text=True)
        expect(answer.returncode == 0, f"`{shlex.join(command)}` failed: {answer.stderr or answer.stdout}")
        return dict(json.loads(answer.stdout))

    def clients(self) -> Callable[[str], Any]:
        """Makes ordinary boto3 clients that meet the embedded cloud."""
        cloud = self.ask("local", "status")
        return functools.partial(
            boto3.client,
            endpoint_url=cloud["endpoint_url"],
            region_name=cloud["region"],
            aws_access_key_id=cloud["access_key"],
            aws_secret_access_key=cloud["secret_key"],
        )


def expect(holds: object, otherwise: str) -> None:
    """End the demo unless something holds."""
    if not holds:
        raise DemoFailed(otherwise)


@contextlib.contextmanager
def website() -> Iterator[str]:
    """Serve the example's site, one page of which answers 503 the first time; its address."""
    serve = [sys.executable, str(HERE.parent / "serve_site.py"), str(HERE / "site")]
    with subprocess.Popen([*serve, "--flaky", "/catalogue/page-2.html"], stdout=subprocess.PIPE, text=True) as server:
        try:
            expect(server.stdout, "the site's server has no output")
            yield str(server.stdout and server.stdout.readline()).strip()
        finally:
            server.terminate()


def tour(demo: Demo) -> None:
    """Take the pipeline through its life."""
    demo.say(f"A small shop's website is up for the scraper to read: {demo.site.partition('=')[2]}")
    demo.say("Apply makes everything the spec wants, in dependency order: it starts the embedded cloud if need be.")
    demo.run("apply", "--yes", "--set", demo.site)
    demo.say("Run one job now, and follow its log. It walks the listing; a busy page is asked for again.")
    demo.run("run", "collect", "--follow")
    demo.say("Run the array job: three containers share the item pages, and keep the site's pace between them.")
    demo.run("run", "details", "--follow")
    demo.say("What stands, what ran, what starts next.")
    demo.run("status")
    demo.say("The scraped items, read back from the bucket.")
    show_items(demo.clients())
    demo.say("Plan again: nothing to change, exit code 0.")
    demo.run("plan", "--detailed-exitcode", "--set", demo.site)
    demo.say("Edit one line of the spec, the memory of `collect`: one resource changes, exit code 2.")
    edit(demo.folder / "pipeline.yaml", "memory: 512", "memory: 1024")
    demo.run("plan", "--detailed-exitcode", "--set", demo.site, ends=2)
    changes = demo.ask("plan", "--set", demo.site)["summary"]
    expect(changes == {"create": 0, "update": 1, "replace": 0, "delete": 0}, f"not one update but {changes}")
    demo.run("apply", "--yes", "--set", demo.site)
    demo.say("Add a warehouse to the spec, and what brings the items into it.")
    spec = demo.folder / "pipeline.yaml"
    print(WAREHOUSE)
    spec.write_text(spec.read_text(encoding="utf-8") + WAREHOUSE, encoding="utf-8")
    demo.run("apply", "--yes", "--set", demo.site)
    demo.say("Load what was scraped; then once more: what is there already is not loaded twice.")
    demo.run("run", "items", "--wait")
    demo.run("run", "items", "--wait")
    demo.say("The bicycles, dearest first, read back from the warehouse by SQL.")
    show_rows(demo.clients())
    demo.say("Destroy refuses to lose what the bucket holds, exit code 3.")
    demo.run("destroy", "--yes", ends=3)
    demo.say("Told to lose it, destroy takes everything away.")
    client = demo.clients()
    before = standing(client)
    demo.run("destroy", "--yes", "--delete-data")
    demo.say("Nothing is left: the same listings of the cloud, before and after.")
    left = standing(client)
    expect(len(before) > len(LISTINGS), f"the listings saw only {len(before)} resources before")
    expect(not left, "still there: " + ", ".join(left))
    print(f"{len(before)} entries before, none after")


def show_items(client: Callable[[str], Any]) -> None:
    """Print the items, and check that both jobs found all of them."""
    s3 = client("s3")
    bucket = next(item["Name"] for item in s3.list_buckets()["Buckets"] if item["Name"].startswith(f"{OWNER}-raw-"))
    listed: dict[str, Any] = {}
    described: dict[str, Any] = {}
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix="items/")["Contents"]:
        lines = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read().decode().splitlines()
        print(f"s3://{bucket}/{entry['Key']}: {len(lines)} items")
        for item in map(json.loads, lines):
            (described if "description" in item else listed)[item["sku"]] = item
    for sku, item in sorted(described.items()):
        print(f"  {sku}  {item['price']:8.2f}  {item['name']} ({item['condition']})")
    expect(len(described) == BIKES, f"{len(described)} bicycles described, not {BIKES}")
    expect(set(listed) == set(described), "the listing and the item pages do not hold the same bicycles")


def show_rows(client: Callable[[str], Any]) -> None:
    """Print the rows of the warehouse, and check that each bicycle is there once."""
    (namespace,) = client("redshift-serverless").list_namespaces()["namespaces"]
    data, database = client("redshift-data"), namespace["dbName"]
    where = {"WorkgroupName": namespace["namespaceName"], "SecretArn": namespace["adminPasswordSecretArn"]}
    number = data.execute_statement(Sql=DEAREST, Database=database, **where)["Id"]
    while (told := data.describe_statement(Id=number))["Status"] not in {"FINISHED", "FAILED", "ABORTED"}:
        time.sleep(0.1)
    expect(told["Status"] == "FINISHED", told.get("Error"))
    rows = data.get_statement_result(Id=number)["Records"]
    print(f"$ {DEAREST}")
    for row in rows:
        sku, price, name = (field["stringValue"] for field in row)
        print(f"  {sku}  {float(price):8.2f}  {name}")
    expect(len(rows) == BIKES, f"{len(rows)} bicycles in the warehouse, not {BIKES}")


def edit(file: Path, before: str, after: str) -> None:
    """Change the first occurrence of a text in a file."""
    text = file.read_text(encoding="utf-8")
    expect(before in text, f"{file.name} does not say {before!r}")
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


def standing(client: Callable[[str], Any]) -> list[str]:
    """What stands of the pipeline, asked from each service itself and from the tagging API."""
    found = []
    for service, operation, result, name, asked in LISTINGS:
        pager = client(service).get_paginator(operation)
        entries = [entry for page in pager.paginate(**asked) for entry in page.get(result, [])]
        names = [str(entry[name] if name else entry) for entry in entries]
        found += [f"{service}: {name}" for name in names if OURS.search(name)]
    return found


def main() -> int:
    """Run the demo, and stop the embedded cloud if it was not running before; the exit code."""
    if not shutil.which("scrapectl"):
        print("scrapectl is not on the PATH: run `make setup`, or activate its virtual environment", file=sys.stderr)
        return 1
    os.environ["SCRAPECTL_LOCAL"] = "1"
    with tempfile.TemporaryDirectory() as scratch, website() as address:
        folder = Path(shutil.copytree(HERE, Path(scratch) / OWNER, ignore=shutil.ignore_patterns("__pycache__")))
        demo = Demo(folder, address)
        try:
            was_running = demo.ask("local", "status")["running"]
            tour(demo)
            if not was_running:
                demo.run("local", "stop")
        except DemoFailed as failure:
            print(f"\nthe demo failed: {failure}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
