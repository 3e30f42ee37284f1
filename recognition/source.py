"""A clip in S3 as a seekable file: every read becomes a ranged request, and blocks once read are kept.

Knows neither boto3 nor video: `fetch` brings the bytes. Nothing is ever written to disk.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES = 1 << 20
KEPT_BLOCKS = 32

Fetch = Callable[[int, int], bytes]
"""`fetch(first, last)` returns the bytes from `first` to `last`, both included."""


class RangedReader(io.RawIOBase):
    """`size` bytes behind `fetch`, read in blocks of 1 MiB of which the latest 32 stay in memory.

    What `fetch` raises comes out of `readinto` as it is. `bytes_read` counts what was fetched.
    """

    def __init__(self, fetch: Fetch, size: int) -> None:
        super().__init__()
        self._fetch = fetch
        self._size = size
        self._position = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
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
            self._blocks[number] = self._read_block(number)
            if len(self._blocks) > KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _read_block(self, number: int) -> bytes:
        first = number * BLOCK_BYTES
        block = self._fetch(first, min(first + BLOCK_BYTES, self._size) - 1)
        self.bytes_read += len(block)
        return block
