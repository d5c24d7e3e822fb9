"""Turns the small languages inside values into what they mean: places in buckets, references to secrets, images."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrapectl.spec.findings import show
from scrapectl.spec.model import Attribute, BucketPlace, FilePlace, SecretRef, Template, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scrapectl.spec.findings import Findings

_SECRET_ARN_FIELDS = 7  # arn:aws:secretsmanager:region:account:secret:name
_SECRET_ATTRIBUTES = {("secret", "arn"), ("database", "secret"), ("warehouse", "secret")}
_BARE_WORD = re.compile(r"[a-z0-9-]+")


def bucket_place(text: str, buckets: Iterable[str], findings: Findings, path: str) -> BucketPlace | None:
    """Read `raw` or `raw/in/`; None, and a problem, when there is no such bucket."""
    bucket, _, prefix = text.partition("/")
    if bucket not in buckets:
        findings.add(
            path, f"there is no bucket {show(bucket)}.", findings.suggest(bucket, buckets, "Add it to buckets.")
        )
        return None
    return BucketPlace(bucket, prefix)


def file_place(text: str, paths: Mapping[str, Iterable[str]], findings: Findings, path: str) -> FilePlace | None:
    """Read `work` (its root), `work/data` or a folder below that; `paths` are those of each file system.

    Returns:
        None, and a problem, when there is no such file system, or no such path in it.
    """
    filesystem, _, folder = text.partition("/")
    if filesystem not in paths:
        hint = findings.suggest(filesystem, paths, "Add it to filesystems.")
        findings.add(path, f"there is no file system {show(filesystem)}.", hint)
        return None
    first = folder.partition("/")[0]
    if first and first not in paths[filesystem]:
        hint = findings.suggest(first, paths[filesystem], f"Add it to filesystems.{filesystem}.paths.")
        findings.add(path, f"the file system {show(filesystem)} has no path {show(first)}.", hint)
        return None
    return FilePlace(filesystem, folder)


def secret_ref(text: Text, secrets: Iterable[str], findings: Findings, path: str) -> SecretRef | None:
    """Read `nps-key`, `nps-key:json-key`, the like with a reference in place of the name, or a full ARN.

    Returns:
        None when it is wrong, which is told. `${secret.nps-key.arn}` is the entry itself; `${database.results.secret}`
        is a template, because only AWS knows the ARN of the password it made.
    """
    parts = text.parts if isinstance(text, Template) else (text,)
    first = parts[0]
    if isinstance(first, Attribute):
        return _of_attribute(first, "".join(str(part) for part in parts[1:]), findings, path)
    if isinstance(first, str) and first.startswith("arn:"):
        return _secret_arn(parts, findings, path)
    if isinstance(text, Template):
        return SecretRef(arn=text)
    name, _, json_key = text.partition(":")
    if name not in secrets:
        findings.add(path, f"there is no secret {show(name)}.", findings.suggest(name, secrets, "Add it to secrets."))
        return None
    return SecretRef(secret=name, json_key=json_key or None)


def _of_attribute(first: Attribute, rest: str, findings: Findings, path: str) -> SecretRef | None:
    """Read an attribute that is a secret's ARN, and what follows it: nothing, or `:json-key`."""
    if (first.section, first.attribute) not in _SECRET_ATTRIBUTES:
        hint = "Write ${secret.NAME.arn} or ${database.NAME.secret}, or put it under environment."
        findings.add(path, f"{first} is the ARN of no secret.", hint)
        return None
    if not re.fullmatch(r"(:[^:]*:*)?", rest):
        findings.add(path, f"{show(f'{first}{rest}')} is no secret.", f'Write "{first}" and at most ":json-key".')
        return None
    json_key = rest.strip(":") or None
    if first.section == "secret":
        return SecretRef(secret=first.name, json_key=json_key)
    return SecretRef(arn=Template((first,)), json_key=json_key)


def _secret_arn(parts: tuple[object, ...], findings: Findings, path: str) -> SecretRef | None:
    whole = "".join(str(part) for part in parts)
    fields = whole.split(":")
    known = len(fields) >= _SECRET_ARN_FIELDS and fields[2] == "secretsmanager" and fields[5] == "secret"
    if not known:
        hint = "Write arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX, or the name of an entry of secrets."
        findings.add(path, f"{show(whole)} is no ARN of a secret.", hint)
        return None
    json_key = ":".join(fields[_SECRET_ARN_FIELDS:]).rstrip(":")
    if ":" in json_key:
        findings.add(path, "versions of a secret cannot be chosen.", "Write the ARN and at most :json-key.")
        return None
    return SecretRef(arn=_first_fields(parts), json_key=json_key or None)


def _first_fields(parts: tuple[object, ...]) -> Text:
    """Cut a text after its seventh field; open parts (account, region) hold no colon."""
    kept: list[object] = []
    left = _SECRET_ARN_FIELDS
    for part in parts:
        if not isinstance(part, str):
            kept.append(part)
            continue
        fields = part.split(":")
        kept.append(":".join(fields[:left]))
        left -= len(fields) - 1
        if left < 1 or len(fields) > left + len(fields) - 1:
            break
    kept = [part for part in kept if part != ""]
    if all(isinstance(part, str) for part in kept):
        return "".join(str(part) for part in kept)
    return Template(tuple(kept))  # type: ignore[arg-type]


def check_image(image: Text, images: Iterable[str], findings: Findings, path: str) -> None:
    """Refuse a bare word that is nearly an entry of images; any other text is an image URI."""
    if not isinstance(image, str) or image in images or not _BARE_WORD.fullmatch(image):
        return
    hint = findings.suggest(image, images, "-")
    if hint != "-":
        findings.add(path, f"there is no image {show(image)}.", f"{hint} Or write a whole image URI with its tag.")
