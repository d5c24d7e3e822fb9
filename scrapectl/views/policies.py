"""Policy documents → as JSON on standard output or in files, with what is to be known of them beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrapectl.errors import EnvironmentProblem
from scrapectl.units import counted
from scrapectl.views.output import print_document, print_line, tell


@dataclass(frozen=True)
class Policies:
    """The documents for one purpose, and sentences about them."""

    owner: str
    purpose: str
    account: str
    region: str
    documents: Sequence[Mapping[str, Any]]
    notes: Sequence[str]

    def file_names(self) -> list[str]:
        """`shop-apply.json`, or numbered when IAM's limit makes several of them."""
        several = len(self.documents) > 1
        return [
            f"{self.owner}-{self.purpose}{f'-{number}' if several else ''}.json"
            for number, _ in enumerate(self.documents, start=1)
        ]


def show_policies(policies: Policies, written: Sequence[Path] = (), *, as_json: bool) -> None:
    """Print the documents (or, once written, their files), and on standard error what is to be known of them."""
    if as_json:
        pipeline, _, stage = policies.owner.partition(".")
        about = {"pipeline": pipeline, "stage": stage or None, "for": policies.purpose}
        place = {"account": policies.account, "region": policies.region}
        print_document({**about, **place, "policies": list(policies.documents), "notes": list(policies.notes)})
        return
    for path in written:
        print_line(path)
    for document in policies.documents if not written else ():
        print_document(document)
    if len(policies.documents) > 1:
        tell(
            f"{counted(len(policies.documents), 'policy', 'policies')}, to be attached together: IAM takes no more "
            "than 6,144 characters in one." + ("" if written else " --out DIR writes each to a file.")
        )
    for note in policies.notes:
        tell(f"Note: {note}")


def write_policies(policies: Policies, folder: str) -> list[Path]:
    """Write each document to a file of its own, and return the files; one that stands is written anew.

    Raises:
        EnvironmentProblem: The folder cannot be written.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        paths = [Path(folder) / name for name in policies.file_names()]
        for path, document in zip(paths, policies.documents, strict=True):
            path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise EnvironmentProblem(f"{error.filename or folder} cannot be written: {error.strerror}.") from error
    return paths
