"""Rows as a model sees them: what it encodes, what their keys are, and what log p(x|z) is.

The trouble: scoring, encoding, imputing and training differ in what they do with draws, not in what a row is; and a table, a sparse
matrix of counts and a list of documents differ in what a row is, not in what is done. `ModelRows` is what stands between them.

What is inside: `ModelRows`; `TableRows`, those of a fitted likelihood; `named_rows`, by which a message names the rows that it is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import nn

from ..._errors import InputError
from ..keyed import row_keys, seeded
from ..likelihoods import Density, ObservedRows
from ._layers import OneLayer, State, TwoLayers

__all__ = ["ModelRows", "TableRows", "named_rows", "row_keys_of", "slices"]

TOGETHER = 1024  # rows looked at together where draws do not matter


class ModelRows(Protocol):
    """Rows through a model; a batch is whatever `batch` gives."""

    @property
    def layers(self) -> OneLayer | TwoLayers: ...

    @property
    def device(self) -> torch.device: ...

    def __len__(self) -> int: ...

    @property
    def n_outputs(self) -> int:
        """Numbers that the decoder makes of one draw of a row."""
        ...

    def keys(self, key: int) -> list[int]:
        """One key a row, from its values alone."""
        ...

    def batch(self, rows: slice | torch.Tensor) -> Any: ...

    def state(self, batch: Any) -> State:
        """The encoder's answer."""
        ...

    def log_prob(self, z: torch.Tensor, batch: Any) -> torch.Tensor:
        """log p(x|z) (B, K) of z (B, K, d)."""
        ...

    def empty(self, batch: Any) -> torch.Tensor | None:
        """(B,) bool: rows of which nothing is observed; None: there are none."""
        ...


class TableRows:
    """Rows of a table.

    rows : what the density made of X. network : the fitted one. key : from which grey values are redrawn, a row by its own values; None
        leaves them, for training redraws at every visit. alone : whether encoder and likelihood meet the rows one by one, so that
        not one bit of a row depends on the others (products of other sizes, or from other addresses, round otherwise); the decoder, which takes the time,
        meets them together.
    """

    def __init__(
        self,
        rows: ObservedRows,
        density: Density,
        network: nn.Module,
        *,
        key: int | None,
        alone: bool = False,
    ) -> None:
        self.rows, self.density, self.network, self.alone = rows, density, network, alone
        self.layers: OneLayer | TwoLayers = network.layers  # pyright: ignore[reportAttributeAccessIssue]
        self.device = next(network.parameters()).device
        self._redraw = row_keys_of(rows, key) if key is not None and density.redraws else None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def n_outputs(self) -> int:
        return self.density.n_outputs

    def keys(self, key: int) -> list[int]:
        return row_keys_of(self.rows, key)

    def batch(self, rows: slice | torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """x (B, D) and seen (B, D) or None, on the network's device."""
        x, seen = self.rows.take(rows)
        if self._redraw is not None:
            keys = self._redraw[rows] if isinstance(rows, slice) else [self._redraw[i] for i in rows.tolist()]
            drawn = [self.density.redrawn(x[i : i + 1], seeded(key, "redraw")) for i, key in enumerate(keys)]
            x = torch.cat(drawn) if drawn else x
        return x.to(self.device), None if seen is None else seen.to(self.device)

    def state(self, batch: Any) -> State:
        inputs = self.density.encoder_input(*batch)
        if not self.alone:
            return self.layers.state(inputs)
        mean, log_scale = zip(*(self.layers.state(row.clone()) for row in inputs.split(1)), strict=True)
        return torch.cat(mean), torch.cat(log_scale)

    def outputs(self, z: torch.Tensor) -> torch.Tensor:
        """What the decoder says of z (..., d)."""
        return self.network.decoder(z)  # pyright: ignore[reportCallIssue]

    def log_prob(self, z: torch.Tensor, batch: Any) -> torch.Tensor:
        outputs, own = self.outputs(z), self.network.own
        x, seen = batch
        if not self.alone:
            return self.density.log_prob(outputs, x, seen, own)  # pyright: ignore[reportArgumentType]
        each = (
            self.density.log_prob(outputs[i], x[i].clone(), None if seen is None else seen[i], own)  # pyright: ignore[reportArgumentType]
            for i in (slice(j, j + 1) for j in range(len(x)))
        )
        return torch.cat(list(each))

    def empty(self, batch: Any) -> torch.Tensor | None:
        return None if batch[1] is None else self.density.empty(batch[1])


@contextmanager
def named_rows(name: str) -> Iterator[None]:
    """Whatever is wrong with rows that are not `X` is said of them by name."""
    try:
        yield
    except InputError as error:
        said = str(error).replace("`X`", f"`{name}`")
        raise InputError(said if f"`{name}`" in said else f"`{name}`: {said}") from error


def row_keys_of(rows: ObservedRows, key: int) -> list[int]:
    """One key a row, some rows at a time."""
    found: list[int] = []
    for part in slices(len(rows), TOGETHER):
        x, seen = rows.take(part)
        found += row_keys(key, x.numpy(), *(() if seen is None else (seen.numpy(),)))
    return found


def slices(n: int, together: int) -> Iterator[slice]:
    """0 .. n in parts of at most `together` rows."""
    return (slice(start, min(n, start + together)) for start in range(0, n, together))
