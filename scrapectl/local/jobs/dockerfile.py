"""Turn a Dockerfile's text into what running its image's build folder without a container engine needs to know."""

from __future__ import annotations

import copy
import json
import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from scrapectl.local.jobs.substitute import substitute, words

_FLAGS = re.compile(r"(--[a-z]+(=\S+)?\s+)*")
_HEREDOC = re.compile(r"<<-?(['\"]?)(\w+)\1")
_PIP_INSTALL = re.compile(r"(\w+=\S+ )*(\S*python[\d.]* -m )?\S*pip[\d.]* install ")
_ARCHIVE = re.compile(r"\.(tar(\.\w+)?|tgz|tbz2|txz)$")
_NOT_A_PACKAGE = re.compile(r"^[./>]|[|;&`$]")
_PIP_SWITCHES = {
    *("-q", "--quiet", "-U", "--upgrade", "--user", "--no-cache-dir", "--no-input", "--break-system-packages"),
    *("--disable-pip-version-check", "--no-warn-script-location", "--no-compile", "--prefer-binary"),
    *("--root-user-action=ignore",),
}
_BASE_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
_INSTALLERS = {"pip", "setuptools", "wheel"}


@dataclass(frozen=True)
class Copy:
    """One COPY or ADD: paths of the build folder, and where in the container they go.

    Attributes:
        sources: relative to the build folder; may hold wildcards.
        target: absolute path in the container.
        into: whether `target` is a folder that the sources go into under their own names.
    """

    sources: tuple[str, ...]
    target: str
    into: bool


@dataclass
class Recipe:
    """What the last stage of a Dockerfile says.

    Attributes:
        base: the image it is built from.
        environment: the values of ENV, substituted.
        arguments: the values of ARG, known to substitution alone.
        workdir: absolute path in the container.
        shell: what a shell form is given to.
        entrypoint: exec form; a shell form has its shell in front.
        command: the same for CMD.
        copies: in the order of the file.
        requirement_files: files of `pip install -r`, as absolute paths in the container.
        requirements: what `pip install` names itself.
        not_run: lines that a container engine carries out and nothing here does.
    """

    base: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    copies: list[Copy] = field(default_factory=list)
    requirement_files: list[str] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)

    @property
    def known(self) -> Mapping[str, str]:
        """What a `$name` in the file may mean here."""
        return _BASE_ENVIRONMENT | self.arguments | self.environment

    def absolute(self, path: str) -> str:
        """Where in the container a path leads."""
        return posixpath.normpath(posixpath.join(self.workdir, path))


def parse_dockerfile(text: str) -> Recipe:
    """Read a Dockerfile as far as it can be followed without building; what cannot be is in `not_run`."""
    stages: dict[str, Recipe] = {}
    recipe = Recipe()
    for keyword, rest in _instructions(text):
        if keyword == "FROM":
            recipe = _from(rest, recipe, stages)
        elif keyword not in _WITHOUT_EFFECT:
            recipe.not_run += _FOLLOWED.get(keyword, _unknown)(recipe, f"{keyword} {rest}", rest)
    return recipe


def bases(text: str) -> list[str]:
    """The images that a Dockerfile is built on, in the order of its FROM lines; its own stages are none."""
    arguments, stages = Recipe(), {"scratch"}
    found: list[str] = []
    for keyword, rest in _instructions(text):
        if keyword == "ARG" and not found and stages == {"scratch"}:
            _arg(arguments, "", rest)
        elif keyword == "FROM":
            base, *name = words(_FLAGS.sub("", rest, count=1), arguments.arguments)
            found += [base] if base.lower() not in stages else []
            stages |= {word.lower() for word in name[1:]}
    return list(dict.fromkeys(found))


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Join continued lines, drop comments and the bodies of here-documents."""
    lines = iter(text.splitlines())
    for first in lines:
        line = first.strip()
        if not line or line.startswith("#"):
            continue
        while line.endswith("\\") and (following := next(lines, None)) is not None:
            if following.strip() and not following.lstrip().startswith("#"):
                line = line[:-1] + following.rstrip()
        line = line.removesuffix("\\").rstrip()
        for _, end in _HEREDOC.findall(line):
            while next(lines, end).strip() != end:
                pass
        keyword, _, rest = line.partition(" ")
        yield keyword.upper(), rest.strip()


def _from(rest: str, before: Recipe, stages: dict[str, Recipe]) -> Recipe:
    found = words(_FLAGS.sub("", rest, count=1), before.arguments if not before.base else {})
    base = found[0] if found else ""
    recipe = copy.deepcopy(stages.get(base.lower(), Recipe(base=base)))
    if len(found) == 3 and found[1].upper() == "AS":  # noqa: PLR2004 - FROM image AS name
        stages[found[2].lower()] = recipe
    return recipe


def _env(recipe: Recipe, _: str, rest: str) -> list[str]:
    name, _, value = rest.partition(" ")
    if "=" not in name:  # the old form, ENV name value
        recipe.environment[name] = " ".join(words(value, recipe.known))
        return []
    pairs = [word.partition("=") for word in words(rest, recipe.known)]
    recipe.environment.update({name: value for name, _, value in pairs})
    return []


def _arg(recipe: Recipe, _: str, rest: str) -> list[str]:
    pairs = [word.partition("=") for word in words(rest, recipe.known)]
    recipe.arguments.update({name: value for name, given, value in pairs if given})
    return []


def _workdir(recipe: Recipe, _: str, rest: str) -> list[str]:
    recipe.workdir = recipe.absolute(" ".join(words(rest, recipe.known)))
    return []


def _copy(recipe: Recipe, line: str, rest: str) -> list[str]:
    plain = _FLAGS.sub("", rest, count=1)
    paths = _exec_form(plain) or tuple(words(plain, recipe.known))
    outside = "--from=" in rest.removesuffix(plain) or any("://" in path or "<<" in path for path in paths)
    archive = line.startswith("ADD") and any(_ARCHIVE.search(path) for path in paths[:-1])
    if outside or archive or len(paths) < 2:  # noqa: PLR2004 - a source and a target
        return [line]
    *sources, target = paths
    into = len(sources) > 1 or target.endswith("/") or posixpath.basename(target) in {".", ".."}
    recipe.copies.append(Copy(tuple(sources), recipe.absolute(target), into))
    return []


def _run(recipe: Recipe, line: str, rest: str) -> list[str]:
    plain = _FLAGS.sub("", rest, count=1)
    if "<<" in plain:
        return [line]
    given = _exec_form(plain)
    parts = [shlex.join(given)] if given else re.split(r"\s*&&\s*", plain)
    return [f"RUN {part}" for part in parts if not _pip_install(recipe, part)]


def _pip_install(recipe: Recipe, part: str) -> bool:
    """Take over a `pip install`; False when it is another command, or asks for more than files and names."""
    found = _PIP_INSTALL.match(part)
    try:
        rest = iter(shlex.split(part[found.end() :]) if found else [])
    except ValueError:
        return False
    files: list[str] = []
    names: list[str] = []
    for word in rest:
        if word in {"-r", "--requirement"}:
            files.append(next(rest, ""))
        elif not word.startswith("-"):
            names.append(word)
        elif word not in _PIP_SWITCHES:
            return False
    if found is None or any(_NOT_A_PACKAGE.search(name) for name in names):
        return False
    recipe.requirement_files += [recipe.absolute(substitute(name, recipe.known)) for name in files]
    recipe.requirements += [name for name in names if name not in _INSTALLERS]
    return True


def _shell(recipe: Recipe, line: str, rest: str) -> list[str]:
    given = _exec_form(rest)
    recipe.shell = given or recipe.shell
    return [] if given else [line]


def _entrypoint(recipe: Recipe, _: str, rest: str) -> list[str]:
    recipe.entrypoint = _exec_or_shell(recipe, rest)
    return []


def _cmd(recipe: Recipe, _: str, rest: str) -> list[str]:
    recipe.command = _exec_or_shell(recipe, rest)
    return []


def _unknown(_: Recipe, line: str, __: str) -> list[str]:
    return [line]


def _exec_or_shell(recipe: Recipe, rest: str) -> tuple[str, ...]:
    given = _exec_form(rest)
    return given if given is not None else (*recipe.shell, rest)


def _exec_form(rest: str) -> tuple[str, ...] | None:
    """Read a JSON list of texts; anything else, as with single quotes, is a shell form."""
    try:
        given = json.loads(rest)
    except ValueError:
        return None
    if isinstance(given, list) and all(isinstance(word, str) for word in given):
        return tuple(given)
    return None


# Each follows one line, given whole and without its keyword, and returns what of it was not carried out.
_FOLLOWED: dict[str, Callable[[Recipe, str, str], list[str]]] = {
    "ADD": _copy,
    "ARG": _arg,
    "CMD": _cmd,
    "COPY": _copy,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "RUN": _run,
    "SHELL": _shell,
    "WORKDIR": _workdir,
}

_WITHOUT_EFFECT = {"EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "STOPSIGNAL", "USER", "VOLUME"}
