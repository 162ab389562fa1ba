"""Values of PyTorch for Tests/HoneTrainingTests/Memory: python3 Tests/Oracles/memory_fixtures.py"""

import json
import pathlib

import torch

torch.manual_seed(5)


def divergence():
    former, now = torch.randn(4, 7, dtype=torch.float64), torch.randn(4, 7, dtype=torch.float64)
    now.requires_grad_()
    value = torch.nn.functional.kl_div(
        now.log_softmax(-1), former.log_softmax(-1), reduction="batchmean", log_target=True
    )
    value.backward()
    return {
        "former": former.tolist(), "now": now.tolist(), "value": value.item(), "gradient": now.grad.tolist(),
    }


def elastic(strength=3.5):
    weights, anchors = torch.randn(3, 5, dtype=torch.float64), torch.randn(3, 5, dtype=torch.float64)
    information = torch.rand(3, 5, dtype=torch.float64)
    weights.requires_grad_()
    penalty = strength / 2 * (information * (weights - anchors) ** 2).sum()
    penalty.backward()
    return {
        "weights": weights.tolist(), "anchors": anchors.tolist(), "information": information.tolist(),
        "strength": strength, "penalty": penalty.item(), "gradient": weights.grad.tolist(),
    }


target = pathlib.Path(__file__).parent.parent / "Fixtures/training/memory.json"
target.write_text(json.dumps({"divergence": divergence(), "elastic": elastic()}, indent=1) + "\n")
