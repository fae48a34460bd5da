"""How surprising a count is: the upper tail of a negative binomial, on a logarithmic scale."""

from math import log10

from scipy.special import betainc

HIGHEST_SCORE = 50.0
"""No score is higher: beyond it the figure says nothing more and doubles lose precision."""

_SMALLEST_TAIL = 10.0**-HIGHEST_SCORE


def tail_score(count: int, mean: float, variance: float) -> float:
    """Return ``-log10 P(X >= count)`` for a negative binomial X, from 0 to ``HIGHEST_SCORE``.

    ``mean`` > 0 and ``variance`` > ``mean``, both in mentions; ``count`` >= 1. With
    ``r = mean²/(variance - mean)`` and ``q = mean/variance`` the tail is the regularised
    incomplete beta function ``I(1 - q; count, r)`` (NIST DLMF 8.17.24).
    """
    size = mean * mean / (variance - mean)
    tail = float(betainc(float(count), size, 1.0 - mean / variance))
    return -log10(tail) if tail > _SMALLEST_TAIL else HIGHEST_SCORE
