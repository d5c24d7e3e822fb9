"""COPY: which objects of the emulated S3 it reads, whether its role lets it, and what of them the table takes."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapectl.local.policy import allows
from scrapectl.local.registry import Refusal
from scrapectl.local.services import iam
from scrapectl.local.warehouses.copy_command import Copy
from scrapectl.local.warehouses.copy_rows import Row, rows_of
from scrapectl.local.warehouses.copy_values import NULL_IN, Refusing, fitting
from scrapectl.local.warehouses.database import Rows, Target
from scrapectl.local.warehouses.problems import Refused, StatementFailed

if TYPE_CHECKING:
    from scrapectl.local.cloud import Cloud

_PRINCIPALS = ("redshift.amazonaws.com", "redshift-serverless.amazonaws.com")
_NO_DELIMITER = 1202


@dataclass(frozen=True)
class Who:
    """On whose behalf a warehouse reads: its region, the roles it carries with their states, its user as an ARN."""

    cloud: Cloud
    region: str
    roles: Mapping[str, str]
    user: str


@dataclass
class Copying:
    """One COPY, for one warehouse."""

    who: Who

    def __call__(self, copy: Copy, target: Target) -> tuple[tuple[str, ...], Rows]:
        """Read everything that a COPY names.

        Raises:
            StatementFailed: It may not, or finds nothing, or a row does not fit.
        """
        role = self._role(copy)
        self._check_region(copy)
        columns = list(copy.columns or target.columns)
        rows: Rows = []
        refused: list[Refused] = []
        for place in self._places(copy, role):
            for row in rows_of(self._content(copy, role, place), copy, columns):
                try:
                    rows.append(_values(row, columns, target, copy))
                except Refusing as why:
                    refused.append(_refused(why, row, place, target))
                    if len(refused) > copy.errors:
                        raise _failed(target, refused) from why
        return tuple(columns), rows

    def _role(self, copy: Copy) -> str:
        """The role, which the warehouse must carry, in sync, and be trusted by (AWS-FACTS §17)."""
        who, role = self.who, copy.role
        if role == "default":
            role = next(iter(who.roles), "")
        trusted = any(iam.can_be_assumed(who.cloud, role, principal, {}) for principal in _PRINCIPALS)
        if who.roles.get(role) != "in-sync" or not trusted:
            raise StatementFailed(f"User {who.user} is not authorized to assume IAM Role {role}")
        return role

    def _check_region(self, copy: Copy) -> None:
        try:
            head = self.who.cloud.call("s3", "HeadBucket", {"Bucket": copy.bucket}, self.who.region)
        except Refusal:
            raise _s3("The specified bucket does not exist", 404, "NoSuchBucket") from None
        if head.get("BucketRegion", self.who.region) != (copy.region or self.who.region):
            text = "The S3 bucket addressed by the query is in a different region from this cluster."
            raise _s3(text, 301, "PermanentRedirect")

    def _places(self, copy: Copy, role: str) -> list[str]:
        """`bucket/key` of each file."""
        if copy.manifest:
            return list(self._manifest(copy, role))
        self._may(role, "s3:ListBucket", f"arn:aws:s3:::{copy.bucket}", {"s3:prefix": copy.key})
        listed: list[str] = []
        asked: dict[str, Any] = {"Bucket": copy.bucket, "Prefix": copy.key}
        while True:
            page = self.who.cloud.call("s3", "ListObjectsV2", asked, self.who.region)
            listed += [f"{copy.bucket}/{entry['Key']}" for entry in page.get("Contents") or ()]
            if not page.get("IsTruncated"):
                break
            asked["ContinuationToken"] = page["NextContinuationToken"]
        if not listed:
            raise StatementFailed(f"The specified S3 prefix '{copy.key}' does not exist")
        return listed

    def _manifest(self, copy: Copy, role: str) -> Iterator[str]:
        text = self._object(role, f"{copy.bucket}/{copy.key}")
        try:
            entries = json.loads(text)["entries"]
            urls = [(urlsplit(entry["url"]), entry.get("mandatory", False)) for entry in entries]
        except (ValueError, KeyError, TypeError):
            raise StatementFailed("Manifest file is not in correct json format") from None
        for url, mandatory in urls:
            place = f"{url.netloc}{url.path}"
            try:
                self._object(role, place)
            except StatementFailed:
                if mandatory:
                    raise
                continue
            yield place

    def _content(self, copy: Copy, role: str, place: str) -> bytes:
        content = self._object(role, place)
        if not copy.gzip:
            return content
        try:
            return gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            raise StatementFailed(
                f"Problem reading manifest or data file s3://{place}: gzip: unexpected end of file"
            ) from None

    def _object(self, role: str, place: str) -> bytes:
        bucket, _, key = place.partition("/")
        self._may(role, "s3:GetObject", f"arn:aws:s3:::{place}", {})
        try:
            return self.who.cloud.front_door.content(bucket, key, self.who.region)
        except Refusal:
            raise _s3(f"The specified key does not exist. s3://{place}", 404, "NoSuchKey") from None

    def _may(self, role: str, action: str, resource: str, context: dict[str, str]) -> None:
        if not allows(iam.policies_of(self.who.cloud, role), action, resource, context):
            raise _s3("Access Denied", 403, "AccessDenied")


def _s3(text: str, status: int, code: str) -> StatementFailed:
    return StatementFailed(f"S3ServiceException:{text},Status {status},Error {code}")


def _values(row: Row, columns: list[str], target: Target, copy: Copy) -> list[str | None]:
    if row.wrong:
        raise Refusing(_NO_DELIMITER, row.wrong)
    found: list[str | None] = []
    for name in columns:
        value = row.values.get(name)
        if copy.null is not None and value == copy.null:
            value = None
        if "truncatecolumns" in copy.flags and isinstance(value, str) and target.columns[name].length:
            value = value.encode()[: target.columns[name].length].decode(errors="ignore")
        if copy.format != "json" and target.columns[name].name == "super" and value is not None:
            value = _of_json(value, name) if value.strip() else None
        try:
            text = fitting(value, target.columns[name])
        except Refusing as why:
            why.column, why.value = name, value
            raise
        if text is None and name in target.required and name not in target.defaulted:
            missing = Refusing(NULL_IN, "Missing data for not-null field")
            missing.column, missing.value = name, ""
            raise missing
        found.append(text)
    return found


def _of_json(text: str, name: str) -> Any:
    """What SUPER takes of a text in a CSV: JSON, when it is ("COPY into SUPER", Redshift's guide)."""
    try:
        return json.loads(text)
    except ValueError:
        wrong = Refusing(1216, "Invalid JSON format")
        wrong.column, wrong.value = name, text
        raise wrong from None


def _refused(why: Refusing, row: Row, place: str, target: Target) -> Refused:
    type_ = target.columns.get(why.column)
    length = str(type_.length or "") if type_ else ""
    name = type_.name if type_ else ""
    value = "" if why.value is None else str(why.value)
    return Refused(
        target.name, f"s3://{place}", row.line, why.column, name, length, value, why.code, why.reason, row.raw
    )


def _failed(target: Target, refused: list[Refused]) -> StatementFailed:
    text = f"Load into table '{target.name}' failed.  Check 'sys_load_error_detail' system table for details."
    return StatementFailed(text, tuple(refused))
