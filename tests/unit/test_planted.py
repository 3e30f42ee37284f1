"""The search for planted words finds them: a search that cannot would let every test of the logs pass."""

from __future__ import annotations

import base64
import json
import logging
from urllib.parse import quote, quote_plus

import pytest

from tests.planted import KEY, NAME, SECRET, WORDS, all_of, found_in

HIDDEN = {
    "plain": lambda word: word,
    "upper case": str.upper,
    "percent-encoded": quote,
    "form-encoded": quote_plus,
    "JSON": json.dumps,
    "JSON in JSON": lambda word: json.dumps(json.dumps({"name": word}, ensure_ascii=False), ensure_ascii=False),
    "shown by Python": lambda word: repr({"name": word}),
    "bytes": lambda word: repr(word.encode()),
    **{
        f"base64 after {n} bytes": lambda word, n=n: base64.b64encode(b"x" * n + word.encode() + b"yz").decode()
        for n in range(4)
    },
}


@pytest.mark.parametrize("hide", HIDDEN.values(), ids=HIDDEN.keys())
@pytest.mark.parametrize("word", [NAME, KEY, SECRET])
def test_a_word_is_found_in_every_form(word: str, hide: object) -> None:
    assert word in found_in(f"a line: {hide(word)} and more")  # type: ignore[operator]


def test_nothing_is_found_where_nothing_is() -> None:
    assert found_in('{"event": "summary", "done": 1, "jobs": ["0123456789ab"]}') == set()


@pytest.mark.parametrize("place", ["msg", "args", "extra", "exception", "cause"])
def test_no_attribute_of_a_record_is_overlooked(place: str, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("anybody")
    if place in ("exception", "cause"):
        try:
            try:
                raise KeyError(NAME)
            except KeyError as error:
                if place == "exception":
                    raise
                raise ValueError from error
        except (KeyError, ValueError):
            logger.warning("failed", exc_info=True)
    else:
        message = NAME if place == "msg" else "about %s" if place == "args" else "failed"
        logger.warning(message, *([NAME] if place == "args" else []), extra={"who": NAME} if place == "extra" else {})
    assert NAME in found_in(all_of(caplog.records[-1]), WORDS)
