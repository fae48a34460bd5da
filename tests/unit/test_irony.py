"""Friendly words meant the other way round: what the cues find, move and leave alone."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from listener.scoring.fast import MODEL, FastScorer
from listener.scoring.gramleans import GramLeans, no_leans, to_levels
from listener.scoring.grams import BUCKETS, fold_batch
from listener.scoring.heldout import gram_rows
from listener.scoring.irony import LEAST_LEAN, MOST_LEAN, IronyCues
from listener.scoring.model import load_model
from listener.scoring.protocol import TextToScore
from listener.scoring.recipe import CORPUS, LEXICONS
from listener.scoring.rules import IRONY_LOGIT, lean_to_irony

DATA = Path(__file__).resolve().parents[1] / "data"
# Written before any cue was known, scored once when the cues were done; not to be learned from.
BLIND, BLIND_ENGLISH = DATA / "irony_blind.tsv", DATA / "english_blind.tsv"


@pytest.fixture(scope="module")
def model():
    return load_model(MODEL)


@pytest.fixture(scope="module")
def scorer(model):
    return FastScorer(model)


@pytest.fixture(scope="module")
def cues(model):
    grams = GramLeans(model.ironic, model.header["irony_scale"])
    return IronyCues(model.tables, model.header["irony"], grams)


def leans(model, cues, texts):
    batch = fold_batch(texts, model.tables)
    judged = model.judge(batch)
    return cues.leans(judged, cues.marks(batch, judged))


def held_out() -> list[tuple[str, str]]:
    rows = [
        line.split("\t") for line in (DATA / "irony_heldout.tsv").read_text("utf-8").splitlines()
    ]
    return [(text, label) for text, label in rows]


def shares(scorer, path: Path) -> tuple[float, float]:
    """Return how many of the negative lines are called negative, of the others positive."""
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    called = scorer.probabilities([TextToScore(text=text) for _, text in rows]).argmax(axis=1)
    is_negative = np.array([label == "neg" for label, _ in rows])
    return float(np.mean(called[is_negative] == 0)), float(np.mean(called[~is_negative] == 2))


def test_every_cue_is_short_and_stands_once_in_its_group():
    lists = tomllib.loads((LEXICONS / "irony.toml").read_text("utf-8"))
    groups = {**lists["surface"], **lists["beside"]}
    assert len(groups) <= 32
    for name, words in groups.items():
        found = words.split()
        assert len(found) == len(set(found)), name
        assert all(1 <= len(word) <= 3 and word != "$" for word in found), name


def test_held_out_lines_are_not_in_the_corpus():
    learned = {
        line.split("\t")[0]
        for path in CORPUS.glob("*.tsv")
        for line in path.read_text("utf-8").splitlines()
    }
    blind = [
        line.split("\t")[1]
        for path in (BLIND, BLIND_ENGLISH)
        for line in path.read_text("utf-8").splitlines()
    ]
    assert not learned & {*blind, *(text for text, _ in held_out())}


def test_blind_irony_and_blind_praise_keep_what_they_reached(scorer):
    ironic, sincere = shares(scorer, BLIND)  # 0.74 and 0.74
    assert ironic >= 0.68
    assert sincere >= 0.7


def test_blind_english_product_sentences_keep_what_they_reached(scorer):
    negative, positive = shares(scorer, BLIND_ENGLISH)  # 0.80 and 0.80
    assert negative >= 0.75
    assert positive >= 0.75


def test_held_out_irony_is_mostly_negative_and_its_sincere_twin_mostly_positive(scorer):
    rows = held_out()
    called = scorer.probabilities([TextToScore(text=text) for text, _ in rows]).argmax(axis=1)
    is_ironic = np.array([label == "neg" for _, label in rows])
    assert np.mean(called[is_ironic] == 0) >= 0.65
    assert np.mean(called[~is_ironic] == 2) >= 0.75


def test_the_same_friendly_words_lean_by_what_stands_beside_them(model, cues):
    ironic, sincere = leans(
        model, cues, ["恭喜我喜提第五次返修，客服说再等等", "恭喜师傅，当天就修好还送了赠品"]
    )
    assert ironic > 0 > sincere


def test_text_without_a_friendly_word_is_left_alone(model, cues):
    found = leans(
        model, cues, ["电机异响，等了三天没人修", "市统计局公布数据", "", "great, broke"]
    )
    assert found.tolist() == [0.0, 0.0, 0.0, 0.0]


def test_a_long_text_is_left_alone_and_a_lean_has_its_limits(model, cues):
    short = "谢谢你们“贴心”的客服🙂 退款等了三个月，第五次说没法处理，真是开眼了"
    (near,) = leans(model, cues, [short])
    (far,) = leans(model, cues, [short + "，门口那条路往前走二百米左转再右转" * 8])
    assert LEAST_LEAN <= near <= MOST_LEAN
    assert near > 0.6
    assert far == 0.0


def test_irony_shows_its_friendly_words_in_the_evidence(scorer):
    text = "恭喜我喜提第五次返修，客服说再等等"
    one = scorer.score([TextToScore(text=text)])[0]
    assert one.label == "negative"
    assert all(word in text for word, _ in one.evidence)
    assert ("恭喜", True) in [(word, weight > 0) for word, weight in one.evidence]


def test_news_is_not_read_as_irony(scorer):
    text = "恭喜我喜提第五次返修，客服说再等等"
    plain, news = scorer.probabilities(
        [TextToScore(text=text), TextToScore(text=text, kind="news")]
    )
    assert news[0] < plain[0]


def test_irony_alone_makes_nobody_sure():
    polarity = np.array([-2.0, 0.2, 0.2, 3.0])
    moved = lean_to_irony(polarity, np.array([1.0, 3.0, -1.0, 2.0]))
    assert moved.tolist() == [-1.0, IRONY_LOGIT, -0.8, 3.0]


def test_what_the_cues_add_is_the_sum_of_what_they_learned(model):
    cues = IronyCues(model.tables, model.header["irony"])
    texts = [line.split("\t")[1] for line in BLIND.read_text("utf-8").splitlines()]
    batch = fold_batch(texts, model.tables)
    judged = model.judge(batch)
    marks = cues.marks(batch, judged)
    worth = np.array([model.header["irony"].get(name, 0.0) for name in cues.names])
    summed = np.clip(cues.features(judged, marks) @ worth, LEAST_LEAN, MOST_LEAN)
    assert np.abs(summed - cues.leans(judged, marks)).max() < 1e-4


def test_a_model_without_weights_of_cues_judges_without_them(model):
    plain = IronyCues(model.tables)
    assert leans(model, plain, ["恭喜我喜提第五次返修🙂"]).tolist() == [0.0]


def test_sums_of_levels_are_the_rows_times_the_weights(model):
    texts = [line.split("\t")[1] for line in BLIND.read_text("utf-8").splitlines()][:40]
    batch = fold_batch(texts, model.tables)
    judged = model.judge(batch)
    weights = np.where(model.spread > 0, np.random.default_rng(5).normal(size=BUCKETS), 0.0)
    grams = to_levels(weights)
    chosen = np.array([0, 3, 4, 39])
    summed = grams.sums(batch, judged, chosen)
    idf = np.sqrt(model.spread.astype(np.float64))
    rows = gram_rows(batch, judged, model.spread)
    expected = rows @ np.divide(grams.levels * grams.scale, idf, where=idf > 0, out=idf * 0)
    assert np.abs(summed - expected[chosen]).max() < 1e-3


def test_levels_of_nothing_add_nothing(model):
    batch = fold_batch(["谢谢，三天掉漆"], model.tables)
    judged = model.judge(batch)
    for grams in (no_leans(), to_levels(np.zeros(BUCKETS))):
        assert grams.sums(batch, judged, np.array([0])).tolist() == [0.0]


def test_a_lean_does_not_depend_on_the_texts_beside_it(model, cues):
    texts = [line.split("\t")[1] for line in BLIND.read_text("utf-8").splitlines()]
    alone = [leans(model, cues, [text])[0] for text in texts]
    assert leans(model, cues, texts).tolist() == alone
