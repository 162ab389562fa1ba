#!/usr/bin/env python3
"""Writes Tests/Fixtures/quantization/rounding.safetensors: weights in fewer bits as an independent reading of the papers
has them, in float64.

    python3 Tests/Oracles/quantization_fixtures.py

Scales by the least squared error; GPTQ (arXiv:2210.17323, algorithm 1, the weight's groups as its section 4 has them);
SmoothQuant's factors (arXiv:2211.10438, equation 4); what zeroed inputs (TEAL, arXiv:2408.14690, equation 2) leave of a
product.
"""
from pathlib import Path

import torch
from safetensors.torch import save_file

GROUP = 64
FRACTIONS = [1 - 0.025 * step for step in range(21)]


def scales(block, limit, importance):
    """One scale a row of `block`, rounded to bfloat16."""
    greatest = block.abs().amax(dim=1).clamp(min=1e-30)
    best_error = torch.full_like(greatest, float("inf"))
    best = greatest.clone()
    for fraction in FRACTIONS:
        scale = (greatest.float() * torch.tensor(fraction / limit)).to(torch.bfloat16).double()
        rounded = torch.clamp(torch.round(block / scale[:, None]), -limit, limit) * scale[:, None]
        error = ((rounded - block) ** 2 * importance[None]).sum(dim=1)
        better = error < best_error
        best_error = torch.where(better, error, best_error)
        best = torch.where(better, scale, best)
    return best


def nearest(weight, bits, importance):
    limit = 127 if bits == 8 else 7
    width = weight.shape[1] if bits == 8 else GROUP
    values, found = torch.zeros_like(weight), []
    for begin in range(0, weight.shape[1], width):
        part = slice(begin, begin + width)
        scale = scales(weight[:, part], limit, importance[part])
        values[:, part] = torch.clamp(torch.round(weight[:, part] / scale[:, None]), -limit, limit)
        found.append(scale)
    return values, torch.stack(found, dim=1)


def gptq(weight, x, bits):
    """Column by column, with the whole of what is left updated each time: no blocks, no lazy updates."""
    limit = 127 if bits == 8 else 7
    gram = x.T @ x
    importance = gram.diagonal() + gram.diagonal().mean() * 0.01
    damped = gram + torch.eye(len(gram), dtype=torch.float64) * gram.diagonal().mean() * 0.01
    factor = torch.linalg.cholesky(torch.linalg.inv(damped), upper=True)
    left, values, found = weight.clone(), torch.zeros_like(weight), []
    scale = scales(weight, limit, importance) if bits == 8 else None
    for column in range(weight.shape[1]):
        if bits == 4 and column % GROUP == 0:
            part = slice(column, column + GROUP)
            scale = scales(left[:, part], limit, importance[part])
            found.append(scale)
        values[:, column] = torch.clamp(torch.round(left[:, column] / scale), -limit, limit)
        error = (left[:, column] - values[:, column] * scale) / factor[column, column]
        left[:, column + 1 :] -= error[:, None] * factor[column, column + 1 :][None]
    return values, scale[:, None] if bits == 8 else torch.stack(found, dim=1)


def pack(values):
    """Two numbers of 4 bits in a byte, the even one in the low half, each 8 more than it is."""
    raised = (values + 8).to(torch.uint8)
    return raised[:, 0::2] | (raised[:, 1::2] << 4)


def main():
    torch.manual_seed(7)
    inputs, outputs, rows = 96, 32, 160
    mixing = torch.randn(inputs, inputs, dtype=torch.float64) / inputs**0.5
    x = (torch.randn(rows, inputs, dtype=torch.float64) @ mixing).float().double()
    x[:, 5] *= 20  # one input that stands out, as in trained models
    weight = (torch.randn(outputs, inputs, dtype=torch.float64) * 0.1).float().double()
    ones = torch.ones(inputs, dtype=torch.float64)
    tensors = {"weight": weight.float(), "x": x.float()}
    for bits in (8, 4):
        values, scale = nearest(weight, bits, ones)
        tensors[f"nearest{bits}.values"], tensors[f"nearest{bits}.scales"] = values.to(torch.int8), scale.float()
        values, scale = gptq(weight, x, bits)
        tensors[f"gptq{bits}.values"], tensors[f"gptq{bits}.scales"] = values.to(torch.int8), scale.float()
    tensors["nibbles"] = pack(tensors["nearest4.values"].int())
    strength = 0.5
    factors = x.abs().amax(dim=0).clamp(min=1e-5) ** strength
    factors = factors / weight.abs().amax(dim=0).clamp(min=1e-5) ** (1 - strength)
    tensors["factors"] = (factors / factors.log().mean().exp()).float()
    threshold = x.abs().flatten().kthvalue(int(0.5 * x.numel()) + 1).values
    tensors["threshold"] = threshold.float()
    kept = torch.where(x.abs() < threshold, torch.zeros_like(x), x)
    scale = x.abs().amax(dim=1) / 127
    whole = torch.where(x.abs() < threshold, torch.zeros_like(x), torch.round(x / scale[:, None]))
    values8 = tensors["nearest8.values"].double() * tensors["nearest8.scales"].double()
    tensors["sparse"] = ((whole @ values8.T) * scale[:, None]).float()
    tensors["share"] = (kept == 0).double().mean().float()
    folder = Path(__file__).resolve().parent.parent / "Fixtures" / "quantization"
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "rounding.safetensors")


if __name__ == "__main__":
    main()
