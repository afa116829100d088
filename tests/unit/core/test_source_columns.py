from __future__ import annotations

from datetime import date

import pytest

from include.core.source_columns import describe_news, explain_misfit
from include.errors import SourceError

DECLARED = ["id", "price"]
KNOWN = {"id": "INTEGER", "price": "FLOAT", "note": "TEXT"}
SINCE = date(2017, 3, 1)


def test_an_undeclared_column_is_news_once() -> None:
    found = {**KNOWN, "channel": "VARCHAR(8)"}
    (news,) = describe_news(KNOWN, found, DECLARED)
    assert news == "the source has a new column channel (VARCHAR(8)) that the spec does not declare"
    assert describe_news(found, found, DECLARED) == []


def test_a_declared_column_that_widened_is_news() -> None:
    (news,) = describe_news(KNOWN, {**KNOWN, "id": "BIGINT"}, DECLARED)
    assert news == "column id of the source was INTEGER and is BIGINT now; it still fits"


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(KNOWN, id="nothing changed"),
        pytest.param({"id": "INTEGER", "price": "FLOAT"}, id="an undeclared column went"),
        pytest.param({**KNOWN, "note": "CLOB"}, id="an undeclared column changed its type"),
    ],
)
def test_what_concerns_no_declared_column_is_no_news(found: dict[str, str]) -> None:
    assert describe_news(KNOWN, found, DECLARED) == []


def test_nothing_is_news_where_nothing_was_recorded() -> None:
    assert describe_news({}, KNOWN, DECLARED) == []


def test_a_lost_column_is_explained_with_the_type_it_had() -> None:
    error = SourceError("no column price", where="table stays", missing=["price"], table="stays")
    explained = explain_misfit(error, KNOWN, SINCE, {})
    assert str(explained).startswith(
        "table stays: no column price; the source changed since the partition of 2017-03-01:"
        " price was FLOAT, it is gone now. Next: "
    )
    assert explained.facts == {"missing": ["price"], "table": "stays", "changed": {"price": "FLOAT"}}


def test_a_column_of_another_type_is_explained_with_both() -> None:
    error = SourceError("column 'price' holds 'free'", column="price")
    explained = explain_misfit(error, KNOWN, SINCE, {**KNOWN, "price": "TEXT"})
    assert "price was FLOAT, it is TEXT now" in str(explained)


def test_a_column_that_held_a_value_is_never_called_gone() -> None:
    error = SourceError("column 'price' holds 'free'", column="price")
    assert explain_misfit(error, KNOWN, SINCE, {}) is error


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(SourceError("no table"), id="about no column"),
        pytest.param(SourceError("never there", missing=["other"]), id="of a column never recorded"),
        pytest.param(SourceError("a bad value", column="price"), id="of a column as it was"),
    ],
)
def test_other_errors_stay_as_they_are(error: SourceError) -> None:
    assert explain_misfit(error, KNOWN, SINCE, KNOWN) is error
