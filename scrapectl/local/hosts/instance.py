"""Launch templates → instances: what their user data says runs as a process, as their profile's role."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapectl.local.hosts.elsewhere import AFTERWARDS, own_folder
from scrapectl.local.hosts.programs import write_programs
from scrapectl.local.jobs.access import sessions_of
from scrapectl.local.jobs.environment import NOWHERE
from scrapectl.local.jobs.execution_role import NotStarted
from scrapectl.local.jobs.mounts import Mount, with_mounts
from scrapectl.local.jobs.process import Command, Process, base_environment
from scrapectl.local.registry import Refusal
from scrapectl.local.services.instance_profiles import instance_role

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

GRACE = 20.0
"""Seconds that an instance has after it heard of its end; AWS gives its system some minutes."""
_OWN_FOLDERS = ("/opt", "/srv")
_DOCUMENT = "\n# "


class NotLaunched(Exception):
    """Why an instance was not launched, as the group's activity says it."""


@dataclass
class Hosts:
    """The instances that run; `folder` is where they keep their files, each in one of its own."""

    cloud: Cloud
    folder: Path
    processes: dict[str, Process] = field(default_factory=dict)
    closed: bool = False

    def template(self, region: str, wanted: dict[str, Any]) -> dict[str, Any] | None:
        """What a launch template says, in the version that is meant; None when there is none."""
        asked: dict[str, Any] = {
            key: wanted[key] for key in ("LaunchTemplateId", "LaunchTemplateName") if key in wanted
        }
        version = {"Versions": [wanted.get("Version") or "$Default"]}
        try:
            answer = self.cloud.call("ec2", "DescribeLaunchTemplateVersions", {**asked, **version}, region)
        except Refusal:
            return None
        found = answer["LaunchTemplateVersions"]
        data: dict[str, Any] | None = found[0]["LaunchTemplateData"] if found else None
        return data

    def launch(self, region: str, instance: str, template: dict[str, Any], ended: Callable[[], None]) -> None:
        """Start an instance; `ended` is called, with the cloud's lock, when its process has ended.

        Raises:
            NotLaunched: Its template cannot be used.
        """
        data = self.template(region, template)
        if data is None or not data.get("ImageId"):
            raise NotLaunched(
                "The requested configuration is not valid: it names no image. Launching EC2 instance failed."
            )
        profile = (data.get("IamInstanceProfile") or {}).get("Arn")
        role = instance_role(self.cloud, profile) if profile else None
        if profile and role is None:
            raise NotLaunched(f"Invalid IAM Instance Profile: {profile}. Launching EC2 instance failed.")
        scratch = self.folder / instance
        (scratch / "root").mkdir(parents=True)
        (scratch / "tmp").mkdir()
        script = scratch / "user-data"
        script.write_text(_unpacked(data.get("UserData") or ""))
        environment = self._environment(region, instance, role, scratch)
        try:
            argv = with_mounts((sys.executable, str(script)), _mounts(script, scratch), scratch / "view")
        except NotStarted as problem:
            raise NotLaunched(str(problem)) from problem
        tidy = ("/bin/sh", str(scratch / AFTERWARDS))
        command = Command(argv, environment, scratch, grace=GRACE, afterwards=(tidy,))
        self.processes[instance] = Process(command, lambda _: None, lambda _: self._over(instance, scratch, ended))

    def terminate(self, instance: str) -> bool:
        """Tell an instance that it ends; whether it still ran."""
        process = self.processes.get(instance)
        if process is not None:
            process.terminate()
        return process is not None

    def close(self) -> None:
        """End all at once."""
        self.closed = True
        for process in list(self.processes.values()):
            process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _over(self, instance: str, scratch: Path, ended: Callable[[], None]) -> None:
        with self.cloud.lock:
            self.processes.pop(instance, None)
            if not self.closed:
                ended()
        shutil.rmtree(scratch, ignore_errors=True)

    def _environment(self, region: str, instance: str, role: str | None, scratch: Path) -> dict[str, str]:
        """What the process finds: who it is stands here, in place of a metadata service."""
        base = base_environment()
        programs = write_programs(scratch, (self.cloud.state_dir or self.folder) / "jobs")
        keys = {
            "AWS_ACCESS_KEY_ID": self.cloud.access_key,
            "AWS_SECRET_ACCESS_KEY": self.cloud.secret_key,
            "AWS_SESSION_TOKEN": sessions_of(self.cloud).open(role, instance) if role else "",
        }
        return {
            **base,
            "PATH": f"{programs}:{Path(sys.executable).parent}:{base.get('PATH', '/usr/bin:/bin')}",
            "HOME": str(scratch / "root"),
            "TMPDIR": str(scratch / "tmp"),
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ENDPOINT_URL": self.cloud.endpoint or NOWHERE,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "SCRAPECTL_INSTANCE_ID": instance,
            "SCRAPECTL_HOST_GRACE": "5",
            **keys,
        }


@dataclass
class _Kept:
    hosts: Hosts | None = None


def hosts_of(cloud: Cloud) -> Hosts:
    """Return the cloud's one table of instances, which ends with it."""
    with cloud.lock:
        kept = cloud.store(_Kept, "global")
        if kept.hosts is None:
            folder = cloud.state_dir / "hosts" if cloud.state_dir else Path(tempfile.mkdtemp(prefix="hosts-"))
            shutil.rmtree(folder, ignore_errors=True)  # of a server that was killed
            folder.mkdir(parents=True, mode=0o700)
            kept.hosts = Hosts(cloud, folder)
            cloud.on_close(kept.hosts.close)
        return kept.hosts


def _unpacked(packed: str) -> str:
    raw = base64.b64decode(packed)
    with contextlib.suppress(OSError, EOFError):
        raw = gzip.decompress(raw)
    return raw.decode(errors="replace")


def _mounts(script: Path, scratch: Path) -> list[Mount]:
    """Folders that an instance has to itself: the usual ones for programs, and those that it uploads."""
    told = script.read_text().rstrip("\n").rpartition(_DOCUMENT)[2]
    try:
        uploads = [one["folder"] for one in json.loads(told).get("upload", ())]
    except (ValueError, AttributeError, KeyError, TypeError):
        uploads = []
    here = (sys.prefix, sys.base_prefix, str(Path(__file__)), str(scratch))
    found: list[Mount] = []
    for path in sorted({*_OWN_FOLDERS, *(one.rstrip("/") for one in uploads)}):
        inside = any(path.startswith(f"{one.path}/") for one in found)
        if not inside and not any(one.startswith(f"{path}/") for one in here):
            folder = own_folder(scratch, path)
            folder.mkdir(parents=True)
            found.append(Mount(folder, path, read_only=False))
    return found
