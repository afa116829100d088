from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from include.adapters.dvc_listing import (
    Listing,
    TrackedFile,
    build_listings,
    content_hash,
    read_pointer,
    stored_folders,
    write_pointer,
)

FILES = st.dictionaries(st.text(min_size=1), st.text("0123456789abcdef", min_size=32, max_size=32))


def test_a_listing_is_written_and_named_as_dvc_does() -> None:
    """Listing and name were taken from a folder of two files that the DVC command line had added."""
    listing = Listing({"b": "92eb5ffee6ae2fec3ad71c777531578f", "a": "0cc175b9c0f1b6a831c399e269772661"})
    assert listing.text == (
        b'[{"md5": "0cc175b9c0f1b6a831c399e269772661", "relpath": "a"},'
        b' {"md5": "92eb5ffee6ae2fec3ad71c777531578f", "relpath": "b"}]'
    )
    assert listing.oid == "5b94ef7ba4840901cc23311660411a1d.dir"
    assert write_pointer({"d": listing}) == (
        "outs:\n- md5: 5b94ef7ba4840901cc23311660411a1d.dir\n  nfiles: 2\n  hash: md5\n  path: d\n"
    )


@given(FILES)
def test_a_listing_survives_writing_and_reading(files: dict[str, str]) -> None:
    assert Listing.parse(Listing(files).text) == Listing(files)


@given(FILES)
def test_the_order_of_files_does_not_matter(files: dict[str, str]) -> None:
    assert Listing(dict(reversed(files.items()))).oid == Listing(files).oid


def test_the_content_hash_ignores_order_and_sees_every_dataset() -> None:
    assert content_hash({"a": "1", "b": "2"}) == content_hash({"b": "2", "a": "1"})
    assert content_hash({"a": "1", "b": "2"}) != content_hash({"a": "2", "b": "1"})


def test_a_pointer_is_read_back() -> None:
    folders = stored_folders(
        "bookings", Listing({"2017-03-31.parquet": "0" * 32, "2017-04-01.parquet": "1" * 32})
    )
    assert read_pointer(write_pointer(folders)) == {path: part.oid for path, part in folders.items()}


def test_a_dataset_is_stored_as_one_folder_a_month() -> None:
    files = {"2017-04-01.parquet": "2", "2017-03-01.parquet": "0", "2017-03-31.parquet": "1"}
    assert stored_folders("bookings", Listing(files)) == {
        "bookings/2017-03": Listing({"2017-03-01.parquet": "0", "2017-03-31.parquet": "1"}),
        "bookings/2017-04": Listing({"2017-04-01.parquet": "2"}),
    }


@given(FILES)
def test_the_months_together_are_the_whole(files: dict[str, str]) -> None:
    listing = Listing(files)
    assert Listing.join(listing.by_month().values()) == listing


def test_each_dataset_has_its_own_listing() -> None:
    file = TrackedFile(Path("x"), "0" * 32)
    listings = build_listings({"one": {"a": file}, "two": {"b": file}})
    assert {name: list(listing.files) for name, listing in listings.items()} == {"one": ["a"], "two": ["b"]}
