"""Which parameters each trial of a search tries: its number decides, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import ceil, exp, floor, log, log2

from scipy.stats import qmc

from include.specs.training import Choices, Numbers, Value

_DRAWS_PER_TRIAL = 8
"""Where a space has few points many draws are equal: so many are made for each trial."""


def propose_trials(space: Mapping[str, Numbers | Choices], seed: int, trials: int) -> list[dict[str, Value]]:
    """Spread trials over a space, evenly for any number of them.

    Trial n has the same parameters whichever trials were run before, on how many workers, and how often.

    Parameters
    ----------
    space
        What is searched, by parameter.
    seed
        Another seed gives other trials.
    trials
        How many are wanted.

    Returns
    -------
    list
        The parameters of trial 0, 1, ..., no two equal; fewer than asked for where the space holds
        fewer points.

    References
    ----------
    A. B. Owen, "Scrambling Sobol' and Niederreiter-Xing points", Journal of Complexity 14, 1998.
    """
    names = sorted(space)
    draws = qmc.Sobol(len(names), scramble=True, rng=seed).random_base2(ceil(log2(trials * _DRAWS_PER_TRIAL)))
    distinct: dict[str, dict[str, Value]] = {}
    for draw in draws:
        params = {name: _value(space[name], float(at)) for name, at in zip(names, draw, strict=True)}
        distinct.setdefault(json.dumps(params), params)
    return list(distinct.values())[:trials]


def _value(values: Numbers | Choices, at: float) -> Value:
    """Return the value at a place in [0, 1)."""
    if isinstance(values, Choices):
        return values.choices[floor(at * len(values.choices))]
    if not values.whole:
        return min(max(_between(values.low, values.high, at, values.log), values.low), values.high)
    # Half a step is added at both ends, so that these are as likely as the numbers between them.
    found = round(_between(values.low - 0.5, values.high + 0.5, at, values.log))
    return min(max(found, int(values.low)), int(values.high))


def _between(low: float, high: float, at: float, logarithmic: bool) -> float:
    if logarithmic:
        return exp(log(low) + at * (log(high) - log(low)))
    return low + at * (high - low)
