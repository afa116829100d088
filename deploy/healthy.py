"""Ask a server whether it is healthy: `python deploy/healthy.py URL [COMPONENT]`; see the exit code.

With a component, the address is that of Airflow's health report, and the component's own heartbeat decides.
Airflow's `jobs check` says the same, but loads all of Airflow every time.
"""

from __future__ import annotations

import json
import sys
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

_TIMEOUT_SECONDS = 5


def is_healthy(url: str, component: str | None = None) -> bool:
    """Tell whether a server answers with 200 and, in Airflow's report, the component is healthy.

    Parameters
    ----------
    url
        HTTP address.
    component
        A key of the report: `scheduler`, `triggerer`, `dag_processor`; None where any answer will do.
    """
    direct = build_opener(ProxyHandler({}))  # a proxy of the environment knows nothing of our servers
    try:
        with direct.open(url, timeout=_TIMEOUT_SECONDS) as response:
            return component is None or json.load(response)[component]["status"] == "healthy"
    except (URLError, TimeoutError):
        return False


if __name__ == "__main__":
    sys.exit(not is_healthy(*sys.argv[1:]))
