"""Zips of functions: the same bytes whatever the machine, everything that belongs into them and nothing else."""

import base64
import hashlib
import io
import os
import random
import zipfile

import pytest

from scrapectl.errors import SpecError
from scrapectl.packages import build
from scrapectl.packages.archive import members_of, stored, write_zip
from tests.unit.packages.conftest import HANDLER, opened


def test_a_folder_becomes_its_files_and_the_wrapper(workshop):
    workshop.write("sub/more.py", "x = 1\n")
    files = workshop.files()
    assert files.keys() == {"app.py", "sub/more.py", "scrapectl_wrapper.py"}
    assert files["app.py"] == HANDLER
    assert "SCRAPECTL_HANDLER" in files["scrapectl_wrapper.py"]


def test_times_modes_and_order_make_no_difference(workshop):
    names = [f"part{number}.py" for number in range(20)]
    for name in names:
        workshop.write(name, name)
    before = workshop.build().functions["publish"]
    random.Random(3).shuffle(names)
    for name in names:  # written anew, in another order, with other times and other bits of the mode
        place = workshop.folder / "publish" / name
        place.unlink()
        workshop.write(name, name)
        os.utime(place, (1, 1))
        place.chmod(0o600)
    assert workshop.build().functions["publish"] == before


def test_the_bytes_are_known():
    """A change of this value is a new zip for every function that stands: only on purpose."""
    made = write_zip([stored("b.py", b"x = 1\n"), stored("a/ä.sh", b"#!/bin/sh\n", executable=True)])
    digest = base64.b64encode(hashlib.sha256(made).digest()).decode()
    assert digest == "8cRAbIwj914PAuuJUdq8yQNvppOsiAysb5LLgDuNK0U="


def test_the_x_bit_counts_and_is_kept(workshop):
    place = workshop.write("run.sh", "#!/bin/sh\n")
    before = workshop.build().functions["publish"]
    place.chmod(0o755)
    after = workshop.build().functions["publish"]
    assert after != before
    modes = {member.name: member.executable for member in members_of(after)}
    assert modes == {"run.sh": True, "app.py": False, "scrapectl_wrapper.py": False}


def test_what_editing_and_running_leave_stays_behind(workshop):
    before = workshop.build().functions["publish"]
    for path in ("__pycache__/app.pyc", ".git/HEAD", ".venv/lib/x.py", ".env", ".mypy_cache/x", "sub/.DS_Store"):
        workshop.write(path, "left")
    assert workshop.build().functions["publish"] == before


def test_a_link_is_the_file_that_it_names(workshop):
    workshop.write("shared.py", "y = 2\n", under="elsewhere")
    (workshop.folder / "publish" / "shared.py").symlink_to(workshop.folder / "elsewhere" / "shared.py")
    assert workshop.files()["shared.py"] == "y = 2\n"


@pytest.mark.parametrize("what", ["link to a folder", "pipe"])
def test_what_cannot_be_packed_is_told_at_its_line(workshop, what):
    place = workshop.folder / "publish" / "odd"
    if what == "pipe":
        os.mkfifo(place)
    else:
        place.symlink_to(workshop.folder)
    with pytest.raises(SpecError, match=r"4:.*functions.publish.code: ./publish cannot be packed: odd is"):
        workshop.build()


def test_a_zip_stays_as_it_is_but_for_the_wrapper(workshop):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", HANDLER * 50)
        archive.mkdir("empty")
    workshop.write("code.zip", packed.getvalue(), under=".")
    made = workshop.build(code="./code.zip").functions["publish"]
    assert opened(made).keys() == {"app.py", "scrapectl_wrapper.py"}
    assert len(made) < len(HANDLER * 50) + 8000  # what was compressed stays compressed
    (member,) = [member for member in members_of(made) if member.name == "app.py"]
    (before,) = members_of(packed.getvalue())
    assert member.data == before.data


def test_other_runtimes_get_no_wrapper_and_no_libraries(workshop):
    workshop.write("index.js", "exports.handler = async () => 1;\n")
    workshop.require("nothing")
    assert workshop.files(", runtime: nodejs22.x", handler="index.handler").keys() == {
        "app.py",
        "index.js",
        "requirements.txt",
    }


def test_a_name_that_leads_out_is_refused(workshop):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", HANDLER)
        archive.writestr("../evil.py", "x")
    workshop.write("code.zip", packed.getvalue(), under=".")
    with pytest.raises(SpecError, match=r"\.\./evil.py leads out of the archive"):
        workshop.build(code="./code.zip")


def test_a_zip_that_is_too_large_is_told_at_its_line(workshop, monkeypatch):
    monkeypatch.setattr(build, "MOST_ZIPPED", 9000)
    workshop.write("data.bin", b"x" * 9000)
    with pytest.raises(SpecError, match=r"4:.*functions.publish.code.*Lambda takes 50") as raised:
        workshop.build()
    assert "layer" in raised.value.problems[0].hint


def test_layers_count_in_what_is_unpacked(workshop, monkeypatch):
    workshop.write("words.py", "x" * 5000, under="layers/words")
    monkeypatch.setattr(build, "MOST_UNZIPPED", 9500)
    workshop.build()
    with pytest.raises(SpecError, match="unpacks to"):
        workshop.build(", layers: [./layers/words]")


def test_a_folder_becomes_a_layer_below_python(workshop):
    workshop.write("words.py", "x = 1\n", under="layers/words")
    made = workshop.build(", layers: [./layers/words]").layers
    assert opened(made["./layers/words", "python3.13", "X86_64"]).keys() == {"python/words.py"}


def test_a_folder_that_has_a_layers_shape_keeps_it(workshop):
    workshop.write("python/words.py", "x = 1\n", under="layers/words")
    (made,) = workshop.build(", layers: [./layers/words]").layers.values()
    assert opened(made).keys() == {"python/words.py"}
