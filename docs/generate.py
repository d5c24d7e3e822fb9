"""Writes what the docs have from the program itself: the schema's descriptions, the commands' help, drawn examples."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from scrapectl.cli.drawing import draw
from scrapectl.cli.help import HELP
from scrapectl.cli.root import group
from scrapectl.spec import load_spec

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
SYSTEMS = ROOT / "docs" / "systems"
GRAPH = re.compile(r"(<!-- graph: (\S+)(?: (\S+))? -->\n).*?(<!-- end -->)", re.DOTALL)
"""Where a page wants the picture of a spec, or of one of its workflows."""
SPEC_INTRO = """# The spec, key by key

Written by `make docs` from `schemas/pipeline.schema.json`, which editors complete from:

```yaml
# yaml-language-server: $schema=../../schemas/pipeline.schema.json
```
"""
COMMANDS_INTRO = """# The commands

Written by `make docs` from each command's `--help`. Options of every command that meets AWS stand before or after the
command's name: `--profile`, `--region`, `--endpoint-url`, `--local`, `--stage`, `--set`, `--output`, `--no-color`,
`--debug`.

Exit codes: 0 done · 1 AWS, a resource or a run failed · 2 only with `--detailed-exitcode`: there are changes · 3 the
plan is refused · 4 the spec is wrong · 64 wrong usage · 130 interrupted.
"""


def spec_reference(schema: dict[str, Any]) -> str:
    """The whole language: one heading for each section, one row for each key."""
    parts = [SPEC_INTRO]
    for name, section in schema["properties"].items():
        parts.append(f"## `{name}`\n\n{section.get('description', '')}\n")
        rows = list(_rows(schema, section, ""))
        if rows:
            parts.append("| key | what it means | default |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _rows(schema: dict[str, Any], node: dict[str, Any], path: str) -> Iterator[str]:
    node = _followed(schema, node)
    for key, child in node.get("properties", {}).items():
        yield from _row(schema, child, f"{path}.{key}".lstrip("."))
    entry = node.get("additionalProperties")
    if isinstance(entry, dict):
        entry = _followed(schema, entry)
        if entry.get("properties"):
            yield from _rows(schema, entry, f"{path}.NAME".lstrip("."))


def _row(schema: dict[str, Any], child: dict[str, Any], path: str) -> Iterator[str]:
    followed = _followed(schema, child)
    text = child.get("description", followed.get("description", "")).replace("|", "\\|")
    default = child.get("default", followed.get("default"))
    shown = "" if default is None else f"`{json.dumps(default)}`"
    choices = followed.get("enum")
    if choices:
        text += " One of " + ", ".join(f"`{choice}`" for choice in choices) + "."
    yield f"| `{path}` | {text} | {shown} |"
    yield from _rows(schema, followed, path)


def _followed(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """A node with what it names; of a value or a reference in its place, the value."""
    reference = node.get("$ref")
    if reference is not None:
        found: dict[str, Any] = schema
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return {**_followed(schema, found), **{key: value for key, value in node.items() if key != "$ref"}}
    if "anyOf" in node:
        return {**_followed(schema, node["anyOf"][0]), **{key: value for key, value in node.items() if key != "anyOf"}}
    return node


def command_reference() -> str:
    """The help of every command, as a terminal of 100 columns shows it."""
    parts = [COMMANDS_INTRO]
    root = group("")
    parts += [f"## `scrapectl {path}`\n\n```text\n{_help(root, path.split())}\n```\n" for path in HELP if path]
    return "\n".join(parts)


def _help(command: click.Command, path: list[str]) -> str:
    context = _context(command, "scrapectl", None)
    for name in path:
        found = command.get_command(context, name) if isinstance(command, click.Group) else None
        if found is None:
            raise SystemExit(f"there is no command {' '.join(path)}")
        command = found
        context = _context(command, name, context)
    return command.get_help(context).rstrip()


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    width = {"max_content_width": 100, "terminal_width": 100}
    return click.Context(command, info_name=name, parent=parent, **{**command.context_settings, **width})


def drawn(text: str) -> str:
    """A page with its pictures as `scrapectl graph` draws them now."""
    return GRAPH.sub(lambda found: f"{found[1]}```mermaid\n{_drawing(found[2], found[3])}\n```\n{found[4]}", text)


def _drawing(file: str, workflow: str | None) -> str:
    text, _ = draw(load_spec(ROOT / file, env={}, require_env=False), workflow)
    return text.strip()


def pages() -> dict[Path, str]:
    """Every page with its text."""
    schema = json.loads((ROOT / "schemas" / "pipeline.schema.json").read_text(encoding="utf-8"))
    written = {REFERENCE / "spec.md": spec_reference(schema), REFERENCE / "commands.md": command_reference()}
    return written | {page: drawn(page.read_text(encoding="utf-8")) for page in sorted(SYSTEMS.glob("*.md"))}


def main() -> int:
    """Write the pages."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
