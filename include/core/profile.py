"""Profiles: per-feature histograms small enough to store with a model version.

A reference profile chooses the bins and is kept; any other frame is counted in the same bins
(`count_in`) and compared. Counts of the same bins add up, so a week is counted a day at a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from include.contracts import Contract
from include.core.prepare import prepare
from include.specs.model import Features

NUMERIC_BINS = 10
MAX_CATEGORIES = 20
MIN_CATEGORY_SHARE = 0.01
LOWEST = float(np.finfo(np.float64).min)
MISSING = "missing"
OTHER = "other"


class NumericBins(Contract):
    """Counts between edges.

    Bin `i` holds values in ``(edges[i-1], edges[i]]``; the outer bins are open, so values below and
    above everything seen in the reference have a place. `counts` has one entry for each of the
    ``len(edges) + 1`` bins and a last one for missing values.
    """

    kind: Literal["numeric"] = "numeric"
    edges: list[float]
    counts: list[int]

    @property
    def labels(self) -> list[str]:
        """A name for each count."""
        return [*_interval_labels(self.edges), MISSING]

    def counted(self, values: pd.Series[Any]) -> NumericBins:
        """Return the counts of other values, given as float64 with NaN for missing, in these bins."""
        numbers = values.to_numpy(dtype=np.float64)
        present = numbers[~np.isnan(numbers)]
        places = np.searchsorted(np.asarray(self.edges), present, side="left")
        counts = np.bincount(places, minlength=len(self.edges) + 1)
        missing = len(numbers) - len(present)
        return self.model_copy(update={"counts": [*counts.tolist(), missing]})


class CategoricalBins(Contract):
    """Counts of the reference's frequent categories, of all others together, and of missing values."""

    kind: Literal["categorical"] = "categorical"
    categories: list[str]
    counts: list[int]

    @property
    def labels(self) -> list[str]:
        """A name for each count."""
        return [*self.categories, OTHER, MISSING]

    def counted(self, values: pd.Series[Any]) -> CategoricalBins:
        """Return the counts of other values, given as text with None for missing, in these bins."""
        found = values.value_counts()
        counts = [int(found.get(category, 0)) for category in self.categories]
        present = int(found.sum())
        counts += [present - sum(counts), len(values) - present]
        return self.model_copy(update={"counts": counts})


Bins = Annotated[NumericBins | CategoricalBins, Field(discriminator="kind")]


class Profile(Contract):
    """The histograms of a set of rows, by feature.

    A reference also knows the design effect of each feature (`include.core.design_effect`).
    """

    rows: int
    features: dict[str, Bins]
    design_effects: dict[str, float] = {}


def build_profile(frame: pd.DataFrame, features: Features) -> Profile:
    """Choose bins from a frame and count it in them.

    Numeric bins end at deciles that were observed; a value that holds a decile or more has a bin of
    its own. Categories with at least 1 % of the rows have a bin each, at most twenty.

    Parameters
    ----------
    frame
        Rows as read, with a column for each feature; missing values allowed.
    features
        Which columns are profiled, and how.
    """
    prepared = prepare(frame, features)
    bins: dict[str, NumericBins | CategoricalBins] = {}
    for name in features.numeric:
        bins[name] = NumericBins(edges=_decile_edges(prepared[name].to_numpy()), counts=[])
    for name in features.categorical:
        bins[name] = CategoricalBins(categories=_frequent(prepared[name]), counts=[])
    return _counted(bins, prepared)


def count_in(profile: Profile, frame: pd.DataFrame) -> Profile:
    """Count a frame in the bins of a profile; the profile's own counts do not matter."""
    numeric = [name for name, bins in profile.features.items() if bins.kind == "numeric"]
    categorical = [name for name, bins in profile.features.items() if bins.kind == "categorical"]
    features = Features(numeric=numeric, categorical=categorical)
    return _counted(profile.features, prepare(frame, features))


def add_profiles(profiles: Sequence[Profile]) -> Profile:
    """Add the counts of profiles that share their bins; at least one is needed."""
    first = profiles[0]
    added: dict[str, NumericBins | CategoricalBins] = {}
    for name, bins in first.features.items():
        counts = np.sum([profile.features[name].counts for profile in profiles], axis=0)
        added[name] = bins.model_copy(update={"counts": counts.tolist()})
    return Profile(rows=sum(profile.rows for profile in profiles), features=added)


def _counted(bins: Mapping[str, NumericBins | CategoricalBins], prepared: pd.DataFrame) -> Profile:
    counted = {name: one.counted(prepared[name]) for name, one in bins.items()}
    return Profile(rows=len(prepared), features=counted)


def _decile_edges(numbers: npt.NDArray[np.float64]) -> list[float]:
    finite = numbers[np.isfinite(numbers)]
    if finite.size == 0:
        return []
    inner = np.arange(1, NUMERIC_BINS) / NUMERIC_BINS
    # inverted_cdf answers with observed values, so integers keep integer edges.
    deciles, repeats = np.unique(np.quantile(finite, inner, method="inverted_cdf"), return_counts=True)
    below_atoms = np.nextafter(deciles[repeats > 1], LOWEST)
    return [float(edge) for edge in np.union1d(deciles, below_atoms)]


def _frequent(names: pd.Series[Any]) -> list[str]:
    counts = names.value_counts()
    frequent = counts[counts >= max(1, len(names) * MIN_CATEGORY_SHARE)]
    by_count_then_name = sorted((-int(count), str(name)) for name, count in frequent.items())
    return [name for _, name in by_count_then_name[:MAX_CATEGORIES]]


def _interval_labels(edges: Sequence[float]) -> list[str]:
    if not edges:
        return ["any value"]
    # An edge directly below the next one only cuts that value off: it reads "below <next>".
    cuts = [
        i + 1 < len(edges) and math.nextafter(edge, math.inf) == edges[i + 1] for i, edge in enumerate(edges)
    ]
    labels = []
    for i, edge in enumerate(edges):
        upper = f"below {edges[i + 1]:g}" if cuts[i] else f"up to {edge:g}"
        if i and cuts[i - 1]:
            labels.append(f"{edge:g}")
        else:
            labels.append(f"over {edges[i - 1]:g}, {upper}" if i else upper)
    return [*labels, f"over {edges[-1]:g}"]
