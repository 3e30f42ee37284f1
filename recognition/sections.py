"""To which section and session a clip belongs: a rule about its key, `{section}/{session}/` by default.

Pure. A section is a group of students with a roster, a session one of its meetings. The surprising rule: nothing here
knows a clock. A session is what the key says it is, so that no change of clocks and no late upload moves a clip.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from recognition.errors import SetupError

_PARTS = ("{section}", "{session}")


@dataclass(frozen=True, slots=True, order=True)
class Session:
    """A section's meeting. Both parts are empty for a clip that the rule says nothing of."""

    section: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class SectionRule:
    """How a key begins: fixed text, `{section}` and, if sessions are told apart, `{session}`; each up to a slash.

    Raises `SetupError` for a rule without a section, or with a part twice.
    """

    text: str = "{section}/{session}/"

    def __post_init__(self) -> None:
        if self.text.count("{section}") != 1 or self.text.count("{session}") > 1:
            raise SetupError(f"SECTION_RULE is {self.text!r}; it needs {{section}} once, {{session}} once or never")

    def session_of(self, key: str) -> Session:
        """The session of the clip whose key this is; empty where the key does not begin as the rule says."""
        found = re.match(self._pattern(), key)
        parts = found.groupdict() if found else {}
        return Session(parts.get("section", ""), parts.get("session", "") or "")

    def prefix_of(self, section: str, session: str) -> str:
        """How the keys of the session's clips begin; `session` does not count where the rule tells none apart.

        Raises `SetupError` where no clip with such a key would belong to that session.
        """
        tells = "{session}" in self.text
        prefix = self.text.replace("{section}", section).replace("{session}", session)
        if not section or self.session_of(prefix) != Session(section, session if tells else ""):
            raise SetupError("section and session are a word or several each, without a slash; neither may be empty")
        return prefix

    def _pattern(self) -> str:
        pieces = re.split("|".join(map(re.escape, _PARTS)), self.text)
        parts = re.findall("|".join(map(re.escape, _PARTS)), self.text)
        named = [f"(?P<{part[1:-1]}>[^/]+?)" for part in parts]
        ends = [*named, ""]
        return "".join(re.escape(piece) + end for piece, end in zip(pieces, ends, strict=True))


DEFAULT = SectionRule()
