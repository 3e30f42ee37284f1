"""What belongs to a result into the store: roll call, record, picture. In this order.

Knows the port, no cloud. The surprising rule: the CSV decides whether a result is its clip's newest; if it is not,
nothing else of it stays.
"""

from __future__ import annotations

from recognition.identify import Finding
from recognition.output_keys import output_key
from recognition.ports import Store
from recognition.results import record_of
from wire.result_message import Location, Result


def store_result(result: Result, finding: Finding | None, picture: bytes | None, store: Store) -> None:
    """Write what belongs to the result; `picture` is a JPEG, None where there is none to show.

    A picture beside another version's CSV would show, and name, who is not in that one. A newer version may come in
    between, and take away a picture that is not there yet: whoever put one looks at the CSV again.
    """
    upload = result.upload
    place = Location(result.csv_location.bucket, output_key(upload, ".jpg"))
    newest = store.put(upload, result.csv_location, result.csv.encode(), "text/csv; charset=utf-8")
    if newest:
        store.put(upload, result.record_location, record_of(result, finding).encode(), "application/json")
    if newest and picture is not None:
        store.put(upload, place, picture, "image/jpeg")
        newest = store.is_newest(upload, result.csv_location)
    if not newest or picture is None:
        store.remove(upload, place)
