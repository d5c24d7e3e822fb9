"""A command line → carried out in this process: what is done before a fault and after it, not what meets it."""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Mapping
from typing import Any

import pytest

from scrapectl.aws import session
from scrapectl.cli import main
from tests import current
from tests.faults.commands import Answer, environment
from tests.faults.endpoint import Endpoint


def here(endpoint: Endpoint, *words: object) -> Answer:
    """Carry out a command line; its calls reach the account without a socket, and no fault is asked about them."""
    make = session.make_client

    def make_inside(boto: Any, _where: session.Where, *asked: Any) -> Any:
        inside = current.boto(endpoint.account.cloud, boto.region_name)
        return make(inside, session.Where(local=True, region=boto.region_name), *asked)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(session, "make_client", make_inside)
        return with_environment(environment(), *words, "--endpoint-url", endpoint.url)


def with_environment(env: Mapping[str, str], *words: object) -> Answer:
    """Carry out a command line as a process that inherits just these variables would."""
    began, out, err = time.monotonic(), io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        for name in set(os.environ) - set(env):
            patched.delenv(name)
        for name, value in env.items():
            patched.setenv(name, value)
        code = main([*map(str, words)])
    return Answer(code, out.getvalue(), err.getvalue(), time.monotonic() - began)
