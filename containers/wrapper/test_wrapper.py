"""The wrapper: secrets at the start, an environment for each call, and nothing that a caller must not set."""

import os
import sys

import pytest

from containers.wrapper.conftest import ARN

ECHO = (
    "import os\ndef handler(event, context):\n    return event, context, os.environ.get('ZIP'), os.environ.get('PW')\n"
)


@pytest.fixture(autouse=True)
def no_leftovers(monkeypatch):
    """What the wrapper sets goes with its process; here the process stays."""
    for name in ("ZIP", "PW", "TOKEN"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_the_handler_gets_the_event_and_the_context_as_they_came(load):
    event, context = {"bucket": "raw", "key": "in/a b.csv"}, object()
    got = load(ECHO).handler(event, context)
    assert got[0] is event
    assert got[1] is context


def test_the_events_environment_lasts_for_that_call_alone(load):
    wrapper = load(ECHO)
    assert wrapper.handler({"environment": {"ZIP": "48104"}}, None)[2] == "48104"
    assert wrapper.handler({}, None)[2] is None
    assert "ZIP" not in os.environ


def test_a_variable_of_the_function_comes_back_after_the_call(load, monkeypatch):
    wrapper = load(ECHO)
    monkeypatch.setenv("ZIP", "10001")
    assert wrapper.handler({"environment": {"ZIP": "48104"}}, None)[2] == "48104"
    assert os.environ["ZIP"] == "10001"


def test_it_comes_back_after_a_failure_too(load):
    wrapper = load("def handler(event, context):\n    raise KeyError('no')\n")
    with pytest.raises(KeyError):
        wrapper.handler({"environment": {"ZIP": "48104"}}, None)
    assert "ZIP" not in os.environ


@pytest.mark.parametrize("event", [None, [], "x", 3, {"environment": None}, {"environment": {"ZIP": 1}}, {"x": {}}])
def test_events_of_other_makers_go_through(load, event):
    assert load(ECHO).handler(event, None)[0] == event


@pytest.mark.parametrize(
    "name",
    ["AWS_SECRET_ACCESS_KEY", "PATH", "LD_PRELOAD", "PYTHONPATH", "_HANDLER", "LAMBDA_TASK_ROOT", "SCRAPECTL_HANDLER"],
)
def test_what_changes_the_process_is_refused(load, name):
    wrapper = load(ECHO)
    before = os.environ.get(name)
    with pytest.raises(wrapper.WrapperError, match=f"may not set {name}"):
        wrapper.handler({"environment": {name: "x"}}, None)
    assert os.environ.get(name) == before


@pytest.mark.parametrize("name", ["", "A=B", "a b", "1A", "Ä"])
def test_names_that_are_none_are_refused(load, name):
    wrapper = load(ECHO)
    with pytest.raises(wrapper.WrapperError, match="none of a variable"):
        wrapper.handler({"environment": {name: "x"}}, None)


def test_secrets_are_there_before_the_module_loads_and_are_read_once(load, secrets):
    secrets.texts[ARN] = '{"password": "geheim", "port": 5432}'
    code = "import os\nAT_START = os.environ['PW']\ndef handler(event, context):\n    return AT_START\n"
    wrapper = load(code, PW=f"{ARN}:password", TOKEN=f"{ARN}:port")
    assert wrapper.handler({}, None) == wrapper.handler({}, None) == "geheim"
    assert os.environ["TOKEN"] == "5432"  # noqa: S105 - a port
    assert secrets.asked == [ARN]


def test_a_secret_without_a_key_is_the_whole_text(load, secrets):
    secrets.texts[ARN] = "ge:heim"
    assert load(ECHO, PW=ARN).handler({}, None)[3] == "ge:heim"


def test_no_event_overrides_a_secret(load, secrets):
    secrets.texts[ARN] = "geheim"
    wrapper = load(ECHO, PW=ARN)
    with pytest.raises(wrapper.WrapperError, match="PW is a secret"):
        wrapper.handler({"environment": {"PW": "other"}}, None)
    assert os.environ["PW"] == "geheim"


@pytest.mark.parametrize(
    ("text", "key", "told"),
    [("canary", "password", "no JSON object"), ('{"canary": 1}', "password", "password"), (b"canary", "", "no text")],
)
def test_a_secret_of_another_shape_is_told_without_its_value(load, secrets, text, key, told):
    secrets.texts[ARN] = text
    with pytest.raises(Exception, match=told) as raised:
        load(ECHO, PW=f"{ARN}:{key}" if key else ARN)
    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_without_secrets_boto3_is_not_loaded(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)  # importing it fails
    assert load(ECHO).handler({}, None)[0] == {}


def test_handlers_in_folders_are_found_as_lambda_finds_them(load, tmp_path):
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "nightly.py").write_text("def run(event, context):\n    return 'ran'\n")
    for path in ("jobs/nightly.run", "jobs.nightly.run"):
        assert load(ECHO, handler=path).handler({}, None) == "ran"


def test_a_module_that_is_not_there_is_named(load):
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        load(ECHO, handler="nowhere.handler")
