"""Density ratios and raking as other libraries do them, and an invariant that shows who is right.

None of them is among the tools of development (each wants versions of its own): tried where somebody has it, skipped, saying so, where not.
Seen with densratio 0.4.0, skada 0.6.0 and adapt 0.4.5 on TensorFlow 2.21 (NumPy 2.4.6, scikit-learn 1.9.1), balance 0.23.0 (NumPy 1.26).
"""

import importlib
import importlib.util
import re
import warnings

import numpy as np
import pandas as pd
import pytest

import upweight.shift as sh
from upweight.shift.solvers import best_mixture, gaussian, leave_one_out


def peer(name):
    """A library, or a skip that says what is missing."""
    if importlib.util.find_spec(name.split(".")[0]) is None:
        pytest.skip(f"{name} is not here: it is not among the tools of development")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def brute(P, Q, alpha, ridge):
    """Leave-one-out, one fit for every pair left out."""
    scores = []
    for i in range(min(len(P), len(Q))):
        p, q = np.delete(P, i, axis=0), np.delete(Q, i, axis=0)
        H = (1 - alpha) * p.T @ p / len(p) + alpha * q.T @ q / len(q) + ridge * np.eye(P.shape[1])
        a = np.maximum(0, np.linalg.solve(H, q.mean(axis=0)))
        scores.append((1 - alpha) / 2 * (P[i] @ a) ** 2 + alpha / 2 * (Q[i] @ a) ** 2 - Q[i] @ a)
    return float(np.mean(scores))


def test_skadas_discriminator_weights_are_upside_down():
    skada = peer("skada")
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(1000, 1)), rng.normal(1, 1, (1000, 1))
    X, domain = np.concatenate([source, target]), np.repeat([1, -1], 1000)
    adapter = skada.DiscriminatorReweightAdapter().fit(X, sample_domain=domain)
    theirs = adapter.compute_weights(X, sample_domain=domain)[:1000]
    ours = sh.density_ratio(source, target, rng=0).weights
    truth = source[:, 0] - 0.5
    assert np.corrcoef(np.log(theirs), truth)[0, 1] < -0.99
    assert np.average(source[:, 0], weights=theirs) < -0.5
    assert np.corrcoef(ours.log_w, truth)[0, 1] > 0.99
    assert np.average(source[:, 0], weights=ours) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_densratios_leave_one_out_is_not_one(alpha, capsys):
    peer("densratio")
    search = importlib.import_module("densratio.RuLSIF").search_sigma_and_lambda
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(60, 1)), rng.normal(0.5, 1, (60, 1))
    centres, ridges = target[:15], (0.01, 0.1)
    search(target, source, alpha, centres, [0.5], list(ridges), verbose=True)
    theirs = [float(x) for x in re.findall(r"score = (\S+)", capsys.readouterr().out)]
    P, Q = gaussian(source, centres, 0.5), gaussian(target, centres, 0.5)
    truth = [brute(P, Q, alpha, ridge) for ridge in ridges]
    assert leave_one_out(P, Q, np.full(60, 1 / 60), alpha, ridges) == pytest.approx(truth, abs=1e-12)
    assert len(theirs) == 2
    assert max(abs(a - b) for a, b in zip(theirs, truth, strict=True)) > 0.005


def test_adapt_leaves_out_nothing_and_fits_other_centres_than_it_chose_with(monkeypatch):
    """Its score of a cell is far from one fit a pair left out; and the centres are drawn anew once the width is chosen."""
    ULSIF = peer("adapt.instance_based").ULSIF
    rng, drawn = np.random.default_rng(0), []

    def choice(n, size, replace):
        drawn.append(rng.choice(n, size, replace=replace))
        return drawn[-1]

    source, target = rng.normal(size=(60, 1)), rng.normal(0.5, 1, (60, 1))
    monkeypatch.setattr(np.random, "choice", choice)
    model = ULSIF(Xt=target, kernel="rbf", gamma=[2.0], lambdas=[0.01, 0.1], max_centers=15, verbose=0)
    model.fit_weights(source, target)
    centres = target[drawn[0]]
    P, Q = gaussian(source, centres, 0.5), gaussian(target, centres, 0.5)
    truth = [brute(P, Q, 0.0, ridge) for ridge in (0.01, 0.1)]
    theirs = [-score for score in model.j_scores_.values()]
    assert leave_one_out(P, Q, np.full(60, 1 / 60), 0.0, (0.01, 0.1)) == pytest.approx(truth, abs=1e-12)
    assert max(abs(a - b) for a, b in zip(theirs, truth, strict=True)) > 0.05
    assert {*model.centers_.ravel()} != {*centres.ravel()}


def test_adapts_kliep_stops_short_of_the_optimum():
    """The largest gradient on the simplex bounds the distance to the optimum: 1e-8 here, a thousand times that there."""
    KLIEP = peer("adapt.instance_based").KLIEP
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(500, 1)), rng.normal(0.5, 0.8, (400, 1))
    model = KLIEP(Xt=target, kernel="rbf", gamma=0.5, max_centers=50, verbose=0, random_state=0)
    model.fit_weights(source, target)
    scale = gaussian(source, model.centers_, 1.0).mean(axis=0)
    A = gaussian(target, model.centers_, 1.0) / scale
    theirs = model.alphas_.ravel() * scale
    gap = float((A.T @ (1 / (A @ theirs)) / len(A)).max()) - 1
    ours, certificate = best_mixture(A)[:2]
    assert theirs.sum() == pytest.approx(1, abs=1e-6)
    assert certificate < 1e-8 < 1e-5 < gap
    assert np.log(A @ ours).mean() > np.log(A @ theirs).mean()


def margins(rng, rows, columns, levels):
    """A table of categories, and shares that its margins shall have."""
    codes = rng.integers(0, levels, (rows, columns))
    frame = pd.DataFrame({f"c{j}": [f"l{v}" for v in codes[:, j]] for j in range(columns)})
    shares = {
        f"c{j}": dict(zip([f"l{v}" for v in range(levels)], rng.dirichlet(np.full(levels, 30.0)), strict=True))
        for j in range(columns)
    }
    return frame, shares


def test_many_margins_need_no_contingency_table():
    """Ten margins of six levels have sixty million cells; their indicators are sixty columns."""
    frame, shares = margins(np.random.default_rng(0), 20_000, 10, 6)
    w = sh.balancing_weights(frame, shares).probabilities.to_numpy()
    for column, wanted in shares.items():
        found = pd.Series(w).groupby(frame[column]).sum()
        assert found.to_dict() == pytest.approx(wanted, abs=1e-9)


def test_rake_of_balance_gives_the_same_weights_where_it_can():
    peer("balance")
    rake = importlib.import_module("balance.weighting_methods.rake").rake
    frame, shares = margins(np.random.default_rng(0), 5000, 4, 6)
    population = pd.DataFrame({c: rng_rows(s, 20_000) for c, s in shares.items()})
    ones = pd.Series(np.ones(len(frame))), pd.Series(np.ones(len(population)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = rake(
            frame,
            ones[0],
            population,
            ones[1],
            variables=list(frame.columns),
            transformations=None,
            convergence_rate=1e-9,
        )["weight"]
    ours = sh.balancing_weights(frame, population).probabilities.to_numpy()
    assert theirs.to_numpy() / theirs.sum() == pytest.approx(ours, rel=1e-5)


def rng_rows(shares, n):
    """n labels with these shares, to the nearest row."""
    counts = np.floor(np.array(list(shares.values())) * n).astype(int)
    counts[0] += n - counts.sum()
    return np.repeat(list(shares), counts)


def test_newton_without_a_certificate_returns_what_looks_like_an_answer():
    """Points in a disc to a mean outside: the iteration ends with weights that are positive, sum to one, and miss the target."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    wanted = np.array([4.0, 0.0, 0.0])
    lam = np.zeros(3)
    for _ in range(20):
        u = (x - wanted) @ lam
        w = np.exp(u - u.max())
        w /= w.sum()
        gap = w @ x - wanted
        lam -= np.linalg.lstsq((x * w[:, None]).T @ x - np.outer(w @ x, w @ x), gap, rcond=None)[0]
    assert np.isfinite(w).all()
    assert np.abs(w @ x - wanted).max() > 0.3
    with pytest.raises(sh.Infeasible) as told:
        sh.balancing_weights(x, dict(enumerate(wanted)))
    assert told.value.tolerance > 0.3
