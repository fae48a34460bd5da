"""The complaint classifier by itself, then match + score + classify together, on one core.

    python -m benchmarks.complaints

The mentions have 30 to 100 characters. Seven of ten are lines of our corpora and name no brand;
three are posts of the demonstration that name one of 500 brands. Beside the classifier stands a
scan with one regular expression for each cue, which finds the same cues and judges nothing;
beside the three steps SnowNLP and every query by itself, which classify nothing. Both get a small
sample. Figures are processor time, the best of three runs.
"""

import os
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from benchmarks.matching import brand_names, seconds_of
from listener.complaints import TextToClassify, classify, classify_batch
from listener.complaints.folding import plain, plain_texts
from listener.complaints.lexicon import cue_sources
from listener.complaints.pattern import GAP_MARK, parse_pattern
from listener.demo.world import build_world
from listener.matching.matcher import Matcher, Record, compile_queries
from listener.matching.terms import compile_term
from listener.scoring.choose import open_scorer
from listener.scoring.protocol import Scorer, TextToScore
from listener.scoring.recipe import CORPUS
from listener.text.fold import fold

SEED = 7
MENTIONS = 5_120
BATCH = 512
SHORTEST, LONGEST = 30, 100
NAMING_A_BRAND = 0.3
FEW, FEWER = 200, 40
DEMO_BRAND = re.compile("澜白|瀾白|lanbai", re.IGNORECASE)
ANCHOR = datetime(2026, 3, 2, 12, tzinfo=UTC)
NEUTRAL = ("car_neu", "chat_neu", "news_neu", "promo_neu", "questions_neu", "weibo_neu")
GLAD = ("car_pos", "chat_pos", "weibo_pos")
ANGRY = ("car_neg", "chat_neg", "weibo_neg")
EVERYDAY = ((0.6, NEUTRAL), (0.2, GLAD), (0.2, ANGRY))
"""Corpora of people talking of anything, with their share; in the others most lines complain."""


def everyday_texts(dice: random.Random, count: int) -> list[str]:
    """Return lines of the everyday corpora, joined within one file until they are long enough."""
    texts = []
    for share, names in EVERYDAY:
        files = [
            (CORPUS / f"{name}.tsv").read_text(encoding="utf-8").splitlines() for name in names
        ]
        sizes = [len(lines) for lines in files]
        for lines in dice.choices(files, sizes, k=round(count * share)):
            text, length = "", dice.randint(SHORTEST, LONGEST)
            while len(text) < length:
                text += dice.choice(lines).split("\t")[0] + "，"
            texts.append(text[:length])
    return texts


def brand_texts(dice: random.Random, names: Sequence[str], count: int) -> list[str]:
    """Return posts of the demonstration's ordinary days, each about one of the brands."""
    posts = [
        post.text
        for post in build_world(ANCHOR).posts
        if SHORTEST <= len(post.text) <= LONGEST and not post.is_crisis
    ]
    texts = []
    for post in dice.choices(posts, k=count):
        name = dice.choice(names)
        text, changed = DEMO_BRAND.subn(name, post)
        texts.append(text if changed else f"{name}：{post}")
    return texts


def mentions(dice: random.Random, names: Sequence[str]) -> list[str]:
    """Return the mix, in random order."""
    naming = round(MENTIONS * NAMING_A_BRAND)
    texts = brand_texts(dice, names, naming) + everyday_texts(dice, MENTIONS - naming)
    dice.shuffle(texts)
    return texts


def batches(texts: Sequence[str]) -> list[Sequence[str]]:
    """Cut into batches."""
    return [texts[begin : begin + BATCH] for begin in range(0, len(texts), BATCH)]


def classify_all(texts: Sequence[str]) -> int:
    """Classify in batches; return the number of complaints."""
    judged = [
        one
        for part in batches(texts)
        for one in classify_batch([TextToClassify(text=text) for text in part])
    ]
    return sum(one.is_complaint for one in judged)


def cue_expressions() -> list[re.Pattern[str]]:
    """Return one regular expression for each cue of the package."""
    parsed = [
        parse_pattern(GAP_MARK.join(map(plain, source.split(GAP_MARK))))[0]
        for sources in cue_sources().values()
        for source in sources
    ]
    return [re.compile(one.expression or "|".join(map(re.escape, one.choices))) for one in parsed]


def scan_naively(texts: Sequence[str], expressions: Sequence[re.Pattern[str]]) -> None:
    """Look for every cue by itself in every text."""
    for folded in plain_texts(texts):
        text = folded if isinstance(folded, str) else folded.text
        for expression in expressions:
            for _ in expression.finditer(text):
                pass


def all_three(
    texts: Sequence[str], matcher: Matcher, scorer: Scorer, *, only_matched: bool
) -> int:
    """Match, score and classify; return how many texts were scored and classified."""
    judged = 0
    for part in batches(texts):
        found = list(matcher.match_many([Record(text) for text in part]))
        if only_matched:
            part = [text for text, brands in zip(part, found, strict=True) if brands]  # noqa: PLW2901
        sentiments = scorer.score([TextToScore(text=text) for text in part])
        classify_batch(
            [
                TextToClassify(text=text, sentiment=sentiment)
                for text, sentiment in zip(part, sentiments, strict=True)
            ]
        )
        judged += len(part)
    return judged


def one_by_one(
    texts: Sequence[str], patterns: Sequence[Sequence[re.Pattern[str]]], scorer: Scorer
) -> None:
    """Look for every term of every query by itself, and score with SnowNLP."""
    for text in texts:
        folded = fold(text)
        for terms in patterns:
            for pattern in terms:
                pattern.search(folded)
        scorer.score([TextToScore(text=text)])


def rate(count: int, work: Callable[[], object]) -> float:
    """Return texts per second of processor time."""
    return count / seconds_of(work)


def main() -> None:
    """Print the figures, ratios and how busy the machine was."""
    dice = random.Random(SEED)
    names = brand_names(dice)
    texts = mentions(dice, names)
    say = sys.stdout.write

    began = time.process_time()
    classify("客服不给退款")
    say(f"first classify: {time.process_time() - began:.2f} s\n")
    complaints = classify_all(texts)
    say(
        f"{MENTIONS} mentions, {sum(map(len, texts)) / MENTIONS:.0f} characters on average, "
        f"seed {SEED}; {complaints / MENTIONS:.0%} are judged complaints\n"
    )
    together = rate(MENTIONS, lambda: classify_all(texts))
    alone = rate(FEW, lambda: [classify(text) for text in texts[:FEW]])
    expressions = cue_expressions()
    naive = rate(FEWER, lambda: scan_naively(texts[:FEWER], expressions))
    say(
        f"classify_batch: {together:,.0f} texts/s; classify: {alone:,.0f}; one regular expression "
        f"for each of {len(expressions)} cues: {naive:,.0f}; ratio {together / naive:,.0f}\n"
    )

    matcher = compile_queries([f"({name} OR {name}官方) NOT {name}招聘" for name in names])
    scorer, snow = open_scorer("fast"), open_scorer("snownlp")
    patterns = [
        [compile_term(term).pattern for term in (name, f"{name}官方", f"{name}招聘")]
        for name in names
    ]
    every = rate(MENTIONS, lambda: all_three(texts, matcher, scorer, only_matched=False))
    matched = rate(MENTIONS, lambda: all_three(texts, matcher, scorer, only_matched=True))
    judged = all_three(texts, matcher, scorer, only_matched=True)
    other = rate(FEWER, lambda: one_by_one(texts[:FEWER], patterns, snow))
    say(
        f"match + score + classify, {len(names)} queries, batches of {BATCH}:\n"
        f"  every text through all three: {every:,.0f} mentions/s\n"
        f"  as the pipeline does ({judged / MENTIONS:.0%} match): {matched:,.0f} mentions/s\n"
        f"  SnowNLP and one query at a time, every text: {other:,.0f} mentions/s; "
        f"ratios {every / other:,.0f} and {matched / other:,.0f}\n"
        f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
    )


if __name__ == "__main__":
    main()
