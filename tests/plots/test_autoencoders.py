"""Pictures of autoencoders: what is flat looks flat and stands clear of the axis, and a legend covers no curve."""

from __future__ import annotations

import pytest
import torch

from upweight.torch import Collapse
from upweight.torch.iwae import curve


def collapse_of(spread):
    noise = torch.randn(50, 64, generator=torch.Generator().manual_seed(0))
    c = curve(-20 + spread * noise)
    return Collapse(kl=0.01, gain=0.0, curve=c, ess=1.0, k=64, active=0, latent=2)


def test_a_flat_curve_spans_a_nat_and_lies_in_the_middle():
    low, high = collapse_of(0.01).plot().get_ylim()
    assert high - low == pytest.approx(1.0)
    assert (low + high) / 2 == pytest.approx(-20, abs=0.1)


@pytest.mark.parametrize("spread", [0.01, 1.0, 4.0])
def test_the_legend_covers_no_mark_of_the_curve(spread):
    ax = collapse_of(spread).plot()
    ax.figure.canvas.draw()
    box = ax.get_legend().get_window_extent()
    marks = ax.transData.transform(ax.lines[-1].get_xydata())
    assert not any(box.contains(x, y) for x, y in marks)
