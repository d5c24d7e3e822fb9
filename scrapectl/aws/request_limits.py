"""What AWS refuses although botocore's models do not say so → a table of limits, and checks across several fields.

Sources are those of the reference on AWS's behaviour: `bc` the prose of botocore's models, `cfn` CloudFormation's
schemas, `pf` measured refusals, `doc` the user guides. A limit stands here only while the models lack it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scrapectl.aws.request_patterns import compiled

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Limit:
    """What one value must be: a pattern it matches whole, numbers it lies between, entries it holds, or a choice."""

    source: str
    pattern: str = ""
    low: float | None = None
    high: float | None = None
    fewest: int = 0
    most: int | None = None
    one_of: frozenset[Any] = frozenset()
    says: str = ""

    def problem(self, value: Any) -> str | None:
        """Return what is wrong with the value, None when nothing is."""
        if isinstance(value, bool | None):
            return None
        if self.one_of and value not in self.one_of:
            return self.says or f"{value!r} is none of {', '.join(str(one) for one in sorted(self.one_of))}"
        if isinstance(value, str) and self.pattern and not _matches(self.pattern, value):
            return self.says or f'"{value[:80]}" does not match {self.pattern}'
        if isinstance(value, list | dict) and not self.fewest <= len(value) <= (self.most or len(value)):
            return f"has {len(value)} entries; {self.fewest} to {self.most} are allowed"
        if self.low is None and self.high is None:
            return None
        return _out_of_range(value, self.low, self.high)


def _matches(pattern: str, value: str) -> bool:
    rule = compiled(pattern)
    return rule is None or rule.fullmatch(value) is not None


def _out_of_range(value: Any, low: float | None, high: float | None) -> str | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return f"{value!r} is no number"
    if (low is None or number >= low) and (high is None or number <= high):
        return None
    bounds = f"at least {low:g}" if high is None else f"{low or 0:.10g} to {high:.10g}"
    return f"{value} is out of range; {bounds} is allowed"


_BATCH_NAME = Limit("bc, pf batch-*-name", r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_QUEUE_NAME = Limit("bc", r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
_RETENTION = frozenset(
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
)
_JOB = "containerProperties"
_SHARES = "fairsharePolicy"
_SQS_RANGES = {
    "Attributes.DelaySeconds": Limit("bc", low=0, high=900),
    "Attributes.MaximumMessageSize": Limit("bc", low=1024, high=1_048_576),
    "Attributes.MessageRetentionPeriod": Limit("bc", low=60, high=1_209_600),
    "Attributes.ReceiveMessageWaitTimeSeconds": Limit("bc", low=0, high=20),
    "Attributes.VisibilityTimeout": Limit("bc", low=0, high=43_200),
    "Attributes.KmsDataKeyReusePeriodSeconds": Limit("bc", low=60, high=86_400),
}
_COMPUTE = {
    "computeResources.subnets": Limit("bc", most=16),
    "computeResources.securityGroupIds": Limit("bc", most=5),
    "computeResources.maxvCpus": Limit("pf", low=1),
}
_JOB_QUEUE = {
    "priority": Limit("cfn", low=0, high=1000),
    "computeEnvironmentOrder": Limit("doc: Batch quotas", fewest=1, most=3),
    "jobStateTimeLimitActions.[].maxTimeSeconds": Limit("bc", low=600, high=86_400),
}
_FAIR_SHARE = {
    f"{_SHARES}.shareDecaySeconds": Limit("doc", low=0, high=604_800),
    f"{_SHARES}.computeReservation": Limit("doc", low=0, high=99),
    f"{_SHARES}.shareDistribution": Limit("doc", most=500),
    f"{_SHARES}.shareDistribution.[].shareIdentifier": Limit("doc", r"[A-Za-z0-9_-]{1,254}\*|[A-Za-z0-9_-]{1,255}"),
    f"{_SHARES}.shareDistribution.[].weightFactor": Limit("doc", low=0.0001, high=999.9999),
}
_RETRIES = {
    "retryStrategy.attempts": Limit("bc", low=1, high=10),
    "retryStrategy.evaluateOnExit": Limit("bc", most=5),
    "timeout.attemptDurationSeconds": Limit("bc", low=60),
}
_NOT_AWS_BATCH = Limit("bc", r"(?!AWS_BATCH).*", says="names that begin with AWS_BATCH are AWS's own")
_DB_NAME = Limit("cfn, bc: stored in small letters", r"[a-z](?:-?[a-z0-9]){0,62}")
_DB_WORD = Limit("bc", r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_WEEKLY = r"(?i)((mon|tue|wed|thu|fri|sat|sun):[0-2]\d:[0-5]\d-?){2}"
_DATABASE = {
    "AllocatedStorage": Limit("doc: gp3", low=20, high=65_536),
    "BackupRetentionPeriod": Limit("pf", low=0, high=35),
    "PreferredMaintenanceWindow": Limit("bc", _WEEKLY),
    "PreferredBackupWindow": Limit("bc", r"[0-2]\d:[0-5]\d-[0-2]\d:[0-5]\d"),
}
_SCHEDULE = {
    "ScheduleExpression": Limit(
        "bc", r"(at|rate)\([^()]+\)|cron\(\S+( \S+){5}\)", says="must be at(…), rate(…) or cron(…) with six fields"
    ),
}
# The models go further than functions that run in Lambda's own compute.
_FUNCTION = {
    "FunctionName": Limit("bc", r".{1,64}|arn:.*|\d{12}:.*", says="has more than 64 characters"),
    "Timeout": Limit("doc: Lambda limits", low=1, high=900),
    "MemorySize": Limit("doc: Lambda limits", low=128, high=10_240),
}

#: (service, operation) → the path of a value → its limit. `[]` in a path means every entry of a list.
LIMITS: Mapping[tuple[str, str], Mapping[str, Limit]] = {
    ("batch", "CreateComputeEnvironment"): {
        "computeEnvironmentName": _BATCH_NAME,
        "state": Limit("pf", r"ENABLED", says="AWS creates an environment ENABLED only; disable it afterwards"),
        **_COMPUTE,
    },
    ("batch", "UpdateComputeEnvironment"): {
        "updatePolicy.jobExecutionTimeoutMinutes": Limit("bc", low=1, high=7200),
        **_COMPUTE,
    },
    ("batch", "CreateJobQueue"): {"jobQueueName": _BATCH_NAME, **_JOB_QUEUE},
    ("batch", "UpdateJobQueue"): _JOB_QUEUE,
    ("batch", "CreateSchedulingPolicy"): {"name": _BATCH_NAME, **_FAIR_SHARE},
    ("batch", "UpdateSchedulingPolicy"): _FAIR_SHARE,
    ("batch", "DescribeComputeEnvironments"): {"computeEnvironments": Limit("bc", most=100)},
    ("batch", "DescribeJobQueues"): {"jobQueues": Limit("bc", most=100)},
    ("batch", "DescribeJobDefinitions"): {"jobDefinitions": Limit("bc", most=100)},
    ("batch", "DescribeJobs"): {"jobs": Limit("bc", most=100)},
    ("batch", "RegisterJobDefinition"): {
        "jobDefinitionName": _BATCH_NAME,
        "schedulingPriority": Limit("bc", low=0, high=9999),
        "platformCapabilities": Limit("pf", fewest=1, most=1),
        f"{_JOB}.ephemeralStorage.sizeInGiB": Limit("pf", low=21, high=200),
        f"{_JOB}.environment.[].name": _NOT_AWS_BATCH,
        **_RETRIES,
    },
    ("batch", "SubmitJob"): {
        "jobName": _BATCH_NAME,
        "shareIdentifier": Limit("doc", r"[A-Za-z0-9_-]{1,255}"),
        "schedulingPriorityOverride": Limit("bc", low=0, high=9999),
        "arrayProperties.size": Limit("bc", low=2, high=10_000),
        "dependsOn": Limit("bc", most=20),
        "containerOverrides.environment.[].name": _NOT_AWS_BATCH,
        **_RETRIES,
    },
    ("ec2", "CreateLaunchTemplate"): {"LaunchTemplateName": Limit("bc", r"[a-zA-Z0-9().\-/_]{3,128}")},
    ("rds", "CreateDBInstance"): {
        "DBInstanceIdentifier": _DB_NAME,
        "DBName": _DB_WORD,
        "Engine": Limit("bc", one_of=frozenset({"postgres", "mysql", "mariadb"})),
        "MasterUsername": Limit("cfn", r"[a-zA-Z][a-zA-Z0-9_]{0,62}"),
        "Port": Limit("pf", low=1150, high=65_535),
        **_DATABASE,
    },
    ("rds", "ModifyDBInstance"): _DATABASE,
    ("rds", "DeleteDBInstance"): {
        "FinalDBSnapshotIdentifier": Limit("bc", r"(?!.*--)(?!.*-$)[a-zA-Z][a-zA-Z0-9-]{0,254}")
    },
    ("rds", "CreateDBSubnetGroup"): {
        "DBSubnetGroupName": Limit("bc, pf", r"(?!default$)[a-z0-9._ -]{1,255}", says="is no name in small letters")
    },
    ("ec2", "CreateSecurityGroup"): {
        "GroupName": Limit("bc", r"(?!sg-)(?!default$)[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}"),
        "Description": Limit("cfn", r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}"),
    },
    ("lambda", "CreateFunction"): _FUNCTION,
    ("lambda", "UpdateFunctionConfiguration"): _FUNCTION,
    ("logs", "CreateLogGroup"): {"logGroupName": Limit("bc", r"(?!aws/).*", says="names under aws/ are AWS's own")},
    ("logs", "PutRetentionPolicy"): {"retentionInDays": Limit("bc", one_of=_RETENTION)},
    ("s3", "CreateBucket"): {
        "Bucket": Limit(
            "pf, doc: bucketnamingrules",
            r"(?!xn--|sthree-|amzn-s3-demo-)(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)"
            r"(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)"
            r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
            says="is no bucket name: 3 to 63 of a-z, 0-9, - and ., no IP address, no prefix or suffix of AWS's own",
        )
    },
    ("scheduler", "CreateSchedule"): _SCHEDULE,
    ("scheduler", "UpdateSchedule"): _SCHEDULE,
    ("scheduler", "CreateScheduleGroup"): {
        "Name": Limit("bc", r"(?!default$).*", says="the group default is AWS's own")
    },
    ("secretsmanager", "CreateSecret"): {"Name": Limit("bc", r"[A-Za-z0-9/_+=.@!-]{1,512}")},
    ("secretsmanager", "DeleteSecret"): {"RecoveryWindowInDays": Limit("bc", low=7, high=30)},
    ("sns", "CreateTopic"): {"Name": Limit("bc", r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo")},
    ("sqs", "CreateQueue"): {"QueueName": _QUEUE_NAME, **_SQS_RANGES},
    ("sqs", "SetQueueAttributes"): _SQS_RANGES,
    ("ssm", "PutParameter"): {
        "Name": Limit("bc, pf", r"(?i)(?!/?(aws|ssm))/?[a-z0-9_.-]+(/[a-z0-9_.-]+){0,14}"),
        "Value": Limit("bc, pf", r"(?!.*\{\{).+", says="must not be empty nor hold {{"),
    },
}  # fmt: skip


def limit_problems(service: str, operation: str, params: Params) -> Iterator[tuple[str, str]]:
    """Yield (path, what is wrong) for every value outside its limit."""
    for path, limit in LIMITS.get((service, operation), {}).items():
        for shown, value in _values(params, path.split("."), ""):
            if said := limit.problem(value):
                yield shown, said


def _values(value: Any, path: list[str], shown: str) -> Iterator[tuple[str, Any]]:
    """Yield every value at the path, with the path a person reads (`environment[2].name`)."""
    if not path:
        yield shown, value
    elif path[0] == "[]":
        for number, one in enumerate(value if isinstance(value, list) else []):
            yield from _values(one, path[1:], f"{shown}[{number}]")
    elif isinstance(value, dict) and path[0] in value:
        yield from _values(value[path[0]], path[1:], f"{shown}.{path[0]}" if shown else path[0])
