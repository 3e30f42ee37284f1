"""Which moments of a clip to look at. Pure arithmetic; decoding is elsewhere.

The surprising rule: the first look is at the very start, whatever it shows, because no other frame is as cheap.
"""

from __future__ import annotations

MIN_FRAMES = 5
MAX_FRAMES = 12
SECONDS_PER_FRAME = 6.0
END = 0.95  # of the clip; in the last of it cameras are turned away, and some indexes promise too much


def sample_times(duration_s: float) -> list[float]:
    """Moments in seconds, ascending, spread evenly from the start of the clip to close to its end.

    Five moments up to half a minute, then one for every six seconds, twelve at most. A clip whose length is not known
    (0 or less) is looked at from its start only, every half second.
    """
    if duration_s <= 0:
        return [0.5 * n for n in range(MIN_FRAMES)]
    count = min(MAX_FRAMES, max(MIN_FRAMES, round(duration_s / SECONDS_PER_FRAME)))
    return [END * duration_s * n / (count - 1) for n in range(count)]
