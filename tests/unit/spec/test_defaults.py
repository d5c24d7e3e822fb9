"""What a spec leaves unsaid: defaults, the queue and environment that are made, and what is chosen among several."""

from __future__ import annotations

import pytest

from scrapectl.errors import SpecError
from scrapectl.spec import check_text, model


def problems_of(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        check_text(text, "f")
    return [str(problem) for problem in caught.value.problems]


def test_a_spec_with_one_job_alone_is_complete():
    spec = check_text("pipeline: shop\njobs:\n  a: {image: x}\n", "f")
    job, queue, environment = spec.jobs["a"], spec.job_queues["default"], spec.compute_environments["default"]
    assert (job.vcpus, job.memory, job.platform, job.timeout, job.retries) == (1.0, 2048, "X86_64", 3600, 1)
    assert (job.priority, job.keep_revisions, job.retry_on, job.array, job.disk) == (100, 5, None, None, None)
    assert (job.queue, job.share, job.public_ip) == ("default", None, None)
    assert (queue.compute, queue.shares, queue.priority) == (("default",), {}, 1)
    assert (environment.type, environment.max_vcpus) == ("fargate", 16)
    assert (spec.network.is_default, spec.logs.retention, spec.region, spec.stage) == (True, 30 * 86400, None, None)
    assert str(queue.where) == str(environment.where) == "f:3:3"


def test_a_spec_without_jobs_has_no_queue():
    spec = check_text("pipeline: shop\nbuckets: {raw: }\n")
    assert (spec.job_queues, spec.compute_environments, spec.jobs) == ({}, {}, {})


def test_written_queues_need_an_environment_and_existing_ones_do_not():
    spec = check_text("pipeline: shop\njob_queues: {q: }\n")
    assert spec.job_queues["q"].compute == ("default",)
    assert list(spec.compute_environments) == ["default"]
    spec = check_text("pipeline: shop\njob_queues: {q: {existing: theirs}}\njobs: {a: {image: x}}\n")
    assert spec.compute_environments == {}
    assert (spec.jobs["a"].queue, spec.job_queues["q"].compute) == ("q", ())


@pytest.mark.parametrize(
    ("environments", "compute"),
    [("{one: }", ("one",)), ("{one: , default: }", ("default",)), ("{default: }", ("default",))],
)
def test_compute_left_out_is_default_or_the_only_one(environments, compute):
    spec = check_text(f"pipeline: shop\ncompute_environments: {environments}\njobs: {{a: {{image: x}}}}\n")
    assert spec.job_queues["default"].compute == compute


def test_compute_left_out_among_several_is_told():
    text = "pipeline: shop\ncompute_environments: {one: , two: }\n"
    hint = "which compute environment is meant, one or two? Write compute: [one]."
    assert problems_of(text + "job_queues:\n  q: {priority: 1}\n") == [f"f:4:3: job_queues.q: {hint}"]
    assert problems_of(text + "jobs:\n  a: {image: x}\n") == [f"f:4:3: job_queues.default: {hint}"]


@pytest.mark.parametrize(("queues", "queue"), [("{one: }", "one"), ("{one: , default: }", "default")])
def test_queue_left_out_is_default_or_the_only_one(queues, queue):
    spec = check_text(f"pipeline: shop\njob_queues: {queues}\njobs: {{a: {{image: x}}}}\n")
    assert spec.jobs["a"].queue == queue


def test_queue_left_out_among_several_is_told():
    text = "pipeline: shop\njob_queues: {one: , two: }\njobs:\n  a: {image: x}\n"
    assert problems_of(text) == ["f:4:3: jobs.a: which job queue is meant, one or two? Write queue: one."]


def test_share_left_out_is_the_first_and_a_schedule_takes_its_jobs():
    spec = check_text(
        "pipeline: shop\njob_queues: {q: {shares: {low: 1, high: 2}}}\n"
        "jobs:\n  a: {image: x, array: 5, schedules: {s: {rate: 1h}, t: {rate: 1h, share: high, array: 9}}}\n"
        "  b: {image: x, share: high, schedules: {s: {rate: 1h}}}\n"
    )
    first, second = spec.jobs["a"], spec.jobs["b"]
    assert (first.share, first.schedules["s"].share, first.schedules["t"].share) == ("low", "low", "high")
    assert (first.schedules["s"].array, first.schedules["t"].array) == (5, 9)
    assert (second.share, second.schedules["s"].share, second.schedules["s"].array) == ("high", "high", None)
    assert spec.job_queues["q"].shares == {"low": 1.0, "high": 2.0}


@pytest.mark.parametrize(
    ("shares", "share", "problem"),
    [
        ("{}", "low", 'the queue "q" has no shares. Remove share, or add shares to job_queues.q.'),
        ("{low: 1}", "lwo", 'the queue "q" has no share "lwo". Did you mean "low"?'),
    ],
)
def test_a_share_its_queue_does_not_have_is_told(shares, share, problem):
    head = f"pipeline: shop\njob_queues: {{q: {{shares: {shares}}}}}\njobs:\n  a: "
    text = head + f"{{image: x, share: {share}}}\n"
    assert problems_of(text) == [f"f:4:17: jobs.a.share: {problem}"]
    text = head + f"{{image: x, schedules: {{s: {{rate: 1h, share: {share}}}}}}}\n"
    assert problems_of(text) == [f"f:4:43: jobs.a.schedules.s.share: {problem}"]


@pytest.mark.parametrize(
    ("queue", "jobs", "visibility"),
    [
        ("", "", 30),
        ("", "a: {image: x, timeout: 10m, access: {receive: [rows]}}", 3600),
        (
            "",
            "a: {image: x, timeout: 1m, access: {receive: [rows]}}, b: {image: x, access: {receive: [rows]}}",
            6 * 3600,
        ),
        ("", "a: {image: x, timeout: 5h, access: {receive: [rows]}}", 12 * 3600),
        ("", "a: {image: x, access: {send: [rows]}}", 30),
        ("visibility: 0s", "a: {image: x, access: {receive: [rows]}}", 0),
    ],
)
def test_a_message_is_hidden_six_times_as_long_as_its_consumer_runs(queue, jobs, visibility):
    spec = check_text(f"pipeline: shop\nmessage_queues: {{rows: {{{queue}}}}}\njobs: {{{jobs}}}\n")
    assert spec.message_queues["rows"].visibility == visibility


def test_an_image_is_an_entry_or_a_uri():
    spec = check_text(
        "pipeline: shop\nimages: {scraper: {build: .}}\n"
        "jobs: {a: {image: scraper}, b: {image: 'python:3.13'}, c: {image: python}, "
        "d: {image: '${account}.dkr.ecr.${region}.amazonaws.com/x:1'}}\n"
    )
    images = [spec.image_of(job) for job in spec.jobs.values()]
    assert images == [spec.images["scraper"], None, None, None]
    assert spec.jobs["c"].image == "python"


def test_every_place_is_kept():
    spec = check_text(
        "pipeline: shop\njobs:\n  a:\n    image: x\n    access:\n"
        "      policy: [{Effect: Allow, Action: a, Resource: b}]\n",
        "f",
    )
    job = spec.jobs["a"]
    assert [str(job.place_of(path)) for path in ("image", "access.policy.0", "memory", "access.read", "")] == [
        "f:4:5",
        "f:6:16",
        "f:3:3",
        "f:5:5",
        "f:3:3",
    ]
    assert str(job.access.where) == "f:5:5"
    assert str(spec.place_of("pipeline")) == "f:1:1"
    assert str(spec.network.where) == "f:1:1"


def test_the_model_cannot_be_changed():
    spec = check_text("pipeline: shop")
    with pytest.raises(AttributeError):
        spec.pipeline = "other"
    assert isinstance(spec, model.Spec)
