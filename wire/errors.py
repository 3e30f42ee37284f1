"""What a reader of foreign bytes may raise. One class: the sender is at fault, and trying again cannot help."""

from __future__ import annotations


class WireError(ValueError):
    """Bytes that this program cannot accept. The dead-letter queue is their place.

    The message says what is wrong and quotes no value: it is logged, and the bytes may name somebody.
    """


class NewerSchemaError(WireError):
    """A message of a schema this program does not know yet. It is not lost: install the newer reader first."""
