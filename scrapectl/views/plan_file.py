"""A plan ↔ the file that `plan --out` writes and `apply --plan` reads: what was shown, and how to make it again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrapectl.engine.plan import Plan
from scrapectl.errors import PlanRefused, UsageError
from scrapectl.views.plan_json import plan_document

VERSION = 1


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
            raise UsageError(f"--out {path} cannot be written: {error}.") from None

    @classmethod
    def read(cls, path: str) -> PlanFile:
        """Read what `write` wrote.

        Raises:
            UsageError: It cannot be read, or is no plan.
        """
        try:
            plain = json.loads(Path(path).read_text(encoding="utf-8"))
            if plain.pop("scrapectl_plan") != VERSION:
                raise UsageError(f"--plan {path} was written by another version of scrapectl.", "Plan again.")
            return cls(**{**plain, "sets": tuple(plain["sets"])})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"--plan {path} is no plan: {error}.", "Write one: scrapectl plan --out FILE") from None

    def refuse_unless_same(self, plan: Plan) -> None:
        """Refuse when the plan made now is not the one that was saved.

        Raises:
            PlanRefused: The spec or AWS has changed since.
        """
        if self.digest != _digest(self.spec):
            raise PlanRefused(f"{self.spec} has changed since the plan was made.", "Plan again.")
        if json.loads(json.dumps(plan_document(plan), ensure_ascii=False)) != self.document:
            raise PlanRefused("AWS has changed since the plan was made.", "Plan again.")


def _digest(spec: str) -> str:
    return hashlib.sha256(Path(spec).read_bytes()).hexdigest()
