"""Turns Parquet into raw rows, a few thousand at a time; columns are found by their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loader.document import Format
from loader.formats import RawRow, Read
from loader.problems import LoadRefused
from loader.sources import Source

_AT_ONCE = 2048
_BUFFER = 1 << 20


def read(source: Source, names: tuple[str, ...], _form: Format) -> Read:
    """See `formats.read`; a row's line is its number."""
    for line, (found, values) in enumerate(_rows(source, names), 1):
        if line == 1 and set(found) != set(names):
            told = f"the columns are {', '.join(found)!r:.500}, declared are {', '.join(names)!r}"
            raise LoadRefused(f"{source.name}: {told}")
        yield RawRow(line, values)


def fields(source: Source, _names: tuple[str, ...], _form: Format) -> Iterator[dict[str, Any]]:
    """Read rows as fields by name."""
    for found, values in _rows(source, ()):
        yield dict(zip(found, values, strict=True))


def _rows(source: Source, names: tuple[str, ...]) -> Iterator[tuple[list[str], tuple[Any, ...]]]:
    """Read each row, beside the names of the file's columns; in the order of `names` when the file has just those."""
    from pyarrow import ArrowInvalid, PythonFile  # noqa: PLC0415 - large, and for this format alone
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415

    if not source.size:
        raise LoadRefused(f"{source.name} is empty")
    try:
        file = ParquetFile(PythonFile(source.open(), mode="r"), buffer_size=_BUFFER, pre_buffer=False)
        found = file.schema_arrow.names
        wanted = list(names) if set(names) == set(found) else found
        for batch in file.iter_batches(_AT_ONCE, columns=wanted, use_threads=False):
            for values in zip(*(batch.column(name).to_pylist() for name in wanted), strict=True):
                yield found, values
    except (ArrowInvalid, UnicodeDecodeError) as error:
        raise LoadRefused(f"{source.name} is not whole, or no Parquet: {error}") from error
