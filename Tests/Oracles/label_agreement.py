"""Writes Tests/Fixtures/labels/agreement.json: agreement and annotator models of made-up labels, by other means.

    python3 Tests/Oracles/label_agreement.py

Needs numpy. Fleiss' kappa is computed from the table of counts as in the paper, Krippendorff's alpha from the definition
as a ratio of mean disagreements over all pairs (no coincidence matrix), their intervals by resampling tasks with numpy's
own generator, and Dawid and Skene's model by matrix products over one-hot votes, run until nothing moves.
"""

import json
import pathlib

import numpy as np

CATEGORIES = 3
RNG = np.random.default_rng(20)


def made_up(tasks=120, labellers=5, missing=0.0):
    """Labels of people of different skill: -1 where somebody left a task out."""
    truth = RNG.choice(CATEGORIES, size=tasks, p=[0.5, 0.3, 0.2])
    skills = np.linspace(0.45, 0.95, labellers)
    labels = np.empty((tasks, labellers), dtype=int)
    for labeller, skill in enumerate(skills):
        wrong = (truth + RNG.integers(1, CATEGORIES, size=tasks)) % CATEGORIES
        labels[:, labeller] = np.where(RNG.random(tasks) < skill, truth, wrong)
    labels[RNG.random(labels.shape) < missing] = -1
    return truth, labels


def fleiss(labels):
    counts = np.stack([(labels == category).sum(axis=1) for category in range(CATEGORIES)], axis=1)
    n = counts.sum(axis=1)[0]
    shares = counts.sum(axis=0) / counts.sum()
    observed = ((counts**2).sum(axis=1) - n) / (n * (n - 1))
    expected = (shares**2).sum()
    return (observed.mean() - expected) / (1 - expected)


def alpha(labels):
    """Nominal: 1 - observed over expected disagreement."""
    units = [row[row >= 0] for row in labels]
    units = [row for row in units if len(row) > 1]
    values = np.concatenate(units)
    observed = sum((row[:, None] != row[None, :]).sum() / (len(row) - 1) for row in units) / len(values)
    expected = (values[:, None] != values[None, :]).sum() / (len(values) * (len(values) - 1))
    return 1 - observed / expected


def interval(statistic, labels, resamples):
    found = [statistic(labels[RNG.integers(0, len(labels), size=len(labels))]) for _ in range(resamples)]
    return np.percentile(found, [2.5, 97.5]).tolist()


def dawid_skene(labels, known):
    votes = np.stack([(labels == category) for category in range(CATEGORIES)], axis=2).astype(float)
    posteriors = votes.sum(axis=1) / votes.sum(axis=(1, 2))[:, None]
    settled = known >= 0
    posteriors[settled] = np.eye(CATEGORIES)[known[settled]]
    for _ in range(20000):
        before = posteriors
        prior = 1 + posteriors.sum(axis=0)
        prior /= prior.sum()
        confusion = np.einsum("tk,tal->akl", posteriors, votes) + 1 + np.eye(CATEGORIES)
        confusion /= confusion.sum(axis=2, keepdims=True)
        logs = np.log(prior) + np.einsum("tal,akl->tk", votes, np.log(confusion))
        posteriors = np.exp(logs - logs.max(axis=1, keepdims=True))
        posteriors /= posteriors.sum(axis=1, keepdims=True)
        posteriors[settled] = np.eye(CATEGORIES)[known[settled]]
        if np.abs(posteriors - before).max() < 1e-14:
            break
    return prior, confusion, posteriors


def main():
    _, full = made_up()
    truth, gaps = made_up(missing=0.3)
    gaps = gaps[(gaps >= 0).any(axis=1)]
    known = np.where(np.arange(len(gaps)) % 10 == 0, truth[: len(gaps)], -1)
    prior, confusion, posteriors = dawid_skene(gaps, known)
    fixture = {
        "full": full.tolist(), "fleiss": fleiss(full), "fleiss_interval": interval(fleiss, full, 5000),
        "gaps": gaps.tolist(), "alpha": alpha(gaps), "alpha_interval": interval(alpha, gaps, 5000),
        "known": known.tolist(), "prior": prior.tolist(), "confusion": confusion.tolist(),
        "posteriors": posteriors[:20].tolist(),
    }
    file = pathlib.Path(__file__).parent.parent / "Fixtures" / "labels" / "agreement.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(fixture) + "\n")
    print({key: fixture[key] for key in ("fleiss", "fleiss_interval", "alpha", "alpha_interval", "prior")})


main()
