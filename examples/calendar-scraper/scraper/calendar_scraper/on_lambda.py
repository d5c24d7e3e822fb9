"""AWS Lambda's Runtime API → runs: the loop of a custom runtime ("Using the Lambda runtime API for custom runtimes").

The secrets of a function that is an image are read here: `SCRAPECTL_SECRETS` says which variable gets which.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import urllib3

if TYPE_CHECKING:
    from collections.abc import Callable

SECRETS = "SCRAPECTL_SECRETS"
_FIELDS = 7  # of a secret's ARN; a JSON key may follow


def serve(run: Callable[[], int]) -> int:
    """Answer event after event, for as long as Lambda lets this environment live; an event is one run."""
    root = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
    pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=None), retries=False)
    read_secrets(os.environ)
    while True:
        try:
            event = pool.request("GET", f"{root}/next")
        except urllib3.exceptions.HTTPError:  # Lambda is done with this environment
            return 0
        code = run()
        answer: dict[str, Any] = {"exit": code}
        verb = "response"
        if code:
            verb, answer = "error", {"errorType": "RunFailed", "errorMessage": f"exit code {code}: see the log"}
        request = event.headers["Lambda-Runtime-Aws-Request-Id"]
        pool.request("POST", f"{root}/{request}/{verb}", body=json.dumps(answer).encode())


def read_secrets(environ: Any) -> None:
    """Put the values of secrets into the environment."""
    wanted: dict[str, str] = json.loads(environ.get(SECRETS, "{}"))
    if not wanted:
        return
    from boto3 import client  # noqa: PLC0415 - slow to load, and only functions with secrets need it

    secrets = client("secretsmanager")
    for variable, named in wanted.items():
        fields = named.split(":")
        value = secrets.get_secret_value(SecretId=":".join(fields[:_FIELDS]))["SecretString"]
        key = ":".join(fields[_FIELDS:])
        environ[variable] = str(json.loads(value)[key]) if key else value
