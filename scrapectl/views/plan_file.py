"""A plan ↔ the file that `plan --out` writes and `apply --plan` reads: what was shown, and how to make it again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrapectl.engine.plan import Plan
from scrapectl.errors import PlanRefused, UsageError
from scrapectl.spec.findings import shortened
from scrapectl.spec.schema import load_published
from scrapectl.views.plan_json import plan_document

VERSION = 1
_WRITE_ONE = "Write one: scrapectl plan --out FILE"
_SHOWN = 160


@dataclass(frozen=True)
class PlanFile:
    """A saved plan: the spec that it was made of, with its stage and settings, and its document.

    `digest` is the spec file's SHA-256: what the document hides cannot have changed either.
    """

    spec: str
    digest: str
    stage: str | None
    sets: tuple[str, ...]
    region: str
    document: dict[str, Any]

    @classmethod
    def of(cls, plan: Plan, spec: str, sets: tuple[str, ...]) -> PlanFile:
        """What a plan is saved as."""
        return cls(spec, _digest(spec), plan.stage, sets, plan.region, plan_document(plan))

    def write(self, path: str) -> None:
        """Save it, for its owner's eyes alone."""
        plain = {"scrapectl_plan": VERSION, **vars(self)}
        file = Path(path)
        try:
            file.touch(mode=0o600)
            file.write_text(json.dumps(plain, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--out {path} cannot be written: {error.strerror}.") from None

    @classmethod
    def read(cls, path: str) -> PlanFile:
        """Read what `write` wrote.

        Raises:
            UsageError: It cannot be read, or is no plan.
        """
        try:
            plain = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"--plan {path} is no plan: {reason}.", _WRITE_ONE) from None
        if isinstance(plain, dict) and plain.get("scrapectl_plan", VERSION) != VERSION:
            raise UsageError(f"--plan {path} was written by another version of scrapectl.", "Plan again.")
        wrong = _wrong_with(plain)
        if wrong:
            raise UsageError(f"--plan {path} is no plan: {wrong}.", _WRITE_ONE)
        del plain["scrapectl_plan"]
        return cls(**{**plain, "sets": tuple(plain["sets"])})

    def refuse_unless_same(self, plan: Plan) -> None:
        """Refuse when the plan made now is not the one that was saved.

        Raises:
            PlanRefused: The spec or AWS has changed since.
        """
        if self.digest != _digest(self.spec):
            raise PlanRefused(f"{self.spec} has changed since the plan was made.", "Plan again.")
        if json.loads(json.dumps(plan_document(plan), ensure_ascii=False)) != self.document:
            raise PlanRefused("AWS has changed since the plan was made.", "Plan again.")


def _wrong_with(plain: Any) -> str:
    """Say what the published schema finds wrong first; "" when nothing is."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - only a saved plan pays for the library

    found = min(
        Draft202012Validator(load_published("plan")).iter_errors(plain), key=lambda e: len(e.path), default=None
    )
    if found is None:
        return ""
    path = ".".join(str(step) for step in found.absolute_path)
    return shortened(f"{path}: {found.message}" if path else found.message, _SHOWN)


def _digest(spec: str) -> str:
    return hashlib.sha256(Path(spec).read_bytes()).hexdigest()
