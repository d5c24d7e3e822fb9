"""One life of a pipeline under a policy: the real command line in this process, against a cloud that judges it."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scrapectl.cli import main
from scrapectl.local.caller import Caller, judge
from scrapectl.local.registry import Call
from scrapectl.local.services.ec2_interfaces import attach, release
from scrapectl.pipeline.assumed import Where
from scrapectl.pipeline.permissions import Purpose, grants
from scrapectl.pipeline.policy_documents import documents
from scrapectl.spec import check_text
from tests.account import ACCOUNT, REGION, Account
from tests.held_jobs import Held, hold_jobs

Document = dict[str, Any]
WHERE = Where(ACCOUNT, REGION)
THEIRS = "their-bucket"  # somebody else's, whose uploads start something
HEAD = f"version: 1\npipeline: shop\nregion: {REGION}\naccount: '{ACCOUNT}'\n"


def policies_for(text: str, purpose: Purpose, folder: Path = Path(__file__).parent) -> list[Document]:
    """The documents that `scrapectl policy` prints for a spec."""
    spec = check_text(text, folder=folder, env={})
    return documents(grants(spec, purpose, WHERE))


def actions_in(policies: Sequence[Document]) -> set[str]:
    """Every action that policies name."""
    return {action for document in policies for statement in document["Statement"] for action in statement["Action"]}


def without(actions: Collection[str], policies: Sequence[Document]) -> list[Document]:
    """The same policies, but for some actions."""

    def left(statement: Document) -> Document:
        return {**statement, "Action": [action for action in statement["Action"] if action not in actions]}

    return [
        {**document, "Statement": [each for each in map(left, document["Statement"]) if each["Action"]]}
        for document in policies
    ]


def make_folders(folder: Path) -> None:
    """The folders of an image, of a function and of a layer."""
    files = {"scraper/Dockerfile": "FROM scratch\n", "publish/app.py": "def handler(event, context): ...\n"}
    for path, text in {**files, "words/words.py": "x = 1\n"}.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)


@dataclass(frozen=True)
class Answer:
    """What a command line came to."""

    code: int
    out: str
    err: str


class StoppedError(Exception):
    """A command line did not come to its good end."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"exit {answer.code}\n{answer.out}\n{answer.err}")
        self.answer = answer


@dataclass
class Life:
    """An account whose caller is judged, a folder with the spec and its image, and what the environment holds.

    Attributes:
        used: The actions that were allowed so far, by what they were used for.
        withheld: Actions that the caller lacks, whatever the policies say, until a command says that one is missing:
            it is given then, and the command tried again.
    """

    account: Account
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    policies: dict[Purpose, list[Document]]
    used: dict[Purpose, set[str]] = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.account.client("s3").create_bucket(Bucket=THEIRS)
        self.caller: Caller = judge(self.account.cloud, [])
        self.held: list[Held] = hold_jobs(self.account.cloud)
        make_folders(self.folder)
        open_session: Any = lambda where, _listeners=(): self.account.session(where.region or REGION)  # noqa: E731
        self.monkeypatch.setattr("scrapectl.aws.session.open_session", open_session)
        self.monkeypatch.chdir(self.folder)
        self.monkeypatch.setenv("KEY", "one")

    def dockerfile(self, text: str) -> None:
        """What the image is built of."""
        (self.folder / "scraper" / "Dockerfile").write_text(text)

    def spec(self, sections: str) -> None:
        """Write the spec: its head, and these sections."""
        (self.folder / "pipeline.yaml").write_text(HEAD + sections)

    def apply(self, sections: str, *words: str) -> Answer:
        """Write the spec, and apply it under the policy for that."""
        self.spec(sections)
        return self.run("apply", "apply", "--yes", *words)

    def run(self, purpose: Purpose, *words: str) -> Answer:
        """Carry out a command line under the policy for a purpose, until it misses nothing more that was withheld.

        Raises:
            StoppedError: It ended with another code than 0.
        """
        while (answer := self._try(purpose, *words)).code:
            missed = set(re.findall(r"access denied: (\S+) is missing", told(answer)))
            if not missed or not missed <= self.withheld or answer.code != 1 or "unexpected" in told(answer):
                raise StoppedError(answer)
            self.withheld -= missed
        return answer

    def _try(self, purpose: Purpose, *words: str) -> Answer:
        self.caller.documents = without(self.withheld, self.policies[purpose])
        self.caller.used = self.used.setdefault(purpose, set())
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(list(words))
        return Answer(code, out.getvalue(), err.getvalue())

    @contextlib.contextmanager
    def others(self) -> Iterator[Callable[[str], Any]]:
        """What somebody else does, whom nothing holds back: gives plain clients by name."""
        hooks = self.account.cloud.hooks
        hooks.remove(self.caller)
        try:
            yield self.account.client
        finally:
            hooks.append(self.caller)

    def started(self, job: str = "work") -> None:
        """Start a job, which runs until it is ended."""
        with self.others() as client:
            queues = client("batch").describe_job_queues()["jobQueues"]
            queue = next(one for one in queues if one["jobQueueName"].startswith("shop-default"))
            share = {"shareIdentifier": "low"} if queue.get("schedulingPolicyArn") else {}
            client("batch").submit_job(
                jobName=job, jobQueue=queue["jobQueueName"], jobDefinition=f"shop-{job}", **share
            )
        assert self.held, "it does not run"

    def lingers(self, subnet: str, *groups: str) -> None:
        """The interface of a job that ended just now holds its subnet and groups until somebody asks who does."""
        cloud = self.account.cloud

        def let_go(call: Call) -> None:
            if call.operation == "DescribeNetworkInterfaces":
                release(cloud, REGION, "job", after=0.5)

        attach(cloud, REGION, "job", subnet, groups, public=True)
        cloud.hooks.append(let_go)


def told(answer: Answer) -> str:
    """All that a command said."""
    return answer.out + answer.err


def as_json(answer: Answer) -> Any:
    """What a command with --output json printed."""
    return json.loads(answer.out)
