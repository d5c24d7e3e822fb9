"""Steps and what is given with them, short enough for tests to say, and as hypothesis draws them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from scrapectl.blueprint.workflow import FunctionCall, Given, JobCall, copies_of
from scrapectl.errors import Place
from scrapectl.spec.model import (
    Access,
    BucketPlace,
    CallStep,
    CopyStep,
    FilePlace,
    OfRun,
    ParallelStep,
    RunStep,
    Step,
    Template,
    WaitStep,
    Workflow,
)

AT: dict[str, Any] = {"origin": "workflows.w", "where": Place("f", 1, 1)}
IN, DATA = BucketPlace("raw", "in/"), FilePlace("work", "data")
JOBS = {
    key: JobCall(name=f"shop-{key}_w", definition=f"definition/{key}", queue="queue/default", share="low")
    for key in ("a", "b", "c")
}
FUNCTIONS = {key: FunctionCall(arn=f"function/{key}", timeout=30) for key in ("f", "g")}


def run(job: str, **more: Any) -> RunStep:
    return RunStep(**AT, job=job, **more)


def call(function: str, **more: Any) -> CallStep:
    return CallStep(**AT, function=function, **more)


def copy(source: Any = IN, target: Any = DATA, only: Any = None) -> CopyStep:
    return CopyStep(**AT, source=source, target=target, only=only)


def wait(seconds: int) -> WaitStep:
    return WaitStep(**AT, seconds=seconds)


def parallel(*branches: tuple[Step, ...]) -> ParallelStep:
    return ParallelStep(**AT, branches=branches)


def workflow(*steps: Step, timeout: int = 86400) -> Workflow:
    return Workflow(**AT, key="w", steps=steps, access=Access(**AT), timeout=timeout)


def given(*steps: Step, uploads: tuple[BucketPlace, ...] = (), topic: str | None = "topic/news") -> Given:
    tasks = tuple(f"task/{number}" for number, _ in enumerate(copies_of(steps), 1))
    commands = ("scrapectl why {run}", "scrapectl status")
    return Given(
        pipeline="shop", jobs=JOBS, functions=FUNCTIONS, tasks=tasks, topic=topic, commands=commands, uploads=uploads
    )


_TEXTS = st.one_of(
    st.text("ab '{}\\/-", max_size=8),
    st.lists(
        st.one_of(st.text("ab '{}\\", min_size=1, max_size=4), st.sampled_from([OfRun("run"), OfRun("key")])),
        min_size=1,
        max_size=4,
    ).map(lambda parts: Template(tuple(parts))),
)
_ENVIRONMENTS = st.dictionaries(st.sampled_from(["OUT", "KEY", "Z"]), _TEXTS, max_size=2)
_PLACES = st.sampled_from([BucketPlace("raw", "in/"), BucketPlace("raw"), BucketPlace("other", "x")])
_FOLDERS = st.sampled_from([FilePlace("work"), FilePlace("work", "data/in")])
_ONLY = st.sampled_from([None, "a|b*", Template((OfRun("run"),)), Template(("x/", OfRun("run"), "/"))])
SIMPLE = st.one_of(
    st.builds(lambda job, env: run(job, environment=env), st.sampled_from(["a", "b", "c"]), _ENVIRONMENTS),
    st.builds(lambda function, env: call(function, environment=env), st.sampled_from(["f", "g"]), _ENVIRONMENTS),
    st.builds(copy, _PLACES, _FOLDERS, _ONLY),
    st.builds(copy, _FOLDERS, _PLACES, _ONLY),
    st.builds(wait, st.integers(1, 600)),
)


def _branches(steps: st.SearchStrategy[Step]) -> st.SearchStrategy[Step]:
    branch = st.lists(steps, min_size=1, max_size=3).map(tuple)
    return st.lists(branch, min_size=1, max_size=3).map(lambda branches: parallel(*branches))


STEPS = st.lists(st.recursive(SIMPLE, _branches, max_leaves=6), min_size=1, max_size=6)
