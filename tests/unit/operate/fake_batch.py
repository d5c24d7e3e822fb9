"""Batch, Lambda, Step Functions and logs made of dicts, behind the `Aws` protocol: calls are kept, time is virtual."""
# ruff: noqa: ARG002 - the signatures are those of AWS

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any


class FakeAws:
    """Answers from dicts; `now` moves when the clock sleeps, and `script` may change things at a time."""

    account, region, partition, local = "123456789012", "eu-west-1", "aws", False

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.definitions: list[dict[str, Any]] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[tuple[float, str]]] = {}  # stream → (time it is visible, text)
        self.schedules: dict[str, dict[str, Any]] = {}
        self.functions: list[dict[str, Any]] = []
        self.machines: list[dict[str, Any]] = []
        self.tagged: list[dict[str, Any]] = []
        self.tags: dict[str, dict[str, str]] = {}  # ARN → tags, as the services themselves know them
        self.executions: dict[str, dict[str, Any]] = {}  # ARN → what DescribeExecution answers
        self.histories: dict[str, list[dict[str, Any]]] = {}
        self.answers: list[dict[str, Any]] = []  # of Invoke
        self.now = 1_000_000.0
        self.script: list[tuple[float, Callable[[], None]]] = []
        self.page = 2

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for when, change in [entry for entry in self.script if entry[0] <= self.now]:
            self.script.remove((when, change))
            change()

    def call(
        self, service: str, operation: str, /, *, absent: Sequence[str] = (), blind_retry: bool = True, **params: Any
    ) -> Any:
        self.calls.append((operation, params if blind_retry else {**params, "blind_retry": False}))
        answer = getattr(self, f"_{operation}")(**params)
        assert answer is not None or absent
        return answer

    def pages(self, service: str, operation: str, items: str, /, *, absent: Sequence[str] = (), **params: Any) -> Any:
        answer = self.call(service, operation, absent=absent, **params)
        return None if answer is None else answer[items]

    def gather(self, tasks: Iterable[Callable[[], Any]]) -> list[Any]:
        return [task() for task in tasks]

    def tag(self, arn: str, put: Mapping[str, str], drop: Sequence[str]) -> None:
        raise AssertionError("nothing here tags")

    def sent(self, operation: str) -> list[dict[str, Any]]:
        return [params for name, params in self.calls if name == operation]

    def define(self, name: str, owner: str = "shop", *, revision: int = 1, prefix: str = "", run: str = "") -> None:
        run = run or "queue=shop-default"
        options = {"awslogs-group": f"/scrapectl/{owner}", "awslogs-stream-prefix": prefix or name.partition("-")[2]}
        self.definitions.append(
            {
                "jobDefinitionName": name,
                "revision": revision,
                "jobDefinitionArn": arn(name, revision),
                "tags": {"scrapectl:pipeline": owner, "scrapectl:run": run},
                "containerProperties": {
                    "logConfiguration": {"options": options},
                    "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}],
                },
            }
        )

    def add(self, run: str, name: str, status: str, **more: Any) -> dict[str, Any]:
        entry = {
            "jobId": run,
            "jobName": name,
            "jobDefinition": arn(name, 1),
            "jobQueue": "shop-default",
            "status": status,
            "createdAt": int(self.now * 1000),
            **more,
        }
        self.jobs[run] = entry
        return entry

    def _describe_job_definitions(self, **params: Any) -> Any:
        wanted = params.get("jobDefinitions")
        found = [d for d in self.definitions if wanted is None or d["jobDefinitionArn"] in wanted]
        return {"jobDefinitions": found}

    def _list_jobs(self, **params: Any) -> Any:
        if "arrayJobId" in params:
            children = [j for j in self.jobs.values() if j["jobId"].startswith(f"{params['arrayJobId']}:")]
            return {"jobSummaryList": [j for j in children if j["status"] == params["jobStatus"]]}
        (only,) = params["filters"]
        assert only["name"] == "AFTER_CREATED_AT"
        found = [j for j in self.jobs.values() if j["jobQueue"] == params["jobQueue"] and ":" not in j["jobId"]]
        return {"jobSummaryList": [j for j in found if j["createdAt"] > int(only["values"][0])]}

    def _describe_jobs(self, *, jobs: list[str]) -> Any:
        assert 0 < len(jobs) <= 100
        return {"jobs": [self.jobs[job] for job in jobs if job in self.jobs]}

    def function(self, name: str, owner: str = "shop", **more: Any) -> None:
        """A function that stands, and that the tagging API knows."""
        group = {"LoggingConfig": {"LogGroup": f"/scrapectl/{owner}"}}
        found = function_arn(name)
        self.functions.append({"FunctionName": name, "FunctionArn": found, "Timeout": 60, **group, **more})
        self._tag(found, owner, f"lambda_function.{name}")

    def machine(self, name: str, owner: str = "shop", address: str = "") -> None:
        """A state machine that stands, and that the tagging API knows."""
        found = machine_arn(name)
        self.machines.append({"name": name, "stateMachineArn": found})
        self._tag(found, owner, f"sfn_state_machine.{address or name}")

    def _tag(self, arn: str, owner: str, address: str) -> None:
        self.tags[arn] = {"scrapectl:pipeline": owner, "scrapectl:address": address}
        entries = [{"Key": key, "Value": value} for key, value in self.tags[arn].items()]
        self.tagged.append({"ResourceARN": arn, "Tags": entries})

    def execute(self, machine: str, name: str, status: str, **more: Any) -> dict[str, Any]:
        """An execution that began now."""
        found = f"{machine_arn(machine).replace('stateMachine', 'execution')}:{name}"
        entry = {"executionArn": found, "name": name, "status": status, "startDate": self.moment(), **more}
        self.executions[found] = entry
        self.histories.setdefault(found, [])
        return entry

    def happen(self, execution: Mapping[str, Any], kind: str, before: int | None = None, **details: Any) -> None:
        """An event of its history; `before` is the one it follows, else the last."""
        events = self.histories[execution["executionArn"]]
        number = len(events) + 1
        member = {f"{kind[0].lower()}{kind[1:]}EventDetails": details} if details else {}
        if kind.endswith("StateEntered"):
            member = {"stateEnteredEventDetails": details}
        if kind.endswith("StateExited"):
            member = {"stateExitedEventDetails": details}
        previous = number - 1 if before is None else before
        events.append({"id": number, "previousEventId": previous, "type": kind, "timestamp": self.moment(), **member})

    def moment(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.now, dt.UTC)

    def _list_tags(self, *, Resource: str) -> Any:  # noqa: N803
        return {"Tags": self.tags.get(Resource, {})}

    def _list_tags_for_resource(self, *, resourceArn: str) -> Any:  # noqa: N803
        return {"tags": [{"key": key, "value": value} for key, value in self.tags.get(resourceArn, {}).items()]}

    def _start_execution(self, *, stateMachineArn: str, name: str, **more: Any) -> Any:  # noqa: N803
        return {"executionArn": self.execute(stateMachineArn.rpartition(":")[2], name, "RUNNING")["executionArn"]}

    def _list_executions(self, *, stateMachineArn: str, **more: Any) -> Any:  # noqa: N803
        assert 1 <= more["maxResults"] <= 1000
        start = stateMachineArn.replace("stateMachine", "execution") + ":"
        found = [e for arn, e in self.executions.items() if arn.startswith(start)]
        found = [e for e in found if more.get("statusFilter") in {None, e["status"]}]
        newest = sorted(found, key=lambda e: e["startDate"], reverse=True)[: more["maxResults"]]
        return {"executions": [{k: v for k, v in e.items() if k not in {"error", "cause"}} for e in newest]}

    def _describe_execution(self, *, executionArn: str) -> Any:  # noqa: N803
        return self.executions.get(executionArn)

    def _get_execution_history(self, *, executionArn: str, **more: Any) -> Any:  # noqa: N803
        """Pages of two."""
        assert more["includeExecutionData"]
        start = int(more.get("nextToken", "0"))
        events = self.histories[executionArn]
        more_events = {"nextToken": str(start + self.page)} if len(events) > start + self.page else {}
        return {"events": events[start : start + self.page], **more_events}

    def _stop_execution(self, *, executionArn: str, **more: Any) -> Any:  # noqa: N803
        self.executions[executionArn]["status"] = "ABORTED"
        return {}

    def _invoke(self, **params: Any) -> Any:
        return self.answers.pop(0)

    def _filter_log_events(self, *, logGroupName: str, filterPattern: str, **more: Any) -> Any:  # noqa: N803
        """Lines that hold a quoted term, or any of several (`?"a" ?"b"`)."""
        terms = re.findall(r'"([^"]*)"', filterPattern)
        streams = more.get("logStreamNames") or [s for s in self.events if s.startswith(more["logStreamNamePrefix"])]
        found = []
        for stream in streams:
            for at, text in self.events[stream]:
                inside = more.get("startTime", 0) <= at * 1000 < more.get("endTime", 10**15)
                if at <= self.now and inside and any(term in text for term in terms):
                    found.append({"logStreamName": stream, "timestamp": int(at * 1000), "message": text})
        return {"events": sorted(found, key=lambda event: event["timestamp"])}

    def _describe_auto_scaling_groups(self, **_: Any) -> Any:
        return {"AutoScalingGroups": []}

    def _list_functions(self) -> Any:
        return {"Functions": self.functions}

    def _list_state_machines(self) -> Any:
        return {"stateMachines": self.machines}

    def _get_resources(self, **params: Any) -> Any:
        return {"ResourceTagMappingList": self.tagged}

    def _submit_job(self, **params: Any) -> Any:
        return {
            "jobId": self.add("0" * 8 + "-0000-0000-0000-" + "0" * 12, params["jobDefinition"], "SUBMITTED")["jobId"]
        }

    def _terminate_job(self, **params: Any) -> Any:
        return {}

    def _get_log_events(self, *, logGroupName: str, logStreamName: str, **more: Any) -> Any:  # noqa: N803
        """Pages of two; the token is how far one has read, and the end says the same token again."""
        if logStreamName not in self.events:
            return None
        visible = [(at, text) for at, text in self.events[logStreamName] if at <= self.now]
        visible = [event for event in visible if event[0] * 1000 >= more.get("startTime", 0)]
        start = int(more.get("nextToken", "0"))
        found = visible[start : start + self.page]
        events = [{"timestamp": int(at * 1000), "message": text} for at, text in found]
        return {"events": events, "nextForwardToken": str(start + len(found))}

    def _list_schedules(self, *, GroupName: str) -> Any:  # noqa: N803
        return {"Schedules": [{"Name": name} for name in self.schedules]} if self.schedules else None

    def _get_schedule(self, *, GroupName: str, Name: str) -> Any:  # noqa: N803
        return self.schedules.get(Name)


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:eu-west-1:123456789012:function:{name}"


def machine_arn(name: str) -> str:
    return f"arn:aws:states:eu-west-1:123456789012:stateMachine:{name}"


def arn(name: str, revision: int) -> str:
    return f"arn:aws:batch:eu-west-1:123456789012:job-definition/{name}:{revision}"
