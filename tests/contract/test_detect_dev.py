"""The crisis channel keeps its measured quality on the shared development series.

Runs only where the development data lies beside the checkout; the scorer there is run as it is.
"""

import csv
import gzip
import io
import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from listener.detect.replay import replay
from listener.detect.series import bucket_minutes_of, rows_to_buckets
from listener.detect.settings import CrisisSettings

KIT = Path(__file__).parents[2].parent / "shared" / "eval" / "spikes"
DATA = KIT / "dev" / "synth"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not DATA.is_dir(), reason="the development series are not beside this checkout"
    ),
]


def detect(path: Path, out: Path) -> None:
    """Judge one series and write the buckets that scored."""
    with gzip.open(path, "rb") as raw, io.TextIOWrapper(raw, newline="") as text:
        buckets = rows_to_buckets(csv.DictReader(text))
    minutes = bucket_minutes_of(buckets)
    settings = CrisisSettings.for_sensitivity("normal", bucket_minutes=minutes)
    lines = ["timestamp,is_alert,score"]
    lines += [
        f"{one.start:%Y-%m-%d %H:%M:%S},{int(one.is_on)},{one.score:.4f}"
        for one in replay(buckets, settings, ZoneInfo("UTC"))
        if one.is_on or one.score
    ]
    (out / path.name.removesuffix(".gz")).write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """Judge every series and return what the scorer says."""
    out = tmp_path_factory.mktemp("detections")
    paths = sorted((DATA / "series").glob("*.csv.gz"))
    with ProcessPoolExecutor(max_workers=4, mp_context=get_context("spawn")) as pool:
        list(pool.map(detect, paths, repeat(out)))
    report = out / "report.json"
    command = [sys.executable, str(KIT / "score.py"), "--truth", str(DATA / "truth.json")]
    command += ["--data", str(DATA / "series"), "--detections", str(out), "--json", str(report)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    scores: dict[str, float] = json.loads(report.read_text())
    return scores


def test_every_series_was_judged(result: dict[str, object]) -> None:
    assert (result["series"], result["events"]) == (36, 27)
    assert result["no_detections_for"] == []


def test_at_least_24_of_27_crises_are_found(result: dict[str, float]) -> None:
    assert result["hits"] >= 24


def test_nobody_is_woken_for_nothing(result: dict[str, float]) -> None:
    assert result["false_alarms"] == 0
    assert result["benign_hit"] == {}


def test_half_of_the_crises_are_known_within_half_an_hour(result: dict[str, float]) -> None:
    assert result["median_delay_min"] <= 30
