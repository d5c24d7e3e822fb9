"""Fills `${…}` in a spec's tree: what is known becomes text, attributes and unknown facts stay open as templates."""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scrapectl.spec.findings import show
from scrapectl.spec.later import REFERENCES as LATER
from scrapectl.spec.model import Attribute, Fact, OfRun, Part, Template, Unset
from scrapectl.spec.nodes import Mapping, Node, Scalar, Sequence
from scrapectl.spec.secrecy import looks_secret

if TYPE_CHECKING:
    from scrapectl.errors import Place
    from scrapectl.spec.findings import Findings

SECTIONS = {
    "image": "images",
    "secret": "secrets",
    "bucket": "buckets",
    "message_queue": "message_queues",
    "topic": "topics",
    "compute_environment": "compute_environments",
    "job_queue": "job_queues",
    "job": "jobs",
    "database": "databases",
    "warehouse": "warehouses",
    "filesystem": "filesystems",
    "function": "functions",
    "host": "hosts",
    "loader": "loaders",
    "desktop": "desktops",
    "workflow": "workflows",
}
_EVERYTHING = ("name", "arn")
ATTRIBUTES = {
    "message_queue": (*_EVERYTHING, "url"),
    "job": (*_EVERYTHING, "queue", "share"),
    "database": (*_EVERYTHING, "endpoint", "port", "database", "secret"),
    "warehouse": (*_EVERYTHING, "endpoint", "port", "database", "secret"),
    "filesystem": (*_EVERYTHING, "id"),
}
_PLAIN = ("account", "region", "pipeline", "stage")
# What only a run knows, and where it may be asked: see "What a started run knows" in the language.
_OF_RUN = ("run", "bucket", "key", "version")
_STEPS = re.compile(r"workflows\.[^.]+\.steps\.")
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
# How a user's own Amazon States Language says the same.
_IN_A_DEFINITION = {
    "run": "Write $$.Execution.Name in a key that ends in .$.",
    **{name: f"Write $.{name} in a key that ends in .$." for name in ("bucket", "key", "version")},
}
# Stands where a reference was wrong and has been told: whoever meets it says no more.
TOLD = Template((Unset(""),))
# What vars that name vars may grow to: far above any spec, far below what would hurt.
_LONGEST_TEXT = 64 * 1024
_DEEPEST = 50
_ALL_TEXT = 4 * 1024 * 1024


def attributes_of(section: str) -> tuple[str, ...]:
    """List the attributes of a section, given in the singular."""
    return ATTRIBUTES.get(section, _EVERYTHING)


@dataclass
class Known:
    """What `${…}` may name: `names` are the keys of each section, `variables` the nodes of `vars`."""

    variables: dict[str, Node]
    names: AnyMapping[str, tuple[str, ...]]
    env: AnyMapping[str, str]
    require_env: bool
    plain: dict[str, str | None] = field(default_factory=dict)


class Substitution:
    """Walks a tree and fills its references, noting what is wrong with them."""

    def __init__(self, known: Known, findings: Findings) -> None:
        self.known = known
        self.findings = findings
        self._made = 0
        self._path = ""
        self._filled: dict[str, Scalar] = {}
        self._wrong_variables: dict[str, _Wrong] = {}

    def fill(self, node: Node, path: str = "") -> Node:
        """Give the same tree with its references filled in."""
        if isinstance(node, Scalar):
            return self._top(node, path)
        if isinstance(node, Sequence):
            items = tuple(self.fill(item, f"{path}.{number}") for number, item in enumerate(node.items))
            return Sequence(items, node.place)
        entries = {key: self.fill(value, f"{path}.{key}" if path else key) for key, value in node.entries.items()}
        return Mapping(entries, node.keys, node.place)

    def _top(self, node: Scalar, path: str) -> Scalar:
        if "${" not in node.text:
            return node
        self._path = path
        try:
            filled = self._scalar(node, ())
            return filled if filled.template else replace(filled, source=node.text)
        except _Wrong as wrong:
            self.findings.add(wrong.path, wrong.message, wrong.hint, wrong.place)
            return replace(node, template=TOLD)

    def _scalar(self, node: Scalar, inside: tuple[str, ...]) -> Scalar:
        """Fill one scalar; `inside` are the vars it stands in."""
        found: list[Scalar | Part] = []
        end = 0
        for match in _REFERENCE.finditer(node.text):
            found += [node.text[end : match.start()]]
            found += ["${" if match[0] == "$${" else self._reference(node, match[1], inside)]
            end = match.end()
        found = [part for part in (*found, node.text[end:]) if part != ""]
        if len(found) == 1 and isinstance(found[0], Scalar):
            return found[0].at(node.place)
        return self._join(found, node)

    def _join(self, found: list[Scalar | Part], node: Scalar) -> Scalar:
        parts: list[Part] = []
        for piece in (piece for part in found for piece in _pieces(part)):
            if isinstance(piece, str) and parts and isinstance(parts[-1], str):
                parts[-1] += piece
            else:
                parts.append(piece)
        size = sum(len(part) for part in parts if isinstance(part, str))
        self._made += size
        if size > _LONGEST_TEXT or self._made > _ALL_TEXT:
            raise self._wrong(node, "the text grows too long with its references filled in.")
        if all(isinstance(part, str) for part in parts):
            secret = any(isinstance(part, Scalar) and part.secret for part in found)
            return Scalar("".join(str(part) for part in parts), quoted=True, place=node.place, secret=secret)
        return Scalar(node.text, quoted=True, place=node.place, template=Template(tuple(parts)))

    def _reference(self, node: Scalar, inner: str | None, inside: tuple[str, ...]) -> Scalar | Part:
        if inner is None:
            raise self._wrong(node, '"${" is not closed.', "Write $${ for a plain ${.")
        head, _, rest = inner.partition(".")
        if inner in _PLAIN:
            return self._plain(inner, node)
        if inner in _OF_RUN:
            return self._of_run(inner, node)
        if head == "var":
            return self._variable(node, rest, inside)
        if head == "env" and rest:
            return self._env(node, rest)
        if head in SECTIONS:
            return self._attribute(node, inner)
        if head in LATER:
            raise self._wrong(node, f"{show('${' + inner + '}')} is not built yet.", "Leave it out for now.")
        hint = self.findings.suggest(head, [*_PLAIN, "var", "env", *SECTIONS], "Write $${ for a plain ${.")
        raise self._wrong(node, f"{show('${' + inner + '}')} names nothing that is known.", hint)

    def _plain(self, name: str, node: Scalar) -> Scalar | Part:
        value = self.known.plain.get(name)
        if value is not None:
            return Scalar(value, quoted=True, place=node.place)
        if name == "account":
            return Fact("account")
        if name == "region":
            return Fact("region")
        # No stage is an empty text: one spec serves with and without stages.
        return Scalar("", quoted=True, place=node.place)

    def _of_run(self, name: str, node: Scalar) -> OfRun:
        if _STEPS.match(self._path):
            return OfRun(name)  # type: ignore[arg-type]
        message = f"{show('${' + name + '}')} is known in the steps of a workflow alone."
        if self._path.startswith("workflows.") and ".definition" in self._path:
            raise self._wrong(node, message, _IN_A_DEFINITION[name])
        hint = "Write ${bucket.NAME.name}." if name == "bucket" else "Write $${ for a plain ${."
        raise self._wrong(node, message, hint)

    def _variable(self, node: Scalar, name: str, inside: tuple[str, ...]) -> Scalar:
        if name in inside:
            circle = " → ".join((*inside[inside.index(name) :], name))
            raise self._wrong(node, f"vars refer to each other in a circle: {circle}.", "Give one a plain value.")
        if len(inside) > _DEEPEST:
            raise self._wrong(node, f"vars refer to each other more than {_DEEPEST} deep.", "Give one a plain value.")
        if name in self._wrong_variables:
            raise self._wrong_variables[name]
        if name in self._filled:
            return self._filled[name]
        value = self.known.variables.get(name)
        if value is None:
            hint = self.findings.suggest(name, self.known.variables, "Add it to vars.")
            raise self._wrong(node, f"there is no var {show(name)}.", hint)
        if not isinstance(value, Scalar):
            raise self._wrong(node, f"the var {show(name)} is not a single value.", "Give it text or a number.")
        self._filled[name] = self._inner(value, name, inside) if "${" in value.text else value
        return self._filled[name]

    def _inner(self, value: Scalar, name: str, inside: tuple[str, ...]) -> Scalar:
        """Fill the references of a var; what is wrong with it is told at the var, once, whoever names it."""
        before, self._path = self._path, f"vars.{name}"
        try:
            return self._scalar(value, (*inside, name))
        except _Wrong as wrong:
            self._wrong_variables[name] = wrong
            raise
        finally:
            self._path = before

    def _env(self, node: Scalar, name: str) -> Scalar | Part:
        value = self.known.env.get(name)
        if value is not None:
            # An empty variable is an empty text, not "nothing".
            scalar = Scalar(value, quoted=False, place=node.place, secret=looks_secret(name))
            return replace(scalar, quoted=True) if scalar.is_null else scalar
        if not self.known.require_env:
            return Unset(name)
        raise self._wrong(node, f"the environment variable {show(name)} is not set.", f"Set it: export {name}=…")

    def _attribute(self, node: Scalar, inner: str) -> Attribute:
        section, _, rest = inner.partition(".")
        name, _, attribute = rest.partition(".")
        names = self.known.names.get(SECTIONS[section], ())
        what = section.replace("_", " ")
        if name not in names:
            hint = self.findings.suggest(name, names, f"Add it to {SECTIONS[section]}.")
            raise self._wrong(node, f"there is no {what} {show(name)}.", hint)
        if attribute not in attributes_of(section):
            hint = self.findings.suggest(attribute, attributes_of(section))
            raise self._wrong(node, f"{what} {show(name)} has no attribute {show(attribute)}.", hint)
        return Attribute(section, name, attribute)

    def _wrong(self, node: Scalar, message: str, hint: str = "") -> _Wrong:
        return _Wrong(self._path, message, hint, node.place)


@dataclass
class _Wrong(Exception):
    """A reference that cannot be filled, where it stands."""

    path: str
    message: str
    hint: str
    place: Place


def _pieces(part: Scalar | Part) -> tuple[Part, ...]:
    if not isinstance(part, Scalar):
        return (part,)
    return part.template.parts if part.template else (part.text,)
