"""What is to be done → done: set up, run, upload, tell how it ended, and end the instance."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from scrapectl_host.aws import ENDPOINT, Aws, Identity, Refused
from scrapectl_host.log import Log
from scrapectl_host.runner import Runner, spare

BROKEN = 1
LAST_TRIES = 60  # to end itself matters most
SHORTEST_SECRET, LONGEST_SUBJECT, LONGEST_MESSAGE, LONGEST_LINE = 4, 99, 200_000, 1000
AFTER_ALL = 900  # seconds after the timeout: an instance that is stuck by then is powered off
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "TZ")
IDENTITY = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
AROUND = ("AWS_REGION", "AWS_DEFAULT_REGION", "PYTHONUNBUFFERED", "RUN")  # what each run gets besides its own
ENGINES = ("docker", "podman")
GET_ENGINE = "command -v docker || command -v podman || { dnf install -y docker && systemctl start docker; }"


def main(told: dict[str, Any]) -> None:
    """Do it; whatever goes wrong, the instance ends."""
    spare(-1000)
    _power_off(told["timeout"] + AFTER_ALL)
    identity = Identity()
    aws = Aws(identity, told["region"], told["domain"])
    instance = identity.instance()
    log = Log(aws, told["log_group"], f"{told['host']}/{instance}")
    try:
        code = _all(told, aws, log)
    except Exception:  # noqa: BLE001 - nothing may keep the instance from ending
        for line in traceback.format_exc().splitlines():
            log.say(line)
        code = BROKEN
    time.sleep(0.002)  # CloudWatch tells lines by their milliseconds, and this is the last
    log.say(f"scrapectl: exit {code}")
    log.close()
    try:
        if code and told["topic"]:
            _tell(told, aws, log, instance, code)
    finally:
        _end(aws, instance)


def _all(told: dict[str, Any], aws: Aws, log: Log) -> int:
    """Run and upload; the exit code of the whole."""
    runner = Runner(log, aws.identity, told["timeout"])
    code = BROKEN
    try:
        code = _run(told, aws, log, runner)
    except (Refused, OSError, KeyError, ValueError) as error:
        log.say(f"scrapectl: {error}")
    finally:
        runner.over.set()
        uploaded = _upload(told, aws, log)
    return code or (0 if uploaded else BROKEN)


def _run(told: dict[str, Any], aws: Aws, log: Log, runner: Runner) -> int:
    """Read the secrets, then run the script, or setup and container."""
    secrets = {name: _secret(aws, one) for name, one in sorted(told["secrets"].items())}
    parts = {part.strip() for value in secrets.values() for part in (value, *value.splitlines())}  # a log has lines
    log.hidden = sorted((part for part in parts if len(part) >= SHORTEST_SECRET), key=len, reverse=True)
    given = {name: os.environ[name] for name in (*INHERITED, *IDENTITY) if name in os.environ}
    values = (told["region"], told["region"], "1", aws.identity.instance())
    around = dict(zip(AROUND, values))  # noqa: B905 - Python 3.9
    environment = {"HOME": "/root", "LANG": "C.UTF-8", **given, **around, **told["environment"], **secrets}
    if told["image"]:
        return _contain(told, aws, runner, environment)
    return runner.run(_bash(), environment, _script([*told["setup"], *told["script"]]))


def _contain(told: dict[str, Any], aws: Aws, runner: Runner, environment: dict[str, str]) -> int:
    """Run the image; values of variables reach it by the engine's own environment, never by its command line."""
    code = runner.run(_bash(), environment, _script([*told["setup"], GET_ENGINE]))
    engine = next((found for found in map(shutil.which, ENGINES) if found), None)
    if code or engine is None:
        return code or BROKEN
    if told["registry"]:
        answer = aws.ask("ecr", "GetAuthorizationToken")
        token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).partition(b":")[2]
        login = [engine, "login", "--username", "AWS", "--password-stdin", told["registry"]]
        code = runner.run(login, environment, token)
    names = [*told["environment"], *told["secrets"], *AROUND]
    passed = [word for name in (*names, *(n for n in IDENTITY if n in os.environ)) for word in ("--env", name)]
    folders = [word for one in told["upload"] for word in ("--volume", f"{one['folder']}:{one['folder']}")]
    for one in told["upload"]:
        Path(one["folder"]).mkdir(parents=True, exist_ok=True)
    words = [engine, "run", "--rm", "--network", "host", *passed, *folders, told["image"], *told["command"]]
    return code or runner.run(words, environment)


def _bash() -> list[str]:
    return ["/bin/bash", "-s"]


def _script(lines: list[str]) -> bytes:
    """Lines as one command, so that bash has read all of it before the first program reads standard input."""
    return ("{ set -euo pipefail\n" + "\n".join(lines) + "\nexit; } < /dev/null\n").encode()


def _secret(aws: Aws, one: dict[str, str]) -> str:
    value = str(aws.ask("secretsmanager", "GetSecretValue", SecretId=one["arn"])["SecretString"])
    return str(json.loads(value)[one["key"]]) if one["key"] else value


def _upload(told: dict[str, Any], aws: Aws, log: Log) -> bool:
    """Upload every file of the folders; whether all went well."""
    well = True
    for one in told["upload"]:
        folder, count = Path(one["folder"]), 0
        for file in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
            key = one["prefix"] + file.relative_to(folder).as_posix()
            try:
                aws.put(one["bucket"], key, file)
                count += 1
            except (Refused, OSError) as error:
                log.say(f"scrapectl: {file} was not uploaded: {error}")
                well = False
        log.say(f"scrapectl: {count} files of {folder} uploaded to s3://{one['bucket']}/{one['prefix']}")
    return well


def _tell(told: dict[str, Any], aws: Aws, log: Log, instance: str, code: int) -> None:
    """Tell the topic of a failure, with the last lines of the log."""
    stage = ["--stage", told["stage"]] if told["stage"] else []
    words = ["--pipeline", told["pipeline"], *stage, "--region", told["region"]]
    lines = ["".join(letter for letter in line if letter.isprintable())[:LONGEST_LINE] for line in log.tail]
    text = [
        f"Host:      {told['host']}\nRun:       {instance}\nCause:     exit code {code}",
        "\n".join(
            [
                " ".join(["Its log:   scrapectl logs", instance, *words]),
                " ".join(["Again:     scrapectl run", told["host"], *words]),
            ]
        ),
        "\n  ".join(["Last lines:", *lines]),
    ]
    owner = ".".join(filter(None, (told["pipeline"], told["stage"])))
    subject = f"{owner}: {told['host']} failed (exit {code})"[:LONGEST_SUBJECT]
    message = "\n\n".join(text)[:LONGEST_MESSAGE] + "\n"
    with contextlib.suppress(Refused, OSError):
        aws.ask("sns", "Publish", TopicArn=told["topic"], Subject=subject, Message=message)


def _end(aws: Aws, instance: str) -> None:
    """End the instance, and let its group want one less: else it would start the next at once."""
    try:
        less = {"InstanceId": instance, "ShouldDecrementDesiredCapacity": "true"}
        aws.ask("autoscaling", "TerminateInstanceInAutoScalingGroup", LAST_TRIES, **less)
        time.sleep(0 if ENDPOINT else AFTER_ALL)
    except (Refused, OSError):
        _power_off(0)


def _power_off(seconds: float) -> None:
    """Power off after a time, which ends the instance; elsewhere than on EC2 there is nothing to power off."""
    if not ENDPOINT:
        timer = threading.Timer(seconds, lambda: subprocess.run(["/usr/sbin/shutdown", "-h", "now"], check=False))
        timer.daemon = True
        timer.start() if seconds else timer.function()
