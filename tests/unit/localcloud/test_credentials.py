"""The environments that localcloud hands out lead to the emulator and nowhere else."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

from localcloud.credentials import operator_environment, read_environment, without_aws, write_environment


def test_the_operator_speaks_to_loopback_only() -> None:
    environment = operator_environment(4567)
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4567"
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == "/dev/null"


def test_no_proxy_stands_between_whichever_spelling_a_client_reads() -> None:
    environment = operator_environment(4567)
    assert environment["no_proxy"] == environment["NO_PROXY"] == "127.0.0.1,localhost"


def test_nothing_of_the_users_aws_settings_is_inherited() -> None:
    users = {"AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": "real", "AWS_ENDPOINT_URL_S3": "x", "HOME": "/h"}
    assert without_aws(users) == {"HOME": "/h"}


def test_an_environment_file_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "poller.env"
    path.write_text("an older one, readable by all")
    path.chmod(0o644)
    write_environment(path, {"A": "b"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_sourced_file_sets_the_values_and_takes_a_profile_away(tmp_path: Path) -> None:
    path = tmp_path / "operator.env"
    write_environment(path, {"A": "it's a b", "B": ""})
    script = f'AWS_PROFILE=work; . {path}; printf "%s|%s|%s" "$A" "$B" "${{AWS_PROFILE-none}}"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == "it's a b||none"


def test_a_written_file_is_read_back_as_it_was(tmp_path: Path) -> None:
    environment = operator_environment(4567)
    write_environment(tmp_path / "file", environment)
    assert read_environment((tmp_path / "file").read_text()) == environment
