"""The ASGI entry that Airflow mounts.

Every Airflow process loads the plugin, only the API server serves pages: the application and its
imports are made at the first request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]


async def console_app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Pass a request to the console."""
    from perennial_airflow.console.app import application

    await application()(scope, receive, send)
