"""How a post's growth and the weight of its speaker are said, and what of it is not known."""

from collections.abc import Mapping
from typing import Any

from crisis.desk import Desk
from listener.detect.trend import MEASURED_HITS
from listener.forecasting import LEAST_TRIED

# Two hours and more are said in hours.
_HOURS_FROM = 120
_COUNTERS = ("likes", "reposts", "comments")


def single_parts(desk: Desk, evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the alert says of one text: the post, why it counts alone, how it grows."""
    single, takeoff = evidence.get("single"), evidence.get("takeoff")
    words = desk.catalog.words
    return {
        "post": evidence.get("post"),
        "single": words.get(f"single_{single['why']}", words["single_text"])
        if single
        else words["single_text"],
        "speaker": evidence.get("post") if single and single.get("followers") else None,
        "growth": growth_words(desk, takeoff) if takeoff else None,
        "growth_limits": _limits(desk, takeoff) if takeoff else None,
    }


def growth_words(desk: Desk, takeoff: Mapping[str, Any]) -> str:
    """Return the growth in one clause: window, counters, doubling, comparison."""
    words = desk.catalog.words
    counters = words["listed"].join(
        f"{words[name]} {before:,}→{after:,}"
        for name, (before, after) in takeoff["counters"].items()
        if after > before
    )
    parts = [
        words["growth_window"].format(
            window=_span(desk, takeoff["window_minutes"]), counters=counters
        )
    ]
    if takeoff["doubling_minutes"] is not None:
        parts.append(
            words["growth_doubling"].format(span=_span(desk, round(takeoff["doubling_minutes"])))
        )
    parts.append(_comparison(desk, takeoff["standing"]))
    return words["clauses"].join(parts)


def outlook_words(desk: Desk, outlook: Mapping[str, Any] | None) -> str | None:
    """Say where the next hour probably goes, and how often such a word came true.

    The brand's own record counts from twenty outlooks on, before that what was measured on
    generated crises, called that.
    """
    if outlook is None:
        return None
    words = desk.catalog.words
    if outlook["tried"] >= LEAST_TRIED:
        record = words["outlook_own"].format(hits=outlook["hits"], tried=outlook["tried"])
    else:
        record = words["outlook_measured"].format(share=f"{100 * MEASURED_HITS:.0f}")
    return words[f"outlook_{outlook['trend']}"] + record


def _comparison(desk: Desk, standing: Mapping[str, Any]) -> str:
    """Say where the speed stands; without enough posts to rank among, say that too.

    The fitted share is never shown: it is no more than a guess about posts nobody has seen.
    """
    words = desk.catalog.words
    if standing["is_ranked"]:
        share = min(99.9, 100.0 * standing["quantile"])
        shown = f"{share:.1f}".removesuffix(".0") if share > 99 else f"{share:.0f}"
        return words["growth_rank"].format(share=shown, peers=standing["peers"])
    usual = standing["usual_per_hour"]
    return words["growth_prior"].format(
        peers=standing["peers"], usual=f"{usual:.0f}" if usual >= 1 else "<1"
    )


def _limits(desk: Desk, takeoff: Mapping[str, Any]) -> str:
    """Say what was not observed: between two visits, and counters the source does not give."""
    words = desk.catalog.words
    minutes = max(takeoff["step_minutes"], takeoff["revisit_minutes"])
    said = [words["growth_revisit"].format(span=_span(desk, minutes))]
    missing = [words[name] for name in _COUNTERS if name not in takeoff["counters"]]
    if missing:
        said.append(words["growth_missing"].format(names=words["listed"].join(missing)))
    return words["clauses"].join(said)


def _span(desk: Desk, minutes: int) -> str:
    words = desk.catalog.words
    if minutes < _HOURS_FROM and minutes != 60:
        return f"{max(minutes, 1)} {words['minutes']}"
    hours = f"{minutes / 60:.1f}".removesuffix(".0")
    return f"{hours} {words['hours']}"
