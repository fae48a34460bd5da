"""A second opinion from a local transformer: a real ONNX model and tokenizer, made here, small."""

import asyncio
import json
import subprocess
import sys

import numpy as np
import onnx
import pytest
import tokenizers
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from listener.cli import app
from listener.errors import ConfigError
from listener.scoring.choose import open_scorer
from listener.scoring.protocol import TextToScore
from listener.scoring.transformer import LocalTransformer
from listener.scoring.worker import ScoringWorker

VOCABULARY = {"[UNK]": 0, "好": 1, "坏": 2, "嗯": 3}
# What each character says for negative, neutral, positive.
WEIGHTS = [[0, 0, 0], [-4, 0, 4], [4, 0, -4], [0, 6, 0]]
UNSURE = "嗯嗯坏"


def build(folder, labels=("负面", "neutral", "POSITIVE"), weights=WEIGHTS, **changed):
    """Write a classifier that adds up what its characters say."""
    folder.mkdir()
    table = numpy_helper.from_array(np.array(weights, dtype=np.float32), "table")
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["each"]),
        helper.make_node("ReduceSum", ["each", "axes"], ["logits"], keepdims=0),
    ]
    axes = numpy_helper.from_array(np.array([1], dtype=np.int64), "axes")
    name = changed.get("input_name", "input_ids")
    nodes[0].input[1] = name
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(weights[0])])],
        [table, axes],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    onnx.save(model, str(folder / "model.onnx"))
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(VOCABULARY, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"id2label": {str(index): label for index, label in enumerate(labels)}}
    (folder / "config.json").write_text(json.dumps(names), encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path):
    return build(tmp_path / "own model")


def texts(*given):
    return [TextToScore(text=one) for one in given]


def test_it_reads_labels_in_any_order_and_pads_without_harm(folder):
    judge = LocalTransformer(folder)
    found = judge.judge(["坏坏", "好" * 400, "嗯", ""])
    assert found.argmax(axis=1).tolist()[:3] == [0, 2, 1]
    assert np.allclose(found.sum(axis=1), 1)
    assert judge.name.startswith("own-model@")


def test_only_unsure_texts_are_asked_and_every_row_names_both(folder):
    given = texts("客服骂人，垃圾，退款也不给，太差了！", UNSURE, "")
    plain = open_scorer("fast").score(given)
    never = open_scorer("fast", folder, 0.0).score(given)
    assert [one.negative for one in never] == [one.negative for one in plain]
    both = open_scorer("fast", folder, 1.0).score(given)
    assert both[1].neutral > plain[1].neutral
    assert both[2].negative == plain[2].negative
    for one in both:
        assert one.negative + one.neutral + one.positive == pytest.approx(1)
        assert one.scorer.startswith(f"{plain[0].scorer}+own-model@")


def test_without_a_neutral_class_the_first_scorers_neutral_stands(tmp_path):
    two = build(
        tmp_path / "two",
        labels=("positive", "negative"),
        weights=[[0, 0], [4, -4], [-4, 4], [0, 0]],
    )
    (plain,) = open_scorer("fast").score(texts(UNSURE))
    (both,) = open_scorer("fast", two, 1.0).score(texts(UNSURE))
    assert both.neutral == pytest.approx(plain.neutral)
    assert both.negative > plain.negative


def test_a_model_that_fails_on_a_text_leaves_the_first_judgement(folder, caplog):
    broken = build(folder.parent / "broken", weights=WEIGHTS[:3])  # 嗯 is outside its table
    (plain,) = open_scorer("fast").score(texts(UNSURE))
    (both,) = open_scorer("fast", broken, 1.0).score(texts(UNSURE))
    assert both.negative == plain.negative
    assert "transformer failed" in caplog.text


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda at: (at / "model.onnx").unlink(), "has no model.onnx"),
        (lambda at: (at / "model.onnx").write_bytes(b"PK"), "cannot be loaded"),
        (lambda at: (at / "tokenizer.json").write_text("{}"), "cannot be loaded"),
        (lambda at: (at / "config.json").write_text("{}"), "no readable id2label"),
        (
            lambda at: (at / "config.json").write_text('{"id2label": {"0": "LABEL_0"}}'),
            "LABEL_0; each must be",
        ),
        (
            lambda at: (at / "config.json").write_text(
                '{"id2label": {"0": "negative", "1": "positive"}}'
            ),
            "must be (2, labels)",
        ),
    ],
)
def test_a_folder_that_is_no_classifier_is_refused_with_the_remedy(folder, spoil, said):
    spoil(folder)
    with pytest.raises(ConfigError) as refused:
        LocalTransformer(folder)
    assert said in str(refused.value)
    assert str(folder) in str(refused.value)


def test_a_model_with_other_inputs_is_refused(tmp_path):
    strange = build(tmp_path / "strange", input_name="pixels")
    with pytest.raises(ConfigError, match="asks for the input 'pixels'"):
        LocalTransformer(strange)


async def scored_by_worker(folder):
    worker = ScoringWorker("fast", folder, 1.0)
    try:
        return await worker.score(texts(UNSURE))
    finally:
        await worker.close()


def test_the_service_and_the_filter_use_it(folder):
    (by_worker,) = asyncio.run(scored_by_worker(folder))
    lines = folder.parent / "lines.txt"
    lines.write_text(UNSURE + "\n", encoding="utf-8")
    options = ["--transformer", str(folder), "--unsure-below", "1"]
    result = CliRunner().invoke(app, ["score", str(lines), *options])
    line = json.loads(result.output)
    assert line["scorer"] == by_worker.scorer
    assert line["negative"] == pytest.approx(by_worker.negative)


def test_without_the_setting_no_runtime_is_imported():
    program = (
        "import sys; from listener.scoring.choose import open_scorer; open_scorer('fast'); "
        "sys.exit(any(one in sys.modules for one in ('onnxruntime', 'tokenizers')))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
