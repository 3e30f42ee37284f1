"""The poller's settings, read from the environment once. One table feeds the reader, the help and the documentation.

Knows nothing of AWS. The surprising rule: every missing or bad setting is named at once, so that an operator
corrects a crontab in one go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poller.errors import SettingsError
from poller.settings_table import TABLE, Setting

READ_MARGIN_S = 15  # how much longer than the function may run we wait for its answer


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a tick is told. Durations are whole seconds."""

    request_queue_url: str
    output_queue_url: str
    dead_letter_queue_url: str
    output_dead_letter_queue_url: str
    function_name: str
    results_dir: Path
    region: str
    trigger: str
    concurrency: int
    receive_s: int
    bound_s: int
    visibility_s: int
    heartbeat_s: int
    lease_cap_s: int
    function_timeout_s: int
    wait_s: int
    result_retention_days: int
    log_level: str

    def __post_init__(self) -> None:
        problems = [text for broken, text in self._rules() if broken]
        if problems:
            raise SettingsError(problems)

    def _rules(self) -> tuple[tuple[bool, str], ...]:
        answer_s = self.function_timeout_s + READ_MARGIN_S
        return (
            (self.heartbeat_s >= self.visibility_s, "POLLER_HEARTBEAT_S must be below POLLER_VISIBILITY_S"),
            (
                self.lease_cap_s < max(self.visibility_s, answer_s),
                f"POLLER_LEASE_CAP_S must be at least POLLER_VISIBILITY_S and FUNCTION_TIMEOUT_S + {READ_MARGIN_S}",
            ),
            (
                self.bound_s < self.receive_s + answer_s,
                f"POLLER_BOUND_S must be at least POLLER_RECEIVE_S + FUNCTION_TIMEOUT_S + {READ_MARGIN_S}",
            ),
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read every setting. Raises `SettingsError` that names each one that is missing or bad."""
        values, problems = read(environment)
        if problems:
            raise SettingsError(list(problems.values()))
        return cls(**values)


def read(environment: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What can be read, by field, and the problems with the rest, by field: for programs that do not need them all."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for setting in TABLE:
        try:
            values[setting.field] = _read(setting, environment)
        except ValueError as error:
            problems[setting.field] = f"{' or '.join(setting.names)} {error}: {setting.about}"
    if values.get("output_dead_letter_queue_url") == "":
        values["output_dead_letter_queue_url"] = values.get("dead_letter_queue_url", "")
    return values, problems


def _read(setting: Setting, environment: Mapping[str, str]) -> Any:
    found = (environment.get(name, "").strip() for name in setting.names)
    value = next((text for text in found if text), setting.default)
    if value is None:
        raise ValueError("is missing")
    return setting.read(value)


def explain() -> str:
    """The table as text for `--help`."""
    rows = ((" or ".join(s.names), s.about, f"[{s.default}]" if s.default else "(required)") for s in TABLE)
    return "\n".join(f"  {name:<32} {about} {default}" for name, about, default in rows)
