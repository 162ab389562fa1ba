"""Writes Tests/Fixtures/attention: hierarchical and sliding attention in double precision, from their definition.

    python Tests/Oracles/attention_fixtures.py

Every token is computed by itself, with loops over what it sees, and gradients come from PyTorch's autograd: nothing is
shared with the kernels but the formulas (Yuan et al. 2025, arXiv:2502.11089, equations 5, 7, 8 and 10 to 12; Beltagy et
al. 2020, arXiv:2004.05150, section 3.1).
"""

import math
import pathlib

import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).parent.parent / "Fixtures" / "attention"
CASES = {
    # lengths, heads, kv heads, head size, window, block (0: none), selected
    "sliding": ([5, 1, 40, 23], 4, 2, 8, 7, 0, 0),
    "hierarchical": ([3, 70, 1, 33], 4, 2, 8, 16, 4, 0),
    "whole_window": ([50, 9], 2, 2, 16, 8, 8, 0),
    "ragged": ([61, 30], 3, 1, 6, 10, 3, 0),
    "selected": ([66, 20], 4, 2, 8, 12, 4, 2),
}


def turned(x, positions):
    """Rotary positions: the first half of a head is paired with its second."""
    half = x.shape[-1] // 2
    frequencies = 100.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    angles = positions.double()[:, None, None] * frequencies
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], dim=-1)


def sequence(qkv, gates, compress, shape):
    _, heads, kv_heads, size, window, block, selected = shape
    count = qkv.shape[0]
    parts = qkv.view(count, heads + 2 * kv_heads, size)
    raw_k, v = parts[:, heads : heads + kv_heads], parts[:, heads + kv_heads :]
    positions = torch.arange(count)
    q, k = turned(parts[:, :heads], positions), turned(raw_k, positions)
    if block:
        blocks = count // block
        ends = torch.arange(blocks) * block + block - 1
        flat = lambda x: x[: blocks * block].view(blocks, block, kv_heads, size).transpose(1, 2).flatten(2)
        block_k, block_v = turned(flat(raw_k) @ compress[0].T, ends), flat(v) @ compress[1].T
    rows = []
    for t in range(count):
        heads_out = []
        chosen = {}
        for h in range(heads):
            g = h * kv_heads // heads
            first = max(0, t - window + 1)
            weights = torch.softmax(k[first : t + 1, g] @ q[t, h] / math.sqrt(size), dim=0)
            out = weights @ v[first : t + 1, g]
            if not block:
                heads_out.append(out)
                continue
            share = torch.sigmoid(gates[t].view(-1, heads)[:, h])
            out = share[0] * out
            seen = [j for j in range(blocks) if j * block < first]
            if seen:
                weights = torch.softmax(block_k[seen, g] @ q[t, h] / math.sqrt(size), dim=0)
                out = out + share[1] * (weights @ block_v[seen, g])
            if seen and selected:
                if g not in chosen:
                    group = range(g * heads // kv_heads, (g + 1) * heads // kv_heads)
                    score = sum(torch.softmax(block_k[seen, g] @ q[t, i] / math.sqrt(size), dim=0) for i in group)
                    best = score.topk(min(selected, len(seen))).indices.sort().values
                    chosen[g] = [token for j in best.tolist() for token in range(j * block, (j + 1) * block)]
                tokens = chosen[g]
                weights = torch.softmax(k[tokens, g] @ q[t, h] / math.sqrt(size), dim=0)
                out = out + share[2] * (weights @ v[tokens, g])
            heads_out.append(out)
        rows.append(torch.cat(heads_out))
    return torch.stack(rows)


def case(shape):
    lengths, heads, kv_heads, size, window, block, selected = shape
    torch.manual_seed(sum(lengths) + window)
    draw = lambda *sizes, scale=1.0: (scale * torch.randn(*sizes)).double().requires_grad_()
    qkv = draw(sum(lengths), (heads + 2 * kv_heads) * size, scale=1.5)
    branches = 1 if not block else 3 if selected else 2
    leaves = {"qkv": qkv}
    if block:
        leaves["gates"] = draw(sum(lengths), branches * heads)
        for name in ("k_compress", "v_compress"):
            leaves[name] = draw(size, block * size, scale=(block * size) ** -0.5)
    compress = leaves.get("k_compress"), leaves.get("v_compress")
    outs, start = [], 0
    for length in lengths:
        gates = leaves["gates"][start : start + length] if block else None
        outs.append(sequence(qkv[start : start + length], gates, compress, shape))
        start += length
    out = torch.cat(outs)
    upstream = torch.randn(out.shape).double()
    (out * upstream).sum().backward()
    fixture = {"out": out, "upstream": upstream} | leaves
    fixture |= {"gradient." + name: leaf.grad for name, leaf in leaves.items()}
    fixture = {name: tensor.detach().float().contiguous() for name, tensor in fixture.items()}
    return fixture | {"lengths": torch.tensor(lengths), "shape": torch.tensor(shape[1:])}


FOLDER.mkdir(parents=True, exist_ok=True)
for name, shape in CASES.items():
    save_file(case(shape), FOLDER / f"{name}.safetensors", metadata={"torch": torch.__version__})
