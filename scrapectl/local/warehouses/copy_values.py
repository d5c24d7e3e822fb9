"""A value out of a file → the text that its column takes, or why it does not, with Redshift's code of the error."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from scrapectl.local.warehouses.copy_rows import Number
from scrapectl.local.warehouses.types import Type

# "Load error reference", Amazon Redshift Database Developer Guide.
TOO_LONG, BAD_TIME, BAD_DIGIT, BAD_DATE, BAD_BOOLEAN, NULL_IN, OVERFLOW, BAD_JSON = (
    *(1204, 1206, 1207, 1205, 1210, 1213, 1225),
    1216,
)
_WHOLE = {"smallint": 15, "integer": 31, "bigint": 63}
_TRUE, _FALSE = frozenset({"t", "true", "y", "yes", "1"}), frozenset({"f", "false", "n", "no", "0"})


class Refusing(Exception):
    """A value does not fit: code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason
        self.column = ""
        self.value: Any = None


def fitting(value: Any, type_: Type) -> str | None:
    """Give a value as its column takes it.

    Raises:
        Refusing: It does not fit.
    """
    if type_.name == "super":
        return _super(value)
    if value is None:
        return None
    text = _text(value)
    if text.strip() == "" and not type_.name.startswith("character"):
        return None  # "NULL AS": an empty field of a number or a time is NULL
    return _CHECKS.get(type_.name, _as_it_is)(text, type_)


def _text(value: Any) -> str:
    if isinstance(value, Number):
        return value.written
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _super(value: Any) -> str | None:
    """A text out of CSV is JSON; out of JSON it is what it is."""
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _characters(text: str, type_: Type) -> str:
    if len(text.encode()) > (type_.length or 0):
        raise Refusing(TOO_LONG, "String length exceeds DDL length")
    return text


def _whole(text: str, type_: Type) -> str:
    if not re.fullmatch(r"\s*[+-]?\d+\s*", text):
        where = next((at for at, sign in enumerate(text) if not sign.isdigit()), 0)
        raise Refusing(BAD_DIGIT, f"Invalid digit, Value '{text[where]}', Pos {where}, Type: {_shown(type_)}")
    if not -(1 << _WHOLE[type_.name]) <= int(text) < 1 << _WHOLE[type_.name]:
        raise Refusing(OVERFLOW, f"Overflow for {_shown(type_)}")
    return text


def _numeric(text: str, type_: Type) -> str:
    try:
        number = Decimal(text.strip()).quantize(Decimal(1).scaleb(-(type_.scale or 0)), ROUND_HALF_UP)
    except InvalidOperation:
        raise Refusing(BAD_DIGIT, f"Invalid digit, Value '{text[:1]}', Pos 0, Type: Decimal") from None
    if not number.is_finite() or number.adjusted() >= (type_.precision or 0) - (type_.scale or 0) > 0:
        raise Refusing(OVERFLOW, f"Numeric data overflow: {type_}")
    return format(number, "f")


def _real(text: str, type_: Type) -> str:
    try:
        number = float(text)
    except ValueError:
        raise Refusing(BAD_DIGIT, f"Invalid digit, Value '{text[:1]}', Pos 0, Type: {_shown(type_)}") from None
    return text if not math.isinf(number) else repr(number)


def _boolean(text: str, _: Type) -> str:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise Refusing(BAD_BOOLEAN, "Unknown boolean format")
    return "true" if word in _TRUE else "false"


def _date(text: str, _: Type) -> str:
    try:
        return dt.datetime.fromisoformat(text.strip()).date().isoformat()
    except ValueError:
        raise Refusing(BAD_DATE, "Invalid Date Format - length must be 10 or more") from None


def _time(text: str, type_: Type) -> str:
    try:
        if type_.name.startswith("timestamp"):
            found = dt.datetime.fromisoformat(text.strip())
            aware = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
            kept = aware if "with time zone" in type_.name else found.replace(tzinfo=None)
            return kept.isoformat(sep=" ")
        return dt.time.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise Refusing(BAD_TIME, "Invalid timestamp format or value [auto]") from None


def _as_it_is(text: str, _: Type) -> str:
    return text


def _shown(type_: Type) -> str:
    return {"smallint": "Short", "integer": "Integer", "bigint": "Long"}.get(type_.name, type_.name.title())


_CHECKS: Mapping[str, Callable[[str, Type], str]] = {
    **dict.fromkeys(_WHOLE, _whole),
    **dict.fromkeys(("character", "character varying"), _characters),
    **dict.fromkeys(("real", "double precision"), _real),
    "numeric": _numeric,
    "boolean": _boolean,
    "date": _date,
    "timestamp without time zone": _time,
    "timestamp with time zone": _time,
    "time without time zone": _time,
}
