"""`doctor`: each check in text and JSON, and exit 1 when something fails."""

from __future__ import annotations

import pytest

SPEC = "version: 1\npipeline: doctored\nregion: us-east-1\njobs: {collect: {image: 'python:3'}}\n"


def checks(answer):
    return {check["name"]: check for check in answer.json["checks"]}


@pytest.mark.usefixtures("cloud")
def test_a_healthy_machine(spec, scrapectl):
    spec(SPEC)
    answer = scrapectl("doctor", "--output", "json")
    found = checks(answer)
    assert set(found) == {
        "versions", "spec", "container engine", "embedded cloud", "databases", "credentials", "region", "permissions",
    }  # fmt: skip
    assert {found[name]["health"] for name in ("versions", "spec", "credentials", "region", "permissions")} == {"ok"}
    assert (answer.code, answer.json["healthy"]) == (0, True)
    text = scrapectl("doctor")
    assert text.code == 0
    assert "  ok  spec: pipeline.yaml is valid: pipeline doctored\n" in text.out
    assert "  ok  region: us-east-1, account 123456789012 (embedded)\n" in text.out


@pytest.mark.usefixtures("cloud")
def test_without_a_spec_nothing_is_said_of_permissions(scrapectl):
    found = checks(scrapectl("doctor", "--region", "us-east-1", "--output", "json"))
    assert "permissions" not in found
    assert found["spec"]["text"].startswith("none here")
    assert checks(scrapectl("doctor", "none.yaml", "--output", "json"))["spec"]["health"] == "fail"


def test_what_fails_is_told_with_what_to_do_and_the_rest_is_still_looked_at(spec, scrapectl, monkeypatch, tmp_path):
    monkeypatch.setenv("SCRAPECTL_LOCAL_DIR", str(tmp_path / "cloud"))
    (tmp_path / "cloud").mkdir(mode=0o700)
    spec(SPEC.replace("image:", "imge:"))
    answer = scrapectl("doctor", "--output", "json")
    assert answer.code == 1
    found = checks(answer)
    assert (found["spec"]["health"], found["spec"]["text"][:15]) == ("fail", "pipeline.yaml:4")
    assert found["spec"]["text"].endswith(" (1 problem more)")
    assert (found["credentials"]["health"], found["credentials"]["text"]) == ("fail", "No region is set.")
    assert found["embedded cloud"]["text"] == "does not run; --local starts it"
    text = scrapectl("doctor")
    assert text.code == 1
    assert (
        "fail  credentials: No region is set.\n      Write region: in the spec, or give --region or AWS_REGION.\n"
        in text.out
    )
