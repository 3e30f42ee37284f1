"""What becomes of the poller's environment file when it is installed, or installed again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from poller.environment_file import check, is_ours, lines, main, parse, single
from poller.errors import SettingsError
from poller.settings import Settings

COMPLETE = {
    "AWS_REGION": "us-east-1",
    "REQUEST_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/requests",
    "OUTPUT_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/outputs",
    "DEAD_LETTER_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/dead-letters",
    "FUNCTION_NAME": "smart-classroom",
    "RESULTS_DIR": "/srv/roll calls/results",
}


def file_of(folder: Path, name: str, **variables: str) -> Path:
    path = folder / name
    path.write_text(lines(variables))
    return path


def problems_of(variables: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        check(variables)
    return str(refused.value)


def test_a_shell_and_the_poller_read_what_is_written() -> None:
    hostile = {**COMPLETE, "HTTPS_PROXY": 'http://it\'s $(date) `date` "quoted" \\ ;#'}
    shown = subprocess.run(
        ["sh", "-c", f'{lines(hostile)}printf %s "$HTTPS_PROXY"'], capture_output=True, text=True, check=True
    )
    assert shown.stdout == hostile["HTTPS_PROXY"]
    assert parse(lines(hostile), "it") == hostile
    assert Settings.from_environment(parse(lines(hostile), "it")).results_dir == Path("/srv/roll calls/results")


@pytest.mark.parametrize("line", ["", "# a comment", "unset AWS_PROFILE AWS_SESSION_TOKEN", "  "])
def test_a_line_that_sets_nothing_is_passed_over(line: str) -> None:
    assert parse(f"{line}\nA=b  # as told\nexport C='d e'", "it") == {"A": "b", "C": "d e"}


@pytest.mark.parametrize("line", [". /etc/other.env", "A=b c", "export A B=c", "1A=b", "A='b", "if true; then"])
def test_any_other_line_is_refused_by_its_number_and_never_shown(line: str) -> None:
    with pytest.raises(SettingsError, match="the file, line 2 is not NAME=value") as refused:
        parse(f"A=b\n{line}", "the file")
    assert line not in str(refused.value)


def test_nothing_is_expanded() -> None:
    assert parse('A="$HOME"', "it") == {"A": "$HOME"}


@pytest.mark.parametrize(
    ("assignment", "reason"),
    [
        ("AWS_SECRET_ACCESS_KEY=hunter2", "everybody on this machine sees a command line"),
        ("AWS_SESSION_TOKEN=hunter2", "everybody on this machine sees a command line"),
        ("POLLER_CONCURENCY=2", "the poller has no such setting"),
        ("FUNCTION_NAME", "takes NAME=VALUE"),
        ("=x", "takes NAME=VALUE"),
    ],
)
def test_a_single_setting_that_is_a_slip_or_a_secret_is_refused(assignment: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason) as refused:
        single(["AWS_REGION=us-east-1", assignment])
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", ["RESULTS_DIR", "AWS_PROFILE", "AWS_DEFAULT_REGION", "https_proxy", "NO_PROXY"])
def test_what_the_poller_its_sdk_or_the_network_reads_is_ours(name: str) -> None:
    assert is_ours(name)
    assert not is_ours(f"X{name}")


@pytest.mark.parametrize("place", ["results", "/", "/srv", "/srv/../etc/x"])
def test_results_go_into_a_directory_of_their_own(place: str) -> None:
    assert "RESULTS_DIR is not the absolute path" in problems_of({**COMPLETE, "RESULTS_DIR": place})


def test_everything_that_is_missing_or_bad_is_named_at_once() -> None:
    told = problems_of({"RESULTS_DIR": "x", "REQUEST_QUEUE_URL": "requests", "FUNCTION_NAME": "two\nlines"})
    for problem in ("RESULTS_DIR", "REQUEST_QUEUE_URL", "OUTPUT_QUEUE_URL is missing", "FUNCTION_NAME", "AWS_REGION"):
        assert problem in told


def test_what_is_given_wins_over_what_was_there_which_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = file_of(tmp_path, "kept", **COMPLETE, AWS_SECRET_ACCESS_KEY="hunter2", LANG="C")
    given = file_of(tmp_path, "given", FUNCTION_NAME="newer", AWS_REGION="eu-west-1", INPUT_BUCKET="clips")
    arguments = ["--keep", str(kept), "--settings", str(given), "--set", "FUNCTION_NAME=newest"]
    assert main(arguments) == 0
    shown = capsys.readouterr()
    changed = {"FUNCTION_NAME": "newest", "AWS_REGION": "eu-west-1"}
    assert parse(shown.out, "it") == {**COMPLETE, "AWS_SECRET_ACCESS_KEY": "hunter2", "LANG": "C", **changed}
    assert shown.err == "not the poller's, left out: INPUT_BUCKET\n"


def test_results_have_a_place_unless_one_is_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = {name: value for name, value in COMPLETE.items() if name != "RESULTS_DIR"}
    assert main(["--settings", str(file_of(tmp_path, "given", **given))]) == 0
    assert "export RESULTS_DIR=/var/lib/smart-classroom/results\n" in capsys.readouterr().out


def test_a_bad_file_is_refused_with_nothing_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for given in ("binary", "absent"):
        assert main(["--settings", str(tmp_path / given)]) == 2
        shown = capsys.readouterr()
        assert (shown.out, bool(shown.err)) == ("", True)
