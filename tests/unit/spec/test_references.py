"""`${…}`: what is filled in, what stays open, what a single reference becomes, and what is wrong with the others."""

from __future__ import annotations

from typing import Any

import pytest

from scrapectl.errors import SpecError
from scrapectl.spec import check_text
from scrapectl.spec.model import Attribute, Fact, SecretRef, Template, Unset

HEAD = "pipeline: shop\n"
JOB = "jobs: {a: {image: x, environment: {T: %s}}}\n"


def text_of(reference: str, head: str = "", **options: Any):
    spec = check_text(HEAD + head + JOB % f'"{reference}"', **{"env": {}, **options})
    return spec.jobs["a"].environment["T"]


def problems_of(text: str, **options: Any) -> list[str]:
    with pytest.raises(SpecError) as caught:
        check_text(text, "f", **{"env": {}, **options})
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("${pipeline}", "shop"),
        ("${stage}", ""),
        ("a-${pipeline}-b", "a-shop-b"),
        ("${var.zip}", "02134"),
        ("z${var.zip}${var.zip}", "z0213402134"),
        ("${var.outer}", "<02134>"),
        ("${env.X}", "x $${y} ${z}"),
        ("$${var.zip}", "${var.zip}"),
        ("$$${var.zip}", "$${var.zip}"),
        ("$${", "${"),
        ("5 $ and {}", "5 $ and {}"),
        ("${region}", "eu-west-1"),
        ("${account}", "123456789012"),
        ("${var.literal}", "${pipeline}"),
    ],
)
def test_what_is_known_is_filled_in(written, text):
    head = 'region: eu-west-1\naccount: "123456789012"\n'
    head += 'vars: {zip: 02134, outer: "<${var.zip}>", literal: "$${pipeline}"}\n'
    assert text_of(written, head, env={"X": "x $${y} ${z}"}) == text


def test_a_stage_is_known():
    assert text_of("${pipeline}.${stage}", stage="prod") == "shop.prod"


def test_the_region_of_the_command_line_outranks_the_file():
    assert text_of("${region}", "region: eu-west-1\n", region="us-east-1") == "us-east-1"


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("${account}", (Fact("account"),)),
        ("${region}", (Fact("region"),)),
        ("a${account}b${region}", ("a", Fact("account"), "b", Fact("region"))),
        ("${bucket.raw.name}", (Attribute("bucket", "raw", "name"),)),
        ("s3://${bucket.raw.name}/in", ("s3://", Attribute("bucket", "raw", "name"), "/in")),
        ("${job.b.queue}${job.b.share}", (Attribute("job", "b", "queue"), Attribute("job", "b", "share"))),
        ("${job_queue.default.arn}", (Attribute("job_queue", "default", "arn"),)),
        ("${compute_environment.default.name}", (Attribute("compute_environment", "default", "name"),)),
        ("${message_queue.rows.url}", (Attribute("message_queue", "rows", "url"),)),
        ("$${x} ${var.open}", ("${x} <", Attribute("bucket", "raw", "arn"), ">")),
    ],
)
def test_what_only_aws_knows_stays_open(written, parts):
    spec = check_text(
        HEAD + "vars: {open: '<${bucket.raw.arn}>'}\nbuckets: {raw: }\nmessage_queues: {rows: }\n"
        "job_queues: {default: {shares: {s: 1}}}\n"
        f"jobs: {{b: {{image: x}}, a: {{image: x, environment: {{T: '{written}'}}}}}}\n"
    )
    assert spec.jobs["a"].environment["T"] == Template(parts)


def test_an_open_text_is_shown_as_it_was_written():
    template = Template(("${x} ", Attribute("bucket", "raw", "name"), Fact("region"), Unset("X")))
    assert str(template) == "$${x} ${bucket.raw.name}${region}${env.X}"


def test_a_single_reference_takes_the_type_of_its_key():
    spec = check_text(
        HEAD + 'vars: {mem: 4096, vcpus: 2, off: false, n: "3"}\n'
        'jobs: {a: {image: x, memory: "${var.mem}", vcpus: "${var.vcpus}", public_ip: "${var.off}", '
        'retries: "${env.R}", timeout: "${env.T}"}}\n',
        env={"R": "4", "T": "2h"},
    )
    job = spec.jobs["a"]
    assert (job.memory, job.vcpus, job.public_ip, job.retries, job.timeout) == (4096, 2.0, False, 4, 7200)


def test_a_reference_among_other_text_is_text():
    assert problems_of(HEAD + 'vars: {n: 1}\njobs: {a: {image: x, retries: "${var.n}1"}}') == [
        (
            'f:3:22: jobs.a.retries: must be a whole number, not text (from "${var.n}1"). '
            "Write one reference and nothing beside it."
        )
    ]


def test_an_empty_variable_of_the_environment_is_empty_text():
    assert text_of("${env.X}", env={"X": ""}) == ""
    assert text_of("${env.X}", env={"X": "null"}) == "null"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("${foo}", '"${foo}" names nothing that is known. Write $${ for a plain ${.'),
        ("${}", '"${}" names nothing that is known. Write $${ for a plain ${.'),
        ("${regoin}", '"${regoin}" names nothing that is known. Did you mean "region"?'),
        ("${var.zpi}", 'there is no var "zpi". Did you mean "zip"?'),
        ("${var.list}", 'the var "list" is not a single value. Give it text or a number.'),
        ("${env.NOT_SET}", 'the environment variable "NOT_SET" is not set. Set it: export NOT_SET=…'),
        ("${bucket.rwa.name}", 'there is no bucket "rwa". Did you mean "raw"?'),
        ("${bucket.raw.url}", 'bucket "raw" has no attribute "url". Write name or arn.'),
        ("${message_queue.q.name}", 'there is no message queue "q". Add it to message_queues.'),
        ("${database.results.endpoint}", 'there is no database "results". Add it to databases.'),
        ("${topic.news.arn}", 'there is no topic "news". Add it to topics.'),
        ("${function.f.arn}", 'there is no function "f". Add it to functions.'),
        ("${filesystem.w.id}", 'there is no filesystem "w". Add it to filesystems.'),
        ("${host.h.arn}", 'there is no host "h". Add it to hosts.'),
        ("${HOME", '"${" is not closed. Write $${ for a plain ${.'),
        ("${a${var.zip}}", '"${" is not closed. Write $${ for a plain ${.'),
        ("${job.a.share}", 'the job "a" has no share. Add shares to its queue, or remove the reference.'),
        ("${job.a.arn}", "refers to itself in a circle: jobs.a → jobs.a. Remove one of the references."),
    ],
)
def test_a_wrong_reference_is_told_at_its_key(written, problem):
    head = "vars: {zip: 1, list: [1]}\nbuckets: {raw: }\n"
    problems = [p for p in problems_of(HEAD + head + JOB % f'"{written}"') if "vars.list" not in p]
    assert [p.split("jobs.a.environment.T: ")[1] for p in problems] == [problem]


def test_vars_in_a_circle_are_told():
    assert problems_of(HEAD + 'vars:\n  a: "${var.b}"\n  b: "${var.a}"\n  c: "${var.a}"\n') == [
        "f:3:6: vars.a: vars refer to each other in a circle: b → a → b. Give one a plain value."
    ]


def test_vars_that_grow_without_end_are_told():
    lines = ["  v0: aaaaaaaaaa"] + [
        f'  v{n}: "{"${var.v" + str(n - 1) + "}" * 1}{("${var.v" + str(n - 1) + "}") * 9}"' for n in range(1, 12)
    ]
    assert any("grows too long" in problem for problem in problems_of(HEAD + "vars:\n" + "\n".join(lines)))


def test_jobs_in_a_circle_are_told_once():
    text = HEAD + (
        "jobs:\n"
        '  a: {image: x, command: ["${job.b.name}"]}\n'
        '  b: {image: x, environment: {C: "${job.c.arn}"}}\n'
        '  c: {image: x, access: {policy: [{Effect: Allow, Action: x, Resource: "${job.a.arn}"}]}}\n'
    )
    circle = "refers to itself in a circle: jobs.a → jobs.b → jobs.c → jobs.a. Remove one of the references."
    assert problems_of(text) == [f"f:3:27: jobs.a.command.0: {circle}"]


def test_a_job_may_know_its_own_queue_and_share():
    spec = check_text(
        HEAD
        + 'job_queues: {q: {shares: {s: 1}}}\njobs: {a: {image: x, environment: {Q: "${job.a.queue} ${job.a.share}"}}}'
    )
    assert spec.jobs["a"].share == "s"


class TestWithoutTheEnvironment:
    """Commands that do not need `${env.X}` go on."""

    def test_a_text_stays_open(self):
        assert text_of("a${env.X}", require_env=False) == Template(("a", Unset("X")))

    def test_any_other_key_is_as_if_it_were_not_written(self):
        spec = check_text(
            HEAD + 'jobs: {a: {image: x, memory: "${env.M}", queue: "${env.Q}"}}', env={}, require_env=False
        )
        assert (spec.jobs["a"].memory, spec.jobs["a"].queue) == (2048, "default")

    def test_a_key_that_must_be_there_still_needs_it(self):
        problems = problems_of('pipeline: "${env.P}"', require_env=False)
        assert problems == ['f:1:1: pipeline: the environment variable "P" is not set. Set it: export P=…']

    def test_what_is_set_is_used(self):
        assert text_of("${env.X}", env={"X": "1"}, require_env=False) == "1"


@pytest.mark.parametrize(
    ("written", "ref"),
    [
        ("key", SecretRef(secret="key")),
        ("key:password", SecretRef(secret="key", json_key="password")),
        ("${secret.key.arn}", SecretRef(secret="key")),
        ("${secret.key.arn}:password", SecretRef(secret="key", json_key="password")),
        (
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:a/b-AbCdEf",
            SecretRef(arn="arn:aws:secretsmanager:us-east-1:123456789012:secret:a/b-AbCdEf"),
        ),
        (
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf:pw::",
            SecretRef(arn="arn:aws:secretsmanager:us-east-1:123456789012:secret:a-AbCdEf", json_key="pw"),
        ),
        (
            "arn:aws:secretsmanager:${region}:${account}:secret:a-AbCdEf:pw",
            SecretRef(
                arn=Template(("arn:aws:secretsmanager:", Fact("region"), ":", Fact("account"), ":secret:a-AbCdEf")),
                json_key="pw",
            ),
        ),
    ],
)
def test_a_secret_is_named_by_entry_or_arn(written, ref):
    spec = check_text(
        HEAD + f'secrets: {{key: {{generate: 8}}}}\njobs: {{a: {{image: x, secrets: {{S: "{written}"}}}}}}'
    )
    assert spec.jobs["a"].secrets["S"] == ref


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("kye", 'there is no secret "kye". Did you mean "key"?'),
        ("arn:aws:s3:::bucket", '"arn:aws:s3:::bucket" is no ARN of a secret.'),
        ("arn:aws:secretsmanager:r:1:secret:a:k:AWSPREVIOUS:", "versions of a secret cannot be chosen."),
    ],
)
def test_a_wrong_secret_is_told(written, problem):
    text = HEAD + f'secrets: {{key: {{generate: 8}}}}\njobs: {{a: {{image: x, secrets: {{S: "{written}"}}}}}}'
    assert problems_of(text)[0].startswith(f"f:3:32: jobs.a.secrets.S: {problem}")


def test_references_fill_every_place_that_holds_a_string():
    spec = check_text(
        HEAD + "vars: {n: raw, size: 4096}\nbuckets: {raw: {name: 'x-${var.n}'}}\ntags: {team: '${pipeline}'}\n"
        "jobs: {a: {image: 'img:${var.n}', command: ['${var.n}'], access: {read: ['${var.n}/in/']}, "
        "schedules: {s: {rate: 1h, environment: {E: '${var.size}'}}}}}\noutputs: {o: '${var.n}'}",
    )
    job = spec.jobs["a"]
    assert (spec.buckets["raw"].name, spec.tags["team"], spec.outputs["o"]) == ("x-raw", "shop", "raw")
    assert (job.image, job.command, str(job.access.read[0])) == ("img:raw", ("raw",), "raw/in/")
    assert job.schedules["s"].environment == {"E": "4096"}


def test_an_open_text_where_a_plain_value_must_stand_is_told():
    problems = problems_of(HEAD + "buckets: {raw: {name: 'x-${account}'}}")
    assert problems == [
        "f:2:17: buckets.raw.name: ${account} is known only once AWS is asked. Write a plain value here."
    ]


@pytest.mark.parametrize("value", ["4", "'4'", "'${env.N}'"])
def test_one_reference_takes_the_type_of_its_key(value):
    text = HEAD + f"vars: {{n: {value}}}\ncompute_environments: {{e: {{max_vcpus: '${{var.n}}'}}}}"
    assert check_text(text, env={"N": "4"}).compute_environments["e"].max_vcpus == 4


def test_quoted_text_stays_text_where_any_type_may_stand():
    policy = "[{Effect: Allow, Action: a, Resource: '${var.n}'}]"
    text = HEAD + f"vars: {{n: '02134'}}\njobs: {{a: {{image: x, access: {{policy: {policy}}}}}}}"
    assert check_text(text).jobs["a"].access.policy[0]["Resource"] == "02134"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("retries", "lots", 'must be a whole number, not text (from "${var.v}"). Write a whole number.'),
        ("retries", "''", 'must be a whole number, not text (from "${var.v}"). Write a number.'),
        ("retries", "10", '10 is too large (from "${var.v}"). Write a number from 0 to 9.'),
        ("vcpus", "3", 'Fargate has no 3 vCPUs (from "${var.v}"). Write 0.25, 0.5, 1, 2, 4, 8 or 16.'),
        (
            "public_ip",
            "yes",
            'must be true or false, not text (from "${var.v}"). Write true or false: YAML 1.2 knows no others.',
        ),
        ("platform", "ARM", '"ARM" is not known (from "${var.v}"). Did you mean "ARM64"?'),
        ("timeout", "10s", '10s is too short (from "${var.v}"). Write at least 60s.'),
        ("queue", "fast", 'there is no job queue "fast" (from "${var.v}"). Add it to job_queues.'),
    ],
)
def test_a_wrong_value_is_told_where_the_reference_stands(key, value, told):
    text = HEAD + f"vars: {{v: {value}}}\njobs:\n  a:\n    image: x\n    {key}: ${{var.v}}"
    assert problems_of(text) == [f"f:6:5: jobs.a.{key}: {told}"]


def test_a_wrong_item_is_told_where_its_reference_stands():
    text = HEAD + "vars: {v: lots}\njobs: {a: {image: x, retry_on: [spot, '${var.v}']}}"
    assert problems_of(text) == [
        (
            'f:3:39: jobs.a.retry_on.1: "lots" is nothing to retry on (from "${var.v}"). '
            "Write spot, pull, memory, exit:N (0 to 255) or exit:1*."
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        "region: '${env.API_TOKEN}'",
        "vars: {v: '${env.API_TOKEN}'}\njobs: {a: {image: x, timeout: '${var.v}'}}",
        "jobs: {a: {image: x, queue: 'x-${env.API_TOKEN}'}}",
        "jobs: {a: {image: x, access: {read: ['${env.API_TOKEN}']}}}",
        "jobs: {a: {image: x, schedules: {s: {cron: '${env.API_TOKEN}'}}}}",
    ],
)
def test_the_value_of_a_variable_that_looks_secret_is_in_no_message(text):
    problems = problems_of(HEAD + text, env={"API_TOKEN": "hunter2"})
    assert "hunter2" not in "".join(problems)
    assert problems[0].endswith(" is wrong here. It looks secret and is not shown.")


def test_an_item_that_moves_up_takes_no_blame_for_the_one_before():
    """The first is wrong in itself and left out; the second then stands first, and has no reference."""
    text = HEAD + "vars: {v: 'No!'}\njobs: {a: {image: x, access: {read: ['${var.v}', raw]}}}"
    assert problems_of(text) == [
        'f:3:38: jobs.a.access.read.0: "No!" is no place in a bucket (from "${var.v}"). Write raw or raw/in/.',
        'f:3:50: jobs.a.access.read.0: there is no bucket "raw". Add it to buckets.',
    ]
