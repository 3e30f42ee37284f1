"""How long tenacity waits between two tries: full jitter that doubles up to a cap, never less than AWS asks for."""

from __future__ import annotations

from tenacity import RetryCallState, wait_random_exponential

WAIT_CAP_S = 5.0
_JITTER = wait_random_exponential(multiplier=0.25, max=WAIT_CAP_S)


def backoff(state: RetryCallState) -> float:
    """Seconds before the next try. `retry_after_s` of the last error, if it has one, is the least."""
    error = state.outcome.exception() if state.outcome else None
    return max(float(_JITTER(state)), float(getattr(error, "retry_after_s", 0.0)))
