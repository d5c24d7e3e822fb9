"""A folder with a spec of one function, wheels that stand in for an index, and a cache of the test's own."""

import io
import zipfile
from pathlib import Path

import pytest

from scrapectl.packages.build import build_packages
from scrapectl.spec import check_text

HANDLER = "def handler(event, context):\n    return event\n"


def wheel(folder, name, version, files, needs=(), tag="py3-none-any", method=zipfile.ZIP_DEFLATED):
    """Write a wheel, as small as pip takes one."""
    folder.mkdir(exist_ok=True)
    about = f"{name}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {n}" for n in needs)]
    pure = "true" if tag.endswith("any") else "false"
    told = f"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: {pure}\nTag: {tag}\n"
    content = {**files, f"{about}/METADATA": "\n".join(lines) + "\n", f"{about}/WHEEL": told, f"{about}/RECORD": ""}
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w", method) as made:
        for path, text in content.items():
            made.writestr(zipfile.ZipInfo(path, (2024, 1, 1, 0, 0, 0)), text, method)


class Workshop:
    """Folders beside a spec, and the zips that come of them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.index = folder / "index"
        self.write("app.py", HANDLER)

    def write(self, path, text, under="publish"):
        place = self.folder / under / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
        return place

    def wheel(self, name, version="1.0", files=None, **more):
        wheel(self.index, name, version, files or {f"{name}.py": f"version = {version!r}\n"}, **more)

    def require(self, *lines, under="publish"):
        found = ["--no-index", f"--find-links {self.index}", *lines]
        self.write("requirements.txt", "\n".join(found) + "\n", under)

    def build(self, more="", code="./publish", handler="app.handler"):
        """The zips of a function with these keys beside code and handler."""
        text = f"functions: {{publish: {{code: {code}, handler: {handler}{more}}}}}\n"
        whole = f"version: 1\npipeline: shop\nregion: us-east-1\n{text}"
        return build_packages(check_text(whole, folder=self.folder, env={}))

    def files(self, more="", **keys):
        return opened(self.build(more, **keys).functions["publish"])


def opened(package):
    """What is in a zip, and that it is sound."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode(errors="replace") for name in archive.namelist()}


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Workshop(tmp_path)
