"""Every kind of problem, by value: the text of a spec in, the exact lines a user reads out."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrapectl.errors import SpecError
from scrapectl.spec import check_text

HERE = Path(__file__).parent
HEAD = "pipeline: shop\n"
JOB = "jobs:\n  a:\n    image: x\n    "


def problems_of(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        check_text(text, "f", env={}, folder=HERE)
    assert caught.value.message == str(caught.value.problems[0])
    return [str(problem) for problem in caught.value.problems]


def cases() -> list[tuple[str, list[str]]]:
    """Read problems.txt: a spec, a line with =>, and the problems it has; blocks are parted by an empty line."""
    blocks = (HERE / "problems.txt").read_text().strip().split("\n\n")
    return [(spec, problems.split("\n")) for spec, problems in (block.split("\n=>\n") for block in blocks)]


@pytest.mark.parametrize(("text", "problems"), cases(), ids=[text[-50:].replace("\n", " ") for text, _ in cases()])
def test_each_problem_is_told_in_these_words(text, problems):
    assert problems_of(text) == problems


def test_tags_are_short():
    long = f"tags.{'k' * 129}"
    assert problems_of(HEAD + f"tags: {{{'k' * 129}: {'v' * 257}}}") == [
        f"f:2:8: {long}: the key has 129 characters. Write 1 to 128.",
        f"f:2:8: {long}: the value has 257 characters. Write 256 at most.",
    ]


def test_tags_leave_room_for_our_own():
    assert check_text(HEAD + "tags: {" + ", ".join(f"k{n}: v" for n in range(44)) + "}").tags["k43"] == "v"


@pytest.mark.parametrize("count", [500, 501])
def test_a_queue_has_at_most_500_shares(count):
    text = HEAD + "job_queues: {q: {shares: {" + ", ".join(f"s{n}: 1" for n in range(count)) + "}}}"
    if count == 500:
        assert len(check_text(text).job_queues["q"].shares) == count
    else:
        assert problems_of(text) == ["f:2:18: job_queues.q.shares: holds 501 entries. At most 500 fit."]


@pytest.mark.parametrize(("size", "fits"), [(22000, True), (24000, False)])
def test_an_environment_fits_into_a_job_definition(size, fits):
    text = HEAD + JOB + f"environment: {{BIG: {'x' * size}}}"
    if fits:
        assert check_text(text).jobs
    else:
        assert problems_of(text)[0].startswith("f:5:5: jobs.a.environment: comes to about 25 KiB")


@pytest.mark.parametrize(("size", "fits"), [(28000, True), (30000, False)])
def test_an_environment_of_a_schedule_fits_into_a_submit(size, fits):
    text = HEAD + JOB + f"schedules: {{s: {{rate: 1h, environment: {{BIG: {'x' * size}}}}}}}"
    if fits:
        assert check_text(text).jobs
    else:
        assert problems_of(text)[0].startswith("f:5:31: jobs.a.schedules.s.environment: comes to about 31 KiB")


@pytest.mark.parametrize(
    ("vcpus", "memory", "hint"),
    [
        (0.25, 4096, "Write memory: 512, 1024 or 2048, or vcpus: 0.5, 1 or 2."),
        (0.5, 512, "Write memory: 1024, 2048, 3072 or 4096, or vcpus: 0.25."),
        (1, 2000, "Write memory: 2048, 3072, 4096, 5120, 6144, 7168 or 8192."),
        (2, 2048, "Write memory: 4096 to 16384 in steps of 1024, or vcpus: 0.25, 0.5 or 1."),
        (4, 4096, "Write memory: 8192 to 30720 in steps of 1024, or vcpus: 0.5, 1 or 2."),
        (8, 17408, "Write memory: 16384 to 61440 in steps of 4096, or vcpus: 4."),
        (16, 32769, "Write memory: 32768 to 122880 in steps of 8192."),
    ],
)
def test_a_size_fargate_does_not_have_lists_those_that_fit(vcpus, memory, hint):
    text = HEAD + JOB + f"vcpus: {vcpus}\n    memory: {memory}"
    told = f"f:6:5: jobs.a.memory: Fargate has no {vcpus} vCPUs with {memory} MiB. {hint}"
    assert problems_of(text) == [told]


@pytest.mark.parametrize(
    ("vcpus", "first", "last", "step", "count"),
    [
        (0.5, 1024, 4096, 1024, 4),
        (1, 2048, 8192, 1024, 7),
        (2, 4096, 16384, 1024, 13),
        (4, 8192, 30720, 1024, 23),
        (8, 16384, 61440, 4096, 12),
        (16, 32768, 122880, 8192, 12),
    ],
)
def test_fargate_has_these_sizes(vcpus, first, last, step, count):
    good = []
    for memory in range(512, 122881, 512):
        try:
            check_text(HEAD + JOB + f"vcpus: {vcpus}\n    memory: {memory}")
        except SpecError:
            continue
        good.append(memory)
    assert good == list(range(first, last + 1, step))
    assert len(good) == count


def test_the_smallest_fargate_has_three_sizes():
    for memory in (512, 1024, 2048):
        assert check_text(HEAD + JOB + f"vcpus: 0.25\n    memory: {memory}").jobs["a"].memory == memory


def test_a_memory_of_its_own_without_vcpus_is_checked_against_the_default():
    assert problems_of(HEAD + JOB + "vcpus: 4")[0].startswith("f:5:5: jobs.a.vcpus: Fargate has no 4 vCPUs with 2048")


def test_a_misspelt_key_does_not_make_a_second_problem():
    text = HEAD + JOB + "vcpus: 4\n    memory: lots"
    assert problems_of(text) == [
        'f:6:5: jobs.a.memory: "lots" is no amount of memory. Write MiB as a number (2048), or "2 GB".'
    ]


def test_arm_runs_on_spot():
    """Fargate Spot takes ARM64 since 2024; Batch's own reference names only Windows as an exception now."""
    text = HEAD + "compute_environments: {s: {type: fargate-spot}}\n" + JOB + "platform: ARM64"
    assert check_text(text).jobs["a"].platform == "ARM64"


def test_problems_of_a_large_spec_come_sorted_and_once():
    text = HEAD + "jobs:\n" + "".join(f"  j{n}: {{image: x, memroy: 1}}\n" for n in range(300))
    problems = problems_of(text)
    assert len(problems) == len(set(problems)) == 300
    assert [int(problem.split(":")[1]) for problem in problems] == sorted(range(3, 303))


def test_control_characters_of_the_spec_reach_no_message():
    text = HEAD + '"x\\e[2J": 1\nregion: "\\e]0;owned\\a"\nbuckets: {"a\\u009b": {}}\n'
    assert all(problem.isprintable() for problem in problems_of(text))
