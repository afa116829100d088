"""Equal fits, equal bytes: a skops file written again without what differs from process to process.

skops names objects and files by their address in memory, stamps the archive's members with the time, and
writes sets in the order of their hashes. None of that says anything about the model. Here objects are
numbered in the order in which they appear, files are named in that order too and kept once for each
content, sets are sorted, and time stamps are those of the ZIP format's first day. skops reads the result
as it reads its own.
"""

from __future__ import annotations

import hashlib
import json
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from include.adapters.files import named_when_full

_SCHEMA = "schema.json"
_ID = "__id__"
_LOADER = "__loader__"
_PRIMITIVE = "JsonNode"
_SET = "SetNode"


def make_canonical(path: Path) -> str:
    """Write a skops file again in its canonical form, in place, and return its SHA-256.

    A file that is canonical already keeps its bytes.

    Parameters
    ----------
    path
        What `skops.io.dump` wrote; no other process may read it meanwhile.
    """
    written = path.with_name(f".{path.name}.canonical")
    with named_when_full(path.parent):
        with ZipFile(path) as source, ZipFile(written, "w", ZIP_STORED) as target:
            schema = _sort_sets(json.loads(source.read(_SCHEMA)))
            schema = _Rewriter(source, target).rewrite(schema)
            _put(target, _SCHEMA, json.dumps(schema, separators=(",", ":")).encode())
        written.replace(path)
    return file_sha256(path)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Rewriter:
    """Numbers the nodes of a schema, and copies the files they name from one archive to another."""

    def __init__(self, source: ZipFile, target: ZipFile) -> None:
        self._source = source
        self._target = target
        self._files = set(source.namelist()) - {_SCHEMA}
        self._next = count()
        self._numbers: dict[int, int] = {}
        self._names: dict[str, str] = {}
        self._by_content: dict[str, str] = {}

    def rewrite(self, value: Any) -> Any:
        """Return a part of the schema, and whatever lies in it, in canonical form."""
        if isinstance(value, list):
            return [self.rewrite(item) for item in value]
        if not isinstance(value, dict):
            return value
        # First its own number, then those within: the order of a reader.
        number = self._number(value)
        return {
            key: number if key == _ID and number is not None else self._field(key, item)
            for key, item in value.items()
        }

    def _number(self, node: dict[str, Any]) -> int | None:
        """Number a node; None for what is no node.

        Numbers and short texts are one object or several as Python likes it, so that each use of them
        gets a number of its own. Whether arrays and estimators are one object is part of the model.
        """
        old = node.get(_ID)
        if not isinstance(old, int):
            return None
        if node.get(_LOADER) == _PRIMITIVE:
            return next(self._next)
        if old not in self._numbers:
            self._numbers[old] = next(self._next)
        return self._numbers[old]

    def _field(self, key: str, item: Any) -> Any:
        if key == "file" and isinstance(item, str) and item in self._files:
            return self._copy(item)
        return self.rewrite(item)

    def _copy(self, name: str) -> str:
        """Copy a file where it was not copied yet, and return its name in the new archive."""
        if name not in self._names:
            content = self._source.read(name)
            sha256 = hashlib.sha256(content).hexdigest()
            if sha256 not in self._by_content:
                suffix = PurePosixPath(name).suffix
                self._by_content[sha256] = f"{len(self._by_content)}{suffix}"
                _put(self._target, self._by_content[sha256], content)
            self._names[name] = self._by_content[sha256]
        return self._names[name]


def _sort_sets(value: Any) -> Any:
    if isinstance(value, list):
        return [_sort_sets(item) for item in value]
    if not isinstance(value, dict):
        return value
    node = {key: _sort_sets(item) for key, item in value.items()}
    if node.get(_LOADER) == _SET:
        node["content"] = sorted(node["content"], key=lambda item: json.dumps(_without_ids(item)))
    return node


def _without_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_ids(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_ids(item) for key, item in value.items() if key != _ID}
    return value


def _put(archive: ZipFile, name: str, content: bytes) -> None:
    member = ZipInfo(name)  # dated 1980, whatever the clock says
    member.create_system = 3  # as on Unix, wherever it is written
    member.external_attr = 0o600 << 16
    archive.writestr(member, content, ZIP_STORED)
