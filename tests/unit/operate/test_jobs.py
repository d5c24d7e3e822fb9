"""Jobs are found by their definitions' tags; runs are made of their words."""

from __future__ import annotations

import dataclasses

import pytest

from scrapectl.errors import UsageError
from scrapectl.operate.jobs import definition_name, find_jobs
from scrapectl.operate.overrides import Overrides, read_command, read_environment, read_memory
from scrapectl.operate.runnables import find_runnables
from scrapectl.operate.submit import submission, submit


def test_the_newest_revision_of_ours_counts(aws):
    aws.define("shop-collect", revision=2, run="queue=new share=low array=10")
    aws.define("shop-collect", revision=1, run="queue=old")
    aws.define("shop-eu-collect", "shop.eu", prefix="collect")
    aws.define("fixed-name", prefix="scrape")
    jobs = find_jobs(aws, "shop")
    assert list(jobs) == ["collect", "scrape"]
    job = jobs["collect"]
    assert (job.queue, job.share, job.array, job.revision) == ("new", "low", 10, 2)
    assert jobs["scrape"].definition == "fixed-name"
    assert (jobs["scrape"].share, jobs["scrape"].array) == (None, None)
    assert jobs["scrape"].log_group == "/scrapectl/shop"


def test_an_unknown_name_is_told_with_the_close_one(aws):
    aws.define("shop-collect")
    with pytest.raises(UsageError, match='"colect"') as told:
        find_runnables(aws, "shop").of("colect")
    assert told.value.hint == 'Did you mean "collect"?'
    with pytest.raises(UsageError, match="Nothing of other stands here that runs"):
        find_runnables(aws, "other").of("collect")


def test_definition_names():
    assert definition_name("arn:aws:batch:r:1:job-definition/shop-collect:3") == "shop-collect"
    assert definition_name("arn:aws:batch:r:1:job-definition/shop-collect") == "shop-collect"
    assert definition_name("shop-collect:3") == "shop-collect"
    assert definition_name("") == ""


def job(aws, run="queue=q share=low array=10"):
    aws.definitions.clear()
    aws.define("shop-collect", run=run)
    return find_jobs(aws, "shop")["collect"]


def test_a_plain_run_says_what_the_job_says(aws):
    assert submission(job(aws), Overrides()) == {
        "jobName": "shop-collect",
        "jobQueue": "q",
        "jobDefinition": "shop-collect",
        "shareIdentifier": "low",
        "arrayProperties": {"size": 10},
    }
    assert submission(job(aws, "queue=q"), Overrides()) == {
        "jobName": "shop-collect",
        "jobQueue": "q",
        "jobDefinition": "shop-collect",
    }


def test_overrides_are_sent_as_aws_takes_them(aws):
    wanted = Overrides({"ZIP": "1", "EMPTY": ""}, ("python", "-m", "x"), 3, "high", 0.25, 512)
    request = submission(job(aws), wanted)
    assert request["shareIdentifier"] == "high"
    assert request["arrayProperties"] == {"size": 3}
    assert request["containerOverrides"] == {
        "command": ["python", "-m", "x"],
        "environment": [{"name": "ZIP", "value": "1"}, {"name": "EMPTY", "value": ""}],
        "resourceRequirements": [{"type": "VCPU", "value": "0.25"}, {"type": "MEMORY", "value": "512"}],
    }


@pytest.mark.parametrize(
    ("overrides", "run", "said"),
    [
        (Overrides(array=1), "queue=q", "2 to 10000"),
        (Overrides(array=10_001), "queue=q", "2 to 10000"),
        (Overrides(share="low"), "queue=q", "has no shares"),
        (Overrides({"AWS_BATCH_X": "1"}), "queue=q", "AWS_BATCH"),
        (Overrides(), "share=low", "does not say its queue"),
        (Overrides(vcpus=3), "queue=q", "no 3 vCPUs"),
        (Overrides(vcpus=1), "queue=q", "no 1 vCPUs with 512 MiB"),
        (Overrides(memory=700), "queue=q", "no 0.25 vCPUs with 700 MiB"),
    ],
)
def test_what_aws_would_refuse_is_refused_before(aws, overrides, run, said):
    with pytest.raises(UsageError, match=said):
        submission(job(aws, run), overrides)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [(Overrides(vcpus=0.5), "EC2 has no 0.5 vCPUs"), (Overrides(vcpus=1, memory=2), "4 MiB and more")],
)
def test_ec2_has_its_own_sizes(aws, overrides, said):
    on_ec2 = dataclasses.replace(job(aws), on_ec2=True)
    with pytest.raises(UsageError, match=said):
        submission(on_ec2, overrides)
    assert "containerOverrides" in submission(on_ec2, Overrides(vcpus=3, memory=700))


def test_a_submission_is_never_repeated_blindly(aws):
    run = submit(aws, submission(job(aws), Overrides()))
    assert run in aws.jobs
    assert aws.sent("submit_job")[0]["blind_retry"] is False


def test_variables_of_a_file_and_of_the_line(tmp_path):
    file = tmp_path / "env"
    file.write_text("# words\n\nexport ZIP=48104\nURL=http://x/?a=b \nEMPTY=\n", encoding="utf-8")
    assert read_environment(["ZIP=1", "NEW=a=b"], str(file)) == {
        "ZIP": "1",
        "URL": "http://x/?a=b ",
        "EMPTY": "",
        "NEW": "a=b",
    }


@pytest.mark.parametrize("pair", ["ZIP", "=1", " =1", "A B=1"])
def test_what_is_no_variable_is_told(pair):
    with pytest.raises(UsageError, match="K=V"):
        read_environment([pair])


def test_a_value_is_never_told_in_an_error(tmp_path):
    with pytest.raises(UsageError) as told:
        read_environment(["=hunter2"])
    assert "hunter2" not in str(told.value)
    file = tmp_path / "env"
    file.write_text("KEY=-----BEGIN\nhunter2\n", encoding="utf-8")
    with pytest.raises(UsageError, match=":2: a variable") as told:
        read_environment([], str(file))
    assert "hunter2" not in str(told.value)


def test_files_memory_and_commands(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_environment([], str(tmp_path / "none"))
    assert read_memory("2 GB") == 2048
    assert read_memory(None) is None
    with pytest.raises(UsageError, match="--memory"):
        read_memory("much")
    assert read_command("python -m 'a b'", ()) == ("python", "-m", "a b")
    assert read_command(None, ("a b", "c")) == ("a b", "c")
    with pytest.raises(UsageError, match="both"):
        read_command("a", ("b",))
    with pytest.raises(UsageError, match="--command"):
        read_command("'a", ())
