"""Run a function once: whether it may run now, what it runs, and what is counted of it."""

from __future__ import annotations

import functools
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapectl.local import moto_private
from scrapectl.local.engine.choice import EngineProblem, chosen_by
from scrapectl.local.functions.image_process import ImageProcess
from scrapectl.local.functions.image_run import ImageRun
from scrapectl.local.functions.network import Surroundings, surroundings_of
from scrapectl.local.functions.run import Run
from scrapectl.local.functions.table import Answer, Functions, functions_of
from scrapectl.local.functions.zip_run import Code, ZipRun
from scrapectl.local.registry import Params, Refusal
from scrapectl.local.services import iam, lambda_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapectl.local.cloud import Cloud

AT_ONCE = 64
"""Invocations that run side by side on this machine, whatever Lambda would allow."""

MOST_COUNTED = 100_000
"""Ends of invocations that are remembered, for alarms."""

_NOT_ASSUMED = "The role defined for the function cannot be assumed by Lambda."


def invoke(cloud: Cloud, region: str, name: str, payload: str, request_id: str | None = None) -> Answer:
    """Run a function and wait for it; never with the cloud's lock held.

    Args:
        cloud: Where.
        region: The function's region.
        name: Its name or ARN, with a version or an alias if wanted.
        payload: The event, JSON.
        request_id: What its log calls this invocation; one of its own when nothing is given.

    Raises:
        Refusal: There is no such function, its role cannot be assumed, its file system cannot be mounted, or too many
            run.
    """
    functions = functions_of(cloud)
    with cloud.lock:
        configuration = cloud.call("lambda", "GetFunctionConfiguration", {"FunctionName": name}, region)
        _check_may_run(cloud, configuration)
        make = _run_of(cloud, region, configuration)
        around = surroundings_of(cloud, region, configuration)
        _take_place(cloud, region, functions, configuration)
    scratch = Path(tempfile.mkdtemp(dir=functions.folder))
    try:
        run = make(scratch, around)
        run.id = request_id or run.id
        answer = run.answer(payload)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        with cloud.lock:
            functions.running[configuration["FunctionArn"]] -= 1
    _count(cloud, region, configuration, "Invocations", *(["Errors"] if answer.failed else []))
    return answer


def _check_may_run(cloud: Cloud, configuration: Params) -> None:
    """Whether it may run now.

    Raises:
        Refusal: Its role cannot be assumed, or it is still being made.
    """
    if not iam.can_be_assumed(cloud, configuration["Role"], "lambda.amazonaws.com"):
        raise Refusal("AccessDeniedException", _NOT_ASSUMED, 403)
    if configuration.get("State") == "Pending":
        text = (
            "The operation cannot be performed at this time. The function is currently in the following state: Pending"
        )
        raise Refusal("ResourceConflictException", text, 409)


def _run_of(cloud: Cloud, region: str, configuration: Params) -> Callable[[Path, Surroundings], Run]:
    """How a function runs, by what it is.

    Raises:
        Refusal: Nothing on this machine runs that.
    """
    if configuration.get("PackageType") == "Image":
        return _image_run(cloud, region, configuration)
    if not str(configuration.get("Runtime") or "").startswith("python"):
        text = f"the embedded cloud runs zips for Python only, not {configuration.get('Runtime')}"
        raise Refusal("InvalidRuntimeException", text, 502)
    code = _code(cloud, region, configuration)

    def make(scratch: Path, around: Surroundings) -> Run:
        run = ZipRun(cloud, region, configuration, scratch, around)
        run.code = code
        return run

    return make


def _image_run(cloud: Cloud, region: str, configuration: Params) -> Callable[[Path, Surroundings], Run]:
    try:
        engine = chosen_by(cloud).engine()
    except EngineProblem as problem:
        raise Refusal("InvalidRuntimeException", str(problem), 502) from problem
    uri = cloud.store(lambda_state.Functions, region).images[configuration["FunctionName"]]
    if engine is None:
        return functools.partial(_image_process, cloud, region, configuration, uri)

    def make(scratch: Path, around: Surroundings) -> Run:
        run = ImageRun(cloud, region, configuration, scratch, around)
        run.engine, run.uri = engine, uri
        return run

    return make


def _image_process(cloud: Cloud, region: str, configuration: Params, uri: str, *place: Any) -> Run:
    """Without an engine a build folder of ours is run as a process; of images made elsewhere it is told."""
    scratch, around = place
    run = ImageProcess(cloud, region, configuration, scratch, around)
    run.uri = uri
    # Batch's jobs keep theirs there, too: an image is made ready once.
    run.cache = (cloud.state_dir or functions_of(cloud).folder) / "jobs"
    return run


def _code(cloud: Cloud, region: str, configuration: Params) -> Code:
    """Its zip, which moto keeps and no operation answers, with those of its layers."""
    backend: Any = moto_private.get_backend("lambda")[cloud.account][region]
    layers = [backend.layers_versions_by_arn(layer["Arn"]) for layer in configuration.get("Layers") or []]
    # One that was deleted meanwhile stays with the functions that have it; here it is gone.
    zips = tuple(layer.code_bytes for layer in layers if layer is not None)
    return Code(backend.get_function(configuration["FunctionArn"]).code_bytes, zips)


def _take_place(cloud: Cloud, region: str, functions: Functions, configuration: Params) -> None:
    """Count an invocation in.

    Raises:
        Refusal: As many run already as may.
    """
    arn = configuration["FunctionArn"]
    asked = {"FunctionName": configuration["FunctionName"]}
    reserved = cloud.call("lambda", "GetFunctionConcurrency", asked, region).get("ReservedConcurrentExecutions")
    if functions.running.total() >= AT_ONCE or (reserved is not None and functions.running[arn] >= int(reserved)):
        _count(cloud, region, configuration, "Throttles")
        raise Refusal("TooManyRequestsException", "Rate Exceeded.", 429)
    functions.running[arn] += 1


def _count(cloud: Cloud, region: str, configuration: Params, *metrics: str) -> None:
    with cloud.lock:
        now, ended = cloud.clock.now(), functions_of(cloud).ended
        ended += [(now, region, configuration["FunctionName"], metric) for metric in metrics]
        del ended[:-MOST_COUNTED]
