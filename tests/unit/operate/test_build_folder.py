"""What counts of a build folder: hash, archive, .dockerignore."""

import gzip
import io
import os
import socket
import tarfile

import pytest

from scrapectl.errors import EnvironmentProblem
from scrapectl.operate.build_folder import entries, folder_hash, pack_folder


def make(folder, **files: str):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def scraper(tmp_path):
    return make(tmp_path / "scraper", Dockerfile="FROM x", main_dot_py="print()", lib__a_dot_py="", lib__b_dot_txt="b")


def paths(folder):
    return [entry.path for entry in entries(folder)]


def test_the_hash_is_of_contents_and_not_of_times_or_owners(scraper, tmp_path):
    before = folder_hash(scraper)
    assert len(before) == 16
    assert int(before, 16) >= 0
    os.utime(scraper / "main.py", (1, 1))
    (scraper / "main.py").chmod(0o600)
    (scraper / "empty").mkdir()
    make(scraper, lib____pycache____a_dot_pyc="x")
    assert folder_hash(scraper) == before
    scraper.rename(tmp_path / "moved")
    assert folder_hash(str(tmp_path / "moved")) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "main.py").write_text("print(1)"),
        lambda folder: (folder / "main.py").rename(folder / "other.py"),
        lambda folder: (folder / "main.py").chmod(0o755),
        lambda folder: (folder / "lib/a.py").unlink(),
        lambda folder: (folder / "new").symlink_to("main.py"),
        lambda folder: ((folder / "main.py").unlink(), (folder / "main.py").symlink_to("print()")),
    ],
)
def test_the_hash_changes_with(scraper, change):
    before = folder_hash(scraper)
    change(scraper)
    assert folder_hash(scraper) != before


def test_each_platform_may_have_a_hash_of_its_own(scraper):
    assert folder_hash(scraper, "ARM64") != folder_hash(scraper, "X86_64")


def test_equal_folders_give_equal_archives(scraper, tmp_path):
    (scraper / "link").symlink_to("lib/a.py")
    (scraper / "main.py").chmod(0o755)
    first = pack_folder(scraper)
    os.utime(scraper / "main.py", (1, 1))
    assert pack_folder(scraper) == first
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(first))) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == ["Dockerfile", "lib/a.py", "lib/b.txt", "link", "main.py"]
    assert {member.mtime for member in members} == {0}
    assert {(member.uid, member.gname) for member in members} == {(0, "")}
    assert [member.mode for member in members] == [0o644, 0o644, 0o644, 0o644, 0o755]
    assert members[3].linkname == "lib/a.py"


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("", ["lib/a.py", "lib/b.txt", "main.py"]),
        ("lib", ["main.py"]),
        ("/lib/", ["main.py"]),
        ("*.py", ["lib/a.py", "lib/b.txt"]),
        ("**/*.py", ["lib/b.txt"]),
        ("*", []),
        ("lib\n!lib/a.py", ["lib/a.py", "main.py"]),
        ("*\n!main.py\n!lib/*.txt", ["lib/b.txt", "main.py"]),
        ("# lib\n\nlib/?.txt", ["lib/a.py", "main.py"]),
        ("lib/[ab].py", ["lib/b.txt", "main.py"]),
        ("./lib/../main.py", ["lib/a.py", "lib/b.txt"]),
        ("Dockerfile\n.dockerignore", ["lib/a.py", "lib/b.txt", "main.py"]),
        ("a.py", ["lib/a.py", "lib/b.txt", "main.py"]),
        ("**/b.txt", ["lib/a.py", "main.py"]),
    ],
)
def test_dockerignore(scraper, ignore, left):
    (scraper / ".dockerignore").write_text(ignore)
    assert paths(scraper) == [".dockerignore", "Dockerfile", *left]


def test_a_change_in_what_is_ignored_does_not_count(scraper):
    (scraper / ".dockerignore").write_text("lib/b.txt")
    before = folder_hash(scraper)
    (scraper / "lib/b.txt").write_text("other")
    assert folder_hash(scraper) == before


def test_a_socket_and_a_pipe_are_refused(scraper):
    os.mkfifo(scraper / "pipe")
    with pytest.raises(EnvironmentProblem, match="pipe is a pipe"):
        pack_folder(scraper)
    (scraper / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()  # noqa: PTH109 - a socket's path may have 107 bytes at most
        os.chdir(scraper)
        listening.bind("s")
        os.chdir(here)
    with pytest.raises(EnvironmentProblem, match="s is a socket"):
        folder_hash(scraper)


@pytest.mark.parametrize("use", [folder_hash, pack_folder])
def test_a_folder_that_is_not_there_is_told(tmp_path, use):
    with pytest.raises(EnvironmentProblem, match="nowhere is no folder"):
        use(tmp_path / "nowhere")
