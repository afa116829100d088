"""A port on loopback that passes bytes on to a server until it breaks off, and then refuses connections."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

_LOOPBACK = "127.0.0.1"
_CHUNK = 1 << 14


class FailingProxy:
    """Passes on `limit` bytes of what the server says, then hangs up; `mend` makes it whole again."""

    def __init__(self, target: int, limit: int | None) -> None:
        self._target, self._limit, self._passed = target, limit, 0
        self._listener = socket.create_server((_LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._serve()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._break_off()

    @property
    def broke_off(self) -> bool:
        """Whether the limit was reached."""
        return self._limit is not None and self._passed >= self._limit

    def mend(self) -> None:
        """Listen on the same port again, and pass on whatever comes."""
        self._break_off()
        self._limit = None
        self._listener = socket.create_server((_LOOPBACK, self.port))
        self._serve()

    def _serve(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # closed
            server = socket.create_connection((_LOOPBACK, self._target))
            self._open += [client, server]
            threading.Thread(target=self._pass_on, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(server, client, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:
        try:
            while chunk := source.recv(_CHUNK):
                sink.sendall(chunk)
                self._passed += len(chunk) if counts else 0
                if self.broke_off:
                    self._break_off()
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, sink):  # one side broke off: the other must hear of it
                end.close()

    def _break_off(self) -> None:
        # A blocked accept holds the port until it is woken; `shutdown` wakes it, `close` alone does not.
        for end in (self._listener, *self._open):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed before
            finally:
                end.close()
        self._open.clear()
