"""What a sampler picks, worked out with numpy in double precision: fixtures for PickOracleTests.swift.

    python3 Tests/Oracles/sampling_fixtures.py Tests/Fixtures/sampling/picks.json

Of the allowed tokens, logits are divided or multiplied by the repetition penalty, and bias, frequency and presence
penalty added; then either the greatest logit is taken, or temperature, top-k, top-p (of all allowed tokens), min-p and a
draw. The draw inverts the cumulative distribution with a given uniform number, in falling order of probability where
tokens were cut off and in the order of tokens where not. Cases in which single precision could decide otherwise are left out.
"""

import json
import sys

import numpy as np


def logits_of(case):
    """Numbers that the test makes in the same way."""
    i = np.arange(1, case["size"] + 1, dtype=np.uint64)
    hashed = (i * np.uint64(2 * case["seed"] + 1) * np.uint64(2654435761)) % np.uint64(2**32)
    v = hashed.astype(np.float64) / 2**31 - 1
    return (case["scale"] * (v + v**3)).astype(np.float32).astype(np.float64)


def log_softmax(x):
    top = x.max()
    return x - (top + np.log(np.exp(x - top).sum()))


def processed(logits, case):
    x = logits.copy()
    r = case["repetition"]
    for token in set(case["output"]):
        x[token] = x[token] / r if x[token] > 0 else x[token] * r
    for token, bias in case["bias"]:
        x[token] += bias
    counts = np.bincount(case["output"], minlength=len(x)) if case["output"] else np.zeros(len(x))
    x -= case["frequency"] * counts
    x -= case["presence"] * (counts > 0)
    if case["allowed"] is not None:
        keep = np.zeros(len(x), bool)
        keep[case["allowed"]] = True
        x[~keep] = -np.inf
    return x


def draw(x, case):
    """Token, its log-probability, and how far the choice was from any other."""
    p = np.exp(log_softmax(x / case["temperature"]))
    places = [t for t in range(len(x)) if x[t] > -np.inf]
    margin = np.inf
    if case["top_k"] > 0 or case["top_p"] < 1 or case["min_p"] > 0:
        order, places, kept = sorted(places, key=lambda t: (-x[t], t)), [], 0
        for token in order[: case["top_k"] or None]:
            if case["top_p"] < 1:
                margin = min(margin, abs(kept - case["top_p"]))
                if kept >= case["top_p"]:
                    break
            if places and case["min_p"] > 0:
                ratio = p[token] / p[order[0]]
                margin = min(margin, abs(ratio - case["min_p"]))
                if ratio < case["min_p"]:
                    break
            places.append(token)
            kept += p[token]
    reached = np.cumsum(p[places]) / p[places].sum()
    margin = min(margin, np.abs(reached - case["uniform"]).min())
    place = int(np.argmax(reached >= case["uniform"]))
    return places[place], float(np.log(p[places[place]] / p[places].sum())), margin


def main(path):
    random = np.random.default_rng(20)
    cases = []
    while len(cases) < 240:
        size = int(random.choice([5, 40, 300, 1500]))
        pick = lambda options: float(random.choice(options))
        tokens = lambda count: [int(t) for t in random.integers(0, size, count)]
        case = {
            "size": size,
            "seed": int(random.integers(1, 1 << 20)),
            "scale": float(random.choice([0.3, 2, 6])),
            "temperature": pick([0, 0.3, 1, 1, 1.7]),
            "top_k": int(random.choice([0, 0, 0, 1, 4, 50])),
            "top_p": pick([1, 1, 0.3, 0.9, 0.99]),
            "min_p": pick([0, 0, 0.02, 0.3]),
            "presence": pick([0, 0, 0.7, -0.5]),
            "frequency": pick([0, 0, 0.4]),
            "repetition": pick([1, 1, 1.3, 0.8]),
            "bias": [[t, pick([-3, 1.5, 6])] for t in sorted(set(tokens(2)))] if random.random() < 0.3 else [],
            "output": tokens(int(random.integers(0, 8))),
            "allowed": sorted(set(tokens(min(40, max(2, size // 3))))) if random.random() < 0.3 else None,
            "uniform": float(np.float32(random.uniform(1e-3, 1))),
        }
        logits = logits_of(case)
        x = processed(logits, case)
        if case["temperature"] == 0:
            token, drawn = int(np.argmax(x)), 0.0
            margin = np.diff(np.sort(x[x > -np.inf]), prepend=-np.inf)[-1]
        else:
            token, drawn, margin = draw(x.copy(), case)
        if margin < 1e-5:
            continue
        case["token"] = token
        case["drawn_log_prob"] = drawn
        case["log_prob"] = float(log_softmax(logits)[token])
        cases.append(case)
    with open(path, "w") as file:
        json.dump(cases, file, separators=(",", ":"))
    print(f"{len(cases)} picks in {path}")


main(sys.argv[1])
