"""A clip elsewhere as a seekable file: every read becomes a ranged request, and blocks once read are kept.

Knows neither boto3 nor video: `fetch` brings the bytes. Nothing is ever written to disk. The surprising rule: a jump
costs one small block; only who reads on gets more at a time. A long clip is jumped through, a short one read.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES = 256 << 10
MOST_BLOCKS = 4  # fetched at a time when reading on: 1 MiB
KEPT_BLOCKS = 128  # 32 MiB

Fetch = Callable[[int, int], bytes]
"""`fetch(first, last)` returns the bytes from `first` to `last`, both included."""


class RangedReader(io.RawIOBase):
    """`size` bytes behind `fetch`, read in blocks of 256 KiB of which the latest 128 stay in memory.

    The start is read by 1 MiB; elsewhere a jump fetches one block, and reading on doubles that up to four.
    What `fetch` raises comes out of `readinto` as it is. `bytes_read` counts what was fetched.
    """

    def __init__(self, fetch: Fetch, size: int) -> None:
        super().__init__()
        self._fetch = fetch
        self._size = size
        self._position = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._run = MOST_BLOCKS  # blocks fetched last
        self._next = 0  # the block behind them
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("cannot seek before the start")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        if self._position >= self._size or not len(view):
            return 0
        number, offset = divmod(self._position, BLOCK_BYTES)
        piece = self._block(number)[offset : offset + len(view)]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._read_blocks(number)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _read_blocks(self, number: int) -> None:
        """Fetch block `number`, and those behind it that whoever reads on will want next."""
        self._run = min(2 * self._run, MOST_BLOCKS) if number == self._next else 1
        self._next = number + self._run
        first = number * BLOCK_BYTES
        piece = self._fetch(first, min(self._next * BLOCK_BYTES, self._size) - 1)
        self.bytes_read += len(piece)
        for at in range(0, len(piece), BLOCK_BYTES):
            self._blocks[number + at // BLOCK_BYTES] = piece[at : at + BLOCK_BYTES]
        while len(self._blocks) > KEPT_BLOCKS:
            self._blocks.popitem(last=False)
