"""The training corpus is well-formed, varied, our own, and free of personal data."""

import csv
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CORPUS = Path(__file__).resolve().parents[2] / "listener" / "data" / "corpus"

# kind -> (labels it may carry, fewest lines it must have)
KINDS: dict[str, tuple[frozenset[str], int]] = {
    "review": (frozenset({"neg", "pos"}), 730),
    "weibo": (frozenset({"neg", "neu", "pos"}), 730),
    "chat": (frozenset({"neg", "neu", "pos"}), 460),
    "complaint_facts": (frozenset({"neg"}), 400),
    "car": (frozenset({"neg", "neu", "pos"}), 330),
    "news": (frozenset({"neu"}), 660),
    "notice": (frozenset({"neu"}), 100),
    "question": (frozenset({"neu"}), 170),
    "promo": (frozenset({"neu"}), 120),
    "irony": (frozenset({"neg"}), 270),
    "irony_contrast": (frozenset({"pos"}), 110),
    "negation": (frozenset({"neg", "pos"}), 270),
    "contrast": (frozenset({"neg", "pos"}), 170),
    "joke": (frozenset({"neu", "pos"}), 90),
    "hypothetical": (frozenset({"neu", "pos"}), 100),
    "trad": (frozenset({"neg", "neu", "pos"}), 220),
    "canto": (frozenset({"neg", "neu", "pos"}), 140),
    "english": (frozenset({"neg", "neu", "pos"}), 560),
}
SHINGLE = 4
TOO_ALIKE = 0.6
# A run this long is a copy in Chinese; in English it is two ordinary words.
RUN_HAN, RUN_LATIN = 12, 30

PERSONAL = {
    "mobile number": re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"),
    "identity number": re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"),
    "card or order number": re.compile(r"\d{11,}"),
    "mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    "plate": re.compile(
        r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-Z0-9]{5}"
    ),
    "link": re.compile(r"https?://|www\."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One example and where it stands."""

    text: str
    label: str
    kind: str
    place: str


def read_lines(path: Path) -> Iterator[Line]:
    for number, row in enumerate(path.read_text("utf-8").split("\n")[:-1], 1):
        place = f"{path.name}:{number}"
        columns = row.split("\t")
        assert len(columns) == 3, f"{place}: {len(columns)} columns instead of 3: {row!r}"
        yield Line(*columns, place)


def folded(text: str) -> str:
    """Fold width and case and keep letters, digits, ideographs and symbols such as emoji."""
    wide = unicodedata.normalize("NFKC", text).lower()
    return "".join(c for c in wide if unicodedata.category(c)[0] not in "PZC" and c not in "~`^")


def shingles(text: str) -> frozenset[str]:
    return frozenset(text[i : i + SHINGLE] for i in range(len(text) - SHINGLE + 1))


class AlikeIndex:
    """Texts seen so far, by their shingles, to find a near-duplicate without comparing all pairs."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.sets: list[tuple[frozenset[str], str]] = []
        self.by_shingle: dict[str, list[int]] = defaultdict(list)

    def add(self, text: str, place: str) -> str | None:
        """Add a text; return where its duplicate or near-duplicate stands, if there is one."""
        key = folded(text)
        if key in self.texts:
            return f"same as {self.texts[key]}"
        own = shingles(key)
        shared = Counter(i for s in own for i in self.by_shingle.get(s, ()))
        for i, common in shared.most_common(5):
            other, where = self.sets[i]
            if common / (len(own) + len(other) - common) > TOO_ALIKE:
                return f"too like {where}"
        self.texts[key] = place
        self.sets.append((own, place))
        for s in own:
            self.by_shingle[s].append(len(self.sets) - 1)
        return None


def runs(text: str) -> Iterator[str]:
    """Yield the windows of a folded text that are long enough to count as copied."""
    for size in (RUN_HAN, RUN_LATIN):
        for i in range(len(text) - size + 1):
            window = text[i : i + size]
            if size == RUN_LATIN or not window.isascii():
                yield window


def strings_in(path: Path) -> Iterator[str]:
    """Yield every string of a CSV or JSON-lines file."""
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            for row in csv.reader(file):
                yield from row
            return
        for line in file:
            yield from leaves(json.loads(line)) if line.strip() else ()


def leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for child in value.values():
            yield from leaves(child)
    elif isinstance(value, list):
        for child in value:
            yield from leaves(child)


def runs_in(paths: Iterable[Path]) -> set[str]:
    return {run for path in paths for text in strings_in(path) for run in runs(folded(text))}


def held_out(shared: Path) -> list[Path]:
    return sorted(p for p in (shared / "eval").rglob("*") if p.suffix in {".csv", ".jsonl"})


def form_fault(text: str) -> str | None:
    """Return what is wrong with the form of a text, if anything is."""
    if text != text.strip() or not 2 <= len(text) <= 200:
        return f"length {len(text)} or white space at an end"
    if any(unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cn", "Co"} for c in text):
        return "a control or unassigned character"
    return next((name for name, pattern in PERSONAL.items() if pattern.search(text)), None)


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return [line for path in sorted(CORPUS.glob("*.tsv")) for line in read_lines(path)]


def test_every_file_ends_its_last_line() -> None:
    paths = sorted(CORPUS.glob("*.tsv"))
    assert paths
    for path in paths:
        assert path.read_bytes().endswith(b"\n"), f"{path.name}: the last line has no LF"
        assert b"\r" not in path.read_bytes(), f"{path.name}: CR found; write LF line ends"


def test_every_line_is_well_formed_and_without_personal_data(lines: list[Line]) -> None:
    faults = [f"{x.place}: {fault}: {x.text}" for x in lines if (fault := form_fault(x.text))]
    assert not faults, "\n".join(faults)


def test_labels_are_those_the_kind_allows(lines: list[Line]) -> None:
    faults = [x for x in lines if x.kind not in KINDS or x.label not in KINDS[x.kind][0]]
    assert not faults


def test_every_kind_has_enough_lines(lines: list[Line]) -> None:
    counts = Counter(x.kind for x in lines)
    too_few = {k: counts[k] for k, (_, least) in KINDS.items() if counts[k] < least}
    assert not too_few


def test_no_text_stands_twice_or_nearly_twice(lines: list[Line]) -> None:
    index = AlikeIndex()
    faults = [f"{x.place}: {f}: {x.text}" for x in lines if (f := index.add(x.text, x.place))]
    assert not faults, "\n".join(faults)


def test_near_duplicates_are_recognised() -> None:
    index = AlikeIndex()
    assert index.add("这台洗衣机用了三天就漏水,客服说等通知", "a:1") is None
    assert index.add("这台洗衣机用了三天就漏水，客服说等通知！", "a:2") == "same as a:1"
    assert index.add("这台洗衣机用了三天就漏水,客服说再等通知", "a:3") == "too like a:1"
    assert index.add("洗衣机漏水第三天,还在等客服的通知", "a:4") is None


def test_every_kind_is_described(lines: list[Line]) -> None:
    readme = (CORPUS / "README.md").read_text("utf-8")
    missing = {x.kind for x in lines if f"| `{x.kind}` |" not in readme}
    missing |= {p.stem for p in CORPUS.glob("*.tsv") if f"`{p.stem}`" not in readme}
    assert not missing


@pytest.mark.shared
def test_no_line_shares_a_run_with_held_out_rows(lines: list[Line], shared: Path) -> None:
    foreign = runs_in(held_out(shared))
    assert foreign
    faults = [f"{x.place}: {r}" for x in lines for r in runs(folded(x.text)) if r in foreign]
    assert not faults, "\n".join(faults)
