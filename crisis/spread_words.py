"""How the spread of an incident is said; what the sources do not tell is said too."""

from collections.abc import Mapping
from typing import Any

from crisis.desk import Desk


def spread_parts(desk: Desk, spread: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what the alert says of the spread, or None while there is no more than one place."""
    if spread is None or (len(spread["path"]) < 2 and spread["tree"] is None):
        return None
    words = desk.catalog.words
    said = []
    if spread["tree"] is not None:
        said.append(words["spread_tree"].format(**spread["tree"]))
        if spread["tree"]["unknown"]:
            said.append(words["spread_unknown"].format(**spread["tree"]))
    else:
        said.append(words["spread_no_tree"])
    if not spread["is_reach_known"] and not spread["is_engagement_known"]:
        said.append(words["spread_no_reach"])
    return {"path": spread["path"][:4], "said": words["clauses"].join(said)}
