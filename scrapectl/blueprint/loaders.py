"""`loaders` → the bucket they stage in, and for each into Redshift the role that reads just what it staged.

What a loader is run as is a job or a function like any other (jobs.py, functions.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from scrapectl.blueprint import access
from scrapectl.blueprint.load_documents import copy_role
from scrapectl.blueprint.load_staging import kept, staged_prefix, staging_address, staging_arn, staging_name
from scrapectl.blueprint.role import make_role, role_ref
from scrapectl.blueprint.scope import Scope
from scrapectl.engine.resource import Desired
from scrapectl.engine.values import Policy, Ref
from scrapectl.kinds.s3_bucket import S3Bucket
from scrapectl.spec.expected import checked_by_itself
from scrapectl.spec.model import Loader

# Who reads for COPY (AWS-FACTS §21, "Redshift COPY"): both, so that another form of the warehouse needs no other role.
_REDSHIFT = ("redshift.amazonaws.com", "redshift-serverless.amazonaws.com")


def desired(scope: Scope) -> Iterator[Desired]:
    """The staging bucket, emptied with the pipeline, and the roles of COPY."""
    writers = [*scope.spec.loaders.values(), *checked_by_itself(scope.spec)]
    if not writers:
        return
    bucket = S3Bucket(name=staging_name(scope), expire=dict(kept(scope)))
    yield scope.desire(staging_address(scope), bucket, writers[0], on_destroy="delete", common=True)
    for loader in scope.spec.loaders.values():
        if _copies(scope, loader):
            description = f"Reads what the loader {loader.key} of {scope.owner} staged"
            yield make_role(
                scope, copy_role(loader.key), _trust(), _leave(loader, scope), loader, description=description
            )


def copy_roles(scope: Scope, warehouse: str) -> frozenset[Ref]:
    """The roles that a warehouse must carry, so that it can read what is staged for it."""
    ours = [loader for loader in scope.spec.loaders.values() if _copies(scope, loader)]
    return frozenset(role_ref(scope, copy_role(each.key)) for each in ours if each.into.key == warehouse)


def _copies(scope: Scope, loader: Loader) -> bool:
    """Whether it loads into a warehouse of ours; one of others has its own role."""
    return loader.into.section == "warehouses" and scope.spec.warehouses[loader.into.key].existing is None


def _leave(loader: Loader, scope: Scope) -> list[access.Statement]:
    prefix = f"{staged_prefix(loader.key)}*"
    return [
        access.allow(("s3:GetObject",), [f"{staging_arn(scope)}/{prefix}"]),
        access.allow(("s3:ListBucket",), [staging_arn(scope)], {"StringLike": {"s3:prefix": [prefix]}}),
        access.allow(("s3:GetBucketLocation",), [staging_arn(scope)]),
    ]


def _trust() -> Policy:
    """Redshift is not known to send for whose sake it asks (AWS-FACTS §21): a warehouse has the roles it was given."""
    principal = {"Service": list(_REDSHIFT)}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return Policy({"Version": "2012-10-17", "Statement": [statement]})
