from __future__ import annotations

import pytest

from include.specs.patterns import check_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        "^[A-Z]{2}$",
        "a+",
        "[+*]+",
        r"\++",
        "(?i)a",
        "(?=a)",
        "(?:a|b)",
        "(?P<n>a)(?P=n)",
        "a{1000}",
        "[a{2000}]",
        "",
        "é",
    ],
)
def test_patterns_that_engines_read_alike_are_taken(pattern: str) -> None:
    assert check_pattern(pattern) == pattern


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "not a regular expression: missing"),
        ("[[:alpha:]]", "not a regular expression: Possible nested set"),
        ("a{1001}", "more than 1000 times"),
        ("a{,1001}", "more than 1000 times"),
        ("(?a)a", "the flags a, u, L and x"),
        ("(?x) a", "the flags a, u, L and x"),
        ("(?#why)a", "comments"),
        ("(a)?(?(1)b|c)", "conditional groups"),
    ],
)
def test_patterns_that_are_not_read_alike_are_refused(pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        check_pattern(pattern)


@pytest.mark.parametrize(("pattern", "said"), [("a++", "possessive"), ("(?>a)", "atomic")])
def test_what_only_new_pythons_know_is_refused_by_all(pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_pattern(pattern)
