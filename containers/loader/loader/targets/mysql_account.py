"""Turns a target and its secret into a connection to MySQL."""

from __future__ import annotations

import json
import ssl
from typing import Any

import pymysql
from pymysql.constants import CLIENT

from loader.document import Target
from loader.trust import authorities

CONNECT_SECONDS = 10
_WAIT_SECONDS = 600  # for another load of the same source
_SESSION = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE', time_zone = '+00:00', "
    f"innodb_lock_wait_timeout = {_WAIT_SECONDS}"
)


def connected(told: Target, clients: Any) -> Any:
    """Read the secret, and connect: to nobody but the server of that name."""
    secret = json.loads(clients("secretsmanager").get_secret_value(SecretId=told.secret)["SecretString"])
    return pymysql.connect(
        host=told.host,
        port=told.port,
        database=told.database,
        user=secret["username"],
        password=secret["password"],
        charset="utf8mb4",
        connect_timeout=CONNECT_SECONDS,
        autocommit=True,
        client_flag=CLIENT.FOUND_ROWS,
        ssl=_verified(told.host),
        init_command=_SESSION,
    )


def _verified(host: str) -> ssl.SSLContext | None:
    """Nothing is asked of this machine."""
    trusted = authorities(host)
    if trusted is None:
        return None
    context = ssl.create_default_context(cafile=trusted)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # as libpq: form matters less than who signed, and for which name
    return context
