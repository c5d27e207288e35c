"""imbalanced-learn 0.14 on the same data: equal where it is right, and an invariant where it is not.

Each disagreement is shown with a property that any right answer has, so that it can be checked without believing us.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from imblearn import under_sampling as peer
from imblearn.pipeline import make_pipeline
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

import upweight.imbalance as im
from upweight.imbalance.selection_rules._hart import misread
from upweight.imbalance.selection_rules._tomek_links import linked
from upweight.neighbours._distances import Space


def continuous(seed, classes=2):
    shares = [0.8] if classes == 2 else [0.6, 0.3]
    return make_classification(
        600, n_features=8, n_informative=5, n_classes=classes, weights=shares, class_sep=0.7, flip_y=0.05,
        n_clusters_per_class=1, random_state=seed,
    )  # fmt: skip


SAME = {
    "tomek": (im.TomekLinks(), peer.TomekLinks()),
    "tomek, both ends": (im.TomekLinks(drop="all"), peer.TomekLinks(sampling_strategy="all")),
    "enn": (im.EditedNN(), peer.EditedNearestNeighbours()),
    "enn, most": (im.EditedNN(vote="most"), peer.EditedNearestNeighbours(kind_sel="mode")),
    "enn, all classes": (im.EditedNN(drop="all"), peer.EditedNearestNeighbours(sampling_strategy="all")),
    "renn": (im.EditedNN(scheme="repeated"), peer.RepeatedEditedNearestNeighbours()),
    "allknn": (im.EditedNN(scheme="growing"), peer.AllKNN()),
    "allknn, five": (im.EditedNN(scheme="growing", k=5), peer.AllKNN(n_neighbors=5)),
    "nearmiss1": (im.NearMiss(), peer.NearMiss()),
    "nearmiss2": (im.NearMiss(version=2), peer.NearMiss(version=2)),
    "nearmiss3": (im.NearMiss(version=3), peer.NearMiss(version=3)),
}


@pytest.mark.parametrize("name", SAME)
def test_equal_on_continuous_data(name):
    ours, theirs = SAME[name]
    for seed in range(8):
        for classes in (2, 3):
            if classes == 3 and name == "enn, most":
                continue  # theirs asks for the most frequent class, ours for more than half
            X, y = continuous(seed, classes)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NearMiss-3 warns that rows are few
                theirs.fit_resample(X, y)
            expected = np.unique(theirs.sample_indices_)
            assert ours.resample(X, y).indices.tolist() == expected.tolist(), (name, seed, classes)


def test_one_sided_equals_theirs_from_their_seed_row():
    for seed in range(12):
        X, y = continuous(seed)
        theirs = peer.OneSidedSelection(random_state=seed).fit(X, y)
        theirs.fit_resample(X, y)
        common = np.flatnonzero(y == 0)
        first = common[np.random.RandomState(seed).randint(0, len(common), 1)]
        start = np.concatenate([np.flatnonzero(y == 1), first])
        space, alive = Space.of(X), np.zeros(len(y), dtype=bool)
        alive[start] = alive[misread(space, y, start, np.setdiff1d(np.arange(len(y)), start))] = True
        alive &= ~linked(space, y, alive=alive) | (y == 1)
        assert np.flatnonzero(alive).tolist() == np.sort(theirs.sample_indices_).tolist()


def errors_of_one_neighbour(X, y, kept):
    """Rows that the nearest of the kept rows gets wrong."""
    return int((KNeighborsClassifier(1).fit(X[kept], y[kept]).predict(X) != y).sum())


@pytest.mark.parametrize(("seed", "theirs_err"), [(0, 26), (1, 85), (2, 63)])
def test_their_condensed_set_errs_and_ours_does_not(seed, theirs_err):
    X, y = make_classification(2000, weights=[0.9], flip_y=0.0, class_sep=0.7, random_state=seed)
    theirs = peer.CondensedNearestNeighbour(random_state=seed)
    theirs.fit_resample(X, y)
    assert errors_of_one_neighbour(X, y, np.unique(theirs.sample_indices_)) == theirs_err
    assert errors_of_one_neighbour(X, y, im.CondensedNN(rng=seed).resample(X, y).indices) == 0
    assert errors_of_one_neighbour(X, y, im.CondensedNN(condense="all", rng=seed).resample(X, y).indices) == 0


@pytest.mark.parametrize(("seed", "theirs_kept", "rule"), [(0, 1705, 1650), (1, 1781, 1745), (2, 1683, 1618)])
def test_their_cleaning_rule_counts_a_row_as_its_own_neighbour(seed, theirs_kept, rule):
    X, y = make_classification(
        2000, n_features=8, n_informative=4, weights=[0.85], flip_y=0.03, class_sep=0.8, random_state=seed
    )
    theirs = peer.NeighbourhoodCleaningRule()
    theirs.fit_resample(X, y)
    assert len(theirs.sample_indices_) == theirs_kept
    near = NearestNeighbors(n_neighbors=4).fit(X).kneighbors(X, return_distance=False)[:, 1:]
    outvoted = (y[near] != y[:, None]).sum(axis=1) >= 2
    gone = set(np.flatnonzero(outvoted & (y == 0)))
    gone |= {j for i in np.flatnonzero(outvoted & (y == 1)) for j in near[i] if y[j] == 0}
    assert 2000 - len(gone) == rule
    ours = im.NeighbourhoodCleaning().resample(X, y)
    assert set(ours.removed.tolist()) == gone


def test_their_repeated_editing_loses_its_indices_when_nothing_changes():
    rng = np.random.default_rng(0)
    order = rng.permutation(120)
    X = np.concatenate([rng.normal(size=(90, 2)), rng.normal(size=(30, 2)) + 50])[order]
    y = np.repeat([0, 1], [90, 30])[order]
    theirs = peer.RepeatedEditedNearestNeighbours()
    made, _ = theirs.fit_resample(X, y)
    assert not np.array_equal(X[theirs.sample_indices_], made)
    ours = im.EditedNN(scheme="repeated")
    made, labels = ours.fit_resample(X, y)
    np.testing.assert_array_equal(X[ours.sample_indices_], made)
    np.testing.assert_array_equal(made, X)
    np.testing.assert_array_equal(labels, y)


def hardness_data():
    return make_classification(2000, n_features=8, weights=[0.93], flip_y=0.05, class_sep=0.6, random_state=0)


def test_their_instance_hardness_takes_labels_for_column_numbers():
    X, y = hardness_data()
    learner = LogisticRegression()

    def theirs(labels):
        sampler = peer.InstanceHardnessThreshold(estimator=learner, random_state=0)
        sampler.fit_resample(X, labels)
        return sampler.sample_indices_

    renamed = theirs(np.where(y == 1, 1, -1))
    assert len(np.setxor1d(renamed, theirs(y))) > 50
    with pytest.raises(IndexError):
        theirs(y + 1)
    ours = [im.InstanceHardness(learner=learner, rng=0).resample(X, v).indices for v in (y, 2 * y - 1, y + 1)]
    np.testing.assert_array_equal(ours[0], ours[1])
    np.testing.assert_array_equal(ours[0], ours[2])
    assert len(ours[0]) == 2 * int(y.sum())


def far_data():
    return make_classification(
        3000, n_features=20, n_informative=6, weights=[0.9], flip_y=0.02, class_sep=0.8, random_state=1
    )


def test_far_from_the_origin_their_links_vanish_and_ours_stay():
    X, y = far_data()
    theirs, shifted = peer.TomekLinks(), peer.TomekLinks()
    theirs.fit_resample(X, y)
    shifted.fit_resample(X + 1e8, y)
    assert len(y) - len(theirs.sample_indices_) == 28
    assert len(shifted.sample_indices_) == len(y)
    near, far = im.TomekLinks().resample(X, y), im.TomekLinks().resample(X + 1e8, y)
    assert len(near.removed) == 28
    np.testing.assert_array_equal(near.indices, far.indices)


def test_far_from_the_origin_their_editing_differs_and_ours_does_not():
    X, y = far_data()
    theirs, shifted = peer.EditedNearestNeighbours(), peer.EditedNearestNeighbours()
    theirs.fit_resample(X, y)
    shifted.fit_resample(X + 1e8, y)
    assert len(np.setxor1d(theirs.sample_indices_, shifted.sample_indices_)) > 200
    for made in (im.EditedNN(), im.NearMiss(), im.NearMiss(version=2), im.CondensedNN(rng=0)):
        np.testing.assert_array_equal(made.resample(X, y).indices, made.resample(X + 1e8, y).indices)
    np.testing.assert_array_equal(im.EditedNN().resample(X, y).indices, np.sort(theirs.sample_indices_))


def test_identical_rows_of_opposite_classes_stay_with_them_and_leave_with_us():
    X, y = far_data()
    few = np.flatnonzero(y == 1)[:100]
    X, y = np.concatenate([X, X[few]]), np.concatenate([y, np.zeros(100, int)])
    copies = np.arange(3000, 3100)
    for ours, theirs in ((im.TomekLinks(), peer.TomekLinks()), (im.EditedNN(), peer.EditedNearestNeighbours())):
        theirs.fit_resample(X, y)
        assert np.isin(copies, theirs.sample_indices_).any()
        assert np.isin(copies, ours.resample(X, y).removed).all()
    theirs = peer.TomekLinks()
    theirs.fit_resample(X, y)
    assert np.isin(copies, theirs.sample_indices_).all()


@pytest.mark.parametrize("made", [im.TomekLinks(), im.EditedNN(), im.NearMiss(), im.NeighbourhoodCleaning()])
def test_ours_run_inside_their_pipeline(made):
    X, y = continuous(0)
    model = make_pipeline(made, LogisticRegression()).fit(X, y)
    assert model.predict_proba(X).shape == (600, 2)
