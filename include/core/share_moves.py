"""What moved inside a feature: the share of each bin before and now."""

from __future__ import annotations

from dataclasses import dataclass

from include.core.profile import Bins
from include.core.psi import psi_terms


@dataclass(frozen=True)
class ShareMove:
    """One bin in the reference and in the week.

    `weight` is what the bin adds to the population stability index; shares are in [0, 1].
    """

    label: str
    before: float
    now: float
    weight: float

    def __str__(self) -> str:
        before, now = _percent(self.before), _percent(self.now)
        if before == now:
            return f"share of {self.label} stayed at {now}"
        verb = "rose" if self.now > self.before else "fell"
        return f"share of {self.label} {verb} from {before} to {now}"


def share_moves(reference: Bins, week: Bins) -> list[ShareMove]:
    """Return every bin that holds a row of either side, in the order of the bins.

    Both sides need at least one row.
    """
    before_rows, now_rows = sum(reference.counts), sum(week.counts)
    weights = psi_terms(reference.counts, week.counts)
    return [
        ShareMove(label=label, before=before / before_rows, now=now / now_rows, weight=float(weight))
        for label, before, now, weight in zip(
            reference.labels, reference.counts, week.counts, weights, strict=True
        )
        if before or now
    ]


def largest_move(reference: Bins, week: Bins) -> ShareMove:
    """Return the bin that adds most to the index; the first of equals."""
    return max(share_moves(reference, week), key=lambda move: move.weight)


def heaviest_moves(reference: Bins, week: Bins, limit: int) -> list[ShareMove]:
    """Return the `limit` bins that add most to the index, in the order of the bins."""
    moves = share_moves(reference, week)
    lightest_first = sorted(range(len(moves)), key=lambda place: (moves[place].weight, -place))
    shown = sorted(lightest_first[-limit:])
    return [moves[place] for place in shown]


def _percent(share: float) -> str:
    percent = 100 * share
    if 0 < percent < 0.1:
        return "less than 0.1 %"
    return f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %"
