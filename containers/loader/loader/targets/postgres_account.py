"""Turns a target and its secret into how to connect to PostgreSQL."""

from __future__ import annotations

import json
from typing import Any

from loader.document import Target
from loader.trust import authorities

CONNECT_SECONDS = 10


def connection(told: Target, clients: Any) -> dict[str, Any]:
    """Read the secret, and say how to connect: to nobody but the server of that name, and never waiting for ever."""
    trusted = authorities(told.host)
    secret = json.loads(clients("secretsmanager").get_secret_value(SecretId=told.secret)["SecretString"])
    alive = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
    # A loader that died without a word holds its claims no longer than that.
    settings = "-c idle_in_transaction_session_timeout=10min -c timezone=UTC -c datestyle=ISO -c client_encoding=UTF8"
    return {
        "host": told.host,
        "port": told.port,
        "dbname": told.database,
        "user": secret["username"],
        "password": secret["password"],
        **({"sslmode": "verify-full", "sslrootcert": str(trusted)} if trusted else {"sslmode": "prefer"}),
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "scrapectl loader",
        "options": settings,
        **alive,
    }
