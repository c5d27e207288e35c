"""The nearest rows of each row, exactly."""

from ._bounds import Pool, Queries, Screen
from ._brackets import Bracket, bracket, floors, mutual_brackets
from ._categorical import donors_of, kinds_of, nearest_by_tables, value_tables, vdm
from ._copies import copies_of
from ._distances import Space, typical_spread
from ._kdtree import few_dimensions
from ._lists import SPARE, Lists
from ._neighbours import Neighbours, lists_from, neighbours, typed
from ._points import Points, points, series_numbers
from ._search import ACROSS, TILE, minima, nearest, nearest_ties, pairs_within, screen_of, tiles, with_ties
from ._trees import company

__all__ = [
    "ACROSS",
    "SPARE",
    "TILE",
    "Bracket",
    "Lists",
    "Neighbours",
    "Points",
    "Pool",
    "Queries",
    "Screen",
    "Space",
    "bracket",
    "company",
    "copies_of",
    "donors_of",
    "few_dimensions",
    "floors",
    "kinds_of",
    "lists_from",
    "minima",
    "mutual_brackets",
    "nearest",
    "nearest_by_tables",
    "nearest_ties",
    "neighbours",
    "pairs_within",
    "points",
    "screen_of",
    "series_numbers",
    "tiles",
    "typed",
    "typical_spread",
    "value_tables",
    "vdm",
    "with_ties",
]
