"""Gives the values of one file entry by entry, each with the place where it stands, to those who build the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapectl.spec.defaults import Choice

if TYPE_CHECKING:
    from scrapectl.errors import Place
    from scrapectl.spec.findings import Findings

Values = dict[str, Any]

# Sections that are one thing, not a map of entries.
_SINGLE = frozenset({"network", "iam", "logs", "alerts"})


class Entries:
    """The values of one file; what is wrong with them is noted in `findings`."""

    def __init__(self, values: Values, findings: Findings) -> None:
        self.values = values
        self.findings = findings
        self._places = _by_entry(findings.places)

    def names(self, *sections: str) -> list[str]:
        """List the entries of sections."""
        return [key for section in sections for key in self.values.get(section, {})]

    def written(self, origin: str) -> Values:
        """Give what says where a thing stands; `places` has the paths of the keys inside it."""
        places = self._places.get(origin, {})
        return {"origin": origin, "where": self.findings.place_of(origin), "places": places}

    def single(self, section: str) -> Values:
        """Give the values of a section that is one thing, with where it stands."""
        return {**self.values.get(section, {}), **self.written(section)}

    def entry(self, section: str, key: str) -> Values:
        """Give an entry's values, with its key and where it stands."""
        return {**self.values[section][key], **self.written(f"{section}.{key}"), "key": key}

    def known(self, names: list[str], sections: tuple[str, ...], what: str, path: str) -> tuple[str, ...]:
        """Keep the names that sections have, and tell of the others."""
        choice = Choice(tuple(self.names(*sections)), self.findings, path, self.findings.place_of(path))
        section = " or ".join(sections)
        return tuple(name for number, name in enumerate(names) if choice.has(name, what, section, f"{path}.{number}"))

    def first_of(self, *sections: str) -> Place:
        """Say where the first entry of the first of these sections stands."""
        for section in sections:
            for key in self.names(section):
                return self.findings.place_of(f"{section}.{key}")
        return self.findings.start


def inside(values: Values, key: str) -> Values:
    """Give where a part of an entry stands."""
    places: dict[str, Place] = values["places"]
    start = f"{key}."
    inner = {path[len(start) :]: place for path, place in places.items() if path.startswith(start)}
    return {"origin": f"{values['origin']}.{key}", "where": places.get(key, values["where"]), "places": inner}


def _by_entry(places: dict[str, Place]) -> dict[str, dict[str, Place]]:
    """Sort places by the thing they stand in: "jobs.collect" → {"memory": …}, "logs" → {"retention": …}."""
    found: dict[str, dict[str, Place]] = {}
    for path, place in places.items():
        parts = path.split(".", 2)
        count = 1 if parts[0] in _SINGLE else 2
        if len(parts) > count:
            found.setdefault(".".join(parts[:count]), {})[".".join(parts[count:])] = place
    return found
