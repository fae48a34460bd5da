"""The command ``fengsheng detect`` on files."""

import csv
import gzip
import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from listener.cli import app

START = datetime(2026, 1, 5, 8, 2, 53, tzinfo=UTC)


def write(path, columns, rows):
    text = "\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)])
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")


def series(days=9, burst=()):
    rng = random.Random(5)
    for n in range(days * 288):
        mean = 8 * (1 + 0.5 * math.sin(2 * math.pi * n / 288))
        total = max(0, round(rng.gauss(mean, 2)))
        negative = min(total, int(rng.random() < 0.3))
        if n in burst:
            total, negative = total + 20, negative + 20
        yield f"{START + n * timedelta(minutes=5):%Y-%m-%d %H:%M:%S}", total, negative


def run(*arguments):
    return CliRunner().invoke(app, ["detect", *map(str, arguments)])


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def folders(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in", tmp_path / "out"


def test_a_crisis_is_marked_in_the_buckets_it_lasts(folders):
    source, out = folders
    burst = range(2400, 2412)
    write(source / "a.csv.gz", ("timestamp", "total", "negative"), series(burst=burst))
    result = run(source, "--out", out)
    assert result.exit_code == 0, result.output
    rows = read(out / "a.csv")
    assert len(rows) == 9 * 288
    assert rows[0]["timestamp"] == "2026-01-05 08:02:53"
    on = [n for n, row in enumerate(rows) if row["is_alert"] == "1"]
    assert on[0] in range(2400, 2404)
    once = run(source, "--out", out, "--nab")
    assert once.exit_code == 0
    assert sum(row["is_alert"] == "1" for row in read(out / "a.csv")) == 1


def test_values_alone_mean_the_volume_channel(folders):
    source, out = folders
    rows = [
        (at, total * 20 if 2400 <= n < 2420 else total)
        for n, (at, total, _) in enumerate(series())
    ]
    write(source / "v.csv", ("timestamp", "value"), rows)
    assert run(source, "--out", out).exit_code == 0
    told = [n for n, row in enumerate(read(out / "v.csv")) if row["is_alert"] == "1"]
    assert len(told) == 1
    assert told[0] in range(2400, 2407)


def test_a_bad_file_is_named_with_its_row_and_the_others_are_judged(folders):
    source, out = folders
    write(source / "good.csv", ("timestamp", "total", "negative"), series(days=1))
    write(source / "bad.csv", ("timestamp", "total", "negative"), [("2026-01-05 08:00", "x", 0)])
    (source / "broken.csv.gz").write_bytes(b"not gzip")
    result = run(source, "--out", out)
    assert result.exit_code == 1
    assert "bad.csv: row 1" in result.stderr
    assert "broken.csv.gz" in result.stderr
    assert len(read(out / "good.csv")) == 288
    assert not (out / "bad.csv").exists()


def test_clocks_that_drift_repeat_or_leave_holes_lose_no_row(folders):
    source, out = folders
    rows = list(series(days=2))
    rows[50] = (rows[50][0][:-2] + "59", *rows[50][1:])
    del rows[100:103]
    rows.append(rows[-1])
    write(source / "d.csv", ("timestamp", "total", "negative"), rows)
    assert run(source, "--out", out).exit_code == 0
    given = [row["timestamp"] for row in read(out / "d.csv")]
    assert given == [row[0] for row in rows[:-1]]


def test_an_empty_folder_is_refused_by_name(folders):
    source, out = folders
    result = run(source, "--out", out)
    assert result.exit_code == 2
    assert "holds no .csv" in result.stderr
