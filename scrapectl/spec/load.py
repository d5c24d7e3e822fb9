"""Takes a spec from its text to a checked Spec: parse, stage, settings, references, shape, model, checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapectl.spec.asl.read import read_definitions
from scrapectl.spec.build import Builder
from scrapectl.spec.checks import check_spec, check_values
from scrapectl.spec.checks.function_code import check_code
from scrapectl.spec.confirm import confirm
from scrapectl.spec.findings import Findings
from scrapectl.spec.nodes import Mapping, Node, Scalar
from scrapectl.spec.overlay import apply_settings, apply_stage
from scrapectl.spec.references import SECTIONS, Known, Substitution
from scrapectl.spec.schema import load_schema
from scrapectl.spec.shape import Shape
from scrapectl.spec.yaml import parse, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping as AnyMapping

    from scrapectl.spec.model import Spec


@dataclass(frozen=True, kw_only=True)
class Options:
    """What stands beside the file: the stage, `--set`, `--region`, the environment; `confirm` asks jsonschema too."""

    stage: str | None = None
    settings: tuple[str, ...] = ()
    region: str | None = None
    env: AnyMapping[str, str] = field(default_factory=dict)
    require_env: bool = True
    confirm: bool = False


def load_file(path: Path, options: Options) -> Spec:
    """Load a spec from a file.

    Raises:
        SpecError: With every problem at once.
    """
    file = str(path)
    return load_text(read_text(path, file), file, path.parent, options)


def load_text(text: str, file: str, folder: Path, options: Options) -> Spec:
    """Load a spec from text; `build:` folders start at `folder`.

    Raises:
        SpecError: With every problem at once.
    """
    findings = Findings(file)
    schema = load_schema()
    shape = Shape(findings)
    tree = parse(text, file)
    _check_stages(tree, shape, schema)
    tree = apply_settings(apply_stage(tree, options.stage, findings), options.settings)
    tree, region, substitution = _substitute(tree, options, findings)
    values: dict[str, Any] = shape.read(tree, schema)
    check_values(values, findings)
    read_definitions(values, folder, substitution, findings)
    spec = Builder(values, findings).spec(file, folder, options.stage, region)
    check_spec(spec, findings)
    if options.require_env or options.confirm:  # a destroy goes on without the code
        check_code(spec, findings)
    findings.refuse_if_any()
    if options.confirm:
        confirm(tree, findings)
        findings.refuse_if_any()
    return spec


def _check_stages(tree: Mapping, shape: Shape, schema: dict[str, Any]) -> None:
    """Check what every stage may say, also those that are not asked for; their contents are checked when they are."""
    if "stages" not in tree.entries:
        return
    properties = schema["properties"]
    shape.findings.places["stages"] = tree.where("stages")
    stages = tree.entries["stages"]
    shape.read(stages, properties["stages"], "stages")
    for name, over in stages.entries.items() if isinstance(stages, Mapping) else ():
        for key in over.entries if isinstance(over, Mapping) else ():
            if key not in properties:
                shape.unknown_key(key, properties, f"stages.{name}")


def _substitute(tree: Mapping, options: Options, findings: Findings) -> tuple[Mapping, str | None, Substitution]:
    """Fill the references; the pipeline, region and account come first, because others may name them."""
    findings.places.update({key: tree.where(key) for key in tree.entries})
    variables = tree.entries.get("vars")
    known = Known(
        variables=variables.entries if isinstance(variables, Mapping) else {},
        names={section: _names(tree, section) for section in SECTIONS.values()},
        env=options.env,
        require_env=options.require_env,
        plain={"stage": options.stage},
    )
    substitution = Substitution(known, findings)
    first: dict[str, Node] = {}
    for key in ("pipeline", "region", "account"):
        if key in tree.entries:
            node = first[key] = substitution.fill(tree.entries[key], key)
            if isinstance(node, Scalar) and not node.template:
                known.plain[key] = node.text
    region = known.plain["region"] = options.region or known.plain.get("region")
    rest = Mapping({k: v for k, v in tree.entries.items() if k not in first}, tree.keys, tree.place)
    filled = substitution.fill(rest)
    entries = filled.entries if isinstance(filled, Mapping) else {}
    ordered = {key: first[key] if key in first else entries[key] for key in tree.entries}
    return Mapping(ordered, tree.keys, tree.place), region, substitution


def _names(tree: Mapping, section: str) -> tuple[str, ...]:
    """List the entries of a section as the model will have them: a queue and an environment are made when missing."""
    node = tree.entries.get(section)
    if isinstance(node, Mapping) and node.entries:
        return tuple(node.entries)
    return ("default",) if section in ("job_queues", "compute_environments") and "jobs" in tree.entries else ()
