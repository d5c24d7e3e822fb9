"""One spec that has every kind, and the policies that are printed for it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from scrapectl.pipeline.permissions import Purpose
from scrapectl.spec import check_text
from scrapectl.spec.model import Spec
from tests.permissions.life import HEAD, Document, make_folders, policies_for

TEXT = HEAD + Path(__file__).with_name("everything.yaml").read_text(encoding="utf-8")


def _policies() -> dict[Purpose, list[Document]]:
    with TemporaryDirectory() as folder:
        make_folders(Path(folder))
        return {purpose: policies_for(TEXT, purpose, Path(folder)) for purpose in get_args(Purpose)}


def everything(folder: Path, text: str = TEXT) -> Spec:
    """The spec, with the folders that it names made in `folder`."""
    make_folders(folder)
    return check_text(text, folder=folder, env={})


POLICIES = _policies()
