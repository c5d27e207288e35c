"""A pilot that is a fitted classifier: its bytes, named by what is in them, and the score it gives a row.

    scikit-learn   skops, which lists its types first; types that it does not know to be safe are refused, trees are walked before they are believed
    LightGBM       its own text

    file     pilot-<first 16 hex of SHA-256>.skops or .txt, beside the plan;   the design holds the whole SHA-256

The trouble: a plan is a document and a model is not. So the model lies beside it as a file that is checked when the plan is read, and a plan whose
model is another, or is gone, is refused before a row is scored. The same fitted model gives the same bytes: skops numbers objects by their place in
memory and stamps the time, so both are replaced.

Sources: skops.io; LightGBM's model text.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from sklearn.utils.validation import check_is_fitted

from ..._errors import InputError, MissingExtra, counted
from ...learners import BOOSTED_TREE, TREE, refuse_forged, trees
from ._terms import column_of, level_texts, numbers_of

__all__ = ["ModelPilot", "SavedModel", "model_of"]

compute: Any = pyarrow.compute  # its functions are made at run time, which type checkers do not see

KNOWN_TYPES = {
    TREE,
    BOOSTED_TREE,
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
}
SURE = 1e-12  # a model that is sure of a row is so by this much: a forest says 0 of most negatives
SCHEMA_FILE = "schema.json"  # where skops keeps the tree of objects
KINDS = (
    "a fitted scikit-learn classifier, a LightGBM classifier or Booster, or the path of one (.skops, LightGBM's .txt)"
)
INSTEAD = "Score the rows with it and use Pilot.column"


class ModelPilot(dict):
    """The pilot of a design, a plain document, with the model that it names at hand."""

    model: SavedModel

    @staticmethod
    def of(part: Mapping[str, Any], model: SavedModel) -> ModelPilot:
        made = ModelPilot(part)
        made.model = model
        return made


@dataclass(frozen=True, eq=False)
class SavedModel:
    """A fitted classifier of two classes as bytes; `text`: LightGBM's, else skops'."""

    content: bytes
    text: bool

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def file(self) -> str:
        """The name that it is saved under."""
        return f"pilot-{self.sha256[:16]}.{'txt' if self.text else 'skops'}"

    def __getstate__(self) -> dict[str, Any]:
        return {"content": self.content, "text": self.text}

    # ---- the model ----------------------------------------------------------------------------------------------------------

    @cached_property
    def loaded(self) -> Any:
        """The model itself; an InputError for a file that is none, or that is not known to be safe."""
        made = _booster_from(self.content) if self.text else _estimator_from(self.content)
        _refuse_other_tasks(made, text=self.text)
        return made

    @property
    def names(self) -> list[str] | None:
        """Names of the columns that it was fitted on, None if it does not know them."""
        if self.text:
            names = list(self.loaded.feature_name())
            return None if all(name == f"Column_{j}" for j, name in enumerate(names)) else names
        names = getattr(self.loaded, "feature_names_in_", None)
        return None if names is None else [str(name) for name in names]

    @property
    def width(self) -> int | None:
        """Columns that it was fitted on."""
        return self.loaded.num_feature() if self.text else getattr(self.loaded, "n_features_in_", None)

    def refuse_features(self, features: tuple[str, ...]) -> None:
        """Features must be the columns that the model was fitted on, in its order."""
        bare = [f.removesuffix(":level") for f in features]
        wanted, width = self.names, self.width
        if (
            wanted is not None
            and len(wanted) == len(features)
            and any(w not in (f, b) for w, f, b in zip(wanted, features, bare, strict=True))
        ):
            raise InputError(
                f"the pilot model was fitted on {wanted}, in this order; got features {list(features)}. Name these."
            )
        if width is not None and width != len(features):
            raise InputError(
                f"the pilot model was fitted on {counted(width, 'column')}; got {counted(len(features), 'feature')}. Name its columns in its order."
            )

    def score(self, features: tuple[str, ...], rows: pa.Table | pa.RecordBatch) -> np.ndarray:
        """(n,) probability of the second class, 1e-12 away from 0 and 1 at least; NaN where the model takes no gap and the row has one.

        A feature "name" is a column of numbers, gaps NaN; "name:level" its categories as text, gaps None (for LightGBM the number of the category it
        was trained with, gaps and unseen ones NaN).
        """
        if not rows.num_rows:
            return np.empty(0)
        categories = self._categories(features) if self.text else {}
        columns = [self._column(feature, rows, categories) for feature in features]
        p = self._booster_score(columns) if self.text else self._estimator_score(columns)
        return np.clip(p, SURE, 1 - SURE)

    def _column(self, feature: str, rows: pa.Table | pa.RecordBatch, categories: Mapping[str, list[str]]) -> np.ndarray:
        if feature in rows.schema.names or not feature.endswith(":level"):
            return numbers_of(column_of(rows, feature), feature)
        name = feature.removesuffix(":level")
        texts = level_texts(column_of(rows, name), name)
        if not self.text:
            return np.asarray(texts.to_pylist(), dtype=object)
        seen = categories[feature]
        codes = np.array([*range(len(seen)), np.nan])
        at = compute.index_in(texts, value_set=pa.array(seen, pa.large_string())).fill_null(len(seen))
        return codes[at.to_numpy(zero_copy_only=False)]

    def _categories(self, features: tuple[str, ...]) -> dict[str, list[str]]:
        """{feature: texts of the categories LightGBM was trained with}, which it stores in the order of its columns."""
        levels = [f for f in features if f.endswith(":level")]
        stored = self.loaded.pandas_categorical or []
        if len(stored) != len(levels):
            raise InputError(
                f"the pilot model was trained with {counted(len(stored), 'column')} of categories; {counted(len(levels), 'feature is', 'features are')} named as levels. Name the others "
                "without ':level'."
            )
        return {
            f: [str(c).lower() if isinstance(c, bool) else str(c) for c in one]
            for f, one in zip(levels, stored, strict=True)
        }

    def _booster_score(self, columns: list[np.ndarray]) -> np.ndarray:
        return np.asarray(self.loaded.predict(np.column_stack(columns), num_threads=1), dtype=np.float64)

    def _estimator_score(self, columns: list[np.ndarray]) -> np.ndarray:
        gap = np.zeros(len(columns[0]), dtype=bool)
        for column in columns:
            gap |= np.array([v is None for v in column]) if column.dtype == object else np.isnan(column)
        try:
            return self._proba(columns)
        except ValueError:
            if not gap.any():
                raise
        p = np.full(len(gap), np.nan)  # the model takes no gaps: those rows have no score
        if not gap.all():
            p[~gap] = self._proba([column[~gap] for column in columns])
        return p

    def _proba(self, columns: list[np.ndarray]) -> np.ndarray:
        names = self.names
        if names is not None:  # fitted on a frame: asked by one
            X = pa.table(dict(zip(names, map(pa.array, columns), strict=True))).to_pandas()
            X = X.fillna(np.nan) if any(c.dtype == object for c in columns) else X
        else:
            X = np.column_stack(columns)
        return np.asarray(self.loaded.predict_proba(X), dtype=np.float64)[:, 1]


# ---- models to bytes and back ------------------------------------------------------------------------------------------------


def model_of(model: Any) -> SavedModel:
    """A model, or the file of one, as its bytes; loaded once, so that what cannot be loaded later is refused now."""
    if isinstance(model, str) or hasattr(model, "__fspath__"):
        made = _from_file(Path(model))
    else:
        made = _from_memory(model)
    _ = made.loaded
    return made


def _from_file(path: Path) -> SavedModel:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"the pilot model {str(path)!r} cannot be read ({error.strerror}). Name {KINDS}.") from error
    if content.startswith(b"tree"):
        return SavedModel(content, text=True)
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise InputError(f"{str(path)!r} is no model of LightGBM's text and no skops file. Name {KINDS}.")
    return SavedModel(content, text=False)


def _from_memory(model: Any) -> SavedModel:
    import skops.io

    top = type(model).__module__.split(".")[0]
    if top == "lightgbm":
        booster = model if type(model).__name__ == "Booster" else getattr(model, "booster_", None)
        if booster is None:
            raise InputError(
                f"the pilot model {type(model).__name__} is not fitted. Fit it on another day's rows first."
            )
        return SavedModel(booster.model_to_string().encode(), text=True)
    if not hasattr(model, "predict_proba"):
        raise InputError(f"a pilot model must be {KINDS}; got {type(model).__name__}. {INSTEAD}.")
    try:
        check_is_fitted(model)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"the pilot model {type(model).__name__} is not fitted. Fit it on another day's rows first."
        ) from error
    try:
        return SavedModel(_same_bytes(skops.io.dumps(model)), text=False)
    except Exception as error:  # what skops cannot write fails in many ways
        raise InputError(
            f"the pilot model {type(model).__name__} cannot be saved ({type(error).__name__}). {INSTEAD}."
        ) from error


def _booster_from(content: bytes) -> Any:
    """A LightGBM model from its text."""
    try:
        import lightgbm
    except ImportError as error:
        raise MissingExtra("the pilot model is LightGBM's: pip install 'upweight[gbm]'") from error
    try:
        return lightgbm.Booster(model_str=content.decode())
    except (lightgbm.basic.LightGBMError, UnicodeDecodeError) as error:
        raise InputError(
            "the pilot model is no whole model text of LightGBM. Save it again: booster.save_model."
        ) from error


def _estimator_from(content: bytes) -> Any:
    """A scikit-learn model from a skops file that holds only types known to be safe."""
    import skops.io

    try:
        types = set(skops.io.get_untrusted_types(data=content))
    except Exception as error:  # a file that is no skops file fails in many ways
        raise InputError(
            f"the pilot model is no whole skops file ({type(error).__name__}). Save it again: skops.io.dump."
        ) from error
    strange = sorted(types - KNOWN_TYPES)
    if strange:
        raise InputError(
            f"the pilot model holds types that are not known to be safe: {', '.join(strange[:5])}. {INSTEAD}."
        )
    model = skops.io.loads(content, trusted=sorted(types))
    for tree, columns in trees(model, set()):
        refuse_forged(tree, columns, "the pilot model")
    return model


def _refuse_other_tasks(model: Any, *, text: bool) -> None:
    """Two classes, the second is the one that is rare."""
    if text:
        if not str(model.dump_model(num_iteration=1).get("objective", "")).startswith("binary"):
            raise InputError(
                f"the pilot model is no classifier of two classes (its objective is not binary). {INSTEAD}."
            )
        return
    classes = getattr(model, "classes_", None)
    if not hasattr(model, "predict_proba") or classes is None or len(classes) != 2:
        raise InputError(
            f"the pilot model must give probabilities of two classes; {type(model).__name__} does not. {INSTEAD}."
        )


def _same_bytes(content: bytes) -> bytes:
    """A skops file without places in memory and times of day: objects numbered as they come."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    schema = json.loads(parts.pop(SCHEMA_FILE))
    numbers: dict[Any, int] = {}
    files: dict[str, str] = {}
    count = iter(range(1, 1 << 62))

    def renumber(node: Any) -> None:
        if isinstance(node, list):
            for one in node:
                renumber(one)
        if not isinstance(node, dict):
            return
        if (
            "__id__" in node
        ):  # plain values are told apart: whether two of them are one object differs between processes
            own = object() if node.get("__loader__") == "JsonNode" else node["__id__"]
            node["__id__"] = numbers.setdefault(own, next(count))
        if isinstance(node.get("file"), str) and node["file"] in parts:
            stem = files.setdefault(node["file"], f"{len(files)}{Path(node['file']).suffix}")
            node["file"] = stem
        for one in node.values():
            renumber(one)

    renumber(schema)
    named = {files.get(name, name): part for name, part in parts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in sorted(named):
            file.writestr(zipfile.ZipInfo(name), named[name])
        file.writestr(zipfile.ZipInfo(SCHEMA_FILE), json.dumps(schema))
    return out.getvalue()
