"""YAML 1.2: what each word means, where it stands, and that hostile text is refused quickly and at its place."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from scrapectl.errors import Place, SpecError, UsageError
from scrapectl.spec.nodes import Mapping, Scalar, Sequence, kind_of
from scrapectl.spec.yaml import MAX_BYTES, parse, parse_value, read_text


def value_of(text: str) -> Scalar:
    node = parse(f"key: {text}\n", "f").entries["key"]
    assert isinstance(node, Scalar)
    return node


def problem_of(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        parse(text, "f.yaml")
    assert caught.value.exit_code == 4
    assert len(caught.value.problems) == 1
    return str(caught.value.problems[0])


@pytest.mark.parametrize(
    "word", ["on", "off", "yes", "no", "y", "N", "2026-01-01", "1:30", "1_000", "0b1", ".inf", ".nan", "=", "tRue"]
)
def test_words_that_only_yaml_1_1_knows_are_text(word):
    node = value_of(word)
    assert (node.as_bool(), node.as_number(), node.is_null, node.text) == (None, None, False, word)


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("0", 0),
        ("-5", -5),
        ("+5", 5),
        ("02134", 2134),
        ("0o17", 15),
        ("0xff", 255),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("5.", 5.0),
    ],
)
def test_numbers_are_numbers_and_keep_their_text(word, number):
    node = value_of(word)
    assert node.as_number() == number
    assert node.text == word


@pytest.mark.parametrize("word", ["9" * 5000, "1e999", "0x" + "f" * 100])
def test_numbers_beyond_any_use_are_text(word):
    assert value_of(word).as_number() is None


@pytest.mark.parametrize(("word", "value"), [("true", True), ("True", True), ("FALSE", False), ("false", False)])
def test_true_and_false_are_booleans(word, value):
    assert value_of(word).as_bool() is value


@pytest.mark.parametrize("word", ["", "~", "null", "Null", "NULL", "# nothing"])
def test_null_is_null(word):
    assert value_of(word).is_null


@pytest.mark.parametrize("word", ["'5'", '"true"', "!!str null", "! 0.5", "|\n  5"])
def test_quoted_values_are_text(word):
    node = value_of(word)
    assert (node.as_bool(), node.as_number(), node.is_null) == (None, None, False)


def test_places_count_from_one_and_are_those_of_keys_and_values():
    tree = parse("a: 1\nb:\n  c: [x, 'y']\n", "f")
    inner = tree.entries["b"]
    assert isinstance(inner, Mapping)
    items = inner.entries["c"]
    assert isinstance(items, Sequence)
    assert tree.where("b") == Place("f", 2, 1)
    assert inner.where("c") == Place("f", 3, 3)
    assert [item.place.column for item in items.items] == [7, 10]
    assert tree.where("nothing") == Place("f", 1, 1)


def test_an_alias_is_what_its_anchor_is():
    tree = parse("a: &x {b: 1}\nc: *x\n", "f")
    assert tree.entries["c"] == tree.entries["a"]


def test_kinds_are_told_in_words():
    words = [kind_of(parse_value(text, "f")) for text in ("[]", "{}", "", "true", "5", "five")]
    assert words == ["a list", "a map", "nothing", "true or false", "a number", "text"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", 'f.yaml:1:1: the spec is empty. Start with "pipeline: my-name".'),
        ("# only this\n", 'f.yaml:1:1: the spec is empty. Start with "pipeline: my-name".'),
        ("- a\n", 'f.yaml:1:1: the spec is a list. Write a map of keys, starting with "pipeline: my-name".'),
        ("text\n", 'f.yaml:1:1: the spec is a single value. Write a map of keys, starting with "pipeline: my-name".'),
        ("a:\n\tb: 1\n", "f.yaml:2:1: a tab is used for indentation. Use spaces."),
        ("a: 1\nb: 2\na: 3\n", 'f.yaml:3:1: the key "a" stands here twice. The first is in line 1; remove one.'),
        ("a: {b: 1, b: 2}\n", 'f.yaml:1:11: the key "b" stands here twice. The first is in line 1; remove one.'),
        ("a: 1\n---\nb: 1\n", "f.yaml:2:1: a second document starts here. A spec is one document; remove the ---."),
        ("a: &x {}\nb:\n  <<: *x\n", 'f.yaml:3:3: merge keys "<<" are not part of YAML 1.2. Write the keys out.'),
        ("? [a]\n: b\n", "f.yaml:1:3: a key must be plain text. Write name: value."),
        ("a: *x\n", "f.yaml:1:4: the alias *x has no anchor above it."),
        ("a: &x [*x]\n", "f.yaml:1:8: the alias *x stands inside itself."),
        ("a: @b\n", "f.yaml:1:4: a plain value cannot start with @. Put it in quotes."),
        (
            "a: b: c\n",
            (
                "f.yaml:1:5: is not YAML: mapping values are not allowed in this context. "
                'Mend the indentation, or put a value that holds ": " in quotes.'
            ),
        ),
        ("a: \x1b[31m\n", "f.yaml:1:4: holds the control character '\\x1b'. Remove it."),
        (
            "a: !!timestamp 2026-01-01\n",
            "f.yaml:1:4: the tag '!!timestamp' is not allowed. Write the plain value without a tag.",
        ),
    ],
)
def test_problems_say_where_and_what_to_do(text, problem):
    assert problem_of(text) == problem


@pytest.mark.parametrize(
    "tag", ["!!python/object:os.system", "!!python/object/apply:os.system", "!local", "!!binary", "!<tag:x>", "!!int"]
)
def test_no_tag_makes_an_object(tag):
    problem = problem_of(f"a: {tag} [x]\n")
    assert problem.startswith("f.yaml:1:4: the tag ")


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines)


HOSTILE = {
    "alias bomb": bomb(),
    "deep flow lists": "[" * 500_000,
    "deep flow maps": "{a: " * 200_000,
    "deep block": "".join(" " * depth + "a:\n" for depth in range(1400)),
    "many items": "a: [" + "x," * 500_000 + "]",
    "many empty items": "- \n" * 300_000,
    "many keys": "".join(f"k{n}: 1\n" for n in range(80_000)),
    "many anchors": "".join(f"k{n}: &a{n} 1\n" for n in range(55_000)),
    "one long key": "a" * 1_000_000,
    "one long quote": 'a: "' + "x" * 1_000_000,
    "one long comment": "#" * 1_000_000,
    "question marks": "? " * 300_000,
    "colons": ": " * 300_000,
    "block scalars": "a: |\n" * 150_000,
    "control characters": "a: " + "\x07" * 500_000,
    "tags": "a: " + "!x " * 300_000,
}


@pytest.mark.usefixtures("small_heap")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_quickly(name):
    started = time.process_time()
    with pytest.raises(SpecError) as caught:
        parse(HOSTILE[name], "f")
    assert time.process_time() - started < 2
    assert caught.value.problems[0].place is not None
    assert len(str(caught.value)) < 300


def test_all_hostile_text_fits_in_little_memory(tmp_path):
    """Each in one fresh process, one after the other: the high-water mark holds for every one."""
    for number, text in enumerate(HOSTILE.values()):
        (tmp_path / f"{number}.yaml").write_text(text)
    program = (
        "import resource, sys\n"
        "from scrapectl.spec import load_spec\nfrom scrapectl.errors import SpecError\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n        load_spec(path)\n        print('taken', path)\n"
        "    except SpecError:\n        pass\n"
        # Linux counts in ru_maxrss what the process was before exec, which is as large as the tests have grown.
        "if sys.platform == 'linux':\n"
        "    peak = next(int(line.split()[1]) for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"
        "    print(peak >> 10)\n"
        "else:\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20)\n"
    )
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    result = subprocess.run(
        [sys.executable, "-c", program, *paths], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(result.stdout) < 200


def test_a_large_file_is_refused_before_it_is_parsed(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_bytes(b"\xff" * (MAX_BYTES + 1))
    with pytest.raises(SpecError, match="larger than 1 MiB"):
        read_text(path, "big.yaml")


def test_an_endless_file_is_refused():
    with pytest.raises(SpecError, match="larger than 1 MiB"):
        read_text(Path("/dev/zero"), "zero")


@pytest.mark.parametrize(
    ("data", "place"), [(b"a: \xff\n", "f:1:4"), (b"a: 1\n\xc3\xa4: \xfe", "f:2:4"), ("a: 1".encode("utf-16"), "f:1:1")]
)
def test_text_that_is_not_utf_8_is_refused_at_its_place(tmp_path, data, place):
    path = tmp_path / "f"
    path.write_bytes(data)
    with pytest.raises(SpecError, match="is not UTF-8 text") as caught:
        read_text(path, "f")
    assert str(caught.value.problems[0].place) == place


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert list(parse(read_text(path, "f"), "f").entries) == ["a", "b"]


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read_is_wrong_usage(tmp_path, name):
    with pytest.raises(UsageError, match="cannot be read"):
        read_text(tmp_path / name, name)
