"""An instance's program in a process of its own, and AWS and the metadata service as it finds them, on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

HERE = Path(__file__).parent
TOKEN = "imds-token"  # noqa: S105 - of no service
KEYS = {"AccessKeyId": "ASIA1", "SecretAccessKey": "s3cret", "Token": "t", "Expiration": "2099-01-01T00:00:00Z"}


@dataclass
class Account:
    """What was asked of AWS, with what came; `refuses` are answered with 400, `busy` once with 503."""

    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    metadata: list[str] = field(default_factory=list)
    lifecycle: str = "InService"
    address: str = ""

    def of(self, operation: str) -> list[Any]:
        return [told for _, named, told in self.asked if named == operation]

    @property
    def log(self) -> list[str]:
        return [event["message"] for told in self.of("PutLogEvents") for event in told["logEvents"]]

    @property
    def objects(self) -> dict[str, bytes]:
        return dict(self.of("PutObject"))


class Handler(BaseHTTPRequestHandler):
    """Answers AWS's requests and those of the metadata service."""

    account: Account

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        scope = self.headers["Authorization"].split("Credential=")[1].split("/")
        if "X-Amz-Target" in self.headers:
            operation, told = self.headers["X-Amz-Target"].rpartition(".")[2], json.loads(body)
        else:
            told = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            operation = told.pop("Action")
        self.answer(scope[3], operation, told)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/latest/api/token":
            self.reply(200, TOKEN)
        else:
            self.answer("s3", "PutObject", (self.path, body))

    def do_GET(self) -> None:
        account = self.account
        account.metadata.append(self.path)
        if self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
            self.reply(401, "")
            return
        answers = {
            "instance-id": "i-0fromimds",
            "iam/security-credentials/": "role\n",
            "iam/security-credentials/role": json.dumps(KEYS),
            "autoscaling/target-lifecycle-state": account.lifecycle,
        }
        self.reply(200, answers[self.path.removeprefix("/latest/meta-data/")])

    def answer(self, service: str, operation: str, told: Any) -> None:
        account = self.account
        if operation in account.busy:
            account.busy.remove(operation)
            self.reply(503, "slow down")
            return
        account.asked.append((service, operation, told))
        if operation in account.refuses:
            self.reply(400, "<Error><Code>AccessDenied</Code></Error>")
        elif operation == "GetSecretValue":
            self.reply(200, json.dumps({"SecretString": account.secrets[told["SecretId"]]}))
        else:
            self.reply(200, "{}")

    def reply(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def account() -> Iterator[Account]:
    """AWS, in which nothing has happened yet."""
    made = Account()
    handler = type("Of", (Handler,), {"account": made})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        made.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield made
        server.shutdown()


def user_data(**told: Any) -> str:
    """The program with what it is to do, as scrapectl puts them together (kinds/user_data.py)."""
    files = {path.name: path.read_text() for path in (HERE / "scrapectl_host").glob("*.py")}
    usual = {
        "version": 1,
        "pipeline": "shop",
        "stage": "",
        "host": "ingester",
        "region": "us-east-1",
        "image": "",
        "domain": "amazonaws.com",
        "log_group": "/scrapectl/shop",
        "setup": [],
        "script": [],
        "command": [],
        "registry": "",
        "environment": {},
        "secrets": {},
        "upload": [],
        "timeout": 60,
        "topic": "",
    }
    return f"{(HERE / 'start.py').read_text()}\n# {json.dumps({**usual, **told, 'files': files})}\n"


@pytest.fixture
def start(account: Account, tmp_path: Path):
    """Start an instance: its process."""
    started = []

    def begin(*, by_metadata: bool = False, **told: Any) -> subprocess.Popen[bytes]:
        script = tmp_path / "part-001"
        script.write_text(user_data(**told))
        keys = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s"}
        named = {"SCRAPECTL_INSTANCE_ID": "i-0123456789abcdef0", **keys}
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "TMPDIR": str(tmp_path),
            "SCRAPECTL_HOST_GRACE": "1",
            "AWS_ENDPOINT_URL": account.address,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": account.address,
            **({} if by_metadata else named),
        }
        process = subprocess.Popen([sys.executable, str(script)], env=environment, stderr=subprocess.PIPE)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def program() -> str:
    """User data that is told nothing."""
    return user_data()


@pytest.fixture
def run(start):
    """Run an instance to its end."""

    def to_the_end(**told: Any) -> None:
        process = start(**told)
        assert process.wait(timeout=30) == 0, process.stderr.read()

    return to_the_end
