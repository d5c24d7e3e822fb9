"""Versions of databases, as people write them ("16") and AWS answers them ("16.4"): what is the same, what is newer."""

from __future__ import annotations

_PARTS_OF_A_MAJOR = {"postgres": 1}  # 16 | 16.4; MySQL and MariaDB count 8.0 | 8.0.35
_OTHERWISE = 2


class Version(str):
    """A version that equals every other of which it is the beginning, and the other way round: "16" and "16.4"."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str):
            return False
        mine, others = str(self).split("."), str(other).split(".")
        shared = min(len(mine), len(others))
        return mine[:shared] == others[:shared]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(str(self).split(".")[0])  # all that equal ones are sure to share

    def older_than(self, other: str) -> bool:
        """Whether it comes before the other, as far as both say."""
        return self != other and _numbers(self) < _numbers(other)


def major(engine: str, version: str) -> tuple[str, ...]:
    """The parts that only a major upgrade changes."""
    return tuple(version.split(".")[: _PARTS_OF_A_MAJOR.get(engine, _OTHERWISE)])


def is_exact(engine: str, version: str) -> bool:
    """Whether it names more than a major version, so that AWS must not go on to the next minor one by itself."""
    return len(version.split(".")) > len(major(engine, version))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
