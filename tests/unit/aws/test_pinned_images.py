"""Tags of ECR images that jobs name by URI become digests; a tag that moves shows in the plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from scrapectl.errors import SpecError
from scrapectl.operate.images import push_image
from scrapectl.spec.model import Spec
from tests.account import ACCOUNT, REGION, Account, done, spec_of

HEAD = f"version: 1\npipeline: shop\nregion: {REGION}\n"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@pytest.fixture
def tools(account: Account, tmp_path: Path) -> Path:
    """A repository of someone else's, with the folder that its images are made of."""
    account.client("ecr").create_repository(repositoryName="team/tools")
    folder = tmp_path / "tools"
    folder.mkdir()
    return folder


def push(account: Account, folder: Path, tag: str, content: str) -> str:
    (folder / "Dockerfile").write_text(f"FROM scratch\n# {content}\n")
    return push_image(account.session(), f"{REGISTRY}/team/tools", folder, tag)


def jobs(**images: str) -> Spec:
    return spec_of(HEAD + "jobs:\n" + "".join(f"  {name}: {{image: '{uri}'}}\n" for name, uri in images.items()))


def image_of(account: Account, name: str) -> str:
    found = account.client("batch").describe_job_definitions(jobDefinitionName=name, status="ACTIVE")
    return str(found["jobDefinitions"][-1]["containerProperties"]["image"])


def test_definitions_name_digests_and_each_repository_is_asked_once(account: Account, tools: Path) -> None:
    one, two = push(account, tools, "one", "1"), push(account, tools, "latest", "2")
    spec = jobs(a=f"{REGISTRY}/team/tools:one", b=f"{REGISTRY}/team/tools", c=f"{REGISTRY}/team/tools:one", d="x/y:1")
    planned = account.plan(spec)
    assert len(account.sent.of("DescribeImages")) == 1

    done(account.carry_out(planned, account.aws_of(spec)))
    assert image_of(account, "shop-a") == f"{REGISTRY}/team/tools@{one}"
    assert image_of(account, "shop-b") == f"{REGISTRY}/team/tools@{two}"
    assert image_of(account, "shop-c") == f"{REGISTRY}/team/tools@{one}"
    assert image_of(account, "shop-d") == "x/y:1"
    assert account.plan(spec).plan.changes == ()


def test_a_moved_tag_is_an_update_with_a_note(account: Account, tools: Path) -> None:
    push(account, tools, "stable", "1")
    spec = jobs(a=f"{REGISTRY}/team/tools:stable")
    account.put(spec)
    moved = push(account, tools, "stable", "2")

    (change,) = account.plan(spec).plan.changes
    assert [field.name for field in change.fields] == ["image"]
    assert change.fields[0].after == f"{REGISTRY}/team/tools@{moved}"
    told = 'the tag "stable" of team/tools names another image than the last apply found: it was moved, or pushed again'
    assert change.notes == (told,)
    account.put(spec)
    assert account.plan(spec).plan.changes == ()


def test_our_own_tag_that_somebody_moved_shows(account: Account, tmp_path: Path) -> None:
    (tmp_path / "scraper").mkdir()
    (tmp_path / "scraper" / "Dockerfile").write_text("FROM scratch\n")
    text = HEAD + "images: {scraper: {build: ./scraper}}\njobs: {a: {image: scraper}}\n"
    account.put(spec_of(text, tmp_path))
    repository = account.client("ecr").describe_images(repositoryName="shop-scraper")["imageDetails"][0]
    other = tmp_path / "other"
    other.mkdir()
    (other / "Dockerfile").write_text("FROM scratch\nENV A=1\n")
    moved = push_image(account.session(), f"{REGISTRY}/shop-scraper", other, repository["imageTags"][0])

    (change,) = account.plan(spec_of(text, tmp_path)).plan.changes
    assert change.address == "batch_job_definition.shop-a"
    assert change.fields[0].after == f"{REGISTRY}/shop-scraper@{moved}"
    assert f'the tag "{repository["imageTags"][0]}" of shop-scraper names another image' in change.notes[0]


def test_a_new_folder_and_a_new_repository_are_no_moved_tag(account: Account, tools: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scraper"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    text = HEAD + "images: {scraper: {build: ./scraper}}\njobs: {a: {image: scraper}}\n"
    account.put(spec_of(text, tmp_path))
    (folder / "Dockerfile").write_text("FROM scratch\nENV A=1\n")
    assert not any(change.notes for change in account.plan(spec_of(text, tmp_path)).plan.changes)

    push(account, tools, "one", "1")
    there = text.replace("{image: scraper}", f"{{image: '{REGISTRY}/team/tools:one'}}")
    assert not any(change.notes for change in account.plan(spec_of(there, tmp_path)).plan.changes)


def test_what_is_not_there_is_told_at_its_place_each(account: Account, tools: Path) -> None:
    push(account, tools, "one", "1")
    theirs = f"222222222222.dkr.ecr.{REGION}.amazonaws.com/tools:one"
    with pytest.raises(SpecError) as raised:
        account.plan(
            jobs(a=f"{REGISTRY}/team/tools:one", b=f"{REGISTRY}/team/tools:two", c=f"{REGISTRY}/none:1", d=theirs)
        )
    assert [(problem.path, problem.place.line) for problem in raised.value.problems if problem.place] == [
        ("jobs.b.image", 6),
        ("jobs.c.image", 7),
        ("jobs.d.image", 8),
    ]
    assert raised.value.problems[0].message == f"the image {REGISTRY}/team/tools:two is not there."


def test_what_cannot_be_asked_is_taken_as_written(account: Account) -> None:
    elsewhere = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/team/tools:one"
    by_digest = f"{REGISTRY}/team/none@sha256:{'0' * 64}"
    spec = jobs(a=elsewhere, b=by_digest, c="public.ecr.aws/x/y:1")
    account.put(spec)
    assert image_of(account, "shop-a") == elsewhere
    assert image_of(account, "shop-b") == by_digest
    assert image_of(account, "shop-c") == "public.ecr.aws/x/y:1"
    assert not account.sent.of("DescribeImages")


def test_more_tags_of_one_repository_than_a_call_takes(account: Account, tools: Path) -> None:
    push(account, tools, "t-0", "1")
    ecr = account.client("ecr")
    manifest = ecr.batch_get_image(repositoryName="team/tools", imageIds=[{"imageTag": "t-0"}])["images"][0]
    names = [f"t-{number}" for number in range(101)]
    for name in names[1:]:
        ecr.put_image(repositoryName="team/tools", imageManifest=manifest["imageManifest"], imageTag=name)
    spec = jobs(**{f"j-{number}": f"{REGISTRY}/team/tools:{name}" for number, name in enumerate(names)})
    planned = account.plan(spec)
    assert sorted(len(each["imageIds"]) for each in account.sent.of("DescribeImages")) == [1, 100]
    made = [change for change in planned.plan.changes if change.kind == "batch_job_definition"]
    assert {change.desired.resource.image for change in made} == {  # type: ignore[union-attr]
        f"{REGISTRY}/team/tools@{manifest['imageId']['imageDigest']}"
    }
