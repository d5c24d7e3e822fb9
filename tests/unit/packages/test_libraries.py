"""Libraries of functions: pinned, for Lambda's machines, fetched once, and told where they cannot be had."""

import subprocess

import pytest

from scrapectl.errors import EnvironmentProblem, SpecError
from scrapectl.packages import wheels
from tests.unit.packages.conftest import opened


@pytest.fixture
def pips(monkeypatch):
    """The calls of pip."""
    calls, run = [], subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *given, **more: calls.append(given[0]) or run(*given, **more))
    return calls


def problems(workshop, more=""):
    with pytest.raises(SpecError) as raised:
        workshop.build(more)
    return [str(problem) for problem in raised.value.problems]


def test_libraries_lie_beside_the_code_and_requirements_txt_does_not(workshop):
    workshop.wheel("words", files={"words/__init__.py": "x = 1\n", "words/__pycache__/x.pyc": "old"})
    workshop.require("words==1.0")
    files = workshop.files()
    assert files["words/__init__.py"] == "x = 1\n"
    assert {"requirements.txt", "words/__pycache__/x.pyc"}.isdisjoint(files)
    assert "words-1.0.dist-info/METADATA" in files  # importlib.metadata asks for it


def test_files_of_ones_own_outrank_a_librarys(workshop):
    workshop.wheel("app")
    workshop.require("app==1.0")
    assert "def handler" in workshop.files()["app.py"]


def test_pip_runs_once_for_one_text_and_the_same_text_again_is_the_same_zip(workshop, pips):
    workshop.wheel("words", "1.0")
    workshop.wheel("words", "2.0")
    workshop.require("words==1.0")
    first = workshop.build().functions["publish"]
    workshop.require("words==2.0")
    assert workshop.build().functions["publish"] != first
    workshop.require("words==1.0")
    assert workshop.build().functions["publish"] == first
    workshop.write("more.py", "x = 1\n")
    assert workshop.build().functions["publish"] != first
    assert len(pips) == 2


def test_without_libraries_pip_never_runs(workshop, pips):
    workshop.build()
    assert pips == []


def test_what_came_along_must_be_pinned_too(workshop):
    workshop.wheel("words", needs=["letters>=1"])
    workshop.wheel("letters", "1.5")
    workshop.require("# what we need", "words==1.0")
    (told,) = problems(workshop)
    assert told.startswith("publish/requirements.txt:4:1: functions.publish.code: letters comes along")
    assert told.endswith("Add the line letters==1.5.")
    workshop.require("words==1.0", "letters==1.5")
    assert {"words.py", "letters.py"} <= workshop.files().keys()


def test_lines_that_leave_the_version_open_are_told_at_their_lines(workshop):
    lines = ["one", "two>=1.0", "three~=1.0", "four==1.*", "five>=1,<2 # why not"]
    names = ["one", "two", "three", "four", "five"]
    for name in names:
        workshop.wheel(name)
    workshop.require("", *lines)
    told = [
        f"publish/requirements.txt:{at}:1: functions.publish.code: {name} is not pinned. Write {name}==1.0."
        for at, name in enumerate(names, 4)
    ]
    assert sorted(problems(workshop)) == sorted(told)


def test_lines_that_pin(workshop):
    for name in ("words", "letters", "signs", "marks", "wo_rds"):
        workshop.wheel(name)
    workshop.require(
        "words==1.0", "Letters == 1.0  # so", "signs[extra]==1.0", "marks==1.0 ; python_version > '3'", "wo_rds===1.0"
    )
    assert {"words.py", "letters.py", "signs.py", "marks.py", "wo_rds.py"} <= workshop.files().keys()


def test_lines_go_on_behind_a_backslash(workshop):
    workshop.wheel("words")
    workshop.require("words \\", "  ==1.0")
    workshop.build()


def test_files_that_it_names_are_read_and_count(workshop, pips):
    workshop.wheel("words")
    workshop.wheel("letters")
    workshop.write("base.txt", "letters==1.0\n")
    workshop.require("-r base.txt", "words==1.0")
    assert "letters.py" in workshop.files()
    workshop.write("base.txt", "letters\n")
    assert problems(workshop)[0].startswith("publish/base.txt:1:1:")
    assert len(pips) == 2


def test_a_constraint_pins_as_well(workshop):
    workshop.wheel("words", needs=["letters"])
    workshop.wheel("letters", "1.0")
    workshop.wheel("letters", "2.0")
    workshop.write("known.txt", "letters==1.0\n")
    workshop.require("-c known.txt", "words==1.0")
    assert workshop.files()["letters.py"] == "version = '1.0'\n"


def test_what_is_not_there_is_told_at_its_line(workshop):
    workshop.wheel("words")
    workshop.require("words==1.0", "nowhere==9.9")
    (told,) = problems(workshop)
    assert told.startswith("publish/requirements.txt:4:1: functions.publish.code: pip: ")
    assert "nowhere==9.9" in told


def test_a_file_that_is_not_there_is_told(workshop):
    workshop.require("-r nothing.txt")
    (told,) = problems(workshop)
    assert "nothing.txt cannot be read" in told


@pytest.mark.parametrize(
    ("more", "tags"),
    [
        (
            "",
            ["cp313-cp313-manylinux_2_28_x86_64", "cp313-cp313-manylinux2014_x86_64", "cp38-abi3-manylinux_2_5_x86_64"],
        ),
        (", platform: ARM64", ["cp313-cp313-manylinux_2_17_aarch64"]),
        (", runtime: python3.11", ["cp311-cp311-manylinux_2_17_x86_64"]),
    ],
)
def test_wheels_of_the_functions_own_machine_are_taken(workshop, more, tags):
    names = [f"fast{at}" for at, _ in enumerate(tags)]
    for name, tag in zip(names, tags, strict=True):
        workshop.wheel(name, tag=tag)
    workshop.require(*(f"{name}==1.0" for name in names))
    assert {f"{name}.py" for name in names} <= workshop.files(more).keys()


@pytest.mark.parametrize(
    ("more", "tags"),
    [
        (
            "",
            [
                "cp313-cp313-manylinux_2_28_aarch64",
                "cp313-cp313-musllinux_1_2_x86_64",
                "cp313-cp313-manylinux_2_39_x86_64",
                "cp313-cp313-macosx_11_0_arm64",
                "cp312-cp312-manylinux2014_x86_64",
            ],
        ),
        (", runtime: python3.11", ["cp311-cp311-manylinux_2_28_x86_64"]),  # Amazon Linux 2 has glibc 2.26
    ],
)
def test_wheels_of_other_machines_are_not(workshop, more, tags):
    """pip takes any one of them that fits, so none of them does."""
    for tag in tags:
        workshop.wheel("fast", tag=tag)
    workshop.require("fast==1.0")
    assert "pip: " in problems(workshop, more)[0]


def test_platform_and_runtime_have_wheels_of_their_own(workshop, pips):
    workshop.wheel("fast", tag="cp313-cp313-manylinux_2_17_x86_64", files={"fast.py": "x86 = 1\n"})
    workshop.wheel("fast", tag="cp313-cp313-manylinux_2_17_aarch64", files={"fast.py": "arm = 1\n"})
    workshop.require("fast==1.0")
    assert workshop.files()["fast.py"] == "x86 = 1\n"
    assert workshop.files(", platform: ARM64")["fast.py"] == "arm = 1\n"
    assert len(pips) == 2


def test_what_a_wheel_compressed_is_copied_as_it_is(workshop):
    workshop.wheel("words", files={"words.py": "x = 1\n" * 5000})
    workshop.require("words==1.0")
    made = workshop.build().functions["publish"]
    assert len(made) < 20_000
    assert opened(made)["words.py"] == "x = 1\n" * 5000


def test_a_wheels_data_goes_where_pip_puts_it(workshop):
    files = {"words-1.0.data/purelib/deep.py": "x = 1\n", "words-1.0.data/scripts/run": "#!python\n"}
    workshop.wheel("words", files=files)
    workshop.require("words==1.0")
    names = workshop.files().keys()
    assert "deep.py" in names
    assert not any("data" in name or name.endswith("run") for name in names)


def test_layers_have_libraries_below_python(workshop):
    workshop.wheel("words")
    workshop.require("words==1.0", under="layers/words")
    made = workshop.build(", layers: [./layers/words]").layers
    names = opened(made["./layers/words", "python3.13", "X86_64"]).keys()
    assert "python/words.py" in names
    assert all(name.startswith("python/") for name in names)


def test_without_pip_it_is_told_how_to_get_it(workshop, monkeypatch):
    workshop.require("words==1.0")
    monkeypatch.setattr(wheels.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EnvironmentProblem, match="no pip"):
        workshop.build()


def test_no_network_is_no_fault_of_the_spec(workshop, monkeypatch):
    monkeypatch.setenv("PIP_RETRIES", "1")
    workshop.write("requirements.txt", "--index-url http://127.0.0.1:9/simple\nwords==1.0\n")
    with pytest.raises(EnvironmentProblem, match="cannot reach"):
        workshop.build()
