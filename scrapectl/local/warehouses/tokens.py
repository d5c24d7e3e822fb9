"""SQL text → its tokens, so that what stands in quotes is never taken for a word; and parameters → literals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from scrapectl.local.warehouses.problems import StatementFailed

Kind: TypeAlias = Literal["word", "name", "text", "number", "sign", "parameter"]

_PATTERN = re.compile(
    r"""
    (?P<skip>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<text>'(?:[^']|'')*')
  | (?P<name>"(?:[^"]|"")*")
  | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
  | (?P<word>[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*)
  | (?P<parameter>(?<!:):[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>::|<>|<=|>=|!=|\|\||[^\w\s])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """One token; words and names are in small letters, as Redshift folds them, names without their quotes."""

    kind: Kind
    text: str

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these words, not in quotes."""
        return self.kind == "word" and self.text in words

    def is_sign(self, sign: str) -> bool:
        """Whether it is this sign."""
        return self.kind == "sign" and self.text == sign

    def __str__(self) -> str:
        return quoted(self.text) if self.kind == "name" else self.text


def tokens_of(sql: str) -> list[Token]:
    """Take a statement apart.

    Raises:
        StatementFailed: Something in it begins and does not end.
    """
    found: list[Token] = []
    for match in _PATTERN.finditer(sql.strip().rstrip(";")):
        kind, text = str(match.lastgroup), match[0]
        if kind == "skip":
            continue
        if kind == "sign" and text in "'\"":
            raise StatementFailed(
                f'unterminated quoted {"string" if text == chr(39) else "identifier"} at or near "{text}"'
            )
        if kind == "name":
            text = text[1:-1].replace('""', '"').lower()
        found.append(Token(kind, text.lower() if kind == "word" else text))  # type: ignore[arg-type]
    return found


def bound(tokens: Sequence[Token], values: Mapping[str, str]) -> list[Token]:
    """Put each parameter's value in its place, as a literal: nothing in it is ever read as SQL.

    Raises:
        StatementFailed: A parameter has no value.
    """
    found = []
    for token in tokens:
        if token.kind != "parameter":
            found.append(token)
        elif token.text[1:] not in values:
            raise StatementFailed(f'syntax error at or near "{token.text[:1]}"')
        else:
            found.append(Token("text", literal(values[token.text[1:]])))
    return found


def sql_of(tokens: Sequence[Token]) -> str:
    """Write tokens as SQL again."""
    return " ".join(map(str, tokens))


def literal(text: str) -> str:
    """Write a text as SQL does."""
    return "'" + text.replace("'", "''") + "'"


def plain(token: Token) -> str:
    """Give what stands in a literal."""
    return token.text[1:-1].replace("''", "'") if token.kind == "text" else token.text


def quoted(name: str) -> str:
    """Write a name as SQL does."""
    return '"' + name.replace('"', '""') + '"'


class Reader:
    """Reads tokens one after the other."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = list(tokens)
        self.at = 0

    @property
    def rest(self) -> list[Token]:
        """What was not read yet."""
        return self.tokens[self.at :]

    def next(self) -> Token:
        """Read one.

        Raises:
            StatementFailed: There is none.
        """
        if self.at >= len(self.tokens):
            raise StatementFailed("syntax error at end of input")
        self.at += 1
        return self.tokens[self.at - 1]

    def takes(self, *words: str) -> bool:
        """Read these words, when they come next."""
        coming = self.tokens[self.at : self.at + len(words)]
        if len(coming) == len(words) and all(token.is_word(word) for token, word in zip(coming, words, strict=True)):
            self.at += len(words)
            return True
        return False

    def takes_sign(self, sign: str) -> bool:
        """Read this sign, when it comes next."""
        if self.at < len(self.tokens) and self.tokens[self.at].is_sign(sign):
            self.at += 1
            return True
        return False

    def wants(self, *words: str) -> None:
        """Read these words.

        Raises:
            StatementFailed: Something else comes.
        """
        if not self.takes(*words):
            raise self.wrong()

    def wrong(self) -> StatementFailed:
        """Say where it cannot be read on."""
        rest = self.rest
        return StatementFailed(f'syntax error at or near "{rest[0].text}"' if rest else "syntax error at end of input")

    def table(self) -> tuple[str, str]:
        """Read a table's name: its schema ("" when none is written) and itself."""
        first = self.next()
        if first.kind not in ("word", "name"):
            self.at -= 1
            raise self.wrong()
        return (first.text, self.next().text) if self.takes_sign(".") else ("", first.text)

    def parenthesis(self) -> list[Token]:
        """Read from an opening parenthesis to the one that closes it, and give what stands inside."""
        if not self.takes_sign("("):
            raise self.wrong()
        depth, found = 1, list[Token]()
        while True:
            token = self.next()
            depth += token.is_sign("(") - token.is_sign(")")
            if depth == 0:
                return found
            found.append(token)


def parted(tokens: Sequence[Token]) -> list[list[Token]]:
    """Part tokens at the commas that stand in no parenthesis."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += token.is_sign("(") - token.is_sign(")")
        if token.is_sign(",") and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]
