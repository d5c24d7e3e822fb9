"""What ends before what, where live values name each other both ways."""

from __future__ import annotations

from scrapectl.engine.aim import Aim
from scrapectl.engine.plan import Change, Verb
from scrapectl.engine.planner import make_destroy_plan
from scrapectl.engine.resource import Live, Resource
from scrapectl.engine.world import World
from scrapectl.kinds import KINDS
from scrapectl.kinds.batch_job_definition import BatchJobDefinition
from scrapectl.kinds.batch_job_queue import BatchJobQueue
from scrapectl.kinds.schedule import Schedule
from scrapectl.kinds.schedule_group import ScheduleGroup

SCHEDULER = "arn:aws:scheduler:us-east-1:123456789012"


def destroy(*things: tuple[Resource, str]) -> dict[str, Change]:
    lives = {
        (resource.kind, resource.key()): Live(
            resource, {"arn": arn}, {"scrapectl:pipeline": "shop", "scrapectl:address": resource.kind}, detail=()
        )
        for resource, arn in things
    }
    plan = make_destroy_plan((), World(lives), Aim("shop", None, "123456789012", "us-east-1", KINDS))
    return {change.kind: change for change in plan.changes}


def definition(**environment: str) -> BatchJobDefinition:
    return BatchJobDefinition(
        name="init",
        image="busybox",
        vcpus="1",
        memory=2048,
        environment=environment,
        execution_role="arn:role",
        log_group="/scrapectl/shop",
        log_region="us-east-1",
        log_prefix="init",
        timeout=60,
    )


def test_a_queue_ends_before_a_job_that_names_it():
    changes = destroy((BatchJobQueue(name="shop", compute=()), "arn:queue"), (definition(QUEUE="arn:queue"), "arn:job"))
    assert changes["batch_job_queue"].end_after == ()
    assert changes["batch_job_definition"].end_after == ((Verb.END, "batch_job_queue", ("shop",)),)


def test_a_schedule_ends_before_its_group_and_its_queue():
    schedule = Schedule(
        group="shop",
        name="init",
        expression="rate(1 hours)",
        target_arn="arn:aws:scheduler:::aws-sdk:batch:submitJob",
        role_arn="arn:role",
        input={"JobQueue": "arn:queue"},
    )
    changes = destroy(
        (BatchJobQueue(name="shop", compute=()), "arn:queue"),
        (ScheduleGroup(name="shop"), f"{SCHEDULER}:schedule-group/shop"),
        (schedule, f"{SCHEDULER}:schedule/shop/init"),
    )
    step = (Verb.END, "schedule", ("shop", "init"))
    assert changes["schedule"].end_after == ()
    assert step in changes["batch_job_queue"].end_after
    assert step in changes["schedule_group"].end_after
