"""ExecuteStatement, BatchExecuteStatement and CancelStatement: taken at once, run in the warehouse's own thread."""

from __future__ import annotations

from collections.abc import Sequence

from scrapectl.local.registry import Call, Params, Refusal, operation
from scrapectl.local.services.redshift_data.endpoint import endpoint_of, invalid
from scrapectl.local.services.redshift_data.statements import (
    ABORTED,
    FAILED,
    FINISHED,
    STARTED,
    SUBMITTED,
    Statement,
    find,
    moment,
    new_id,
    sender_of,
    statements_in,
)
from scrapectl.local.warehouses.copying import Copying, Who
from scrapectl.local.warehouses.database import Outcome, failed_at
from scrapectl.local.warehouses.problems import StatementFailed
from scrapectl.local.warehouses.store import store_of
from scrapectl.local.warehouses.tokens import Token, bound, tokens_of

_SERVICE = "redshift-data"
_LONGEST = 100 * 1024  # bytes: "Considerations when calling the Amazon Redshift Data API"
_MOST_PARTS = 40
_MOST_ACTIVE = 500


@operation(_SERVICE, "ExecuteStatement")
def execute(call: Call) -> Params:
    """Take one statement."""
    return _take(call, [call.params["Sql"]])


@operation(_SERVICE, "BatchExecuteStatement")
def execute_batch(call: Call) -> Params:
    """Take several, which are one transaction."""
    sqls = call.params["Sqls"]
    if not 1 <= len(sqls) <= _MOST_PARTS:
        raise invalid(f"A batch has 1 to {_MOST_PARTS} statements.")
    return _take(call, list(sqls), batch=True)


def _take(call: Call, sqls: list[str], *, batch: bool = False) -> Params:
    params, cloud = call.params, call.cloud
    kept = statements_in(cloud, call.region)
    if any(len(sql.encode()) > _LONGEST for sql in sqls):
        raise invalid("Cannot process query string larger than 100kB")
    if any(not sql.strip() for sql in sqls):
        raise invalid("SQL statements cannot be empty.")
    for option in ("SessionId", "SessionKeepAliveSeconds"):
        if option in params:
            raise Refusal("NotImplemented", f"the embedded cloud has no {call.operation} with {option}", 501)
    endpoint = endpoint_of(call)
    token = params.get("ClientToken")
    known = kept.known.get(kept.tokens.get(token, (0.0, ""))[1]) if token else None
    if known is not None:
        return _answer(known)
    if sum(each.status in (SUBMITTED, STARTED) for each in kept.known.values()) >= _MOST_ACTIVE:
        raise Refusal("ActiveStatementsExceededException", "Active statements exceeded the allowed quota.", 400)
    statement = Statement(
        new_id(),
        endpoint,
        sqls,
        sender_of(call),
        cloud.clock.now(),
        batch,
        params.get("StatementName", ""),
        [dict(each) for each in params.get("Parameters") or ()],
        updated=cloud.clock.now(),
    )
    kept.known[statement.id] = statement
    if token:
        kept.tokens[token] = (cloud.clock.now(), statement.id)
    databases = store_of(cloud).of(endpoint.arn)
    statement.work = databases.soon(lambda: _run(call, statement))
    return _answer(statement)


def _answer(statement: Statement) -> Params:
    endpoint = statement.endpoint
    named = "ClusterIdentifier" if ":cluster:" in endpoint.arn else "WorkgroupName"
    answer = {"Id": statement.id, "CreatedAt": moment(statement.created), "Database": endpoint.database}
    return {**answer, named: endpoint.name}


def _run(call: Call, statement: Statement) -> None:
    """Run it; in the warehouse's thread, without the cloud's lock."""
    if statement.status == ABORTED:
        return
    statement.status = STARTED
    try:
        statement.outcomes = _outcomes(call, statement)
        statement.status = FINISHED
    except StatementFailed as failed:
        statement.error = f"ERROR: {failed.message}".replace("ERROR: FATAL:", "FATAL:")
        statement.failed_at = failed_at(failed)
        statement.status = ABORTED if statement.status == ABORTED else FAILED
    except Exception as error:  # noqa: BLE001 - a fault of ours must not leave the statement running for ever
        statement.error, statement.status = f"ERROR: internal: {type(error).__name__}: {error}", FAILED
    statement.updated = call.cloud.clock.now()


def _outcomes(call: Call, statement: Statement) -> list[Outcome]:
    endpoint = statement.endpoint
    if endpoint.stranger:
        raise StatementFailed(endpoint.stranger)
    database = store_of(call.cloud).of(endpoint.arn).database(endpoint.database)
    return database.run(_parts(statement), Copying(Who(call.cloud, call.region, endpoint.roles, endpoint.user)))


def _parts(statement: Statement) -> Sequence[Sequence[Token]]:
    values = {each["name"]: each["value"] for each in statement.parameters}
    return [bound(tokens_of(sql), values) for sql in statement.sqls]


@operation(_SERVICE, "CancelStatement", locked=False)
def cancel(call: Call) -> Params:
    """End a statement that has not ended."""
    statement, _ = find(call)
    if statement.status not in (SUBMITTED, STARTED):
        raise invalid(f"Could not cancel a query that is already in {statement.status} state")
    statement.status = ABORTED
    statement.error = "ERROR: Query cancelled on user's request"
    store_of(call.cloud).of(statement.endpoint.arn).database(statement.endpoint.database).interrupt()
    return {"Status": True}
