"""What messages, pages and quarantined rows show of values: readable, and never without end."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

LONGEST_VALUE = 200
"""Characters of a value that messages, pages and the explanation of a quarantined row show."""


def key_texts(rows: pa.Table | pa.RecordBatch, key: Sequence[str]) -> pa.Array:
    """Write each row's key: its value alone, or `(a=1, b=2)` where several columns make it up."""
    if len(key) == 1:
        return value_texts(rows.column(key[0]))
    inner = observed_texts(rows, key)
    return pc.binary_join_element_wise("(", inner, ")", "")


def observed_texts(rows: pa.Table | pa.RecordBatch, columns: Sequence[str]) -> pa.Array:
    """Write the named values of each row, such as `price=-5.0, guest=null`."""
    parts: list[str | pa.Array] = []
    for name in columns:
        parts += [f", {name}=" if parts else f"{name}=", value_texts(rows.column(name))]
    return pc.binary_join_element_wise(*parts, "")


def value_texts(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Write values as text, `null` where one is missing, cut after `LONGEST_VALUE` characters.

    Parameters
    ----------
    values
        Integers, floats, texts, booleans, dates or timestamps in UTC.

    Returns
    -------
    pa.Array
        Strings, as many, none missing.
    """
    joined = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    texts = _plain(joined)
    longest = pc.max(pc.binary_length(texts)).as_py() or 0  # in bytes, which no text has fewer of
    return pc.fill_null(_cut(texts) if longest > LONGEST_VALUE else texts, "null")


def _plain(values: pa.Array) -> pa.Array:
    if pa.types.is_floating(values.type):
        texts = pc.cast(values, pa.string())
        whole = pc.match_substring_regex(texts, "^-?[0-9]+$")  # a number, and not an integer
        return pc.if_else(whole, pc.binary_join_element_wise(texts, ".0", ""), texts)
    if pa.types.is_timestamp(values.type):
        naive = pc.cast(pc.cast(values, pa.timestamp(values.type.unit)), pa.string())
        texts = pc.replace_substring(naive, " ", "T", max_replacements=1)
        return pc.binary_join_element_wise(pc.replace_substring_regex(texts, r"\.0+$", ""), "+00:00", "")
    return values if pa.types.is_string(values.type) else pc.cast(values, pa.string())


def _cut(texts: pa.Array) -> pa.Array:
    short = pc.less_equal(pc.utf8_length(texts), LONGEST_VALUE)
    cut = pc.binary_join_element_wise(pc.utf8_slice_codeunits(texts, 0, LONGEST_VALUE), "…", "")
    return pc.if_else(short, texts, cut)
