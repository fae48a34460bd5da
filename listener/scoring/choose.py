"""Open a scorer by name, importing only what that scorer needs."""

from importlib import import_module
from pathlib import Path

from listener.scoring.protocol import Scorer, make_scorer

BUILT_IN = ("fast", "snownlp")
MODEL_SUFFIX = ".npz"


def open_scorer(name: str, transformer: Path | None = None, below: float = 0.0) -> Scorer:
    """Load the scorer ``name``, or the model in the file ``name``. Raises ``ConfigError``.

    With ``transformer``, the folder of a local one, texts whose most likely class has less than
    ``below`` (0 to 1) are judged by it too.
    """
    first = _open(name)
    if transformer is None:
        return first
    module = import_module("listener.scoring.transformer")
    scorer: Scorer = module.SecondOpinion(first, module.LocalTransformer(transformer), below)
    return scorer


def _open(name: str) -> Scorer:
    if name.endswith(MODEL_SUFFIX):
        fast = import_module("listener.scoring.fast")
        model = import_module("listener.scoring.model").load_model(Path(name))
        scorer: Scorer = fast.FastScorer(model)
        return scorer
    if name in BUILT_IN:
        import_module(f"listener.scoring.{name}")
    return make_scorer(name)
