"""Writes Tests/Fixtures/training/calibration.json: the likeliest temperature and flip rate of differences of rewards.

    python Tests/Oracles/calibration_fixtures.py

PyTorch maximizes the likelihood by its gradient (L-BFGS in fp64, the flip rate as half a sigmoid), from several starts;
the product does it by turns of expectation and maximization. Differences are rounded, so that the file says all.
"""

import json
import math
import pathlib

import torch

FILE = pathlib.Path(__file__).parent.parent / "Fixtures" / "training" / "calibration.json"


def fit(differences, has_flips):
    d = torch.tensor(differences, dtype=torch.float64)
    target = (len(d) + 1) / (len(d) + 2)
    best = None
    for start in [0.3, 1.0, 3.0]:
        log_slope = torch.tensor(math.log(start), dtype=torch.float64, requires_grad=True)
        flip = torch.tensor(-1.5, dtype=torch.float64, requires_grad=True)
        free = [log_slope, flip] if has_flips else [log_slope]
        optimizer = torch.optim.LBFGS(
            free, max_iter=2000, tolerance_grad=1e-13, tolerance_change=1e-16, line_search_fn="strong_wolfe")

        def loss():
            rate = torch.sigmoid(flip) / 2 if has_flips else 0.0
            p = rate + (1 - 2 * rate) * torch.sigmoid(log_slope.exp() * d)
            return -(target * p.log() + (1 - target) * (1 - p).log()).sum()

        def closure():
            optimizer.zero_grad()
            value = loss()
            value.backward()
            return value

        optimizer.step(closure)
        value = loss().item()
        if best is None or value < best["loss"]:
            rate = torch.sigmoid(flip).item() / 2 if has_flips else 0.0
            best = {"slope": log_slope.exp().item(), "flip_rate": rate, "loss": value}
    return best


def case(count, slope, flip_rate, seed):
    generator = torch.Generator().manual_seed(seed)
    clear = torch.randn(count, generator=generator, dtype=torch.float64) * 2
    agrees = torch.rand(count, generator=generator, dtype=torch.float64) < torch.sigmoid(slope * clear)
    flips = torch.rand(count, generator=generator, dtype=torch.float64) < flip_rate
    differences = [round(v, 4) for v in torch.where(agrees ^ flips, clear, -clear).tolist()]
    plain, mixed = fit(differences, False), fit(differences, True)
    is_worth_it = plain["loss"] - mixed["loss"] > math.log(count) / 2
    return {"differences": differences, "expected": mixed if is_worth_it else plain}


cases = [case(400, 2.5, 0.15, 1), case(400, 0.6, 0.0, 2), case(120, 1.0, 0.3, 3), case(400, 4.0, 0.05, 4)]
FILE.write_text(json.dumps({"torch": torch.__version__, "cases": cases}) + "\n")
print(FILE.stat().st_size, "bytes", [c["expected"] for c in cases])
