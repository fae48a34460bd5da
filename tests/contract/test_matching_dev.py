"""How well queries and brands decide the development rows that live beside the checkout."""

import csv
import json
from pathlib import Path

import pytest

from listener.commands.filters import FilterRow
from listener.commands.matching import matching
from listener.matching.matcher import compile_brands, compile_queries
from listener.watchlist import pick_brand, read_brand_file

SAMPLE = Path(__file__).parents[2].parent / "shared" / "eval" / "keywords"
FLOOR = 0.97

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not (SAMPLE / "dev.csv").is_file(), reason=f"needs the development rows in {SAMPLE}"
    ),
]


def test_share_of_rows_decided_as_they_should_be() -> None:
    brands = read_brand_file(SAMPLE / "brands.toml")
    with (SAMPLE / "dev.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wrong = []
    for number, row in enumerate(rows, start=2):
        if row["query"]:
            matcher = compile_queries([row["query"]])
        else:
            matcher = compile_brands([pick_brand(SAMPLE / "brands.toml", brands, row["brand"])])
        text = row["text"]
        data = json.loads(text) if text.startswith("{") else {"text": text}
        (answer,) = matching(matcher)([FilterRow(number, data["text"], data)])
        if answer["match"] != (row["should_match"] == "1"):
            wrong.append((number, row["why"]))
    reached = 1 - len(wrong) / len(rows)
    print(f"matching: {reached:.3f} of {len(rows)} rows", wrong)
    assert reached >= FLOOR
