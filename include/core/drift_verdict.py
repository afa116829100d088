"""Decides, feature by feature, whether a week differs from the reference profile."""

from __future__ import annotations

from include.contracts import FeatureDrift
from include.core.profile import Profile
from include.core.psi import psi_test
from include.core.share_moves import largest_move

STATISTIC = "population stability index"


def judge_drift(
    reference: Profile, week: Profile, *, false_alarm_rate: float, minimum_effect: float
) -> list[FeatureDrift]:
    """Compare each feature of a week with the reference.

    A feature drifted when its PSI exceeds both what chance explains and `minimum_effect`. The false
    alarm rate is shared out over the features (Bonferroni), so it bounds the share of unchanged weeks
    in which any of them is flagged. Chance is what it would be for independent rows, widened by the
    reference's design effect: how much its own weeks differ from each other.

    Parameters
    ----------
    reference, week
        Counts in the same bins.
    false_alarm_rate
        For all features together, in (0, 1).
    minimum_effect
        The smallest PSI worth a flag.

    Returns
    -------
    list of FeatureDrift
        Ordered by PSI over its threshold, the strongest first; empty when either side has no rows.
    """
    if not reference.rows or not week.rows or not reference.features:
        return []
    alpha = false_alarm_rate / len(reference.features)
    judged = [_judge_feature(name, reference, week, alpha, minimum_effect) for name in reference.features]
    return sorted(judged, key=lambda feature: (-_strength(feature), feature.feature))


def _judge_feature(
    name: str, reference: Profile, week: Profile, alpha: float, minimum_effect: float
) -> FeatureDrift:
    before, now = reference.features[name], week.features[name]
    test = psi_test(before.counts, now.counts, alpha, reference.design_effects.get(name, 1.0))
    threshold = max(minimum_effect, test.critical_value)
    return FeatureDrift(
        feature=name,
        statistic=STATISTIC,
        value=test.value,
        threshold=threshold,
        drifted=test.value > threshold,
        explanation=f"{name}: {largest_move(before, now)}",
    )


def _strength(feature: FeatureDrift) -> float:
    return feature.value / feature.threshold if feature.threshold > 0 else 0.0
