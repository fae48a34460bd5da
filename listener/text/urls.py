"""Make addresses comparable: without the parameters that only tell who sent the reader."""

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

MAX_URL_CHARS = 2_000
_TRACKING = re.compile(
    r"(?:utm_\w*|[gf]bclid|[gdm]clid|gclsrc|msclkid|yclid|twclid|igshid|mc_[ce]id|mkt_tok|_hs(?:enc|mi)"
    r"|wt[._]mc(?:_id)?|xtor|at_(?:medium|campaign|custom\d)|ns_(?:mchannel|source|campaign)"
    r"|ref_(?:src|url)|_ga|_gl|_openstat|guccounter|guce_\w+|vero_id|ncid|ocid|cmpid|s_cid|ito"
    r"|spm|scm|spm_id_from|vd_source|bd_vid|share_(?:token|source|medium|plat|session_id|tag|from)"
    r"|unique_k|isappinstalled|tt_from|app_share_\w+)",
    re.IGNORECASE,
)
_TRACKING_FRAGMENT = re.compile(r"(?:utm_|xtor=|ref=rss$)", re.IGNORECASE)


def canonical_url(url: str, base: str = "") -> str | None:
    """Return ``url``, resolved against ``base``, without tracking parameters.

    None if it is not an http or https address with a host. The rest is left as it was written.
    """
    if not url.strip():
        return None
    try:
        absolute = urljoin(base, url.strip())
        parts = urlsplit(absolute)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
    except ValueError:
        return None
    kept = [p for p in parts.query.split("&") if not _TRACKING.fullmatch(p.partition("=")[0])]
    fragment = "" if _TRACKING_FRAGMENT.match(parts.fragment) else parts.fragment
    cleaned = urlunsplit(parts._replace(query="&".join(kept), fragment=fragment))
    return printable(cleaned)[:MAX_URL_CHARS]


def absolute_url(base: str, url: str) -> str:
    """Return ``url`` resolved against ``base``, or as it is where one of them is no address."""
    try:
        return urljoin(base, url)
    except ValueError:
        return url


def printable(text: str) -> str:
    """Return text that any encoding and any database can hold: no NUL, no lone surrogate."""
    return re.sub("[\x00-\x1f\x7f\ud800-\udfff]", "", text)
