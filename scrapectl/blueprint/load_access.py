"""What a loader may do beside reading its source: stage, write records and bad rows, take dead letters, log in."""

from __future__ import annotations

from scrapectl.blueprint import access
from scrapectl.blueprint.load_documents import dead_letters_of
from scrapectl.blueprint.load_staging import records_prefix, staged_prefix, staging_arn
from scrapectl.blueprint.message_queues import dead_letter_arn
from scrapectl.blueprint.scope import Scope
from scrapectl.blueprint.secret_access import secret_statements
from scrapectl.spec.model import Attribute, Function, Job, Loader, SecretRef, Template

_WRITE = ("s3:AbortMultipartUpload", "s3:PutObject")
_TAKE = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage")


def load_statements(scope: Scope, runner: Job | Function) -> list[access.Statement]:
    """The statements of a loader; none of what is no loader."""
    loader = scope.spec.loaders.get(runner.key)
    if loader is None:
        return []
    staging = staging_arn(scope)
    own = [f"{staging}/{prefix}*" for prefix in (staged_prefix(loader.key), records_prefix(loader.key))]
    listed = {"StringLike": {"s3:prefix": [f"{records_prefix(loader.key)}*"]}}
    found = [
        access.allow(("s3:GetObject", *_WRITE), own),
        access.allow(("s3:ListBucket",), [staging], listed),
        *_bad_rows(scope, loader),
    ]
    if (queue := dead_letters_of(scope, loader)) is not None:
        found.append(access.allow(_TAKE, [dead_letter_arn(scope, queue)]))
    if loader.into.section == "databases":  # into a warehouse `connect` lets it
        found += secret_statements(
            scope, [SecretRef(arn=Template((Attribute("database", loader.into.key, "secret"),)))]
        )
    return found


def load_role(scope: Scope, runner: Job | Function) -> str | None:
    """What the role of a loader is called, which is its alone; None of what is no loader."""
    return f"load-{runner.key}" if runner.key in scope.spec.loaders else None


def _bad_rows(scope: Scope, loader: Loader) -> list[access.Statement]:
    if loader.bad_rows is None:
        return []
    to = loader.bad_rows.to
    places = [f"{scope.arn('buckets', to.bucket)}/{to.prefix}*"]
    return [access.allow(_WRITE, places), *access.key_statements(scope, to.bucket, writes=True)]
