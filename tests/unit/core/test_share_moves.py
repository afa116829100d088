"""What moved, in words and in order."""

from __future__ import annotations

import pytest

from include.core.profile import CategoricalBins
from include.core.share_moves import ShareMove, heaviest_moves, largest_move, share_moves


def bins(counts: list[int]) -> CategoricalBins:
    return CategoricalBins(categories=["a", "b", "c"], counts=counts)


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (0.41, 0.29, "share of a fell from 41 % to 29 %"),
        (0.0, 0.034, "share of a rose from 0.0 % to 3.4 %"),
        (0.0004, 0.2, "share of a rose from less than 0.1 % to 20 %"),
        (0.5, 0.5, "share of a stayed at 50 %"),
        (0.201, 0.203, "share of a stayed at 20 %"),
    ],
    ids=["fell", "new", "tiny", "stayed", "rounds to the same"],
)
def test_a_move_reads_as_a_sentence(before: float, now: float, said: str) -> None:
    assert str(ShareMove("a", before, now, 0.0)) == said


def test_bins_without_rows_on_both_sides_are_left_out() -> None:
    moves = share_moves(bins([10, 0, 0, 0, 10]), bins([0, 5, 0, 0, 5]))

    assert [(move.label, move.before, move.now) for move in moves] == [
        ("a", 0.5, 0.0),
        ("b", 0.0, 0.5),
        ("missing", 0.5, 0.5),
    ]


def test_the_heaviest_moves_keep_the_order_of_the_bins() -> None:
    reference, week = bins([400, 300, 200, 100, 0]), bins([100, 290, 210, 400, 0])

    assert [move.label for move in heaviest_moves(reference, week, 2)] == ["a", "other"]
    assert largest_move(reference, week).label in {"a", "other"}
    assert len(heaviest_moves(reference, week, 12)) == 4
