"""A template and a few answers → the files of a new project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scrapectl.errors import UsageError
from scrapectl.shipped import shipped
from scrapectl.spec.schema import schema_path

NAMES = ("quickstart", "batch")
_FOLDER = Path(__file__).parent / "templates"
_PIPELINE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LONGEST = 20
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")
_SITE = re.compile(r"https?://[^\s\"'\\<>${}]+")


@dataclass(frozen=True)
class Answers:
    """What a project is made of."""

    pipeline: str
    site: str = "https://example.com/"
    region: str = "us-east-1"

    def check(self) -> None:
        """Refuse what the spec could not hold.

        Raises:
            UsageError: One of the answers is not what it should be.
        """
        if not _PIPELINE.fullmatch(self.pipeline) or len(self.pipeline) > _LONGEST:
            raise UsageError(f'"{self.pipeline}" is no name of a pipeline.', "Write up to 20 of a-z, 0-9 and single -.")
        if not _SITE.fullmatch(self.site):
            raise UsageError(f'"{self.site}" is no address.', "Write one such as https://example.com/")
        if not _REGION.fullmatch(self.region):
            raise UsageError(f'"{self.region}" is no region.', "Write one such as us-east-1.")


def name_for(folder: Path) -> str:
    """A pipeline's name made of a folder's."""
    words = re.findall("[a-z0-9]+", folder.resolve().name.lower())
    name = "-".join(words)[:_LONGEST].strip("-")
    return name if _PIPELINE.fullmatch(name) else "pipeline"


def write_project(folder: Path, template: str, answers: Answers) -> list[Path]:
    """Write a project; nothing is written when something of it stands already.

    Raises:
        UsageError: A file stands already, or cannot be written.
    """
    answers.check()
    files = {folder / name: text for name, text in _files(template, answers)}
    standing = [str(path) for path in files if path.exists()]
    if standing:
        stand = "stands" if len(standing) == 1 else "stand"
        raise UsageError(f"{', '.join(standing)} {stand} already; nothing was written.", "Name another folder.")
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error}.") from None
    return list(files)


def _files(template: str, answers: Answers) -> Iterator[tuple[str, str]]:
    source = _FOLDER / template
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        text = path.read_text(encoding="utf-8")
        for word in ("pipeline", "site", "region"):
            text = text.replace(f"@{word.upper()}@", getattr(answers, word))
        yield path.relative_to(source).as_posix().removesuffix(".in"), text
    library = shipped("scraper")
    for path in (library / "requirements.txt", *sorted((library / "scraper_base").glob("*.py"))):
        yield f"scraper/{path.relative_to(library).as_posix()}", path.read_text(encoding="utf-8")
    yield schema_path().name, schema_path().read_text(encoding="utf-8")
