"""What the deployment files and the wheel have to hold; nothing is installed or started here."""

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile

import pytest

from tests.conftest import ROOT

DEPLOY = ROOT / "docs" / "deploy"
UNIT = (DEPLOY / "fengsheng.service").read_text(encoding="utf-8")
CONTAINER = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
COMPOSE = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
DEFAULT = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))


def unit_settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_unit(tmp_path):
    unit = tmp_path / "fengsheng.service"
    unit.write_text(UNIT.replace("/opt/fengsheng/.venv/bin/fengsheng", sys.executable), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Type", "notify"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("CapabilityBoundingSet", ""),
        ("StateDirectory", "fengsheng"),
        ("User", "fengsheng"),
        ("SystemCallFilter", "@system-service"),
    ],
)
def test_the_unit_is_hardened(name, value):
    assert value in unit_settings()[name]


def test_the_unit_passes_secrets_as_credentials_only():
    settings = unit_settings()
    assert settings["LoadCredential"] == ["telegram-token:/etc/fengsheng/telegram-token"]
    for value in settings["Environment"]:
        assert not re.search(r"(TOKEN|PROXY|DATABASE_URL)=", value)


def test_the_service_manager_waits_longer_than_the_service_itself():
    stop_within_s = DEFAULT["operation"].get("stop_within_s", 20)
    assert int(unit_settings()["TimeoutStopSec"][0]) > stop_within_s
    grace = re.search(r"stop_grace_period: (\d+)s", COMPOSE)
    assert grace is not None
    assert int(grace[1]) > stop_within_s


def instructions() -> list[tuple[str, str]]:
    joined = CONTAINER.replace("\\\n", " ")
    lines = [line.strip() for line in joined.splitlines()]
    return [
        (line.split()[0], line.partition(" ")[2])
        for line in lines
        if line and not line.startswith("#")
    ]


def test_the_container_is_built_in_stages_from_the_lock():
    found = instructions()
    froms = [rest for name, rest in found if name == "FROM"]
    assert froms == ["python:3.12-slim AS build", "python:3.12-slim"]
    assert any(name == "RUN" and "--constraint constraints.txt" in rest for name, rest in found)
    assert not re.search(r"--(extra-)?index-url|https?://(?!127\.0\.0\.1)", CONTAINER)


def test_the_container_runs_as_nobody_special_and_looks_after_itself():
    found = instructions()
    last = dict(found)
    assert last["USER"].split(":")[0].isdecimal()
    assert last["USER"] != "0"
    assert f"http://{DEFAULT['operation']['listen']}/healthz" in last["HEALTHCHECK"]
    assert last["ENTRYPOINT"] == '["fengsheng"]', "the exec form, so that signals arrive"
    order = [name for name, _ in found]
    assert order.index("USER") > max(i for i, name in enumerate(order) if name == "RUN")


def test_the_container_copies_what_the_wheel_is_made_of():
    copied = " ".join(rest for name, rest in instructions() if name == "COPY")
    let_in = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {
        *("constraints.txt", "pyproject.toml", project["project"]["readme"]),
        *project["project"]["license-files"],
        *wheel["packages"],
        *wheel["force-include"],
    }
    for name in needed:
        assert name in copied
        assert f"!{name}\n" in let_in
        assert (ROOT / name).exists()


@pytest.mark.parametrize(
    "line",
    ["read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "profiles: [postgres]"],
)
def test_compose_keeps_the_container_tight(line):
    assert line in COMPOSE
    assert "ports:" not in COMPOSE, "nothing is published"


def packaged() -> set[str]:
    """Every file that an installed Fengsheng needs, by its name in the wheel."""
    names = set()
    for folder in ("listener", "spiders", "crisis"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                names.add(path.relative_to(ROOT).as_posix())
    for path in (ROOT / "templates").rglob("*"):
        if path.is_file():
            names.add(f"listener/bundled/{path.relative_to(ROOT).as_posix()}")
    return names | {"listener/bundled/config.toml"}


def test_no_packaged_file_is_ignored_by_git():
    """The builder leaves out what git ignores, and so would a release."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    done = subprocess.run(
        [
            *("git", "ls-files", "--others", "--ignored", "--exclude-standard", "--"),
            *("listener", "spiders", "crisis", "templates", "config.toml"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert [name for name in done.stdout.splitlines() if "__pycache__" not in name] == []


@pytest.mark.skipif(
    importlib.util.find_spec("hatchling") is None,
    reason="hatchling, which builds the wheel, is not installed here",
)
def test_the_wheel_carries_every_template_and_data_file(tmp_path):
    subprocess.run(
        [
            *(sys.executable, "-m", "hatchling", "build", "--target", "wheel"),
            *("--directory", str(tmp_path)),
        ],
        cwd=ROOT,
        capture_output=True,
        timeout=120,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    assert packaged() - inside == set()
    assert not any(name.startswith(("tests/", "benchmarks/", "docs/")) for name in inside)
