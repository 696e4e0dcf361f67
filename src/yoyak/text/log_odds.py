"""Which words mark a group of texts: log-odds with an informative Dirichlet prior.

See Monroe, Colaresi and Quinn, "Fightin' Words", 2008. The prior is the words' distribution over all texts, so that a rare word marks
nothing by having been seen twice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Words that the prior weighs, at most a twentieth of those counted.
PRIOR = 500.0

Floats = NDArray[np.float64]


def log_odds(ours: Floats, every: Floats) -> tuple[Floats, Floats]:
    """(log-odds of each word in the group against all other texts, their standard deviation); 0 and infinity for a word never counted.

    Args:
        ours: How often each word counts in the group.
        every: How often in all groups together.

    Example:
        >>> odds, deviation = log_odds(np.array([9.0, 1.0, 5.0]), np.array([10.0, 10.0, 10.0]))
        >>> bool(odds[0] > 1.96 * deviation[0]), bool(odds[1] < 0), round(float(odds[2]), 6)
        (True, True, 0.0)
    """
    rest = every - ours
    total = every.sum()
    strength = min(PRIOR, total / 20)
    prior = strength * every / max(total, 1.0)
    mine, theirs = ours + prior, rest + prior
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(mine / (ours.sum() + strength - mine)) - np.log(theirs / (rest.sum() + strength - theirs))
        deviation = np.sqrt(1 / mine + 1 / theirs)
    known = every > 0
    return np.where(known, odds, 0.0), np.where(known, deviation, np.inf)
