"""`graph` prints the pipeline, or one workflow's states, without AWS."""

from __future__ import annotations

SPEC = """
    version: 1
    pipeline: shop
    jobs: {collect: {image: python:3}}
    workflows:
      process: {steps: [{run: collect}, {wait: 1m}]}
      own: {definition: own.asl.json}
"""
OWN = '{"StartAt": "A b", "States": {"A b": {"Type": "Succeed"}}}'


def test_the_pipeline_and_one_workflow(scrapectl, spec, tmp_path):
    spec(SPEC)
    (tmp_path / "own.asl.json").write_text(OWN)
    answer = scrapectl("graph")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith('flowchart LR\n    n1["job<br/>collect"]\n')
    assert '    n2 -->|"1 run"| n1\n' in answer.out
    states = scrapectl("graph", "--workflow", "process").out
    assert states.startswith("stateDiagram-v2\n")
    assert 'state "run collect" as s1' in states
    assert 'state "A b" as s1' in scrapectl("graph", "--workflow", "own").out


def test_the_form_of_the_document(scrapectl, spec, tmp_path):
    spec(SPEC)
    (tmp_path / "own.asl.json").write_text(OWN)
    document = scrapectl("graph", "--output", "json").json
    assert set(document) == {"pipeline", "stage", "mermaid", "nodes", "edges"}
    assert (document["pipeline"], document["stage"]) == ("shop", None)
    assert {"origin": "workflows.process", "section": "workflows", "label": "process"} in document["nodes"]
    own = scrapectl("graph", "--workflow", "own", "--output", "json").json
    assert (own["workflow"], own["states"]) == ("own", ["A b"])


def test_an_unknown_workflow_is_64(scrapectl, spec, tmp_path):
    spec(SPEC)
    (tmp_path / "own.asl.json").write_text(OWN)
    answer = scrapectl("graph", "--workflow", "proces")
    assert (answer.code, answer.out) == (64, "")
    assert answer.err.splitlines() == ['There is no workflow "proces".', 'Did you mean "process"?']
