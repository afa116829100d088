"""Train, validation and holdout, ordered by the day on which the labels matured.

Why not by the day of the event: the newest events are mature only where they mature quickly (a booking
made last month for this week), so the newest event days are a biased sample. All events that mature on
one day are mature together: cohorts by maturity are complete. The order still keeps the future out:
every label that trains was mature before the first day of validation, as at a real training on that
day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Split:
    """Three disjoint parts.

    Attributes
    ----------
    train, validation, holdout
        Boolean masks of shape (rows,). Only `train` fits, only `validation` chooses the threshold,
        only `holdout` judges.
    holdout_first, holdout_last
        The holdout's first and last day of maturity, both inclusive.
    """

    train: NDArray[np.bool_]
    validation: NDArray[np.bool_]
    holdout: NDArray[np.bool_]
    holdout_first: date
    holdout_last: date


def split_by_maturity(
    matured: NDArray[np.datetime64], as_of: date, grace: int, validation: int, holdout: int
) -> Split:
    """Split mature rows by the day their labels matured.

    With ``end = as_of - grace``, holdout is ``[end - holdout, end)``, validation the `validation` days
    before it, and train all before that.

    Parameters
    ----------
    matured
        Shape (rows,), datetime64[D].
    as_of
        The first day whose data is not known yet.
    grace, validation, holdout
        Days.
    """
    end = as_of - timedelta(days=grace)
    holdout_first = end - timedelta(days=holdout)
    validation_first = holdout_first - timedelta(days=validation)
    in_holdout = (matured >= np.datetime64(holdout_first)) & (matured < np.datetime64(end))
    before_holdout = matured < np.datetime64(holdout_first)
    in_train = matured < np.datetime64(validation_first)
    return Split(
        train=in_train,
        validation=before_holdout & ~in_train,
        holdout=in_holdout,
        holdout_first=holdout_first,
        holdout_last=end - timedelta(days=1),
    )
