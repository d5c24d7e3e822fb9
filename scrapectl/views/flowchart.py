"""Turns a graph into a flowchart in Mermaid's words, in which nothing that stands on it is obeyed."""

from __future__ import annotations

from typing import Any

from scrapectl.views.graph import Graph, Node
from scrapectl.views.plain import clean_line

_SHAPES = {
    "schedules": ("([", "])"),
    "triggers": (">", "]"),
    "jobs": ("[", "]"),
    "functions": ("[", "]"),
    "hosts": ("[", "]"),
    "loaders": ("[/", "\\]"),
    "workflows": ("[[", "]]"),
    "buckets": ("[(", ")]"),
    "filesystems": ("[(", ")]"),
    "databases": ("[(", ")]"),
    "warehouses": ("[(", ")]"),
    "message_queues": ("[/", "/]"),
    "topics": ("{{", "}}"),
    "desktops": ("[", "]"),
}
_WORDS = {
    "schedules": "schedule",
    "triggers": "trigger",
    "jobs": "job",
    "functions": "function",
    "hosts": "host",
    "loaders": "loader",
    "workflows": "workflow",
    "buckets": "bucket",
    "filesystems": "file system",
    "databases": "database",
    "warehouses": "warehouse",
    "message_queues": "queue",
    "topics": "topic",
    "desktops": "desktops",
}


def flowchart(graph: Graph) -> str:
    """Draw a graph, from left to right.

    Returns:
        The text of a diagram, which ends in a line break.
    """
    ids = {origin: f"n{number}" for number, origin in enumerate(graph.nodes, 1)}
    lines = ["flowchart LR"]
    lines += [f"    {ids[origin]}{_shape(node)}" for origin, node in graph.nodes.items()]
    for edge in graph.edges:
        label = f'|"{escaped(edge.label)}"|' if edge.label else ""
        lines.append(f"    {ids[edge.source]} -->{label} {ids[edge.target]}")
    return "\n".join(lines) + "\n"


def graph_document(graph: Graph) -> dict[str, Any]:
    """The form of a graph, beside its diagram."""
    return {
        "nodes": [
            {"origin": node.origin, "section": node.section, "label": node.label} for node in graph.nodes.values()
        ],
        "edges": [{"from": edge.source, "to": edge.target, "label": edge.label} for edge in graph.edges],
    }


def escaped(text: str) -> str:
    """Text that Mermaid shows as it is: whatever it could read as its own, or as HTML, is told by its number.

    Mermaid takes `#35;` for a character ("Entity codes to escape characters", its documentation of flowcharts).
    """
    return "".join(char if char.isalnum() or char in _PLAIN else f"#{ord(char)};" for char in clean_line(text))


_PLAIN = " .,:/_-*?"


def _shape(node: Node) -> str:
    before, after = _SHAPES[node.section]
    return f'{before}"{_WORDS[node.section]}<br/>{escaped(node.label)}"{after}'
