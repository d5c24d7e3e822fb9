"""Loads into a real PostgreSQL: once, whole or not at all, in each mode."""

from decimal import Decimal


def test_a_file_is_loaded_once(scene):
    scene.put("out/a.csv", [("1", "a@x", "1.50"), ("2", "", "2")])
    record = scene.load(key="out/a.csv")
    assert (record.state, record.rows, record.refused) == ("loaded", 2, 0)
    assert scene.rows() == [("1", "a@x", Decimal("1.50")), ("2", None, Decimal("2.00"))]
    assert scene.load("run-2", key="out/a.csv").state == "skipped"
    assert scene.load("run-3").reason == "nothing new"
    assert scene.load("run-1", key="out/a.csv").state == "loaded"
    assert len(scene.rows()) == 2
    assert list(scene.ledger().values()) == [2]
    assert [record["state"] for record in scene.records()] == ["loaded", "skipped", "loaded"]
