"""Finds code that is not there: folders and .zips of functions and layers, and the handler's file in them."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from scrapectl.spec.findings import show

if TYPE_CHECKING:
    from pathlib import Path

    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Function, Spec

_PARTS_OF_A_LIBRARY = 3


def check_code(spec: Spec, findings: Findings) -> None:
    """Look for the files that functions name."""
    for function in spec.functions.values():
        path = f"{function.origin}.code"
        if function.key in spec.loaders:
            continue  # its code is ours
        if function.code is None or function.image is not None or not findings.is_sound(path):
            continue
        for number, layer in enumerate(function.layers):
            if not layer.startswith("arn:"):
                _is_there(spec.folder / layer, layer, f"{function.origin}.layers.{number}", findings)
        code = spec.folder / function.code
        sound = bool(function.handler) and findings.is_sound(f"{function.origin}.handler")
        if _is_there(code, function.code, path, findings) and sound:
            _check_handler(function, code, findings)


def _is_there(code: Path, written: str, path: str, findings: Findings) -> bool:
    if code.is_dir():
        return True
    if not code.exists():
        findings.add(path, f"there is no {show(written)}.", "Write a folder or a .zip, from the spec's own folder.")
    elif not zipfile.is_zipfile(code):
        findings.add(path, f"{show(written)} is neither a folder nor a .zip.", "Write one of them.")
    else:
        return True
    return False


def _check_handler(function: Function, code: Path, findings: Findings) -> None:
    """Look for the handler's file; one of three parts may be of a library that comes by requirements or a layer."""
    files = files_of(function.handler, function.runtime)
    if files is None:
        message = f"the handler {show(function.handler)} names no function."
        findings.add(f"{function.origin}.handler", message, "Write the file's name and the function's: app.handler.")
        return
    held = _held(code, files)
    brings = function.layers or _held(code, ("requirements.txt", "package.json", "Gemfile"))
    elsewhere = brings and len(function.handler.split(".")) >= _PARTS_OF_A_LIBRARY
    if files and not held and not elsewhere:
        message = f"the handler {show(function.handler)} is of {files[0]}, which {show(function.code)} does not hold."
        findings.add(f"{function.origin}.handler", message, "Write the name of a file that is there, and its function.")


def files_of(handler: str, runtime: str) -> tuple[str, ...] | None:
    """List the files in which a handler may stand, as its runtime looks for it.

    Returns:
        Paths inside the code; none of a runtime whose handlers name no file; None when it names no function.

    Source: awslambdaric's bootstrap (the last dot parts file and function), the Node.js client's UserFunction (the
    first dot after the last slash), "Define Lambda function handler in Ruby".
    """
    folder, _, last = handler.rpartition("/")
    if runtime.startswith("python"):
        module, _, name = handler.rpartition(".")
        module = module.replace(".", "/")
        return (f"{module}.py", f"{module}/__init__.py") if module and name else None
    endings = (".js", ".mjs", ".cjs") if runtime.startswith("nodejs") else (".rb",)
    if not runtime.startswith(("nodejs", "ruby")):
        return ()
    module, _, name = last.partition(".")
    start = f"{folder}/{module}" if folder else module
    return tuple(f"{start}{ending}" for ending in endings) if module and name else None


def _held(code: Path, files: tuple[str, ...]) -> bool:
    """Say whether a folder or .zip holds one of some files."""
    if code.is_dir():
        return any((code / file).is_file() for file in files)
    with zipfile.ZipFile(code) as archive:
        return not set(files).isdisjoint(archive.namelist())
