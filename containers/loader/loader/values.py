"""Turns a value, as text or from JSON or Parquet, into the text that every engine reads as the declared type."""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from loader.columns import NUMERIC, Type

Convert = Callable[[str], str]
_INTEGER = re.compile(r"[+-]?\d{1,30}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\d* ?(Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_BITS = {"smallint": 15, "integer": 31, "bigint": 63}
_TRUTHS = dict.fromkeys(("true", "t", "yes", "y", "on", "1"), "true") | dict.fromkeys(
    ("false", "f", "no", "n", "off", "0"), "false"
)
_MOST_DIGITS = 131_072  # before the point of PostgreSQL's numeric


class Misfit(ValueError):
    """Why a value does not fit its column."""


def converter(kind: Type, engine: str) -> Convert:
    """Make the function that turns a text into the engine's text; it raises Misfit when it does not fit."""
    if kind.name in _BITS:
        return lambda text: _integer(text, _BITS[kind.name])
    if kind.name == "numeric":
        digits = kind.arguments or (None if engine == "postgres" else NUMERIC)
        return lambda text: _numeric(text, digits)
    if kind.name in {"char", "varchar", "text"}:
        most = kind.arguments[0] if kind.arguments else 65535 if engine == "redshift" else None
        return lambda text: _text(text, most, in_bytes=engine == "redshift")
    return {
        "real": _real, "double precision": _double, "boolean": _boolean, "date": _date, "time": _time,
        "timestamp": _timestamp, "timestamptz": _timestamptz, "json": _json, "uuid": _uuid,
    }[kind.name]  # fmt: skip


def text_of(value: Any, kind: Type) -> str | None:
    """Write a value of JSON or Parquet as text; None is no value.

    Raises:
        Misfit: An object or an array in a column that is not JSON, or bytes that are no text.
    """
    if value is None:
        return None
    if kind.name == "json":
        return json_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return _decoded(value)
    if isinstance(value, (dict, list)):
        raise Misfit(f"{'an object' if isinstance(value, dict) else 'an array'} is no {kind.name}")
    whole = isinstance(value, float) and value.is_integer() and kind.name in _BITS
    return str(int(value) if whole else value)


def json_text(value: Any) -> str:
    """Write JSON without losing a digit: numbers with a point were read as Decimal."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(k))}: {json_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(json_text, value)) + "]"
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (datetime, date, time)):
        return json.dumps(str(value))
    if isinstance(value, float) and not math.isfinite(value):  # of an array of JSON, or of Parquet
        raise Misfit(f"{value} is no JSON")
    return json.dumps(_decoded(value) if isinstance(value, bytes) else value, allow_nan=False)


def read_json(text: str) -> Any:
    """Read strict JSON, exactly: no NaN, no rounding.

    Raises:
        ValueError: It is no JSON.
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Misfit("bytes are no text") from error


def _integer(text: str, bits: int) -> str:
    text = text.strip()
    if not _INTEGER.fullmatch(text):
        raise Misfit("is no whole number")
    number = int(text)
    if not -(1 << bits) <= number < 1 << bits:
        raise Misfit("is out of range")
    return str(number)


def _numeric(text: str, digits: tuple[int, ...] | None) -> str:
    """Rounded to the scale, half away from zero, as PostgreSQL does; Redshift would cut off."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        raise Misfit("is no number")
    number, most = Decimal(text), digits[0] - digits[1] if digits else _MOST_DIGITS
    if digits and number.adjusted() <= most:
        number = number.quantize(Decimal(1).scaleb(-digits[1]), ROUND_HALF_UP, Context(prec=digits[0] + 2))
    if number and number.adjusted() >= most:
        raise Misfit(f"has more than {most} digits before the point")
    return format(number, "f")


def _double(text: str) -> str:
    if not _NUMBER.fullmatch(text.strip()):
        raise Misfit("is no number")
    if float(text) in {float("inf"), float("-inf")}:
        raise Misfit("is out of range")
    return text.strip()


def _real(text: str) -> str:
    found = _double(text)
    if abs(float(found)) >= 3.4028235677973366e38:  # noqa: PLR2004 - the largest single, and half a step
        raise Misfit("is out of range")
    return found


def _text(text: str, most: int | None, *, in_bytes: bool) -> str:
    if most is not None:
        long = len(text.encode()) if in_bytes else len(text)
        if long > most:
            raise Misfit(f"has {long} {'bytes' if in_bytes else 'characters'}, {most} fit")
    return text


def _boolean(text: str) -> str:
    found = _TRUTHS.get(text.strip().lower())
    if found is None:
        raise Misfit("is neither true nor false")
    return found


def _date(text: str) -> str:
    text = text.strip()
    if not _DATE.fullmatch(text):
        raise Misfit("is no date (YYYY-MM-DD)")
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise Misfit("is no day of the calendar") from error


def _time(text: str) -> str:
    text = text.strip()
    try:
        if _TIME.fullmatch(text):
            return time.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise Misfit("is no time (HH:MM:SS)")


def _timestamp(text: str) -> str:
    """An offset is left out of account, as in PostgreSQL."""
    return _moment(text).replace(tzinfo=None).isoformat(" ")


def _timestamptz(text: str) -> str:
    """Without an offset it is UTC."""
    moment = _moment(text)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat(" ")
    except OverflowError as error:
        raise Misfit("is no moment of the calendar") from error


def _moment(text: str) -> datetime:
    found = _MOMENT.fullmatch(text.strip())
    if not found:
        raise Misfit("is no moment (YYYY-MM-DD HH:MM:SS)")
    day, hour, zone = found.groups(default="")
    try:
        return datetime.fromisoformat(f"{day}T{hour or '00:00'}{zone}")
    except (ValueError, OverflowError) as error:
        raise Misfit("is no moment of the calendar") from error


def _json(text: str) -> str:
    try:
        found = read_json(text)
    except (ValueError, RecursionError) as error:
        raise Misfit(f"is no JSON: {error}") from error
    if "\\u" in text:
        plain = json.dumps(found, default=str, ensure_ascii=False)
        if "\\u0000" in plain:
            raise Misfit("holds a NUL")
        _utf8(plain)
    return text.strip()


def _utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Misfit("is no UTF-8") from error


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError as error:
        raise Misfit("is no UUID") from error
