"""Files on a disk or in a bucket, through fsspec: what there is, and its bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import fsspec

from include.adapters.connection_uri import ConnectionParts, parse_connection
from include.errors import SettingsError, SourceError, SourceUnavailableError

_AWS_EXTRAS = ("endpoint_url", "region_name", "aws_session_token", "profile_name", "config_kwargs")
_WILDCARDS = ("*", "?", "[")
_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True)
class FoundFile:
    """A file as it was listed.

    Attributes
    ----------
    path
        Its full name.
    size
        In bytes.
    version
        What changes when the file does: the ETag of an object, otherwise the time of its last change.
    etag
        The ETag, None on a disk.
    """

    path: str
    size: int
    version: str = field(repr=False)
    etag: str | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


class FileStore:
    """One kind of storage, open for reading; `open_store` makes one."""

    def __init__(self, filesystem: Any, outages: tuple[type[Exception], ...]) -> None:
        self._files = filesystem
        self._outages = outages

    def find(self, pattern: str) -> list[FoundFile]:
        """List the files that a path with wildcards leads to, in order of their names.

        A wildcard at the beginning of a name does not stand for `.` and `_`: files that begin so are
        notes of whoever writes the others.

        Raises
        ------
        SourceError
            Where they may not be listed.
        SourceUnavailableError
            Where the storage does not answer.
        """
        with self._errors(pattern):
            found = self._files.glob(pattern, detail=True)
        hides = pattern.rpartition("/")[2].startswith(_WILDCARDS)
        files = [_found(info) for info in found.values() if info["type"] == "file"]
        return sorted(
            (file for file in files if not (hides and file.name.startswith((".", "_")))),
            key=lambda file: file.path,
        )

    def exists(self, path: str) -> bool:
        """Say whether there is something at a path."""
        with self._errors(path):
            return bool(self._files.exists(path))

    @contextmanager
    def open(self, file: FoundFile) -> Iterator[BinaryIO]:
        """Open a file; its reads raise the same errors as `find`.

        Raises
        ------
        SourceUnavailableError
            Also where the file is gone, or is not the one that was listed once the block ends.
        """
        with self._errors(file.path):
            stream = self._files.open(file.path, "rb")
        try:
            # BinaryIO is what it is, to all who read from it.
            yield cast(BinaryIO, io.BufferedReader(_Stream(self, stream, file.path), _BUFFER_BYTES))
        except SourceError:
            self._require_unchanged(file)  # a file that is still being written is not broken
            raise
        finally:
            stream.close()
        self._require_unchanged(file)

    def _require_unchanged(self, file: FoundFile) -> None:
        with self._errors(file.path):
            now = _found(self._files.info(file.path))
        if (now.size, now.version) != (file.size, file.version):
            raise SourceUnavailableError(
                "the file changed while it was read",
                where=file.path,
                next_step="a retry reads it again; have files renamed into their place once they are whole",
            )

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        """Say which errors of a storage pass by themselves and which do not."""
        try:
            yield
        except FileNotFoundError as error:
            raise SourceUnavailableError(
                "the file was there when the day's files were listed, and is gone",
                where=path,
                next_step="a retry lists them again; have files replaced by renaming, not by removing",
            ) from error
        except (PermissionError, IsADirectoryError) as error:
            raise SourceError(
                f"it may not be read: {_reason(error)}",
                where=path,
                next_step="check the credentials of the source's connection and their right to list and read",
            ) from error
        except self._outages as error:
            raise SourceUnavailableError(
                f"the storage does not answer: {_reason(error)}",
                where=path,
                next_step="a retry follows; if it stays so, check address, network and credentials",
            ) from error


class _Stream(io.RawIOBase):
    """A file's bytes; whatever goes wrong below is told as an error of ours."""

    def __init__(self, store: FileStore, stream: Any, path: str) -> None:
        super().__init__()
        self._store, self._inner, self._path = store, stream, path

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._store._errors(self._path):
            data = self._inner.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        with self._store._errors(self._path):
            return int(self._inner.seek(offset, whence))

    def tell(self) -> int:
        return int(self._inner.tell())


def open_store(path: str, connection: str | None, uri: str | None) -> FileStore:
    """Open the storage that a path lies in.

    Parameters
    ----------
    path
        Its scheme names the kind of storage; without one it is this machine's disk.
    connection, uri
        Name and URI of the Airflow connection with credentials and endpoint, None where the
        environment has them or none are needed.

    Raises
    ------
    SettingsError
        Where the connection says something that cannot be followed, or a package is missing.
    """
    scheme = urlsplit(path).scheme or "file"
    options = _options(scheme, parse_connection(connection, uri) if connection and uri else None)
    try:
        # No cache of ours or fsspec's may answer for the storage: a listing must be of now.
        filesystem = fsspec.filesystem(scheme, **options, use_listings_cache=False, skip_instance_cache=True)
    except (ImportError, ValueError, TypeError) as error:
        raise SettingsError(
            f"storage of the kind {scheme}:// cannot be opened here: {_reason(error)}",
            where=path,
            next_step="install fsspec's package for it, or correct scheme and connection",
        ) from None
    return FileStore(filesystem, _outages(scheme))


def _options(scheme: str, parts: ConnectionParts | None) -> dict[str, Any]:
    if parts is None:
        return {}
    if scheme in {"s3", "s3a"}:
        return _s3_options(parts)
    given = {
        "host": parts.host, "port": parts.port, "username": parts.login, "password": parts.password,
    }  # fmt: skip
    return {**{name: value for name, value in given.items() if value}, **parts.extras}


def _s3_options(parts: ConnectionParts) -> dict[str, Any]:
    parts.require_extras(*_AWS_EXTRAS)
    extras = parts.extras
    if not isinstance(extras.get("config_kwargs", {}), dict):
        raise SettingsError(
            f"the extra 'config_kwargs' of connection {parts.name!r} is not an object",
            where="Airflow connections",
            next_step="define the connection as JSON: a value in the query of its URI is always a text",
        )
    given = {
        "key": parts.login,
        "secret": parts.password,
        "token": extras.get("aws_session_token"),
        "profile": extras.get("profile_name"),
        "endpoint_url": extras.get("endpoint_url"),
        "config_kwargs": extras.get("config_kwargs"),
        "client_kwargs": {"region_name": extras["region_name"]} if extras.get("region_name") else None,
    }
    return {name: value for name, value in given.items() if value}


def _outages(scheme: str) -> tuple[type[Exception], ...]:
    if scheme not in {"s3", "s3a"}:
        return (OSError,)
    from aiohttp import ClientError
    from botocore.exceptions import BotoCoreError

    return (OSError, BotoCoreError, ClientError)


def _found(info: dict[str, Any]) -> FoundFile:
    etag = info.get("ETag")
    changed = etag or info.get("mtime") or info.get("LastModified") or info.get("updated") or ""
    return FoundFile(
        path=info["name"],
        size=int(info["size"] or 0),
        version=str(changed),
        etag=str(etag).strip('"') if etag else None,
    )


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
