"""Whether a short clip is one uncut shot, judged by the sizes of its packets alone: no picture is decoded.

Pure arithmetic. The surprising rule: True is a hint and no proof. A cut, or a person who appears at once, makes one
packet as large as a key frame, or far larger than every other; somebody who walks in, or who is small, does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_SHARE = 0.62  # of the first packet's size; the largest in eight uncut clips had 0.60, cuts had 0.22 to 1.3
QUIET_SHARE = 0.1  # up to this nothing happens that a cut could be: in a still picture a gesture stands out, too
MAX_SPIKE = 1.75  # times the second largest; uncut clips had 1.0 to 1.6, cuts without rate control 3 to 6


@dataclass(frozen=True, slots=True)
class PacketSize:
    """One packet of the video stream, in the order of decoding."""

    size: int
    is_key: bool


def is_one_shot(packets: Sequence[PacketSize]) -> bool:
    """True when nothing in the sizes speaks of a cut: one key frame, at the start, and no packet that stands out."""
    if not packets or not packets[0].is_key or any(packet.is_key for packet in packets[1:]):
        return False
    largest, second = [*sorted((packet.size for packet in packets[1:]), reverse=True), 0, 0][:2]
    share = largest / max(1, packets[0].size)
    return share <= QUIET_SHARE or (share <= MAX_SHARE and largest <= MAX_SPIKE * second)
