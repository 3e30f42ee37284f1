"""The VM's Heat template and user-data: fed by the stage's Outputs, without a secret, one installation for all.

tests/vm/ boots with the user-data's commands for real; `scripts/validate_heat.sh` asks Heat's own engine.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from poller.environment_file import SECRETS, check, is_ours, parse
from tests.openstack_stage import OUTPUTS, heat_parameters, openstack_vm

ROOT = Path(__file__).parents[2]
WHEEL = "smart_classroom_poller-0.1.0-py3-none-any.whl"
FAKE_SCRIPT = '#!/bin/sh\nprintf "%s\\n" "$@" >called\ncat "$4" >settings\n'


@pytest.fixture(scope="module")
def vm() -> ModuleType:
    return openstack_vm()


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "installer" / WHEEL
    path.parent.mkdir()
    path.write_bytes(b"a wheel")
    return path


@pytest.fixture
def values(vm: ModuleType, wheel: Path) -> dict[str, str]:
    return dict(vm.parameters(OUTPUTS, "https://files.example.org/poller/", wheel))


@pytest.fixture(scope="module")
def heat() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "openstack" / "poller-vm.yaml").read_text()))


def first_boot(user_data: str) -> str:
    """The script that cloud-init runs."""
    told = yaml.safe_load(user_data)
    (script,) = (file for file in told["write_files"] if file["path"] in told["runcmd"][0])
    return str(script["content"])


def settings(user_data: str) -> dict[str, str]:
    (file,) = (file for file in yaml.safe_load(user_data)["write_files"] if file["path"].endswith("poller.env"))
    assert file["permissions"] == "0600"
    return parse(file["content"], "user-data")


def test_the_stage_has_every_output_that_the_vm_is_told(vm: ModuleType, template: dict[str, Any]) -> None:
    assert set(vm.OUTPUTS) <= template["Outputs"].keys()


def test_heats_parameters_are_the_clouds_and_those_that_are_printed(
    heat: dict[str, Any], values: dict[str, str]
) -> None:
    groups = {group["label"]: set(group["parameters"]) for group in heat["parameter_groups"]}
    assert set().union(*groups.values()) == heat["parameters"].keys()
    assert heat["parameters"].keys() - groups["This cloud"] == values.keys()


def test_the_page_gives_every_parameter_of_the_cloud_that_has_no_default(heat: dict[str, Any]) -> None:
    named = re.findall(r"--parameter (\w+)=", (ROOT / "docs" / "poller.md").read_text())
    (cloud,) = (group["parameters"] for group in heat["parameter_groups"] if group["label"] == "This cloud")
    assert set(named) == {name for name in cloud if "default" not in heat["parameters"][name]}


def test_every_name_in_the_user_data_is_filled_in_by_both(
    heat: dict[str, Any], vm: ModuleType, values: dict[str, str]
) -> None:
    named = set(re.findall(r"@\w+@", vm.USER_DATA.read_text()))
    filling = heat["resources"]["server"]["properties"]["user_data"]["str_replace_strict"]["params"]
    assert filling.keys() == named
    for name, source in filling.items():
        assert source in ({"get_param": name.strip("@")}, {"get_resource": "results"})
    assert not re.search(r"@\w+@", vm.user_data(values, "0b1c2d3e"))


def test_a_value_that_the_template_refuses_is_refused_by_its_pattern(
    heat: dict[str, Any], values: dict[str, str]
) -> None:
    for name, value in values.items():
        for constraint in heat["parameters"][name]["constraints"]:
            pattern = constraint.get("allowed_pattern", ".*")
            assert re.fullmatch(pattern, value), name
            for hostile in ("'; reboot #", "a\nb", "$(reboot)"):
                assert pattern == ".*" or not re.fullmatch(pattern, value + hostile), name


def test_nothing_may_reach_the_vm_but_ssh_from_where_the_administrator_said(heat: dict[str, Any]) -> None:
    rules = heat["resources"]["access"]["properties"]["rules"]
    assert rules == [
        {
            "direction": "ingress",
            "protocol": "tcp",
            "port_range_min": 22,
            "port_range_max": 22,
            "remote_ip_prefix": {"get_param": "ssh_cidr"},
        }
    ]
    assert heat["resources"]["port"]["properties"]["security_groups"] == [{"get_resource": "access"}]
    assert heat["resources"]["server"]["properties"]["networks"] == [{"port": {"get_resource": "port"}}]
    assert "default" not in heat["parameters"]["ssh_cidr"]


def test_the_results_outlive_the_stack(heat: dict[str, Any]) -> None:
    assert heat["resources"]["results"]["deletion_policy"] == "retain"


def test_the_user_data_holds_no_secret_and_only_settings_that_the_poller_takes(
    vm: ModuleType, values: dict[str, str]
) -> None:
    text = vm.user_data(values)
    told = settings(text)
    check(told)
    assert all(is_ours(name) for name in told)
    assert not [name for name in SECRETS if name in text]
    assert "PRIVATE KEY" not in text


def test_cloud_init_takes_the_user_data(vm: ModuleType, values: dict[str, str], tmp_path: Path) -> None:
    if not shutil.which("cloud-init"):
        pytest.skip("cloud-init is not installed")
    (tmp_path / "user-data.yaml").write_text(vm.user_data(values, "0b1c2d3e"))
    command = ["cloud-init", "schema", "--config-file", tmp_path / "user-data.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "Valid" in done.stdout) == (0, True), done.stdout + done.stderr


def test_the_first_boot_fetches_checks_and_calls_the_script(vm: ModuleType, tmp_path: Path, wheel: Path) -> None:
    values = boot_files(vm, tmp_path, wheel)
    done = subprocess.run(["sh", tmp_path / "boot" / "first-boot.sh"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    called = (tmp_path / "boot" / "called").read_text().splitlines()
    assert called == ["--wheel", f"./{WHEEL}", "--settings", "./poller.env"]
    assert (tmp_path / "boot" / WHEEL).read_bytes() == b"a wheel"
    assert parse((tmp_path / "boot" / "settings").read_text(), "it")["FUNCTION_NAME"] == values["FunctionName"]


@pytest.mark.parametrize("changed", ["install_poller.sh", WHEEL])
def test_the_first_boot_runs_nothing_that_is_not_what_was_promised(
    changed: str, vm: ModuleType, tmp_path: Path, wheel: Path
) -> None:
    boot_files(vm, tmp_path, wheel)
    (tmp_path / "installer" / changed).write_text("#!/bin/sh\n>called\n")
    done = subprocess.run(["sh", tmp_path / "boot" / "first-boot.sh"], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert changed in done.stdout + done.stderr
    assert not (tmp_path / "boot" / "called").exists()


def boot_files(vm: ModuleType, folder: Path, wheel: Path, volume: str = "") -> dict[str, str]:
    """What cloud-init writes, in `folder`/boot, with a script that only notes how it was called."""
    if not shutil.which("sha256sum"):
        pytest.skip("no sha256sum (macOS); the VM is Linux")
    (wheel.parent / "install_poller.sh").write_text(FAKE_SCRIPT)
    values = {
        **vm.parameters(OUTPUTS, wheel.parent.as_uri(), wheel),
        "script_sha256": hashlib.sha256(FAKE_SCRIPT.encode()).hexdigest(),
    }
    text = vm.user_data(values, volume)
    (folder / "boot").mkdir()
    (folder / "boot" / "first-boot.sh").write_text(first_boot(text))
    (folder / "boot" / "poller.env").write_text(
        "".join(f"{name}='{value}'\n" for name, value in settings(text).items())
    )
    return values


def test_the_first_boot_passes_shellcheck(vm: ModuleType, values: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "first-boot.sh").write_text(first_boot(vm.user_data(values, "0b1c2d3e")))
    shellcheck = Path(sys.executable).parent / "shellcheck"
    done = subprocess.run([shellcheck, tmp_path / "first-boot.sh"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("value", ["a'b", "a b", "a\nb", "$(reboot)", "a;b"])
def test_a_value_that_could_leave_its_quotes_is_refused_by_name(
    value: str, vm: ModuleType, values: dict[str, str]
) -> None:
    with pytest.raises(vm.Unfit, match="FunctionName: letters, digits"):
        vm.user_data({**values, "FunctionName": value})


def test_more_than_openstack_takes_is_refused(vm: ModuleType, values: dict[str, str]) -> None:
    with pytest.raises(vm.Unfit, match="OpenStack takes 49151"):
        vm.user_data({**values, "FunctionName": "x" * 50_000})


def test_the_command_prints_what_heat_and_what_a_server_made_by_hand_needs(
    vm: ModuleType, wheel: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(vm.stack_env, "read_outputs", lambda stage, region: dict(OUTPUTS))
    common = ["--installer-url", "https://files.example.org/poller", "--wheel", str(wheel)]
    monkeypatch.setattr(sys, "argv", ["openstack_vm.py", "parameters", *common])
    assert vm.main() == 0
    printed = json.loads(capsys.readouterr().out)["parameters"]
    assert printed == vm.parameters(OUTPUTS, "https://files.example.org/poller/", wheel)
    monkeypatch.setattr(sys, "argv", ["openstack_vm.py", "user-data", "--volume", "0b1c2d3e", *common])
    assert vm.main() == 0
    assert capsys.readouterr().out == vm.user_data(printed, "0b1c2d3e")


def test_a_wheel_that_is_not_there_is_named(
    vm: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(vm.stack_env, "read_outputs", lambda stage, region: dict(OUTPUTS))
    arguments = ["parameters", "--installer-url", "https://files.example.org", "--wheel", "no.whl"]
    monkeypatch.setattr(sys, "argv", ["openstack_vm.py", *arguments])
    assert vm.main() == 1
    assert "no.whl" in capsys.readouterr().err


def test_heats_own_engine_takes_the_template_and_fills_in_the_same(
    vm: ModuleType, values: dict[str, str], tmp_path: Path
) -> None:
    """Without a cloud: functions, references, property schemas, constraints; that a name is known there is believed."""
    python = os.environ.get("HEAT_PYTHON")
    if not python:
        pytest.skip("HEAT_PYTHON names no Python with openstack-heat (scripts/validate_heat.sh makes one)")
    (tmp_path / "environment.json").write_text(vm.environment_file(heat_parameters(values)))
    engine = ROOT / "tests" / "heat_engine.py"
    command = [python, engine, ROOT / "openstack" / "poller-vm.yaml", tmp_path / "environment.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == vm.user_data(values, "results")  # a resource that is not made yet goes by its name
