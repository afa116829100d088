"""What DVC stores about folders: a listing of each folder's files, and a `.dvc` file that points to them.

All are plain text formats. A listing is an object like any other, named by its own MD5 with the suffix
`.dir`, and that name is what DVC calls the folder's hash.

A dataset is stored as one folder a month, so that a new day writes one short listing however long the
history is. The dataset as a whole is named by the listing of all its files, which is not stored.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

_MONTH = len("2017-03")
# A pointer has an entry for each month, and these are many times as fast where PyYAML was built with them.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True)
class TrackedFile:
    """A file that belongs to a dataset's folder, and the MD5 its bytes are recorded with."""

    path: Path
    md5: str


@dataclass(frozen=True)
class Listing:
    """The files of one folder, by name: MD5 of each."""

    files: dict[str, str]

    @property
    def text(self) -> bytes:
        """The listing as DVC writes it."""
        entries = [{"md5": md5, "relpath": name} for name, md5 in sorted(self.files.items())]
        return json.dumps(entries, sort_keys=True).encode()

    @cached_property
    def oid(self) -> str:
        """The folder's hash."""
        return hashlib.md5(self.text, usedforsecurity=False).hexdigest() + ".dir"

    @classmethod
    def parse(cls, text: bytes) -> Listing:
        """Read a listing back."""
        return cls({entry["relpath"]: entry["md5"] for entry in json.loads(text)})

    @classmethod
    def join(cls, parts: Iterable[Listing]) -> Listing:
        """Return the listing of the files of several folders."""
        return cls({name: md5 for part in parts for name, md5 in part.files.items()})

    def by_month(self) -> dict[str, Listing]:
        """Return the listing of each month; a file's name begins with its day."""
        months: dict[str, dict[str, str]] = defaultdict(dict)
        for name, md5 in self.files.items():
            months[name[:_MONTH]][name] = md5
        return {month: Listing(months[month]) for month in sorted(months)}


def build_listings(files: Mapping[str, Mapping[str, TrackedFile]]) -> dict[str, Listing]:
    """List the files of each dataset."""
    return {
        dataset: Listing({name: file.md5 for name, file in members.items()})
        for dataset, members in files.items()
    }


def stored_folders(dataset: str, listing: Listing) -> dict[str, Listing]:
    """Return the folders a dataset is stored as, by their path in the registry."""
    return {f"{dataset}/{month}": part for month, part in listing.by_month().items()}


def content_hash(oids: dict[str, str]) -> str:
    """Return the SHA-256 over the hashes of all datasets of a snapshot.

    Equal for equal files, whatever the order in which they were named.
    """
    return hashlib.sha256(json.dumps(oids, sort_keys=True).encode()).hexdigest()


def write_pointer(folders: Mapping[str, Listing]) -> str:
    """Return the text of the `.dvc` file that points to these folders."""
    outs = [
        {"md5": listing.oid, "nfiles": len(listing.files), "hash": "md5", "path": path}
        for path, listing in folders.items()
    ]
    return str(yaml.dump({"outs": outs}, Dumper=_Dumper, sort_keys=False))


def read_pointer(text: str) -> dict[str, str]:
    """Return the hash of each folder that a `.dvc` file points to, by path."""
    outs = yaml.load(text, _Loader)["outs"]  # noqa: S506 - a safe one
    return {str(out["path"]): str(out["md5"]) for out in outs}
