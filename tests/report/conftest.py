"""Seeded documents to make reports from: real learners on real digits, and everything that can be odd about them.

The figures come from out-of-fold probabilities of a logistic regression on scikit-learn's digits ("is it an eight?"): plain,
class-weighted, undersampled, oversampled, and with SMOTE-like rows between neighbours. Further methods add seeded noise to the
log-odds. The documents have the form of `upweight.compare/1`; nothing in upweight is needed to make them.

    digits(methods=15)      a document as a comparison writes it
    ATTACKS                 texts that try to be something else
    three_classes()         no threshold exists
    hostile(), odd()        every text an attack; stopped early, failed rows, missing figures

The pages made of them are opened by the fixture `visit` in a real headless Chromium, and every one is watched: a console
message, an error of the script, a dialog, or a request for anything but the page itself fails the test that caused it.
"""

from __future__ import annotations

import copy
import functools
import json
import os
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import t as student
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, precision_recall_curve, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from upweight.report import write

FOLDS = 5
QUIET = [  # for a browser that asks nobody for anything
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
PAGES = ("digits", "thirty", "two", "three", "odd", "hostile")
FITTED = ("none", "threshold", "weights", "random_under", "random_over", "smote")
NOISY = {  # noise of the log-odds, shift of the raw log-odds, status
    "borderline1": (0.35, 2.0, "impossible"), "tomek": (0.05, 0.1, "impossible"), "enn": (0.2, 0.3, "impossible"),
    "nearmiss1": (2.2, 3.0, "impossible"), "smote+tomek": (0.25, 2.2, "impossible"),
    "easy_ensemble": (0.9, 1.8, "exact"), "balance_cascade": (1.1, 1.5, "impossible"), "boosted": (0.6, 0.0, "exact"),
    "hardness": (0.8, 1.2, "impossible"),
}  # fmt: skip


def oversampled(X, y, rng, between):
    rare = X[y == 1]
    extra = int((y == 0).sum() - len(rare))
    start = rng.integers(len(rare), size=extra)
    new = rare[start]
    if between:
        near = NearestNeighbors(n_neighbors=6).fit(rare).kneighbors(rare, return_distance=False)[:, 1:]
        new = new + rng.random((extra, 1)) * (rare[near[start, rng.integers(5, size=extra)]] - new)
    return np.vstack([X, new]), np.append(y, np.ones(extra, dtype=int))


def fit(name, X, y, rng):
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200, tol=1e-3))
    if name == "weights":
        model.set_params(logisticregression__class_weight="balanced")
    if name == "random_under":
        keep = np.append(np.flatnonzero(y == 1), rng.choice(np.flatnonzero(y == 0), (y == 1).sum(), replace=False))
        X, y = X[keep], y[keep]
    if name in {"random_over", "smote"}:
        X, y = oversampled(X, y, rng, between=name == "smote")
    return model.fit(X, y)


@functools.cache
def fitted(seed):
    """Out-of-fold log-odds of every fitted method, the labels, and the fold of every row."""
    X, digit = load_digits(return_X_y=True)
    y = (digit == 8).astype(int)
    fold = np.empty(len(y), dtype=int)
    odds = {name: np.empty(len(y)) for name in FITTED if name != "threshold"}
    for k, (train, test) in enumerate(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(X, y)):
        fold[test] = k
        for j, name in enumerate(odds):
            model = fit(name, X[train], y[train], np.random.default_rng([seed, k, j]))
            odds[name][test] = logit(np.clip(model.predict_proba(X[test])[:, 1], 1e-9, 1 - 1e-9))
    return y, fold, odds | {"threshold": odds["none"]}


def repaired(odds, y):
    model = LogisticRegression(C=1e6).fit(odds[:, None], y)
    return model.predict_proba(odds[:, None])[:, 1]


def calibration(p, y, bins=20):
    parts = np.array_split(np.argsort(p, kind="stable"), bins)
    return [{"proba": float(p[i].mean()), "observed": float(y[i].mean()), "count": len(i)} for i in parts]


def operating(p, y):
    steps = np.unique(np.quantile(p, np.linspace(0, 1, 201)))
    tp = [1000 * float(((p >= t) & (y == 1)).mean()) for t in steps]
    fp = [1000 * float(((p >= t) & (y == 0)).mean()) for t in steps]
    return {"threshold": steps.tolist(), "true_positives": tp, "false_positives": fp}


def pr(p, y):
    precision, recall, _ = precision_recall_curve(y, p)
    grid = np.linspace(0, 1, 101)
    return {"recall": grid.tolist(), "precision": np.interp(grid, recall[::-1], precision[::-1]).tolist()}


def by_fold(score, y, p, fold):
    return np.array([score(y[fold == k], p[fold == k]) for k in range(FOLDS)])


def difference(ours, base):
    d = ours - base
    half = student.ppf(0.975, FOLDS - 1) * np.sqrt((1 / FOLDS + 1 / (FOLDS - 1)) * d.var(ddof=1))
    p = 2 * student.sf(abs(d.mean()) / half * student.ppf(0.975, FOLDS - 1), FOLDS - 1) if half > 0 else 1.0
    return {"diff": d.mean(), "low": d.mean() - half, "high": d.mean() + half, "p": min(1.0, 10 * p)}


def row(name, y, fold, raw, p, base, cost, status="exact"):
    """One row of the document, in all its columns."""
    threshold = float(y.mean()) if cost is None else 1 / (1 + cost)
    hit, rare = p >= threshold, y == 1
    found, wrong = float((hit & rare).mean()), float((hit & ~rare).mean())
    first = raw >= 0.5
    ap, loss = by_fold(average_precision_score, y, p, fold), by_fold(log_loss, y, p, fold)
    ap_diff = difference(ap, by_fold(average_precision_score, y, base, fold))
    loss_diff = difference(loss, by_fold(log_loss, y, base, fold))
    return {
        "name": name, "label": name, "rival": "boosted" if name == "easy_ensemble" else "threshold", "status": status,
        "n_train": 1437.6, "ess_min": 139.2, "synthetic_share": 0.44 if "smote" in name else 0.0,
        "ap": ap.mean(), **{f"ap_{k}": v for k, v in ap_diff.items()},
        "roc_auc": roc_auc_score(y, p), "log_loss": loss.mean(), **{f"log_loss_{k}": v for k, v in loss_diff.items() if k != "p"},
        "brier": brier_score_loss(y, p), "oe_raw": y.sum() / raw.sum(), "oe": y.sum() / p.sum(), "slope": 1.0,
        "threshold": threshold, "recall": found / y.mean(), "specificity": 1 - wrong / (1 - y.mean()),
        "precision": found / max(found + wrong, 1e-12), "alerts": 1000 * (found + wrong),
        "cost": None if cost is None else 1000 * (wrong + cost * (y.mean() - found)),
        "recall_same_alerts": 0.91, "raw_recall": first[rare].mean(), "raw_specificity": 1 - first[~rare].mean(),
        "raw_precision": rare[first].mean() if first.any() else None,
        "rival_diff": None, "rival_low": None, "rival_high": None, "folds": FOLDS, "error": None, "seconds": 1.2,
    }  # fmt: skip


def failed(name, error):
    blank = dict.fromkeys(make(2)["rows"][0])
    return blank | {"name": name, "label": name, "rival": "threshold", "status": None, "error": error, "folds": 0}


def methods_of(number):
    """`number` names: the fitted ones, the noisy ones, then copies of these with a number."""
    pool = [*FITTED, *NOISY]
    names = [n if i < len(pool) else f"{n}_{i}" for i, n in enumerate(pool * (1 + number // len(pool)))]
    return ["threshold", "none"] if number == 2 else names[:number]


def log_odds(name, odds, seed, i):
    """(repairable, raw) log-odds of a method and its status."""
    if name in odds:
        return odds[name], {"weights": "approximate", "random_over": "approximate", "smote": "impossible"}.get(
            name, "exact"
        )
    noise, shift, status = NOISY.get(name.rsplit("_", 1)[0], NOISY.get(name, (0.5, 1.0, "impossible")))
    return odds["none"] + shift + noise * np.random.default_rng([seed, i]).normal(size=len(odds["none"])), status


def sentences(rows):
    """What a verdict says of such rows: only as close to the real wording as a reader of the page needs."""
    first = next(r for r in rows if r["name"] == "threshold")
    best = max((r for r in rows if r["name"] != "threshold"), key=lambda r: r["ap_diff"])
    off = [r for r in rows if r["oe_raw"] < 0.8]
    told = [
        "Move the threshold; change nothing else.",
        f"No remedy ranks better than the untouched learner: best {best['name']}, AP {best['ap_diff']:+.3f} "
        f"[{best['ap_low']:+.3f}, {best['ap_high']:+.3f}].",
        f"At 0.5 it finds {first['raw_recall']:.0%} of the positives; at {first['threshold']:.3g} it finds "
        f"{first['recall']:.0%}, with {first['alerts']:.0f} alerts per 1,000 rows.",
    ]
    if off:
        names = ", ".join(r["name"] for r in off[:6])
        told.append(f"Untouched, {names} promise too many positives; repaired, all rows are within 2 %.")
    return told


@functools.cache
def make(number=15, seed=0, cost=None):
    y, fold, odds = fitted(seed)
    base = repaired(odds["threshold"], y)
    rows, curves = [], {}
    for i, name in enumerate(methods_of(number)):
        own, status = log_odds(name, odds, seed, i)
        raw, p = expit(own), expit(own) if name == "none" else repaired(own, y)
        rows.append(row(name, y, fold, raw, p, base, cost, status))
        curves[name] = {
            "calibration": calibration(p, y), "calibration_raw": calibration(raw, y), "pr": pr(p, y),
            "operating": operating(p, y),
        }  # fmt: skip
    document = {
        "schema": "upweight.compare/1",
        "data": {
            "name": "demo:digits", "target": "eight", "positive": "True", "rows": len(y), "columns": 64,
            "classes": ["False", "True"], "counts": [int((y == 0).sum()), int(y.sum())], "prevalence": y.mean(),
            "fingerprint": "sha256:6d0a1f0c7be2", "preprocessing": [
                {"column": f"pixel_{i // 8}_{i % 8}", "kind": "dropped" if i % 32 == 0 else "numeric", "missing": 0,
                 "note": "one value only" if i % 32 == 0 else ""} for i in range(64)
            ],
        },
        "settings": {
            "learner": "logistic", "cv": "5", "folds": FOLDS, "repeats": 1, "inner": 5, "cost": cost, "rng": seed,
            "methods": methods_of(number), "command": "upweight compare demo:digits --target eight --rng 0 --report out.html",
        },
        "rows": rows,
        "verdict": {
            "code": "move_threshold", "grade": "good", "reasons": ["overpromises", "harmful"], "sentences": sentences(rows)
        },
        "curves": curves,
        "complete": True,
        "versions": {"upweight": "0.1.0", "python": "3.11.2", "numpy": np.__version__, "scikit-learn": "1.9.1"},
        "timing": {"seconds": 31.2},
    }  # fmt: skip
    return json.loads(json.dumps(document, default=float))


def three_classes():
    y = load_wine().target
    document = copy.deepcopy(make(4))
    document["data"] |= {
        "name": "demo:wine", "target": "cultivar", "positive": None, "rows": len(y), "columns": 13, "prevalence": None,
        "classes": ["0", "1", "2"], "counts": np.bincount(y).tolist(), "preprocessing": [],
    }  # fmt: skip
    for found in document["rows"]:
        found |= dict.fromkeys(("specificity", "precision", "alerts", "threshold", "raw_precision"))
    document["curves"] = {
        name: {k: v for k, v in c.items() if k.startswith("cal")} for name, c in document["curves"].items()
    }
    return document


ATTACKS = {
    "script": "</script><img src=x onerror=alert(1)><script>alert(2)</script>",
    "quote": "\"' onmouseover=alert(3) autofocus onfocus=alert(4) x='",
    "template": "{{7*7}}{% raw %}${7*7}",
    "override": "safe\u202egnp.exe\u2066\u0000\u0007\ud800",
    "long": "W" * 10_240,
    "style": "</style><style>*{display:none}</style><svg onload=alert(5)>",
    "comment": "--><!--<script>]]></textarea></title></noscript>",
    "link": "javascript:alert(6)//\u2028\u2029&lt;&amp;",
}


def hostile():
    """Every text of the document is an attack; names differ so that rows stay apart."""
    document = copy.deepcopy(make(15))
    texts = list(ATTACKS.values())
    data, verdict = document["data"], document["verdict"]
    data |= {"name": texts[0], "target": texts[1] + texts[0], "positive": texts[2], "fingerprint": texts[5]}
    data["classes"] = [texts[6], texts[2]]
    data["preprocessing"] = [
        {"column": text, "kind": texts[(i + 1) % 8][:30], "missing": i, "note": texts[(i + 2) % 8]}
        for i, text in enumerate(texts)
    ]
    verdict |= {"code": "use:" + texts[0], "grade": texts[5], "reasons": texts, "sentences": texts}
    document["settings"] |= {"command": " ".join(texts), "learner": texts[0], texts[5]: texts[6]}
    document["versions"] = {texts[0]: texts[1], texts[4]: texts[3]}
    for i, found in enumerate(document["rows"][2:]):
        text = texts[i % 8] if i < 8 else f"{i}{texts[i % 8]}"
        document["curves"][text] = document["curves"].pop(found["name"])
        found |= {"name": text, "label": texts[(i + 1) % 8], "rival": texts[(i + 2) % 8], "status": texts[(i + 3) % 8]}
        found["error"] = texts[(i + 4) % 8] if i % 3 == 2 else None
    return document


def odd():
    """Stopped early, one row failed, some figures missing, every reason given."""
    facts = copy.deepcopy(make(15, cost=20)) | {"complete": False}
    facts["rows"][4] = failed("random_over", "MemoryError: Unable to allocate 23.1 GiB")
    del facts["curves"]["random_over"]
    facts["rows"][7] |= {"ap": None, "ap_low": None, "oe_raw": None, "precision": None}
    facts["verdict"] |= {"code": "use:smote", "grade": "unusable", "reasons": [
        *("harmful", "overpromises", "not_repaired", "resolution", "control_explains", "already_balanced", "leak", "copies")
    ]}  # fmt: skip
    return facts


@pytest.fixture(scope="session")
def documents():
    """The makers of documents; what `digits` gives may be changed, it is a copy."""
    return SimpleNamespace(
        digits=lambda number=15, **settings: copy.deepcopy(make(number, **settings)),
        three_classes=three_classes, hostile=hostile, failed=failed, attacks=ATTACKS,
    )  # fmt: skip


def refuse(reason):
    """No browser, no test; where a browser is promised, that is a failure."""
    (pytest.fail if os.environ.get("UPWEIGHT_REQUIRE_BROWSER") == "1" else pytest.skip)(reason)


@pytest.fixture(scope="module")  # not longer: while it lives, playwright keeps an event loop running in this thread
def browser():
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        refuse("no chromium, chromium-browser or google-chrome on PATH")
    try:
        from playwright import sync_api
    except ImportError:
        refuse("playwright is not installed")
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=found, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def site(documents, tmp_path_factory):
    """A folder with a page of every kind, and the documents they were made from."""
    folder = tmp_path_factory.mktemp("pages")
    facts = {
        "digits": documents.digits(15), "thirty": documents.digits(30), "two": documents.digits(2, cost=20),
        "three": documents.three_classes(), "odd": odd(), "hostile": documents.hostile(),
    }  # fmt: skip
    for name in PAGES:
        write(facts[name], folder / f"{name}.html")
    return SimpleNamespace(folder=folder, facts=facts)


@pytest.fixture(scope="module")
def rooms(browser):
    """Two browser contexts, with and without JavaScript; tests share them, each opens its own pages."""
    return {
        script: browser.new_context(java_script_enabled=script, reduced_motion="reduce") for script in (True, False)
    }


@pytest.fixture
def visit(rooms, site):
    """visit(name, width=, scheme=, script=) opens a page; afterwards nothing may have been said, shown or asked for."""
    pages, heard = [], []

    def open_page(name, width=1280, scheme="light", script=True):
        page = rooms[script].new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        url = (site.folder / f"{name}.html").as_uri()
        page.on("console", lambda message: heard.append(("console", message.text)))
        page.on("pageerror", lambda error: heard.append(("error", str(error))))
        page.on("dialog", lambda dialog: (heard.append(("dialog", dialog.message)), dialog.dismiss()))
        page.on("request", lambda request: heard.append(("request", request.url)) if request.url != url else None)
        page.goto(url)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert heard == []
