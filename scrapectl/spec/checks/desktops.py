"""Finds desktops whose sessions could not be as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapectl.spec.checks.statements import check_statements

if TYPE_CHECKING:
    from scrapectl.spec.findings import Findings
    from scrapectl.spec.model import Desktop


def check_desktop(desktop: Desktop, findings: Findings) -> None:
    """Check one fleet of desktops."""
    sound = all(findings.is_sound(f"{desktop.origin}.{key}") for key in ("idle", "longest"))
    if sound and desktop.idle > desktop.longest:
        written = "idle" if "idle" in desktop.places else "longest"
        message = f"a session of {desktop.longest // 60} minutes is never idle for {desktop.idle // 60}."
        findings.add(f"{desktop.origin}.{written}", message, "Write a shorter idle, or a longer session.")
    check_statements(desktop, findings)
