"""Regular expressions that all engines read alike; others are refused when the spec is read.

Great Expectations searches with one of two engines, as the pattern and the column's values demand: Python's
and RE2. Their common part is large, and outside it an answer could depend on the neighbours of a row.
"""

from __future__ import annotations

import re
import warnings

_LITERAL = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_REPEAT = re.compile(r"\{(\d*)(?:,(\d*))?\}")
_MOST_REPEATS = 1000
_ODD = {
    r"[*+?}]\+": "possessive repeats such as `a++`",
    r"\(\?>": "atomic groups `(?>…)`",
    r"\(\?\(": "conditional groups `(?(1)…)`",
    r"\(\?#": "comments `(?#…)`",
    r"\(\?[a-z]*[auLx]": "the flags a, u, L and x",
    r"\(\?[a-z]*-": "flags that are switched off",
}


def check_pattern(value: str) -> str:
    """Return a pattern that can be searched for; `ValueError` says why another cannot."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(value)
    except (re.error, FutureWarning, DeprecationWarning) as error:
        raise ValueError(f"not a regular expression: {error}") from None
    bare = _LITERAL.sub("", value)
    for odd, name in _ODD.items():
        if re.search(odd, bare):
            raise ValueError(f"{name} are not read alike by all engines; say it in another way")
    repeats = [int(number) for pair in _REPEAT.findall(bare) for number in pair if number]
    if any(number > _MOST_REPEATS for number in repeats):
        raise ValueError(f"no engine but Python's repeats more than {_MOST_REPEATS} times")
    return value
