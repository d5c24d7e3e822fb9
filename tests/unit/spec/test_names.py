"""Physical names: their parts, how they are cut, and that no two of one service fall together."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapectl.spec import check_text, names

SPEC = """
pipeline: shop
compute_environments:
  fargate:
  spot: {type: fargate-spot}
  x86: {type: ec2}
  other: {type: ec2, instance_types: [m7i, c7i.large]}
  arm: {type: ec2, instance_types: [m7g]}
  spot-arm: {type: ec2-spot, instance_types: [m7g]}
job_queues:
  plain: {compute: [fargate]}
  fair: {compute: [fargate], shares: {a: 1}}
  on-x86: {compute: [x86]}
  fair-on-arm: {compute: [arm], shares: {a: 1}}
databases: {web-rows: {engine: postgres, version: 16}}
topics: {news: }
"""
NAME = st.lists(st.sampled_from(["a", "b2", "collect", "eu-west", "z" * 9]), min_size=1, max_size=5).map("-".join)


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (names.physical_name("ev-sales", None, "rows", limit=80), "ev-sales-rows"),
        (names.physical_name("ev-sales", "prod", "rows", limit=80), "ev-sales-prod-rows"),
        (names.physical_name("ev-sales", None, "rows", "dead", limit=80), "ev-sales-rows_dead"),
        (names.physical_name("ev-sales", None, "rows", "x", limit=80, joint="-"), "ev-sales-rows-x"),
        (names.dead_letter_name("ev-sales", None, "rows"), "ev-sales-rows_dead"),
        (names.dead_letter_name("ev-sales", "prod", None), "ev-sales-prod_dead"),
        (names.dead_letter_name("ev-sales", None, "rows", "fixed"), "fixed_dead"),
        (names.bucket_name("shop", None, "raw", "123456789012", "us-east-1"), "shop-raw-123456789012-us-east-1"),
        (names.role_name("shop", "eu", "a", "job", "us-east-1"), "shop-eu-a_job-us-east-1"),
        (names.schedule_name("collect", "morning"), "collect_morning"),
    ],
)
def test_names_are_made_of_these_parts(made, name):
    assert made == name


def test_a_name_that_is_too_long_ends_in_its_hash():
    whole = "a" * 41
    cut = names.fit(whole, 40)
    assert cut == "a" * 31 + "-" + hashlib.sha256(whole.encode()).hexdigest()[:8]
    assert names.fit("a" * 40, 40) == "a" * 40


def test_a_cut_leaves_no_double_dash():
    assert names.fit("abcdefgh--" + "x" * 20, 19) == "abcdefgh-" + names.fit("abcdefgh--" + "x" * 20, 19)[-8:]


@given(NAME, st.none() | NAME, NAME, st.sampled_from([63, 64, 80, 128]))
def test_a_name_fits_its_service(pipeline, stage, name, limit):
    made = names.physical_name(pipeline, stage, name, "what", limit=limit, suffix="123456789012-us-east-1")
    assert len(made) <= limit
    assert re.fullmatch(r"[a-z][a-z0-9_-]*[a-z0-9]", made)


@given(st.lists(st.tuples(NAME, NAME), min_size=2, max_size=20, unique=True))
def test_schedules_of_one_group_never_share_a_name(pairs):
    assert len({names.schedule_name(job, schedule) for job, schedule in pairs}) == len(pairs)


@pytest.mark.parametrize(
    ("section", "entry", "name"),
    [
        ("compute_environments", "fargate", "shop-fargate-9748"),
        ("compute_environments", "spot", "shop-spot-85b8"),
        ("job_queues", "plain", "shop-plain-60a3"),
        ("job_queues", "fair", "shop-fair-3cbc"),
        ("databases", "web-rows", "shop-web-rows"),
        ("topics", "news", "shop-news"),
    ],
)
def test_what_stands_keeps_its_name(section, entry, name):
    """Another hash would rename, and so replace, what stands in AWS already."""
    assert entry_name_of(section, entry) == name


def test_what_aws_cannot_change_is_in_the_name():
    environments = {entry_name_of("compute_environments", key)[-4:] for key in ("fargate", "x86", "arm", "spot-arm")}
    assert len(environments) == 4
    assert len({entry_name_of("job_queues", key)[-4:] for key in ("plain", "fair", "on-x86", "fair-on-arm")}) == 4
    assert entry_name_of("compute_environments", "x86")[-4:] == entry_name_of("compute_environments", "other")[-4:]


def entry_name_of(section: str, key: str) -> str:
    spec = check_text(SPEC)
    return names.entry_name(("shop", None), section, getattr(spec, section)[key], "123456789012", "us-east-1")


def test_the_longest_bucket_name_fits():
    made = names.bucket_name("p" * 20, "s" * 20, "b" * 40, "123456789012", "ap-southeast-10")
    assert len(made) == 63
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]+[a-z0-9]", made)
