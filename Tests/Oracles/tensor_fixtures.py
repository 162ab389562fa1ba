"""Writes Tests/Fixtures/tensor: what PyTorch computes for HoneTensorTests.

    python Tests/Oracles/tensor_fixtures.py
"""

import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).parent.parent / "Fixtures" / "tensor"


def functions():
    """One call of each function whose arguments could be passed in the wrong order."""
    torch.manual_seed(1)
    x = torch.randn(5, 8)
    weight, bias = torch.randn(8), torch.randn(8)
    q, k, v = torch.randn(2, 4, 6, 8), torch.randn(2, 2, 6, 8), torch.randn(2, 2, 6, 8)
    mask = torch.rand(2, 1, 6, 6) > 0.3
    mask |= torch.eye(6, dtype=torch.bool)
    targets = torch.tensor([1, 7, -100, 0, 3])
    grouped = dict(enable_gqa=True)
    return {
        "x": x, "weight": weight, "bias": bias, "q": q, "k": k, "v": v, "mask": mask, "targets": targets,
        "rms_norm": F.rms_norm(x, [8], weight, 1e-5),
        "layer_norm": F.layer_norm(x, [8], weight, bias, 1e-5),
        "linear": F.linear(x, torch.outer(bias, weight), bias),
        "causal": F.scaled_dot_product_attention(q, k, v, is_causal=True, **grouped),
        "masked": F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=0.3, **grouped),
        "cross_entropy": F.cross_entropy(x, targets),
        "cross_entropy_none": F.cross_entropy(x, targets, reduction="none"),
        "variance": x.var(dim=1),
        "clamped": x.clamp(min=-0.5, max=0.25),
        "tril": x.tril(-1),
    }


def optimizer():
    """Ten AdamW steps with clipped gradients and a changing rate on a two-layer network."""
    torch.manual_seed(2)
    first, second = torch.nn.Linear(4, 16), torch.nn.Linear(16, 3)
    model = torch.nn.Sequential(first, torch.nn.SiLU(), second)
    fixture = {f"before.{name}": p.detach().clone() for name, p in model.named_parameters()}
    fixture["x"], fixture["y"] = torch.randn(32, 4), torch.randint(0, 3, (32,))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
    losses, norms = [], []
    for step in range(10):
        optimizer.param_groups[0]["lr"] = 1e-2 * (step + 1) / 10
        loss = F.cross_entropy(model(fixture["x"]), fixture["y"])
        optimizer.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5))
        optimizer.step()
        losses.append(loss.detach())
    fixture |= {f"after.{name}": p.detach().clone() for name, p in model.named_parameters()}
    fixture |= {"losses": torch.stack(losses), "norms": torch.stack(norms)}
    return fixture


def muon():
    """Ten steps of Muon in fp64, from its paper: torch.optim.Muon rounds the iteration to bf16."""
    torch.manual_seed(3)
    shapes = {"tall": (12, 5), "wide": (5, 12), "twin": (5, 12)}
    weights = {name: torch.randn(shape, dtype=torch.float64) for name, shape in shapes.items()}
    fixture = {f"before.{name}": weight.float() for name, weight in weights.items()}
    means = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    for step in range(10):
        for name, weight in weights.items():
            gradient = torch.randn_like(weight)
            fixture[f"gradient.{step}.{name}"] = gradient.float()
            gradient = gradient.float().double()
            means[name] = 0.95 * means[name] + 0.05 * gradient
            x = 0.05 * gradient + 0.95 * means[name]
            x = x / (x.norm() + 1e-7)
            x = x.T if x.shape[0] > x.shape[1] else x
            for _ in range(5):
                a = x @ x.T
                x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
            x = x.T if x.shape != weight.shape else x
            scale = max(1, weight.shape[0] / weight.shape[1]) ** 0.5
            weights[name] = weight * (1 - 0.02 * 0.1) - 0.02 * scale * x
    return fixture | {f"after.{name}": weight.float() for name, weight in weights.items()}


FOLDER.mkdir(parents=True, exist_ok=True)
save_file(functions(), FOLDER / "functions.safetensors")
save_file(optimizer(), FOLDER / "optimizer.safetensors", metadata={"torch": torch.__version__})
save_file(muon(), FOLDER / "muon.safetensors")
