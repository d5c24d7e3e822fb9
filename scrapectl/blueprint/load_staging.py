"""Where loaders stage what they load, and write down what came of it: one bucket for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrapectl.blueprint.scope import Scope
from scrapectl.engine.values import Ref
from scrapectl.kinds.s3_bucket_rules import bucket_arn
from scrapectl.spec import names
from scrapectl.spec.model import Loader

WHAT = "loads"
RECORDS = "records/"
RECORDS_KEPT = 90 * 86_400


def staging_name(scope: Scope) -> str:
    """The bucket's name."""
    owner = (scope.spec.pipeline, scope.spec.stage)
    return names.bucket_name(*owner, WHAT, scope.facts.account, scope.facts.region)


def staging_address(scope: Scope) -> str:
    """Its address."""
    return f"s3_bucket.{scope.base(None, WHAT)}"


def staging_arn(scope: Scope) -> str:
    """Its ARN."""
    return bucket_arn(scope.facts.partition, staging_name(scope))


def staging_place(scope: Scope, loader: Loader) -> dict[str, Any]:
    """Where one loader stages, as its document says it."""
    return {"bucket": _ref(scope), "prefix": staged_prefix(loader.key)}


def records_prefix(loader: str) -> str:
    """Where the records of one loader lie."""
    return f"{RECORDS}{loader}/"


def staged_prefix(loader: str) -> str:
    """Where one loader stages."""
    return f"staged/{loader}/"


def kept(scope: Scope) -> Mapping[str, int]:
    """Prefix to the seconds after which what lies there goes."""
    staged = {staged_prefix(loader.key): loader.retain for loader in scope.spec.loaders.values()}
    return {**staged, RECORDS: RECORDS_KEPT}


def _ref(scope: Scope) -> Ref:
    return Ref(staging_address(scope), "name", staging_name(scope))
