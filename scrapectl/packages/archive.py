"""Members, plain or compressed already → a zip that depends on nothing else (pure).

What deflate makes of a file changes between versions of zlib, so nothing is compressed here: files of ours are stored,
and what a wheel brings is copied as it was compressed by whoever built the wheel.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_ON_UNIX, _VERSION, _UTF8 = 3, 20, 0x800
_NEW_YEAR_1980 = 0x21
_ENCRYPTED = 0x1
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")


@dataclass(frozen=True)
class Member:
    """One file of a zip.

    Attributes:
        name: Its path, parted by "/".
        data: As it stands in the zip.
        size: Bytes of what it unpacks to.
        crc: CRC-32 of that.
        method: How `data` is compressed, by zip's numbers; 0 is not at all.
        executable: Whether it may be run.
    """

    name: str
    data: bytes
    size: int
    crc: int
    method: int = zipfile.ZIP_STORED
    executable: bool = False


def stored(name: str, content: bytes, *, executable: bool = False) -> Member:
    """Take a file as it is."""
    return Member(name, content, len(content), zlib.crc32(content), executable=executable)


def members_of(archive: bytes) -> Iterator[Member]:
    """Yield the files of a zip as they are compressed there.

    Raises:
        zipfile.BadZipFile: It is none, it is encrypted, or a name leads out of it.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for entry in opened.infolist():
            if entry.is_dir():
                continue
            if entry.flag_bits & _ENCRYPTED:
                raise zipfile.BadZipFile(f"{entry.filename} is encrypted")
            if entry.filename.startswith("/") or ".." in entry.filename.split("/"):
                raise zipfile.BadZipFile(f"{entry.filename} leads out of the archive")
            name, extra = struct.unpack_from("<2H", archive, entry.header_offset + 26)
            start = entry.header_offset + _LOCAL.size + name + extra
            data = archive[start : start + entry.compress_size]
            executable = bool(entry.external_attr >> 16 & 0o100)
            yield Member(entry.filename, data, entry.file_size, entry.CRC, entry.compress_type, executable)


def write_zip(members: Iterable[Member]) -> bytes:
    """Write a zip of members in the order of their names (APPNOTE.TXT, 4.3: without data descriptors or ZIP64)."""
    local, central, count = io.BytesIO(), io.BytesIO(), 0
    for member in sorted(members, key=lambda each: each.name):
        name = member.name.encode()
        flags = 0 if name.isascii() else _UTF8
        told = (_VERSION, flags, member.method, 0, _NEW_YEAR_1980, member.crc, len(member.data), member.size)
        mode = (0o100755 if member.executable else 0o100644) << 16
        made_by = _ON_UNIX << 8 | _VERSION
        central.write(_CENTRAL.pack(b"PK\x01\x02", made_by, *told, len(name), 0, 0, 0, 0, mode, local.tell()) + name)
        local.write(_LOCAL.pack(b"PK\x03\x04", *told, len(name), 0) + name + member.data)
        count += 1
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, central.tell(), local.tell(), 0)
    return local.getvalue() + central.getvalue() + end
