"""Event patterns, by the rules of EventBridge's guide."""

import pytest

from scrapectl.local.flows.pattern import fits, problem

JOB = {
    "source": "aws.batch",
    "detail": {
        "status": "FAILED",
        "jobDefinition": "arn:aws:batch:us-east-1:1:job-definition/shop-collect:3",
        "attempts": [
            {"exitCode": 3, "reason": "Essential container in task exited"},
            {"exitCode": 137, "reason": "OutOfMemoryError: killed"},
        ],
        "size": 4,
        "share": None,
        "empty": [],
        "on": True,
        "price": 12.5,
        "tags": ["a", "bee", "c*d"],
        "address": "10.0.0.7",
    },
}


def detail(**fields):
    return {"detail": fields}


GOOD = {
    "a value": {"source": ["aws.batch"]},
    "one of several": detail(status=["SUCCEEDED", "FAILED"]),
    "every field": {"source": ["aws.batch"], "detail": {"status": ["FAILED"], "size": [4]}},
    "a number": detail(size=[4]),
    "null": detail(share=[None]),
    "truth": detail(on=[True]),
    "an element": detail(tags=["bee"]),
    "prefix": detail(jobDefinition=[{"prefix": "arn:aws:batch:us-east-1:1:job-definition/shop-"}]),
    "prefix, any case": detail(status=[{"prefix": {"equals-ignore-case": "fai"}}]),
    "suffix": detail(jobDefinition=[{"suffix": ":3"}]),
    "suffix, any case": detail(status=[{"suffix": {"equals-ignore-case": "leD"}}]),
    "any case": detail(status=[{"equals-ignore-case": "failed"}]),
    "anything but": detail(status=[{"anything-but": "SUCCEEDED"}]),
    "anything but several": detail(status=[{"anything-but": ["SUCCEEDED", "RUNNING"]}]),
    "anything but a number": detail(size=[{"anything-but": [1, 2]}]),
    "anything but a prefix": detail(status=[{"anything-but": {"prefix": "SUC"}}]),
    "anything but prefixes": detail(status=[{"anything-but": {"prefix": ["SUC", "RUN"]}}]),
    "anything but a suffix": detail(status=[{"anything-but": {"suffix": "x"}}]),
    "anything but any case": detail(status=[{"anything-but": {"equals-ignore-case": ["succeeded"]}}]),
    "anything but a wildcard": detail(status=[{"anything-but": {"wildcard": "S*"}}]),
    "anything but, for one element": detail(tags=[{"anything-but": "a"}]),
    "exists": detail(status=[{"exists": True}]),
    "null exists": detail(share=[{"exists": True}]),
    "does not exist": detail(reason=[{"exists": False}]),
    "does not exist, nor what is above": detail(arrayProperties={"index": [{"exists": False}]}),
    "an empty array does not exist": detail(empty=[{"exists": False}]),
    "exists or has a value": detail(reason=[{"exists": False}, "x"]),
    "numeric": detail(size=[{"numeric": [">", 0, "<=", 4]}]),
    "numeric equality": detail(price=[{"numeric": ["=", 12.5]}]),
    "wildcard": detail(jobDefinition=[{"wildcard": "*job-definition/shop-*:3"}]),
    "an escaped asterisk": detail(tags=[{"wildcard": "c\\*?"}, {"wildcard": "c\\*d"}]),
    "an address": detail(address=[{"cidr": "10.0.0.0/24"}]),
    "or": {"$or": [{"source": ["x"]}, {"detail": {"status": ["FAILED"]}}]},
    "or below, and a field": detail(size=[4], **{"$or": [{"status": ["x"]}, {"on": [True]}]}),
    "within one element": detail(attempts={"exitCode": [137], "reason": [{"prefix": "OutOf"}]}),
}

BAD = {
    "another value": {"source": ["aws.s3"]},
    "one field of two": {"source": ["aws.batch"], "detail": {"status": ["SUCCEEDED"]}},
    "a text is no number": detail(size=["4"]),
    "true is not 1": detail(on=[1]),
    "case": detail(status=["failed"]),
    "absent": detail(reason=["x"]),
    "absent is not null": detail(reason=[None]),
    "anything but": detail(status=[{"anything-but": ["FAILED"]}]),
    "anything but needs a value": detail(reason=[{"anything-but": "x"}]),
    "anything but one of the prefixes": detail(status=[{"anything-but": {"prefix": ["SUC", "FAI"]}}]),
    "exists": detail(reason=[{"exists": True}]),
    "an object does not exist as a leaf": {"detail": [{"exists": True}]},
    "does not exist": detail(status=[{"exists": False}]),
    "numeric, too much": detail(size=[{"numeric": [">", 4]}]),
    "numeric, of a text": detail(status=[{"numeric": [">", 0]}]),
    "numeric, of truth": detail(on=[{"numeric": ["=", 1]}]),
    "a prefix of a number": detail(size=[{"prefix": "4"}]),
    "wildcard must fit the whole": detail(status=[{"wildcard": "FAIL"}]),
    "a question mark is itself": detail(status=[{"wildcard": "FAILE?"}]),
    "an escaped asterisk is itself": detail(tags=[{"wildcard": "b\\*"}]),
    "another network": detail(address=[{"cidr": "10.0.1.0/24"}]),
    "no alternative": {"$or": [{"source": ["x"]}, {"source": ["y"]}]},
    "not within one element": detail(attempts={"exitCode": [3], "reason": [{"prefix": "OutOf"}]}),
}


@pytest.mark.parametrize("case", GOOD)
def test_an_event_fits(case):
    assert fits(GOOD[case], JOB)
    assert problem(GOOD[case]) is None


@pytest.mark.parametrize("case", BAD)
def test_an_event_does_not_fit(case):
    assert not fits(BAD[case], JOB)
    assert problem(BAD[case]) is None


REFUSED = {
    "no pattern": ({}, "Empty patterns"),
    "a bare value": ({"source": "x"}, "must be an object or an array"),
    "an empty list": (detail(status=[]), "Empty arrays"),
    "an unknown operator": (detail(status=[{"like": "x"}]), "Unrecognized match type like"),
    "two operators": (detail(status=[{"prefix": "x", "suffix": "y"}]), "Only one key"),
    "half a range": (detail(size=[{"numeric": [">"]}]), "numeric"),
    "a range of texts": (detail(size=[{"numeric": [">", "1"]}]), "numeric"),
    "exists of a text": (detail(size=[{"exists": "true"}]), "exists"),
    "a prefix of a number": (detail(size=[{"prefix": 1}]), "prefix"),
    "anything but nothing": (detail(size=[{"anything-but": []}]), "anything-but"),
    "anything but what is unknown": (detail(size=[{"anything-but": {"numeric": [">", 1]}}]), "anything-but"),
    "one alternative": ({"$or": [{"source": ["x"]}]}, "at least 2"),
    "deep": ({"$or": [{"a": ["x"]}, {"b": {"c": [{"odd": 1}]}}]}, "Unrecognized match type odd"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_patterns_that_are_refused(case):
    pattern, words = REFUSED[case]
    assert words in problem(pattern)
