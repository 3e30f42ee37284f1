"""The function's settings, from its environment. Every missing one is named at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recognition.detect import DETECTORS
from recognition.errors import SetupError
from recognition.sections import DEFAULT, SectionRule

REQUIRED = ("INPUT_BUCKET", "OUTPUT_BUCKET", "GALLERY_BUCKET", "STUDENT_TABLE", "JOB_TABLE", "OUTPUT_QUEUE_URL")


@dataclass(frozen=True, slots=True)
class Settings:
    """Names of the stage's resources, how to look for faces (one of `detect.DETECTORS`), and whose.

    `memory_mb` is the function's memory, 0 where nobody says; `function_name` its name, empty off Lambda; `log_level`
    the level from which on the stage's log is kept, one of Lambda's. `search_beyond_section`: whether a section's clip
    may name those who are not on its roster. `record_days` is how long `job_table` keeps a decision.
    """

    input_bucket: str
    output_bucket: str
    gallery_bucket: str
    student_table: str
    job_table: str
    output_queue_url: str
    memory_mb: int = 0
    detector: str = "hog"
    rule: SectionRule = DEFAULT
    search_beyond_section: bool = False
    record_days: int = 180
    function_name: str = ""
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings. Raises `SetupError` naming all that are missing, or one that is not understood."""
        require(environment, REQUIRED)
        detector = environment.get("DETECTOR") or "hog"
        if detector not in DETECTORS:
            raise SetupError(f"DETECTOR is {detector!r}; it may be {' or '.join(DETECTORS)}")
        return cls(
            input_bucket=environment["INPUT_BUCKET"],
            output_bucket=environment["OUTPUT_BUCKET"],
            gallery_bucket=environment["GALLERY_BUCKET"],
            student_table=environment["STUDENT_TABLE"],
            job_table=environment["JOB_TABLE"],
            output_queue_url=environment["OUTPUT_QUEUE_URL"],
            memory_mb=int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "0")),
            detector=detector,
            rule=SectionRule(environment.get("SECTION_RULE") or DEFAULT.text),
            search_beyond_section=_yes(environment, "SEARCH_BEYOND_SECTION"),
            record_days=_days(environment, "RECORD_DAYS", 180),
            function_name=environment.get("AWS_LAMBDA_FUNCTION_NAME", ""),
            log_level=environment.get("LOG_LEVEL") or "INFO",
        )


def require(environment: Mapping[str, str], names: tuple[str, ...]) -> None:
    """Raise `SetupError` naming every one of `names` that is not set."""
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise SetupError(
            f"not set: {', '.join(missing)}. `scripts/stack_env.py --stage STAGE` prints them for a deployed stage"
        )


def _yes(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name) or "false"
    if text not in ("true", "false"):
        raise SetupError(f"{name} is {text!r}; it may be true or false")
    return text == "true"


def _days(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 3650:
        raise SetupError(f"{name} is {text!r}; it is a number of days, 1 to 3650")
    return int(text)
