"""`secrets` → Secrets Manager secrets."""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.kinds.secret import SecretValue


def desired(scope: Scope) -> Iterator[Desired]:
    """One secret for each entry that is ours; its value is written only when the variable is set."""
    for key, secret in scope.spec.secrets.items():
        if secret.existing is None:
            resource = SecretValue(
                name=scope.physical("secrets", key),
                value=scope.facts.secret_values.get(key),
                generate=secret.generate,
                description=f"Secret {key} of {scope.owner}",
            )
            yield scope.desire_entry("secrets", secret, resource, on_destroy=secret.on_destroy)
