"""A packed build folder becomes something that runs: safely unpacked, copied as its Dockerfile says."""

import gzip
import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from scrapectl.local.jobs import image as image_module
from scrapectl.local.jobs import virtualenv
from scrapectl.local.jobs.image import ImageProblem, make_container, prepare, unpack
from scrapectl.operate.images import pack_folder

DIGEST = "sha256:" + "a" * 64


def layer_of(tmp_path, dockerfile, **files: str) -> bytes:
    folder = tmp_path / "folder"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in {"Dockerfile": dockerfile, **files}.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return pack_folder(folder)


def contain(tmp_path, dockerfile, command=(), environment=None, **files: str):
    layer = layer_of(tmp_path, dockerfile, **files)
    image = prepare(DIGEST, lambda: layer, tmp_path / "cache")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return make_container(image, scratch, command, environment or {}), scratch / "root"


def output(container) -> str:
    done = subprocess.run(
        container.argv, env=container.environment, cwd=container.folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_usual_dockerfile(tmp_path):
    dockerfile = 'FROM python:3.13\nWORKDIR /app\nCOPY . .\nENV A=1\nENTRYPOINT ["python", "-m"]\nCMD ["main"]\n'
    container, root = contain(tmp_path, dockerfile, **{"main.py": "import os; print(os.getcwd(), os.environ['A'])"})
    assert container.argv == ("python", "-m", "main")
    assert container.folder == root / "app"
    assert output(container) == f"{root / 'app'} 1"


@pytest.mark.parametrize(
    ("dockerfile", "paths"),
    [
        ("COPY . /app", ["app/Dockerfile", "app/a.txt", "app/lib/b.txt"]),
        ("WORKDIR /srv\nCOPY lib lib", ["srv/lib/b.txt"]),
        ("COPY lib /opt/", ["opt/b.txt"]),
        ("COPY a.txt /etc/app.conf", ["etc/app.conf"]),
        ("COPY a.txt lib/b.txt /data/", ["data/a.txt", "data/b.txt"]),
        ("COPY *.txt /data/", ["data/a.txt"]),
        ("WORKDIR /x\nCOPY a.txt .\nCOPY a.txt /x", ["x/a.txt"]),
        ("COPY /a.txt /", ["a.txt"]),
    ],
)
def test_copies(tmp_path, dockerfile, paths):
    container, root = contain(tmp_path, dockerfile + "\nCMD true", **{"a.txt": "a", "lib__b.txt": "b"})
    assert sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()) == paths
    assert container.folder.is_dir()


def test_paths_of_the_container_are_found_where_they_are(tmp_path):
    dockerfile = (
        "WORKDIR /app\nCOPY . .\nENV PYTHONPATH=/app/lib:/app PATH=/app/bin:$PATH CONF=/app/x.txt KEEP=/etc/hosts\n"
    )
    command = ["sh", "/app/run.sh", "--config=/app/x.txt", "--out", "/app/out.json", "/bin/true", "https://app/x"]
    files = {"run.sh": "", "x.txt": "", "lib__x.py": "", "bin__tool": ""}
    container, root = contain(tmp_path, dockerfile, command, {"JOB": "/app/x.txt"}, **files)
    app = root / "app"
    expected = (
        "sh",
        f"{app}/run.sh",
        f"--config={app}/x.txt",
        "--out",
        f"{app}/out.json",
        "/bin/true",
        "https://app/x",
    )
    assert container.argv == expected
    seen = container.environment
    assert seen["PYTHONPATH"] == f"{app}/lib:{app}"
    assert (seen["CONF"], seen["KEEP"], seen["JOB"]) == (f"{app}/x.txt", "/etc/hosts", "/app/x.txt")
    assert seen["PATH"].split(":")[:2] == [f"{app}/bin", str(Path(sys.executable).parent)]


def test_the_jobs_command_replaces_cmd_and_not_the_entrypoint(tmp_path):
    container, _ = contain(tmp_path, 'FROM x\nENTRYPOINT ["echo", "go"]\nCMD ["a"]', ["b", "c"])
    assert output(container) == "go b c"


def test_the_jobs_variables_come_before_the_images(tmp_path):
    container, _ = contain(tmp_path, "FROM x\nENV A=image B=image\nCMD echo $A $B", environment={"A": "job"})
    assert output(container) == "job image"


def test_nothing_to_run(tmp_path):
    with pytest.raises(ImageProblem, match="CannotStartContainerError: no command specified"):
        contain(tmp_path, "FROM x")


@pytest.mark.parametrize(
    ("dockerfile", "message"),
    [
        ("COPY none /x", '"none" is not in the build folder'),
        ("COPY ../x /x", '"../x" is not in the build folder'),
        ("RUN pip install -r none.txt", '"/none.txt" is not there'),
    ],
)
def test_what_would_not_build_cannot_be_pulled(tmp_path, dockerfile, message):
    with pytest.raises(ImageProblem, match=message) as problem:
        contain(tmp_path, dockerfile)
    assert str(problem.value).startswith("CannotPullContainerError: ")


def test_an_image_is_unpacked_once(tmp_path):
    layer = layer_of(tmp_path, "FROM x\nCOPY . /\nCMD true")
    fetched = []

    def fetch() -> bytes:
        fetched.append(1)
        return layer

    first = prepare(DIGEST, fetch, tmp_path / "cache")
    assert prepare(DIGEST, fetch, tmp_path / "cache") == first
    assert len(fetched) == 1
    assert [path.name for path in (tmp_path / "cache" / "images").iterdir()] == ["a" * 64]


def packed(*members: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return gzip.compress(buffer.getvalue(), mtime=0)


def member(name, kind=tarfile.REGTYPE, link=""):
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, link, 1 if kind == tarfile.REGTYPE else 0
    return made


@pytest.mark.parametrize(
    "members",
    [
        [member("../out")],
        [member("/etc/out")],
        [member("a/../../out")],
        [member("link", tarfile.SYMTYPE, "/etc")],
        [member("link", tarfile.SYMTYPE, "../..")],
        [member("a/link", tarfile.SYMTYPE, "../../x")],
        [member("link", tarfile.LNKTYPE, "/etc/passwd")],
        [member("link", tarfile.LNKTYPE, "a")],
        [member("pipe", tarfile.FIFOTYPE)],
        [member("device", tarfile.CHRTYPE)],
    ],
)
def test_a_layer_never_leads_outside(tmp_path, members):
    with pytest.raises(ImageProblem, match="failed to extract layer"):
        unpack(packed(*members), tmp_path / "deep" / "folder")
    assert not (tmp_path / "deep" / "out").exists()
    assert not (tmp_path / "out").exists()


def test_a_link_inside_is_kept_and_not_written_through(tmp_path):
    folder = tmp_path / "folder"
    unpack(packed(member("a"), member("link", tarfile.SYMTYPE, "a"), member("link")), folder)
    assert not (folder / "link").is_symlink()
    unpack(packed(member("d/a"), member("link", tarfile.SYMTYPE, "d")), tmp_path / "other")
    assert (tmp_path / "other" / "link").readlink() == Path("d")


@pytest.mark.parametrize(
    "layer",
    [b"", b"no gzip", gzip.compress(b"no tar" * 200, mtime=0), packed(member("a"))[:30]],
    ids=["empty", "no gzip", "no tar", "cut short"],
)
def test_no_archive(tmp_path, layer):
    with pytest.raises(ImageProblem, match="failed to extract layer"):
        unpack(layer, tmp_path / "folder")


def wheel(folder: Path, name: str = "tiny") -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "print('tiny here')")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


def test_requirements_become_an_environment_that_is_made_once(tmp_path):
    requirement = f"tiny @ {wheel(tmp_path).as_uri()}\n"
    dockerfile = "WORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python -c 'import tiny'"
    container, _ = contain(tmp_path, dockerfile, **{"requirements.txt": requirement})
    assert output(container) == "tiny here"
    python = Path(container.environment["PATH"].split(":")[0])
    stamp = (python / "python").lstat().st_ino
    shutil.rmtree(tmp_path / "scratch")
    container, _ = contain(tmp_path, dockerfile, **{"requirements.txt": requirement})
    assert (python / "python").lstat().st_ino == stamp


def test_an_environment_that_was_left_half_made_is_made_again(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(virtualenv, "_make", lambda folder, *_: made.append(folder.mkdir()))
    file = tmp_path / "r.txt"
    file.write_text("# only a comment\n\n")
    assert virtualenv.environment_for([file], [], tmp_path / "cache") == virtualenv.PYTHON_FOLDER
    file.write_text("requests\n")
    folder = virtualenv.environment_for([file], [], tmp_path / "cache").parent
    assert virtualenv.environment_for([], ["requests"], tmp_path / "cache").parent == folder
    (folder / "scrapectl-complete").unlink()
    virtualenv.environment_for([file], [], tmp_path / "cache")
    assert len(made) == 2


def test_requirements_that_cannot_be_had(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(
        ImageProblem, match=r"CannotPullContainerError: the requirements could not be installed: .*no-such"
    ):
        contain(tmp_path, "COPY . .\nCMD true", **{"requirements.txt": "no-such-package-of-ours\n"})


def test_the_layers_type_is_one_word_in_both_places():
    from scrapectl.operate import images  # noqa: PLC0415 - local and operate know nothing of each other

    assert image_module.LAYER_TYPE == images.LAYER_TYPE


def test_what_was_not_run_is_the_first_line_of_the_log(stage):
    dockerfile = "FROM python\nRUN apt-get install -y curl\nCOPY --from=build /a /b\n"
    stage.define(container={"image": stage.push("two", Dockerfile=dockerfile)})
    done = stage.run("echo hello")
    assert stage.log(done) == [
        "scrapectl: run without a container engine; not run: RUN apt-get install -y curl; COPY --from=build /a /b",
        "hello",
    ]
