"""StreamedLogistic: the same as statsmodels, from memory and from batches, dense and sparse; the estimator's contract."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm
from scipy import sparse
from sklearn.utils.estimator_checks import check_estimator

from upweight import InputError
from upweight.negatives import StreamedLogistic, start

R = np.random.default_rng(0)
X = R.normal(size=(5000, 4))
OFFSET = R.normal(size=5000) - 1
W = R.exponential(size=5000)
Y = R.random(5000) < 1 / (1 + np.exp(-(0.5 + X @ [0.3, -0.6, 0.0, 1.0] + OFFSET)))


def reference(**more):
    """statsmodels' GLM with an offset and the HC0 covariance."""
    made = sm.GLM(Y.astype(float), sm.add_constant(X), family=sm.families.Binomial(), offset=OFFSET, **more)
    return made.fit(tol=1e-14, maxiter=100, cov_type="HC0")


def test_coefficients_and_sandwich_are_those_of_statsmodels():
    mine, theirs = StreamedLogistic().fit(X, Y, offset=OFFSET), reference()
    np.testing.assert_allclose(np.r_[mine.intercept_, mine.coef_[0]], theirs.params, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(mine.covariance_, theirs.cov_params(), rtol=1e-6, atol=1e-12)
    assert mine.n_passes_ <= 9


def test_weights_enter_the_likelihood_and_the_meat():
    mine = StreamedLogistic().fit(X, Y, offset=OFFSET, sample_weight=W)
    z = np.column_stack([np.ones(len(X)), X])
    beta = np.r_[mine.intercept_, mine.coef_[0]]
    p = 1 / (1 + np.exp(-(z @ beta + OFFSET)))
    assert np.abs(z.T @ (W * (Y - p))).max() < 1e-4 * len(X)
    H = z.T @ (z * (W * p * (1 - p))[:, None])
    meat = z.T @ (z * ((W * (Y - p)) ** 2)[:, None])
    np.testing.assert_allclose(mine.covariance_, np.linalg.inv(H) @ meat @ np.linalg.inv(H), rtol=1e-6)


def test_integer_weights_repeat_rows_and_zero_weights_remove_them():
    w = R.integers(0, 3, 5000)
    one = StreamedLogistic().fit(X, Y, offset=OFFSET, sample_weight=w)
    rows = np.repeat(np.arange(5000), w)
    two = StreamedLogistic().fit(X[rows], Y[rows], offset=OFFSET[rows])
    np.testing.assert_allclose(one.coef_, two.coef_, rtol=1e-7)


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, sparse.csr_matrix])
def test_solvers_and_containers_agree(solver, kind):
    base = StreamedLogistic(l2=0.5).fit(X, Y, offset=OFFSET)
    other = StreamedLogistic(l2=0.5, solver=solver).fit(kind(X), Y, offset=OFFSET)
    np.testing.assert_allclose(other.coef_, base.coef_, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(other.predict_proba(kind(X)), base.predict_proba(X), atol=1e-7)


def test_batches_give_the_fit_of_memory_whatever_the_split():
    table = pa.table({**{f"x{j}": X[:, j] for j in range(4)}, "y": Y, "o": OFFSET, "w": W})
    whole = StreamedLogistic().fit(X, Y, offset=OFFSET, sample_weight=W)
    for size in (5000, 617):
        batches = table.to_batches(max_chunksize=size)
        part = StreamedLogistic().fit_stream(
            batches, label="y", features=["x0", "x1", "x2", "x3"], offset="o", sample_weight="w"
        )
        np.testing.assert_allclose(part.coef_, whole.coef_, rtol=1e-9)
        np.testing.assert_allclose(part.covariance_, whole.covariance_, rtol=1e-7)
    assert StreamedLogistic().fit_stream(table, label="y", features=["x0"]).n_features_in_ == 1
    with pytest.raises(InputError, match="can be read once only"):
        StreamedLogistic().fit_stream(iter(batches), label="y", features=["x0"])


def test_the_penalty_is_that_of_the_formula():
    m = StreamedLogistic(l2=7.0).fit(X, Y, offset=OFFSET)
    p = 1 / (1 + np.exp(-m.decision_function(X, offset=OFFSET)))
    np.testing.assert_allclose(X.T @ (Y - p), 7.0 * m.coef_[0], atol=1e-5)
    assert (Y - p).sum() == pytest.approx(0, abs=1e-5)


def test_what_cannot_be_fitted_is_refused():
    x = np.linspace(-1, 1, 50)[:, None]
    with pytest.raises(InputError, match="separate the classes.*add l2"):
        StreamedLogistic().fit(x, x[:, 0] > 0)
    StreamedLogistic(l2=1.0).fit(x, x[:, 0] > 0)
    with pytest.raises(InputError, match="two classes; got 3"):
        StreamedLogistic().fit(X, R.integers(0, 3, 5000))
    with pytest.raises(InputError, match="`offset` must be one number a row"):
        StreamedLogistic().fit(X, Y, offset=[1.0, 2.0])
    with pytest.raises(InputError, match="`l2` must be a finite penalty"):
        StreamedLogistic(l2=-1).fit(X, Y)


def test_start_is_the_intercept_of_a_fit_without_columns():
    b = start(Y, offset=OFFSET, sample_weight=W)
    assert (W / (1 + np.exp(-(b + OFFSET)))).sum() == pytest.approx((W * Y).sum())
    with pytest.raises(InputError, match="both classes"):
        start(np.ones(5), offset=np.zeros(5))


def test_the_estimator_contract_holds():
    check_estimator(StreamedLogistic(l2=1e-3), on_skip=None)


def test_a_large_offset_does_not_send_the_first_step_where_the_likelihood_is_flat():
    """Uniform thinning to one in 40: from a start at zero 50 passes did not find the maximum that ten steps do."""
    for seed in range(6):
        r = np.random.default_rng(seed)
        n = 2700
        X = r.standard_normal((n, 6)) @ np.linalg.cholesky(0.5 ** np.abs(np.subtract.outer(range(6), range(6)))).T
        offset = np.full(n, 3.7)
        y = r.random(n) < 1 / (1 + np.exp(8.7 - 0.7 * X.sum(1) - offset))
        m = StreamedLogistic().fit(X, y, offset=offset)
        assert m.n_passes_ <= 15
        plain = StreamedLogistic().fit(X, y)
        np.testing.assert_allclose(m.coef_, plain.coef_, rtol=1e-7)
        np.testing.assert_allclose(m.intercept_, plain.intercept_ - 3.7, rtol=1e-7)
