"""Text from outside: shown, never obeyed; what looks secret is hidden."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scrapectl.views.plain import MASK, clean, clean_line, looks_secret, mask

NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x9b\x9d\x90\x07\x9c[]()PX^_;:?0123mHJK\\\r\n\t\u202e\u2066\u200b\x7f\x85"),
    )
)
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(NASTY)
@example("\x1b\x1b[31m[31mred")
@example("\x9b\x9b31m")
@example("\x1b]8;;https://example.com\x07link\x1b]8;;\x07")
@example("\x1b]0;title")
def test_nothing_that_a_terminal_obeys_is_left(text):
    left = clean(text)
    assert not [c for c in left if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\t\n"]
    assert not BIDI & set(left)
    assert clean(left) == left


@given(NASTY)
def test_one_line_is_one_line(text):
    assert not set("\n\r\t\x0b\x0c\x85\u2028\u2029") & set(clean_line(text))


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_plain_text_stays_as_it_is(text):
    assert clean(text) == text


def test_sequences_go_whole():
    assert clean("a\x1b[1;31mb\x1b[0mc") == "abc"
    assert clean("a\x1b]0;owned\x07b") == "ab"
    assert clean("a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b") == "alinkb"
    assert clean("a\x1bPq#0\x1b\\b") == "ab"
    assert clean("safe \u202eexe.txt") == "safe exe.txt"
    assert clean("new\rold") == "newold"
    assert clean_line("a\r\nb\tc") == "a b c"


@pytest.mark.parametrize(
    "name",
    [
        "DB_PASSWORD",
        "password",
        "NPS_KEY",
        "API_KEY",
        "apiKey",
        "api-key",
        "ACCESS_TOKEN",
        "token",
        "SECRET",
        "client_secret",
        "AUTHORIZATION",
        "AWS_SECRET_ACCESS_KEY",
        "PGPASSWORD",
        "SESSION_COOKIE",
        "db.passwd",
        "token.$",
        "PRIVATE_KEY",
        "GITHUB_TOKEN2",
        "CREDENTIALS",
    ],
)
def test_names_that_look_secret(name):
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "KEY",
        "BUCKET",
        "ZIP",
        "KEYBOARD",
        "MONKEY",
        "BYPASS",
        "PUBLIC_KEY",
        "KEY_PREFIX",
        "S3_KEY",
        "MAX_TOKENS",
        "SECRET_ARN",
        "AUTHOR",
        "TOKENIZER",
        "SITE",
        "PRIMARY_KEY",
        "Key.$",
    ],
)
def test_names_that_do_not(name):
    assert not looks_secret(name)


def test_masking_at_any_depth():
    assert mask({"environment": {"ZIP": "48104", "DB_PASSWORD": "hunter2"}}) == {
        "environment": {"ZIP": "48104", "DB_PASSWORD": MASK}
    }
    assert mask([{"name": "API_KEY", "value": "x"}, {"Name": "ZIP", "Value": "1"}]) == [
        {"name": "API_KEY", "value": MASK},
        {"Name": "ZIP", "Value": "1"},
    ]
    assert mask((("TOKEN", "x"), ("ZIP", "1"))) == (("TOKEN", MASK), ("ZIP", "1"))
    assert mask({"NPS_KEY": "arn:aws:secretsmanager:eu-west-1:1:secret:nps"})["NPS_KEY"].startswith("arn:")
