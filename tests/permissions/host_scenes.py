"""Scenes of hosts: made, edited, tampered with, paused, and ended while one runs."""

from __future__ import annotations

from tests.permissions.life import Life

ROWS = "message_queues: {rows: {}}\n"
TAGS = "tags: {team: a}\n"
HOST = """
hosts:
  ingester:
    script: [echo {word}]
    schedules:
      {schedule}: {{cron: "0 5 ? * TUE *", stop: "20 5 ? * TUE *"}}
"""


def hosts(life: Life) -> None:
    life.apply(ROWS + TAGS + HOST.format(word="one", schedule="weekly"))
    group = {"AutoScalingGroupName": "shop-ingester"}
    with life.others() as client:
        scaling = client("autoscaling")
        scaling.resume_processes(**group, ScalingProcesses=["HealthCheck"])
        scaling.suspend_processes(**group, ScalingProcesses=["Launch"])
        scaling.update_auto_scaling_group(**group, MaxSize=3)
    life.apply(ROWS + HOST.format(word="two", schedule="nightly"))
    life.apply(ROWS + TAGS + HOST.format(word="two", schedule="nightly"))
    life.apply(ROWS)
