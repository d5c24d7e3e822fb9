"""Requests as text: what AWS or the spec says is shown, and no terminal obeys it."""

from scrapectl.aws.rehearsal import Request
from scrapectl.pipeline import Rehearsed
from scrapectl.views.requests import requests_document, requests_lines

NASTY = "two  words\n\x9b31m\u202e\x1b[2J\ud800"


def test_a_value_is_shown_as_it_is_but_for_what_a_terminal_obeys():
    rehearsed = Rehearsed((("a.b", Request("sns", "Publish", {"Message": NASTY}, {})),), ())
    assert requests_document(rehearsed)["calls"][0]["params"] == {"Message": NASTY}
    assert [line.text for line in requests_lines(rehearsed)][2] == '        Message: "two  words\\n\\u001b[2J"'
