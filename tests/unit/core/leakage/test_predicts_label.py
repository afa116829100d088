from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from include.core.leakage.finding import Finding, Known
from include.core.leakage.predicts_label import predicts_label, score_features
from include.specs.leakage import Leakage
from tests.support.leakage import sound_rows, with_feature


def find(known: Known) -> list[Finding]:
    return predicts_label(score_features(known, Leakage()))


def test_sound_features_are_scored_and_not_suspected() -> None:
    known, _ = sound_rows()
    scores = score_features(known, Leakage())
    assert scores[0].feature == "spend"
    assert 0.6 < scores[0].auc < 0.9
    assert find(known) == []


def test_a_value_for_each_outcome_is_found() -> None:
    known, _ = sound_rows()
    status = np.where(known.labels == 1, "left", "stays")
    (found,) = find(with_feature(known, "status", status))
    assert found.column == "status"
    assert found.facts["auc"] == 1
    assert "'left': 100% of" in found.evidence
    assert "'stays': 0% of" in found.evidence


@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_that_follows_the_label_is_found(sign: int) -> None:
    known, _ = sound_rows()
    noise = np.random.default_rng(1).normal(0, 0.2, len(known.labels))
    (found,) = find(with_feature(known, "refund", sign * known.labels + noise))
    assert found.column == "refund"
    assert found.facts["auc"] > 0.99


def test_a_number_that_is_filled_for_one_outcome_only_is_found() -> None:
    known, _ = sound_rows()
    fee = np.where(known.labels == 1, np.random.default_rng(1).gamma(2, 10, len(known.labels)), np.nan)
    (found,) = find(with_feature(known, "exit_fee", fee))
    assert found.facts["auc"] == 1


def test_a_leak_that_covers_few_rows_is_found_by_what_it_decides() -> None:
    known, _ = sound_rows()
    rng = np.random.default_rng(1)
    refunded = (known.labels == 1) & (rng.random(len(known.labels)) < 0.08)
    (found,) = find(with_feature(known, "refund", np.where(refunded, rng.gamma(2, 10, len(refunded)), 0)))
    assert found.facts["auc"] < 0.6
    assert found.facts["decided_share"] >= 0.02
    assert "other than 0: 100% of" in found.evidence


def test_a_party_that_came_together_is_one_observation() -> None:
    known, _ = sound_rows()
    party = np.where((known.matured == known.matured[0]) & (known.labels == 1), "party", "none")
    crowd = np.repeat(np.flatnonzero(party == "party")[:1], 200)
    rows = np.concatenate([np.arange(len(party)), crowd])
    crowded = replace(
        known,
        features=known.features.iloc[rows].reset_index(drop=True).assign(party=party[rows].astype(object)),
        labels=known.labels[rows],
        matured=known.matured[rows],
        split=replace(
            known.split,
            train=known.split.train[rows],
            validation=known.split.validation[rows],
            holdout=known.split.holdout[rows],
        ),
    )
    assert find(crowded) == []


def test_the_extremes_of_a_strong_feature_are_no_leak() -> None:
    known, _ = sound_rows()
    score = known.labels + np.random.default_rng(1).normal(0, 0.6, len(known.labels))
    strong = {item.feature: item for item in score_features(with_feature(known, "score", score), Leakage())}
    assert 0.8 < strong["score"].auc < 0.95
    assert not strong["score"].suspicious


def test_the_holdouts_labels_are_not_looked_at() -> None:
    known, _ = sound_rows()
    flipped = replace(known, labels=np.where(known.split.holdout, 1 - known.labels, known.labels))
    assert score_features(flipped, Leakage()) == score_features(known, Leakage())


def test_few_rows_prove_nothing() -> None:
    known, _ = sound_rows(20)
    assert find(with_feature(known, "lucky", known.labels)) == []


def test_one_class_has_no_scores() -> None:
    known, _ = sound_rows()
    assert score_features(replace(known, labels=np.ones_like(known.labels)), Leakage()) == []
