"""How an entry of the bibliography is written: its BibTeX type and its fields.

What is inside: `article`, `talk` and `book`, and the names of journals that occur more than once.
"""

from __future__ import annotations

__all__ = ["JASA", "NIPS", "SMC", "Reference", "article", "book", "talk"]

JASA = "Journal of the American Statistical Association"
NIPS = "Advances in Neural Information Processing Systems"
SMC = "IEEE Transactions on Systems, Man, and Cybernetics"
Reference = tuple[str, dict[str, str]]


def article(
    author: str, year: str, title: str, journal: str, volume: str, number: str = "", pages: str = ""
) -> Reference:
    said = {"author": author, "title": title, "journal": journal, "volume": volume, "number": number}
    return "article", said | {"pages": pages, "year": year}


def talk(author: str, year: str, title: str, booktitle: str, pages: str = "", volume: str = "") -> Reference:
    said = {"author": author, "title": title, "booktitle": booktitle, "volume": volume}
    return "inproceedings", said | {"pages": pages, "year": year}


def book(author: str, year: str, title: str, publisher: str) -> Reference:
    return "book", {"author": author, "title": title, "publisher": publisher, "year": year}
