"""A function's module and its secrets, played; the wrapper is loaded anew for each, as a process of Lambda loads it."""

import importlib.util
import json
import sys
import types
from pathlib import Path

import pytest

WRAPPER = Path(__file__).with_name("scrapectl_wrapper.py")
ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-x1y2z3"


class Secrets:
    """Secrets Manager, as far as the wrapper asks it."""

    def __init__(self):
        self.texts, self.asked = {}, []

    def get_secret_value(self, SecretId):  # noqa: N803 - boto3's name
        self.asked.append(SecretId)
        found = self.texts[SecretId]
        return {"SecretBinary": found} if isinstance(found, bytes) else {"SecretString": found}


@pytest.fixture
def secrets(monkeypatch):
    played = Secrets()
    boto3 = types.ModuleType("boto3")
    boto3.client = lambda service: {"secretsmanager": played}[service]
    monkeypatch.setitem(sys.modules, "boto3", boto3)
    return played


@pytest.fixture
def load(monkeypatch, tmp_path):
    """Load the wrapper before a module of this text."""

    def start(code, handler="app.handler", **wanted):
        (tmp_path / "app.py").write_text(code)
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "app", raising=False)
        monkeypatch.setenv("SCRAPECTL_HANDLER", handler)
        monkeypatch.setenv("SCRAPECTL_SECRETS", json.dumps(wanted))
        for variable in wanted:
            monkeypatch.delenv(variable, raising=False)
        spec = importlib.util.spec_from_file_location("scrapectl_wrapper", WRAPPER)
        wrapper = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(wrapper)
        return wrapper

    return start
