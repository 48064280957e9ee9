"""Means with confidence, and their tables."""

import numpy as np

RESAMPLES = 10_000
# A bootstrap of fewer values is far too sure of itself.
FEWEST = 6


def interval(values: np.ndarray) -> tuple[float, float]:
    """95 % confidence interval of the mean: percentile bootstrap, the same resamples on every run."""
    random = np.random.default_rng(20)
    means = random.choice(values, (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def verdict(difference: tuple[float, float], count: int, more_is_better: bool) -> str:
    """What an interval of paired differences says of the setting: better, worse, or nothing."""
    if count < FEWEST:
        return f"(only {count})"
    low, high = difference if more_is_better else (-difference[1], -difference[0])
    return "better" if low > 0 else "worse" if high < 0 else "="


def markdown(header: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows])
