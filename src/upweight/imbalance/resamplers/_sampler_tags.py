"""What a sampler says of itself to scikit-learn's and imbalanced-learn's machinery: their tags, in their words.

The trouble: imbalanced-learn asks scikit-learn's tags for two fields that scikit-learn does not have, `sampler_tags` and
`input_tags.dataframe`, and we do not import imbalanced-learn.

What is inside: `sampler_tags`, scikit-learn's tags of an estimator with these fields added.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from sklearn.utils import InputTags, Tags

__all__ = ["sampler_tags"]


@dataclass
class TableTags(InputTags):
    """What a sampler reads: also frames."""

    dataframe: bool = True


@dataclass
class IndexTags:
    """Whether `sample_indices_` is set by `fit_resample`."""

    sample_indices: bool = True


@dataclass
class SamplerTags(Tags):
    """scikit-learn's tags with those of a sampler."""

    sampler_tags: IndexTags = field(default_factory=IndexTags)


def sampler_tags(tags: Tags, *, string: bool = False, allow_nan: bool = False) -> SamplerTags:
    """The tags of a sampler: it needs labels, reads sparse matrices and frames; `string` text too, `allow_nan` gaps."""
    given = {f.name: getattr(tags, f.name) for f in fields(Tags)}
    read = {f.name: getattr(tags.input_tags, f.name) for f in fields(InputTags)}
    read |= {"sparse": True, "string": string, "allow_nan": allow_nan}
    out = SamplerTags(**(given | {"estimator_type": "sampler", "requires_fit": False, "input_tags": TableTags(**read)}))
    out.target_tags.required = True
    return out
