"""The picture of a pipeline: what is drawn, who points at whom, and that Mermaid obeys nothing that stands in it."""

from __future__ import annotations

from scrapectl.spec import check_text
from scrapectl.views.flowchart import escaped, flowchart, graph_document
from scrapectl.views.graph import graph

SPEC = """
version: 1
pipeline: shop
region: eu-west-1
buckets: {raw: {}}
message_queues: {rows: {}}
topics: {team: {email: [a@example.org], queues: [rows]}}
filesystems: {work: {paths: {data: {}}}}
alerts: {to: team}
jobs:
  collect:
    image: python:3
    access: {read: [raw/in/], send: [rows]}
    mounts: {/mnt/files: work/data}
    schedules: {morning: {cron: "0 6 * * ? *"}, often: {rate: 90m}}
workflows:
  process:
    steps:
      - copy: {from: raw/in/, to: work/data/in}
      - parallel:
          - [{run: collect}]
          - [{wait: 1m}, {run: {job: collect, environment: {A: b}}}]
triggers:
  upload: {on: {upload: raw/in/, suffix: .csv}, start: {workflow: process}}
"""


def edges():
    return {(edge.source, edge.target, edge.label) for edge in graph(check_text(SPEC)).edges}


def test_schedules_come_first_and_every_thing_once():
    found = graph(check_text(SPEC))
    assert list(found.nodes) == [
        "jobs.collect.schedules.morning",
        "jobs.collect.schedules.often",
        *("triggers.upload", "jobs.collect", "workflows.process", "buckets.raw", "filesystems.work"),
        *("message_queues.rows", "topics.team"),
    ]
    assert found.nodes["jobs.collect.schedules.often"].label == "often: every 90m"


def test_arrows_say_who_starts_reads_and_reaches_whom():
    assert edges() == {
        ("jobs.collect.schedules.morning", "jobs.collect", ""),
        ("jobs.collect.schedules.often", "jobs.collect", ""),
        ("buckets.raw", "jobs.collect", "read in/"),
        ("jobs.collect", "message_queues.rows", "send"),
        ("jobs.collect", "topics.team", "on failure"),
        ("workflows.process", "topics.team", "on failure"),
        ("jobs.collect", "filesystems.work", "/mnt/files"),
        ("buckets.raw", "workflows.process", "1 copy from raw/in/"),
        ("workflows.process", "filesystems.work", "1 copy to work/data/in"),
        ("workflows.process", "jobs.collect", "2.1.1 run"),
        ("workflows.process", "jobs.collect", "2.2.2 run"),
        ("buckets.raw", "triggers.upload", "upload in/*.csv"),
        ("triggers.upload", "workflows.process", "start"),
        ("topics.team", "message_queues.rows", ""),
    }


def test_every_arrow_joins_two_nodes_of_the_flowchart():
    found = graph(check_text(SPEC))
    lines = flowchart(found).splitlines()
    assert lines[0] == "flowchart LR"
    assert lines[1] == '    n1(["schedule<br/>morning: 0 6 * * ? *"])'
    assert '    n6 -->|"read in/"| n4' in lines
    assert len(lines) == 1 + len(found.nodes) + len(found.edges)
    document = graph_document(found)
    assert document["nodes"][0]["section"] == "schedules"
    assert {"from": "triggers.upload", "to": "workflows.process", "label": "start"} in document["edges"]


def test_text_from_outside_is_shown_and_never_obeyed():
    assert escaped('a"] --> b') == "a#34;#93; --#62; b"
    assert escaped("<script>|#;`\n%%{init}") == "#60;script#62;#124;#35;#59;#96; #37;#37;#123;init#125;"
    assert escaped("\x1b[31mred\u202e") == "red"
    assert escaped("in/é_1-*") == "in/é_1-*"
