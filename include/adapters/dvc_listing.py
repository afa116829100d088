"""What DVC stores about a folder: a listing of its files, and a `.dvc` file that points to it.

Both are plain text formats. The listing is an object like any other, named by its own MD5 with the
suffix `.dir`, and that name is what DVC calls the folder's hash.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class TrackedFile:
    """A file that belongs to a dataset's folder, and the MD5 its bytes are recorded with."""

    path: Path
    md5: str


@dataclass(frozen=True)
class Listing:
    """The files of one dataset's folder, by name: MD5 of each."""

    files: dict[str, str]

    @property
    def text(self) -> bytes:
        """The listing as DVC writes it."""
        entries = [{"md5": md5, "relpath": name} for name, md5 in sorted(self.files.items())]
        return json.dumps(entries, sort_keys=True).encode()

    @property
    def oid(self) -> str:
        """The folder's hash."""
        return hashlib.md5(self.text, usedforsecurity=False).hexdigest() + ".dir"

    @classmethod
    def parse(cls, text: bytes) -> Listing:
        """Read a listing back."""
        return cls({entry["relpath"]: entry["md5"] for entry in json.loads(text)})


def build_listings(files: dict[str, dict[str, TrackedFile]]) -> dict[str, Listing]:
    """List the files of each dataset."""
    return {
        dataset: Listing({name: file.md5 for name, file in members.items()})
        for dataset, members in files.items()
    }


def content_hash(oids: dict[str, str]) -> str:
    """Return the SHA-256 over the folder hashes of all datasets of a snapshot.

    Equal for equal files, whatever the order in which they were named.
    """
    return hashlib.sha256(json.dumps(oids, sort_keys=True).encode()).hexdigest()


def write_pointer(dataset: str, listing: Listing, size_bytes: int) -> str:
    """Return the text of `<dataset>.dvc`."""
    out = {
        "md5": listing.oid,
        "size": size_bytes,
        "nfiles": len(listing.files),
        "hash": "md5",
        "path": dataset,
    }
    return str(yaml.safe_dump({"outs": [out]}, sort_keys=False))


def read_pointer(text: str) -> str:
    """Return the folder hash that a `.dvc` file points to."""
    return str(yaml.safe_load(text)["outs"][0]["md5"])
