"""Unpack a function's zip into a folder that is kept by the zip's hash."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
import zipfile
from pathlib import Path


class BadPackage(Exception):
    """The zip cannot be unpacked; the text says why."""


def unpacked(content: bytes, folder: Path) -> Path:
    """Return the folder with what a zip holds, unpacked when first asked for.

    Args:
        content: The zip.
        folder: Where unpacked ones are kept.

    Raises:
        BadPackage: It is no zip.
    """
    place = folder / hashlib.sha256(content).hexdigest()[:32]
    if place.is_dir():
        return place
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = Path(tempfile.mkdtemp(dir=folder))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                path = archive.extract(entry, fresh)  # never outside: extract drops `..` and roots
                mode = entry.external_attr >> 16 & 0o777
                if mode and not entry.is_dir():
                    Path(path).chmod(mode | 0o400)
    except (zipfile.BadZipFile, OSError, RuntimeError) as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise BadPackage(f"Could not unzip uploaded file: {error}") from error
    try:
        fresh.rename(place)
    except OSError:  # another call was quicker
        shutil.rmtree(fresh, ignore_errors=True)
    return place
