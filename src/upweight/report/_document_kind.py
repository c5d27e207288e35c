"""What kind of document a page is made of: its schema, and how it is written again.

Every page walks its document key by key before it draws; what fails is named, with what stood in its place and the command that writes
this kind of document, not another.

What is inside: `DocumentKind`; `Rule`, whether a value is lawful, and what would be; `short`, a value in a message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .._errors import InputError

__all__ = ["OBJECT", "DocumentKind", "Rule", "short"]

Rule = tuple[Callable[[Any], bool], str]
OBJECT: Rule = (lambda value: isinstance(value, dict), "an object")


@dataclass(frozen=True)
class DocumentKind:
    """schema : "upweight.compare/1". remedy : the sentence that ends every error."""

    schema: str
    remedy: str

    def keys(self, found: dict[str, Any], rules: dict[str, Rule], path: str = "") -> None:
        """InputError naming the first key that is absent or of the wrong kind; path : what stands before it, "data."."""
        for key, rule in rules.items():
            if key not in found:
                raise InputError(f"`{path}{key}` is missing; an {self.schema} document has it. {self.remedy}")
            self.value(found[key], rule, f"{path}{key}")

    def value(self, value: Any, rule: Rule, path: str) -> None:
        """InputError for one value of the wrong kind."""
        holds, wanted = rule
        if not holds(value):
            raise InputError(f"`{path}` must be {wanted}; got {short(value)}. {self.remedy}")

    def items(self, values: Iterable[Any], rule: Rule, path: str) -> None:
        """InputError for the first item of the wrong kind."""
        for i, value in enumerate(values):
            self.value(value, rule, f"{path}[{i}]")

    def objects(self, values: Iterable[Any], rules: dict[str, Rule], path: str) -> None:
        """InputError for the first item that is no object, or that lacks a key."""
        for i, value in enumerate(values):
            self.value(value, OBJECT, f"{path}[{i}]")
            self.keys(value, rules, f"{path}[{i}].")


def short(value: Any) -> str:
    """A value on one line, for terminals: no control characters from the document."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
