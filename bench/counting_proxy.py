"""A port on loopback that passes everything on to another one and counts the bytes, both ways together."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

_LOOPBACK = "127.0.0.1"
_CHUNK = 1 << 16


class CountingProxy:
    """Listens while its block lasts; `moved` is read between two runs."""

    def __init__(self, target: int) -> None:
        self.moved = 0
        self._target = target
        self._lock = threading.Lock()
        self._listener = socket.create_server((_LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def take(self) -> int:
        """Return the bytes since the last call."""
        with self._lock:
            moved, self.moved = self.moved, 0
        return moved

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed: the block has ended
            server = socket.create_connection((_LOOPBACK, self._target))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while chunk := source.recv(_CHUNK):
                with self._lock:
                    self.moved += len(chunk)
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, sink):  # one side broke off: the other must hear of it
                end.close()
