from __future__ import annotations

import socket

from include.local.ports import LOOPBACK, free_port, is_free


def test_a_preferred_free_port_is_taken() -> None:
    port = free_port()
    assert free_port(port) == port


def test_a_busy_port_is_not_taken() -> None:
    with socket.socket() as occupant:
        occupant.bind((LOOPBACK, 0))
        occupant.listen()
        busy = occupant.getsockname()[1]
        assert not is_free(busy)
        assert free_port(busy) != busy
