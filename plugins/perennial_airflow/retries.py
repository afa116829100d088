"""Which errors are worth another try: broken infrastructure is, broken data is not."""

from __future__ import annotations

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from include.errors import FatalError, RetryableError

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=FatalError,
            action=RetryAction.FAIL,
            reason="trying again changes nothing: read the message's «Next»",
        ),
        RetryRule(
            exception=[RetryableError, ConnectionError, TimeoutError],
            action=RetryAction.RETRY,
            reason="infrastructure did not answer",
        ),
    ]
)
