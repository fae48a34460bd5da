"""The command ``accuracy``: how often the machine was right, on the brand's own labels."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from listener.accuracy import LABELS, Card, Part, Share, accuracy_card, share_json
from listener.commands.accuracy_text import WORDS
from listener.commands.common import (
    ConfigOption,
    JsonOption,
    errors_shown,
    open_office,
    out,
    print_json,
)
from listener.errors import Conflict
from listener.store.brands import brand_ids

PARTS = ("match", "sentiment", "complaint")


def accuracy(
    brand: Annotated[str | None, typer.Option(help="Key of the brand; all if left out.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how often matching, sentiment, complaints and alerts were right, where people said so.

    With fewer than ten labels no percentage is shown, but how many are missing.
    """
    with errors_shown():
        office = open_office(config)
        known = office.read(brand_ids)
        named = {one.key: one.name for one in office.file.config.brands}
        if brand is not None and brand not in known:
            raise Conflict(f"there is no brand '{brand}'; known brands: {', '.join(named)}")
        keys = [brand] if brand else [key for key in named if key in known]
        cards = office.read(
            lambda session: [
                accuracy_card(session, brand_id=known[key], brand=key) for key in keys
            ]
        )
    if as_json:
        print_json([_as_json(card) for card in cards])
        return
    words = WORDS[office.file.config.language]
    for card in cards:
        out.print(words["title"].format(brand=named.get(card.brand, card.brand)), markup=False)
        for line in _lines(card, words):
            out.print(line, markup=False)
    out.print(words["bias"], markup=False)


def _lines(card: Card, words: Mapping[str, str]) -> Iterator[str]:
    for name in PARTS:
        parts: tuple[Part, ...] = getattr(card, name)
        if not parts:
            yield f"{words[name]}：{words['no_labels']}"
        for part in parts:
            yield words["part"].format(what=words[name], version=part.version, count=part.labels)
            yield from _share_lines(part, words)
            if part.confusion:
                yield from _confusion_lines(part, words)
    yield words["alert_part"].format(count=card.alerts.labels)
    yield from _share_lines(card.alerts, words)
    yield f"   {words['no_recall']}"


def _share_lines(part: Part, words: Mapping[str, str]) -> Iterator[str]:
    for name, share in part.shares.items():
        if share.total:
            yield f"   {words[name]}：{share_text(share, words)}"


def share_text(share: Share, words: Mapping[str, str]) -> str:
    """Return a share in words; without a percentage while labels are missing."""
    if share.value is None or share.interval is None:
        return words["too_few"].format(right=share.right, total=share.total, missing=share.missing)
    low, high = share.interval
    return words["share"].format(
        value=share.value, right=share.right, total=share.total, low=low, high=high
    )


def _confusion_lines(part: Part, words: Mapping[str, str]) -> Iterator[str]:
    yield f"   {words['confusion']}"
    for said in LABELS:
        counts = "  ".join(
            f"{words[name]} {part.confusion.get((said, name), 0)}" for name in LABELS
        )
        yield f"      {words['called'].format(label=words[said])} {counts}"


def _as_json(card: Card) -> dict[str, Any]:
    return {
        "brand": card.brand,
        "sample": "corrected rows only: biased towards what was wrong",
        **{name: [_part_json(part) for part in getattr(card, name)] for name in PARTS},
        "alerts": _part_json(card.alerts),
    }


def _part_json(part: Part) -> dict[str, Any]:
    return {
        "version": part.version or None,
        "labels": part.labels,
        **{name: share_json(share) for name, share in part.shares.items()},
        **(
            {
                "confusion": {
                    said: {name: part.confusion.get((said, name), 0) for name in LABELS}
                    for said in LABELS
                }
            }
            if part.confusion
            else {}
        ),
    }
