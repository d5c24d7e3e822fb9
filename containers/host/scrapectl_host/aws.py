"""AWS without its libraries: who the instance is, and requests that it signs (Python 3.9 and nothing else)."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

METADATA = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254").rstrip("/")
ENDPOINT = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
NAMED = os.environ.get("SCRAPECTL_INSTANCE_ID", "")  # where there is no metadata service: the embedded cloud
KEYS = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")
TRIES = 6
LONGEST_WAIT = 5.0
UNAUTHORIZED, THROTTLED, BROKEN = 401, 429, 500
TARGETS = {
    "ecr": "AmazonEC2ContainerRegistry_V20150921",
    "logs": "Logs_20140328",
    "secretsmanager": "secretsmanager",
}
VERSIONS = {"autoscaling": "2011-01-01", "sns": "2010-03-31"}


class Refused(Exception):
    """AWS's answer when it does not do what was asked."""


class Identity:
    """Who the instance is: its id and the keys of its role, by IMDSv2 or from the environment."""

    def __init__(self) -> None:
        self.token, self.held, self.until = "", ("", "", ""), 0.0

    def metadata(self, path: str) -> str:
        """Read one thing of the metadata service."""
        if not self.token:
            self.token = fetch("/latest/api/token", "PUT", {"X-aws-ec2-metadata-token-ttl-seconds": "21600"})
        try:
            return fetch(f"/latest/meta-data/{path}", "GET", {"X-aws-ec2-metadata-token": self.token})
        except urllib.error.HTTPError as error:
            if error.code == UNAUTHORIZED:  # the token has expired
                self.token = ""
            raise

    def instance(self) -> str:
        """Its id."""
        return NAMED or self.metadata("instance-id")

    def keys(self) -> tuple[str, str, str]:
        """Access key, secret key, session token; a role's are asked for anew before they expire."""
        if NAMED:
            return tuple(os.environ.get(f"AWS_{name}", "") for name in KEYS)  # type: ignore[return-value]
        if time.time() > self.until:
            roles = "iam/security-credentials/"
            found = json.loads(self.metadata(roles + self.metadata(roles).split()[0]))
            self.held = (found["AccessKeyId"], found["SecretAccessKey"], found["Token"])
            ends = datetime.strptime(found["Expiration"], "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 - it is UTC
            self.until = ends.replace(tzinfo=timezone.utc).timestamp() - 300  # noqa: UP017 - Python 3.9
        return self.held

    def is_ending(self) -> bool:
        """Whether its group ends it: by a stop of its schedule, or by hand."""
        try:
            return not NAMED and self.metadata("autoscaling/target-lifecycle-state") == "Terminated"
        except OSError:
            return False


def fetch(path: str, method: str, headers: dict[str, str]) -> str:
    """Ask the metadata service."""
    asked = urllib.request.Request(METADATA + path, method=method, headers=headers)  # noqa: S310 - its address is fixed
    with urllib.request.urlopen(asked, timeout=5) as answer:  # noqa: S310 - the same
        return str(answer.read().decode())


@dataclass(frozen=True)
class Request:
    """What is sent to a service; a body that is a file is read as it goes."""

    service: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes | Path


class Aws:
    """AWS, asked without its libraries: requests signed by version 4 ("Create a signed AWS API request")."""

    def __init__(self, identity: Identity, region: str, domain: str) -> None:
        self.identity, self.region, self.domain = identity, region, domain

    def ask(self, service: str, action: str, tries: int = TRIES, **members: Any) -> Any:
        """Call an operation of a service of JSON or of the query protocol."""
        if service in TARGETS:
            headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{TARGETS[service]}.{action}"}
            asked = Request(service, "POST", "/", headers, json.dumps(members).encode())
            return json.loads(self._try(asked, tries) or b"{}")
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        members = {"Action": action, "Version": VERSIONS[service], **members}
        return self._try(Request(service, "POST", "/", headers, urllib.parse.urlencode(members).encode()), tries)

    def put(self, bucket: str, key: str, file: Path) -> None:
        """Upload one file, which is read as it goes."""
        path = "/" + urllib.parse.quote(f"{bucket}/{key}", safe="/~")
        self._try(Request("s3", "PUT", path, {"Content-Type": "application/octet-stream"}, file), TRIES)

    def _try(self, asked: Request, tries: int) -> bytes:
        for left in reversed(range(tries)):
            try:
                return self._send(asked)
            except urllib.error.HTTPError as error:
                text = error.read().decode(errors="replace")
                passes = error.code >= BROKEN or error.code == THROTTLED or "Throttl" in text
                if not left or not passes:
                    raise Refused(f"{asked.service}: {error.code} {' '.join(text.split())[:500]}") from error
            except OSError:
                if not left:
                    raise
            time.sleep(min(0.25 * 2.0 ** (tries - left), LONGEST_WAIT))
        raise AssertionError

    def _send(self, asked: Request) -> bytes:
        base, body = ENDPOINT or f"https://{asked.service}.{self.region}.{self.domain}", asked.body
        size = body.stat().st_size if isinstance(body, Path) else len(body)
        digest = "UNSIGNED-PAYLOAD" if isinstance(body, Path) else hashlib.sha256(body).hexdigest()
        signed = self._signed(asked, digest, {"Host": urllib.parse.urlsplit(base).netloc})
        with body.open("rb") if isinstance(body, Path) else contextlib.nullcontext(body) as data:
            sent = urllib.request.Request(base + asked.path, data if size else b"", signed, method=asked.method)  # noqa: S310 - AWS's address
            sent.add_header("Content-Length", str(size))
            with urllib.request.urlopen(sent, timeout=300) as answer:  # noqa: S310 - the same
                return bytes(answer.read())

    def _signed(self, asked: Request, digest: str, host: dict[str, str]) -> dict[str, str]:
        access, secret, token = self.identity.keys()
        now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")  # noqa: UP017 - Python 3.9
        headers = {**asked.headers, **host, "X-Amz-Content-Sha256": digest, "X-Amz-Date": now}
        headers |= {"X-Amz-Security-Token": token} if token else {}
        low = {name.lower(): value for name, value in headers.items()}
        names = ";".join(sorted(low))
        listed = "".join(f"{name}:{low[name]}\n" for name in sorted(low))
        scope = f"{now[:8]}/{self.region}/{asked.service}/aws4_request"
        whole = f"{asked.method}\n{asked.path}\n\n{listed}\n{names}\n{digest}"
        to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(whole.encode()).hexdigest()}"
        key = f"AWS4{secret}".encode()
        for word in (*scope.split("/"), to_sign):
            key = hmac.new(key, word.encode(), hashlib.sha256).digest()
        credential = f"AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
        return {**headers, "Authorization": credential}
