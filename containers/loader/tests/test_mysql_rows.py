"""The row that MySQL refuses among a thousand is found; a stand-in refuses it, in the words of MySQL 8."""

import json
from datetime import UTC, datetime
from io import BytesIO

import pymysql
import pytest
from loader import document as documents
from loader.problems import LoadRefused
from loader.refusals import Refusals
from loader.rows import Rows
from loader.sources import Source
from loader.targets.mysql_rows import Insertion
from loader_scene import declared

TOLD = {
    "version": 1, "pipeline": "shop.prod", "loader": "persons", "source": {"bucket": "raw-bucket"},
    "staging": {"bucket": "loads-bucket"}, "format": {"type": "csv", "header": True},
    "columns": declared({"id": "varchar(10) not null", "price": "numeric(10,2)"}),
    "target": {"engine": "mysql", "database": "results", "schema": "public", "table": "persons", "secret": "s",
               "host": "127.0.0.1", "port": 3306},
}  # fmt: skip
BAD = "1234"
DUPLICATE = "Duplicate entry '1234-5.00' for key 'persons.id_price'"


class Refusing:
    """A connection that refuses one row, alone or among others, and knows the columns of one key."""

    def __init__(self, *error):
        self.error, self.rows, self.asked, self._marked = pymysql.err.DataError(*error), [], [], []

    def execute(self, statement, values=()):
        self.asked.append((statement, values))
        if statement.startswith("SAVEPOINT"):
            self._marked = list(self.rows)
        elif statement.startswith("ROLLBACK TO"):
            self.rows = self._marked
        elif statement.startswith("INSERT"):
            self.executemany(statement, [values])

    def executemany(self, _, rows):
        for row in rows:
            if row[0] == BAD:
                raise self.error
            self.rows.append(row)

    def fetchall(self):
        return [("id",), ("price",)]


def insert(cursor):
    document = documents.read(json.dumps(TOLD))
    text = "id,price\n" + "".join(f"{number},5\n" for number in range(2500))
    source = Source(
        "s3://raw-bucket/a.csv", "", "", datetime(2026, 1, 2, tzinfo=UTC), 1, lambda: BytesIO(text.encode())
    )
    insertion = Insertion(cursor, "`t`", document, ("results", "persons"))
    return insertion.insert(source, Rows(document, "mysql", Refusals(None)))


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ((1062, DUPLICATE), f", column id, price: '1234, 5.00': {DUPLICATE}"),
        (
            (1264, "Out of range value for column 'price' at row 7"),
            ", column price: '5.00': Out of range value for column",
        ),
        (
            (1366, "Incorrect decimal value: '5' for column `results`.`persons`.`price` at row 1"),
            ", column price: '5.00': ",
        ),
        (
            (1452, "a foreign key constraint fails (`r`.`t`, CONSTRAINT `c` FOREIGN KEY (`id`) REFERENCES `o` (`id`))"),
            ", column id: '1234': a foreign key constraint fails",
        ),
        ((3819, "Check constraint 'cheap' is violated."), ": Check constraint 'cheap' is violated."),
        ((1406, "Data too long for column 'other' at row 1"), ": Data too long for column 'other'"),
    ],
)
def test_the_row_is_named(error, said):
    cursor = Refusing(*error)
    with pytest.raises(LoadRefused) as refused:
        insert(cursor)
    assert str(refused.value).startswith(f"s3://raw-bucket/a.csv, line 1236{said}")
    assert refused.value.sources == [("s3://raw-bucket/a.csv", "")]
    assert "at row" not in str(refused.value)
    assert [row[0] for row in cursor.rows] == [str(number) for number in range(1234)], "each once, up to it"
    if error[0] == 1062:
        assert cursor.asked[-1][1] == ("results", "persons", "id_price")


def test_what_is_not_a_rows_fault_is_told_as_it_is():
    cursor = Refusing(1213, "Deadlock found when trying to get lock")
    with pytest.raises(pymysql.err.DataError, match="Deadlock"):
        insert(cursor)
    assert not any(statement.startswith("ROLLBACK") for statement, _ in cursor.asked)
