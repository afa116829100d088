from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from include.core.packed_sums import BITS, Bounds, Field, Pack, Packs

columns = st.lists(st.lists(st.integers(-(2**25), 2**25), min_size=6, max_size=6), min_size=2, max_size=4)


@settings(max_examples=25, deadline=None)
@given(columns)
def test_each_field_comes_out_as_its_own_sum(values: list[list[int]]) -> None:
    largest = [max(abs(one) for one in column) for column in values]
    bounds = Bounds(len(values[0]), {})
    packs = Packs()
    fields = [Field(f"c{n}", bounds.bits(size)) for n, size in enumerate(largest)]
    stored = [packs.of(one) for one in fields]
    names = ", ".join(one.term for one in fields)
    rows = ", ".join(str(row) for row in zip(*values, strict=True))
    for one, pack, column in zip(fields, stored, values, strict=True):
        assert pack is not None
        total = f"(SELECT sum({pack.packed()}) FROM (VALUES {rows}) AS t({names}))"
        query = f"SELECT {pack.unpacked('total', one)} FROM (SELECT {total} AS total)"
        assert duckdb.execute(query).fetchall() == [(sum(column),)]


def test_a_field_wider_than_a_number_has_no_pack() -> None:
    packs = Packs()
    assert packs.of(Field("wide", BITS + 1)) is None
    assert packs.of(Field("as wide as can be", BITS)) == Pack('"#pack0"', [Field("as wide as can be", BITS)])


def test_what_does_not_fit_beside_the_others_starts_a_pack() -> None:
    packs = Packs()
    names = [packs.of(Field(term, bits)) for term, bits in (("a", 60), ("b", 60), ("c", 60), ("d", 5))]
    assert [pack.name for pack in names if pack] == ['"#pack0"', '"#pack0"', '"#pack1"', '"#pack0"']


def test_a_field_asked_for_again_stands_once() -> None:
    packs = Packs()
    assert packs.of(Field("a", 5)) is packs.of(Field("a", 5))
    assert packs.select() == []  # a single field is no pack: it is summed as it is
