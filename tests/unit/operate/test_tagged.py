"""Functions and machines are found by the services' lists and the tags: late tags, neighbours, own things."""

from __future__ import annotations

from scrapectl.operate.runnables import find_runnables


def names(aws, owner="shop"):
    return {name: thing.kind for name, thing in find_runnables(aws, owner).things.items()}


def test_jobs_functions_and_workflows_have_one_set_of_names(aws):
    aws.define("shop-collect")
    aws.function("shop-publish")
    aws.machine("shop-process")
    assert names(aws) == {"collect": "job", "process": "workflow", "publish": "function"}
    assert [name for name, _ in aws.calls] == [
        "describe_job_definitions", "list_functions", "list_state_machines", "get_resources",
        "describe_auto_scaling_groups",
    ]  # fmt: skip
    (asked,) = aws.sent("get_resources")
    assert asked["TagFilters"] == [{"Key": "scrapectl:pipeline", "Values": ["shop"]}]
    assert asked["ResourceTypeFilters"] == ["lambda:function", "states:stateMachine"]


def test_what_the_tagging_api_does_not_know_yet_is_asked_for_its_tags(aws):
    aws.function("shop-publish")
    aws.machine("shop-process")
    aws.function("other-thing", "other")
    aws.tagged.clear()
    assert names(aws) == {"process": "workflow", "publish": "function"}
    assert len(aws.sent("list_tags")) == 1  # not of what bears another's name


def test_what_the_tagging_api_still_names_and_is_gone_is_no_more(aws):
    aws.function("shop-publish")
    aws.functions.clear()
    assert names(aws) == {}


def test_neighbours_and_what_belongs_to_the_instance_as_a_whole_are_left_out(aws):
    aws.function("shop-eu-publish", "shop.eu")
    aws.function("shop_starter")
    aws.function("shop_notifier")
    aws.machine("shop-in_start")
    aws.function("by-hand")
    aws.tagged.pop()
    assert names(aws) == {}
    assert names(aws, "shop.eu") == {"publish": "function"}


def test_a_fixed_name_is_known_by_its_address(aws):
    aws.function("Fixed")
    aws.tagged[0]["Tags"][1]["Value"] = "lambda_function.shop-publish"
    assert find_runnables(aws, "shop").things["publish"].physical == "Fixed"
