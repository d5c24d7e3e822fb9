"""A container engine with a storage of its own, and a base image that needs no registry of images."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from scrapectl.local.server import Server
from tests.containers.stage import Stage, make_stage

BASE = "docker.io/library/python:3.13-slim"
"""What Dockerfiles ask for; here it is Debian's own Python, under that name."""

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# Unpacked and not set up, which takes a quarter of the time; `_make_root` does what their scripts would.
PACKAGES = "base-files,base-passwd,libc-bin,dash,coreutils,grep,python3,python3-pip,python-is-python3"


@dataclass(frozen=True)
class Podman:
    """Podman with images and containers of its own."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf")}

    def __call__(self, *words: str, **options: object) -> str:
        done = subprocess.run(
            ["podman", *words], env=self.environment, capture_output=True, text=True, check=False, **options
        )
        assert done.returncode == 0, f"podman {' '.join(words)}: {done.stderr}"
        return done.stdout.strip()

    def containers(self) -> list[str]:
        return self("ps", "--all", "--quiet").split()


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """Podman with a storage of this worker's own, which ends with it."""
    missing = [program for program in ("podman", "mmdebstrap") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed (.ci/run does, on Debian)")
    if os.geteuid() != 0:
        pytest.skip("not root: a base image made by mmdebstrap needs it")
    # Not in pytest's own folders: what a killed run left mounted there would break the clean-up of a later run.
    # With a longer run root than 50 characters podman's own clean-up refuses to start, and each end of a container
    # is waited for in vain for 20 s.
    with (
        tempfile.TemporaryDirectory(prefix="scrapectl-podman-", dir="/var/tmp", ignore_cleanup_errors=True) as storage,
        tempfile.TemporaryDirectory(prefix="scrapectl-", dir="/run", ignore_cleanup_errors=True) as running,
    ):
        found = Podman(Path(storage))
        _configure(found.folder, running)
        yield found
        found("rm", "--all", "--force", "--time", "0")
        found("rmi", "--all", "--force")


@pytest.fixture(scope="session")
def base(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image that Dockerfiles are built on, made from Debian's packages, with this machine's settings of pip."""
    shared = _shared(tmp_path_factory)
    archive = shared / "base.tar"
    with _lock(shared / "base.lock"):
        if not archive.exists():
            _make_root(archive)
    changes = ["ENV PATH=/usr/local/bin:/usr/bin:/bin", *(f"ENV {name}={value}" for name, value in _pip().items())]
    podman("import", "--quiet", *(word for change in changes for word in ("--change", change)), str(archive), BASE)
    return BASE


@pytest.fixture
def with_podman(podman: Podman, base: str, monkeypatch: pytest.MonkeyPatch) -> Podman:
    """Jobs of the embedded cloud run in this podman."""
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", podman.environment["CONTAINERS_STORAGE_CONF"])
    monkeypatch.setenv("SCRAPECTL_LOCAL_ENGINE", "podman")
    # A busy machine's podman may need longer to answer than people shall wait for one that does not.
    monkeypatch.setattr("scrapectl.local.engine.choice.ASKED_BY_NAME_WITHIN", 60.0)
    monkeypatch.setattr("scrapectl.local.engine.choice.ANSWERS_WITHIN", 60.0)
    return podman


@pytest.fixture
def stage(tmp_path: Path, with_podman: Podman) -> Iterator[Stage]:
    """A small Batch that containers reach, and that leaves none of them."""
    made = make_stage(tmp_path / "cloud")
    server = Server(made.cloud)
    server.start()
    yield made
    server.close()
    assert with_podman.containers() == []


def _make_root(archive: Path) -> None:
    """Write a whole root folder with Python as one archive; all workers import it."""
    root = '"$1"'
    hooks = [f"cp {root}/usr/share/base-passwd/{name}.master {root}/etc/{name}" for name in ("passwd", "group")]
    hooks += [f"rm -rf {root}/usr/lib/python3*/EXTERNALLY-MANAGED {root}/usr/share/doc {root}/usr/share/locale"]
    hooks += [f"env --unset=PYTHONDONTWRITEBYTECODE chroot {root} python3 -m pip --version"]  # compiles what it imports
    if CERTIFICATES.is_file():  # those that this machine trusts, which may be more than Debian's
        hooks.append(f"install -D {CERTIFICATES} {root}{CERTIFICATES}")
    words = ["mmdebstrap", "--variant=extract", "--quiet", f"--include={PACKAGES}"]
    fresh = archive.with_name("fresh.tar")
    done = subprocess.run(
        [*words, *(f"--extract-hook={hook}" for hook in hooks), _release(), str(fresh)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"Debian's packages are out of reach: {done.stderr.strip().splitlines()[-1]}")
    fresh.rename(archive)


def _pip() -> dict[str, str]:
    """This machine's settings of pip that mean something in a container, as pip's variables."""
    told = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    settings = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    named = {key.rsplit(".", 1)[-1]: value.strip("'") for key, value in settings.items()}
    found = {key: value for key, value in named.items() if key == "index-url" and value.startswith("http")}
    if CERTIFICATES.is_file():
        found["cert"] = str(CERTIFICATES)
    return {f"PIP_{key.upper().replace('-', '_')}": value for key, value in found.items()}


def _release() -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    known = dict(line.split("=", 1) for line in lines if "=" in line)
    return known["VERSION_CODENAME"].strip('"') if known.get("ID") == "debian" else "stable"


def _configure(folder: Path, running: str) -> None:
    storage = {"driver": "overlay", "graphroot": str(folder / "graph"), "runroot": running}
    lines = ["[storage]", *(f"{key} = {json.dumps(value)}" for key, value in storage.items())]
    (folder / "storage.conf").write_text("\n".join(lines) + "\n")


def _shared(factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of one test run share."""
    base = factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
