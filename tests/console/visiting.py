"""Somebody at the console, without a browser: Flask's client, with the forms' tokens taken from the pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_NOTICE = re.compile(r'<p class="(?:notice \w+|fault)"[^>]*>(.*?)</p>', re.DOTALL)


@dataclass
class Visitor:
    """One person's browser, as far as requests go."""

    app: Flask
    client: FlaskClient

    def get(self, path: str, **told: Any) -> TestResponse:
        return self.client.get(path, **told)

    def page(self, path: str, code: int = 200) -> str:
        """The page's HTML."""
        answer = self.get(path)
        assert answer.status_code == code, f"{path}: {answer.status}\n{answer.text[-2000:]}"
        return answer.text

    def send(self, path: str, form: Mapping[str, Any], found_at: str, **told: Any) -> TestResponse:
        """Fill in the form that is on the page `found_at` and send it, without following where it leads."""
        return self.client.post(path, data={**form, "csrf_token": self.token(found_at)}, **told)

    def token(self, path: str) -> str:
        found = _TOKEN.search(self.get(path, follow_redirects=True).text)
        assert found, f"{path} has no form with a token"
        return found[1]


def notices(html: str) -> list[str]:
    """What the page says before its content."""
    return [unescape(" ".join(each.split())) for each in _NOTICE.findall(html)]


def words(html: str) -> str:
    """What of the page can be read, in one line."""
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", html).split()))
