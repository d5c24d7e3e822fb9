"""Dockerfiles as far as they can be followed without building."""

import pytest

from scrapectl.local.jobs.dockerfile import Copy, parse_dockerfile

SH = ("/bin/sh", "-c")


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        ("ENV A=1 B=2", {"A": "1", "B": "2"}),
        ("ENV A one two", {"A": "one two"}),
        ('ENV A="one two" B=\'x $A "y"\'', {"A": "one two", "B": 'x $A "y"'}),
        ("ENV A=one\\ two", {"A": "one two"}),
        ("env A=1 \\\n    B=2 \\\n\n# a comment\n  C=3", {"A": "1", "B": "2", "C": "3"}),
        ("ENV A=1\nENV A=2 B=$A\nENV C=${A}x", {"A": "2", "B": "1", "C": "2x"}),
        ("ENV A=${NO:-other} B=${NO-x} C=${HOME:+yes} D=$NO", {"A": "other", "B": "x", "C": "yes", "D": ""}),
        ('ENV A="\\$HOME" B=\\$HOME', {"A": "$HOME", "B": "$HOME"}),
        ("ARG V=3\nARG EMPTY\nENV A=$V$EMPTY", {"A": "3"}),
        ("ENV A=b=c D=", {"A": "b=c", "D": ""}),
        ("ENV A=1 \\", {"A": "1"}),
        ("FROM x AS a\nENV A=1\nFROM y\nENV B=2", {"B": "2"}),
        ("FROM x AS a\nENV A=1\nFROM a\nENV B=2", {"A": "1", "B": "2"}),
    ],
)
def test_env(text, environment):
    assert parse_dockerfile(text).environment == environment


@pytest.mark.parametrize(
    ("text", "entrypoint", "command"),
    [
        ('CMD ["python", "-m", "x"]', (), ("python", "-m", "x")),
        ("CMD python -m x $A", (), (*SH, "python -m x $A")),
        ("CMD ['python']", (), (*SH, "['python']")),
        ('ENTRYPOINT ["python"]\nCMD ["x"]', ("python",), ("x",)),
        ("ENTRYPOINT python x.py", (*SH, "python x.py"), ()),
        ('SHELL ["/bin/bash", "-c"]\nCMD a && b', (), ("/bin/bash", "-c", "a && b")),
        ('CMD ["a"]\nCMD ["b"]', (), ("b",)),
        ('CMD ["a", \\\n  "b"]', (), ("a", "b")),
    ],
)
def test_what_runs(text, entrypoint, command):
    recipe = parse_dockerfile(text)
    assert (recipe.entrypoint, recipe.command) == (entrypoint, command)


@pytest.mark.parametrize(
    ("text", "copies"),
    [
        ("WORKDIR /app\nCOPY . .", [Copy((".",), "/app", into=True)]),
        ("COPY . /app", [Copy((".",), "/app", into=False)]),
        ("COPY a b /srv/", [Copy(("a", "b"), "/srv", into=True)]),
        ("WORKDIR /a\nWORKDIR b\nCOPY --chown=1:1 --chmod=755 x y", [Copy(("x",), "/a/b/y", into=False)]),
        ('COPY ["a b", "/c d/"]', [Copy(("a b",), "/c d", into=True)]),
        ("ARG D=/opt\nCOPY x $D/", [Copy(("x",), "/opt", into=True)]),
        ("ADD x.txt /", [Copy(("x.txt",), "/", into=True)]),
    ],
)
def test_copies(text, copies):
    recipe = parse_dockerfile(text)
    assert recipe.copies == copies
    assert recipe.not_run == []


@pytest.mark.parametrize(
    ("line", "files", "names"),
    [
        ("pip install -r requirements.txt", ["/app/requirements.txt"], []),
        ("pip3 install --no-cache-dir --requirement /opt/r.txt", ["/opt/r.txt"], []),
        ("PIP_X=1 python -m pip install -U pip 'requests>=2' boto3==1.40", [], ["requests>=2", "boto3==1.40"]),
        ("--mount=type=cache,target=/x pip install -r r.txt && pip install lxml", ["/app/r.txt"], ["lxml"]),
        ('["pip", "install", "-r", "r.txt"]', ["/app/r.txt"], []),
    ],
)
def test_pip_installs_are_understood(line, files, names):
    recipe = parse_dockerfile(f"WORKDIR /app\nRUN {line}")
    assert (recipe.requirement_files, recipe.requirements, recipe.not_run) == (files, names, [])


@pytest.mark.parametrize(
    ("text", "not_run"),
    [
        ("RUN apt-get update && pip install -r r.txt && ls", ["RUN apt-get update", "RUN ls"]),
        ("RUN pip install .", ["RUN pip install ."]),
        ("RUN pip install -e x", ["RUN pip install -e x"]),
        ("RUN pip install 'x", ["RUN pip install 'x"]),
        ("RUN <<EOF\npip install x\nEOF\nCMD a", ["RUN <<EOF"]),
        ("COPY --from=build /a /b", ["COPY --from=build /a /b"]),
        ("ADD https://example.org/x /x", ["ADD https://example.org/x /x"]),
        ("ADD x.tar.gz /x", ["ADD x.tar.gz /x"]),
        ("WHAT is this", ["WHAT is this"]),
        ("USER me\nEXPOSE 80\nLABEL a=b\nHEALTHCHECK NONE", []),
    ],
)
def test_what_is_not_followed_is_told(text, not_run):
    assert parse_dockerfile(text).not_run == not_run


def test_the_base_image_may_come_from_an_argument():
    assert (
        parse_dockerfile("ARG V=3.13\nFROM --platform=linux/arm64 python:${V}-slim AS x\n").base == "python:3.13-slim"
    )
