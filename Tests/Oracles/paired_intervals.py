"""Intervals for the difference of paired shares: values for the tests, and the error rates that chose among them.

    python3 Tests/Oracles/paired_intervals.py            the values in PairedComparisonTests.swift
    python3 Tests/Oracles/paired_intervals.py --rates    how often each method's one-sided 97.5 % bound is wrong

Needs numpy and scipy. The score interval is found without Tango's closed form: the nuisance share is the maximum of the
constrained likelihood, found numerically, and the ends are roots of the score statistic.
"""

import sys

import numpy as np
from scipy import optimize, stats

Z = stats.norm.ppf(0.975)


def constrained_share(gained, lost, n, delta):
    """p(lost) that makes the counts likeliest when p(gained) = p(lost) + delta."""
    low, high = max(0.0, -delta), (1 - delta) / 2
    same = n - gained - lost

    def minus_log_likelihood(q):
        cells = ((gained, q + delta), (lost, q), (same, 1 - 2 * q - delta))
        return -sum(count * np.log(max(share, 1e-300)) for count, share in cells if count)

    found = optimize.minimize_scalar(minus_log_likelihood, bounds=(low, high), method="bounded",
                                     options={"xatol": 1e-13})
    return min((found.x, low, high), key=minus_log_likelihood)


def score(gained, lost, n, delta):
    q = constrained_share(gained, lost, n, delta)
    variance = n * (2 * q + delta * (1 - delta))
    return (gained - lost - n * delta) / np.sqrt(max(variance, 1e-300))


def tango(gained, lost, n, z=Z):
    estimate, edge = (gained - lost) / n, 1 - 1e-9
    lower = -1.0 if gained - lost == -n else optimize.brentq(
        lambda d: score(gained, lost, n, d) - z, -edge, estimate - 1e-12, xtol=1e-12)
    upper = 1.0 if gained - lost == n else optimize.brentq(
        lambda d: score(gained, lost, n, d) + z, estimate + 1e-12, edge, xtol=1e-12)
    return lower, upper


# The bounds below are vectorized over counts, for the rates.

def tango_rejects(gained, lost, n, delta, z):
    """Whether the lower score bound lies above delta."""
    a, b = 2.0 * n, -gained - lost + (2 * n - gained + lost) * delta
    c = -lost * delta * (1 - delta)
    q = (np.sqrt(np.maximum(b * b - 4 * a * c, 0)) - b) / (2 * a)
    variance = n * (2 * q + delta * (1 - delta))
    return gained - lost - n * delta > z * np.sqrt(np.maximum(variance, 0))


def wilson(successes, n, z):
    p = successes / n
    center = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return center - half, center + half


def newcombe_lower(both, gained, lost, n, z):
    neither = n - both - gained - lost
    p1, p2 = (both + gained) / n, (both + lost) / n
    low1, up2 = wilson(both + gained, n, z)[0], wilson(both + lost, n, z)[1]
    denominator = np.sqrt(1.0 * (both + gained) * (lost + neither) * (both + lost) * (gained + neither))
    product = 1.0 * both * neither - 1.0 * gained * lost
    product = np.where(product > 0, np.maximum(product - n / 2, 0), product)
    phi = np.divide(product, denominator, out=np.zeros_like(product), where=denominator > 0)
    down, up = p1 - low1, up2 - p2
    return p1 - p2 - np.sqrt(np.maximum(down * down - 2 * phi * down * up + up * up, 0))


def wald_lower(gained, lost, n, z):
    d = (gained - lost) / n
    return d - z * np.sqrt(np.maximum((gained + lost) / n - d * d, 0) / n)


def bonett_price_lower(gained, lost, n, z):
    g, l = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    return g - l - z * np.sqrt((g + l - (g - l) ** 2) / (n + 2))


def bootstrap_lower(gained, lost, n, level, random, draws=500):
    cells = np.stack([gained, lost, n - gained - lost], 1) / n
    resampled = random.multinomial(n, cells[:, None, :], size=(len(gained), draws))
    return np.quantile((resampled[..., 0] - resampled[..., 1]) / n, level, axis=1)


def rates(count=20000):
    """One-sided error in percent: how often the lower bound lies above the true difference; 2.5 is wanted."""
    random = np.random.default_rng(1)
    print("     n  active   churn    diff   score  newcombe    wald  bonett-price  bootstrap")
    for n in (100, 500, 2000, 4000, 8000):
        for right, churn, difference in (
            (0.9, 0.10, -0.02), (0.9, 0.05, -0.015), (0.97, 0.02, -0.015), (0.99, 0.015, -0.015), (0.9, 0.05, 0.0),
            (0.99, 0.01, 0.0), (0.5, 0.2, 0.0),
        ):
            gain, loss = (churn + difference) / 2, (churn - difference) / 2
            table = random.multinomial(n, (right - loss, max(gain, 0), loss, 1 - right - gain), size=count)
            both, gained, lost = table[:, 0], table[:, 1], table[:, 2]
            few = slice(0, 1000)
            errors = [
                tango_rejects(gained, lost, n, difference, Z).mean(),
                (newcombe_lower(both, gained, lost, n, Z) > difference + 1e-12).mean(),
                (wald_lower(gained, lost, n, Z) > difference + 1e-12).mean(),
                (bonett_price_lower(gained, lost, n, Z) > difference + 1e-12).mean(),
                (bootstrap_lower(gained[few], lost[few], n, 0.025, random) > difference + 1e-12).mean(),
            ]
            print(f"{n:6d} {right:7.2f} {churn:7.3f} {difference:7.3f}"
                  + "".join(f"{100 * e:9.2f}" for e in errors))


def values():
    for gained, lost, n in ((12, 5, 100), (0, 0, 100), (0, 5, 50), (5, 0, 50), (1, 9, 10), (10, 0, 10), (0, 120, 8000),
                            (400, 320, 8000), (311, 489, 8000), (2, 3, 1400)):
        lower, upper = tango(gained, lost, n)
        print(f"({gained}, {lost}, {n}, {lower:.9f}, {upper:.9f}),")


if __name__ == "__main__":
    rates() if "--rates" in sys.argv[1:] else values()
