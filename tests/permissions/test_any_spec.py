"""Whatever a spec says, its own policies are enough to apply it, to plan it again, and to destroy it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scrapectl.local.caller import Caller, judge
from scrapectl.pipeline.permissions import Purpose, grants
from scrapectl.pipeline.policy_documents import LIMIT, documents, size
from scrapectl.spec.model import Spec
from tests.account import EXAMPLES, SEEDS, Account, assert_empty, done, example, spec_of
from tests.permissions.life import WHERE
from tests.random_specs import ENV, FOLDER, furnished, random_spec


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def caller(account: Account) -> Iterator[Caller]:
    return judge(account.cloud, [])


def may(caller: Caller, spec: Spec, purpose: Purpose) -> None:
    caller.documents = list(documents(grants(spec, purpose, WHERE)))
    assert all(size(document) <= LIMIT for document in caller.documents)


def live(account: Account, caller: Caller, spec: Spec) -> None:
    may(caller, spec, "apply")
    done(account.apply(spec))
    may(caller, spec, "read")
    with pytest.MonkeyPatch.context() as unset:
        for name in {secret.from_env for secret in spec.secrets.values() if secret.from_env} | ENV.keys():
            unset.delenv(name)
        assert_empty(account.plan(spec))
    may(caller, spec, "destroy")
    done(account.destroy(spec, delete_data=True))


@pytest.mark.parametrize("seed", [0] if SEEDS <= 25 else range(SEEDS // 5))
def test_any_spec_lives_under_its_own_policies(account: Account, seed: int):
    caller = judge(furnished(account).cloud, [])
    live(account, caller, spec_of(random_spec(seed), FOLDER, env=ENV))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_lives_under_its_own_policies(account: Account, caller: Caller, name: str):
    live(account, caller, example(name, region="us-east-1"))


def test_an_example_on_instances_too(account: Account, caller: Caller):
    live(account, caller, example("batch-collector", region="us-east-1", stage="ec2"))
