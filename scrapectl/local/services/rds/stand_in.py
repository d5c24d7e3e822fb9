"""Has an instance's real server do in the background what AWS does to the instance."""

from __future__ import annotations

import threading
import traceback
from typing import TYPE_CHECKING

from scrapectl.local.databases.engine import Account
from scrapectl.local.databases.servers import Servers, advice, installed, servers_of
from scrapectl.local.services.rds.state import RdsState

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapectl.local.cloud import Cloud
    from scrapectl.local.services.rds.state import Instance

ADDRESS = "127.0.0.1"
NO_PORT = 9
"""Where nothing listens: what an instance without a server answers as its port."""


def start(cloud: Cloud, instance: Instance) -> None:
    """Start the instance's server, made when it has none."""
    key, engine, account = _key(instance), instance.document["Engine"], _account(instance)
    _have(cloud, instance, lambda servers: servers.start(key, engine, account))


def stop(cloud: Cloud, instance: Instance) -> None:
    """Stop the instance's server; its data stay."""
    key = _key(instance)
    _have(cloud, instance, lambda servers: servers.stop(key))


def restart(cloud: Cloud, instance: Instance) -> None:
    """Restart the instance's server, with whatever its password is now."""
    key, account = _key(instance), _account(instance)
    _have(cloud, instance, lambda servers: servers.restart(key, account))


def remove(cloud: Cloud, instance: Instance) -> None:
    """End the instance's server and throw its data away."""
    key = _key(instance)
    _have(cloud, instance, lambda servers: servers.remove(key))


def missing_servers(cloud: Cloud) -> list[str]:
    """Return a line for each engine that instances have and this machine has no server for."""
    states = cloud.stores(RdsState).values()
    engines = {instance.document["Engine"] for state in states for instance in state.instances.values()}
    return [advice(engine) for engine in sorted(engines) if not installed(engine)]


def _key(instance: Instance) -> str:
    return str(instance.document["DbiResourceId"])


def _account(instance: Instance) -> Account:
    document = instance.document
    return Account(document["MasterUsername"], instance.password, document.get("DBName"))


def _have(cloud: Cloud, instance: Instance, act: Callable[[Servers], int | None]) -> None:
    """Run `act` in a thread, after what was begun before; until it ends the instance goes into no further state."""
    servers = servers_of(cloud)
    if servers is None or not installed(instance.document["Engine"]):
        return
    before, instance.work = instance.worker, instance.work + 1

    def run() -> None:
        port, good = None, False
        if before is not None:
            before.join()
        try:
            port, good = act(servers), True
        except Exception:  # noqa: BLE001 - whatever it is, an instance must not hang for ever
            if not servers.closed:
                traceback.print_exc()
        with cloud.lock:
            instance.work -= 1
            instance.port = port or instance.port
            if not good and instance.status != "deleting":
                instance.becomes("failed")
                instance.steps.clear()

    instance.worker = threading.Thread(target=run, name=f"database {instance.name}", daemon=True)
    instance.worker.start()
