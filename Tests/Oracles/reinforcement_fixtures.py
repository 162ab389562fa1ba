"""Writes Tests/Fixtures/training/reinforcement.safetensors: what PyTorch computes for the tests of reinforcement.

    python Tests/Oracles/reinforcement_fixtures.py

Everything is written out in plain eager PyTorch, row by row where that is clearer, and computed twice: from the same
inputs in fp64 and in fp32. A name is precision/case/quantity; "grad.x" is the gradient of the case's loss by x.
"""

import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

FILE = pathlib.Path(__file__).parent.parent / "Fixtures" / "training" / "reinforcement.safetensors"
B, T, V = 4, 6, 7
LENGTHS = [6, 3, 5, 1]


def draws():
    """Inputs in fp64, rounded to fp32 so that both precisions start from the same numbers."""
    torch.manual_seed(7)
    inputs = {
        "logits": torch.randn(10, V) * 2, "w": torch.randn(10),
        "lp": -torch.rand(B, T) * 3, "olp": -torch.rand(B, T) * 3, "rlp": -torch.rand(B, T) * 3,
        "sampler": -torch.rand(B, T) * 3,
        "advantages": torch.randn(B, T), "rewards": torch.randn(B, T), "values": torch.randn(B, T),
        "old_values": torch.randn(B, T), "returns": torch.randn(B, T), "scores": torch.randn(B),
        "group": torch.tensor([1.0, 0.0, 0.25, 1.0, 0.5]), "chosen": torch.randn(5), "rejected": torch.randn(5),
        "margin": torch.rand(5), "weight": torch.rand(5), "step_logits": torch.randn(9, 2),
        "ref_chosen": -torch.rand(B, T) * 3, "ref_rejected": -torch.rand(B, T) * 3,
        "x": torch.randn(3, 8), "W": torch.randn(5, 8), "bias": torch.randn(5), "A": torch.randn(2, 8),
        "Bm": torch.randn(5, 2),
    }
    return {name: tensor.double() for name, tensor in inputs.items()}


def mask_of(lengths, dtype):
    return torch.tensor([[1.0 if t < n else 0.0 for t in range(T)] for n in lengths], dtype=dtype)


def leaf(x):
    return x.detach().clone().requires_grad_(True)


def gae(rewards, values, mask, gamma, lam):
    """Row by row over the tokens that count, as if the others were not there."""
    advantages, returns = torch.zeros_like(values), torch.zeros_like(values)
    for b in range(B):
        places = [t for t in range(T) if mask[b, t] > 0]
        last = torch.zeros((), dtype=values.dtype)
        for i in reversed(range(len(places))):
            following = values[b, places[i + 1]] if i + 1 < len(places) else 0.0
            delta = rewards[b, places[i]] + gamma * following - values[b, places[i]]
            last = delta + gamma * lam * last
            advantages[b, places[i]] = last
            returns[b, places[i]] = last + values[b, places[i]]
    return advantages, returns


def distributions(x):
    logits = leaf(x["logits"])
    targets = torch.arange(10) % V
    log_softmax = torch.log_softmax(logits / 0.7, -1)
    log_probs = log_softmax[torch.arange(10), targets]
    entropies = -(log_softmax.exp() * log_softmax).sum(-1)
    (log_probs * x["w"]).sum().backward(retain_graph=True)
    grad_log_probs = logits.grad.clone()
    logits.grad = None
    (entropies * x["w"]).sum().backward()
    return {"targets": targets, "log_probs": log_probs, "entropies": entropies,
            "grad.log_probs": grad_log_probs, "grad.entropies": logits.grad}


def divergences(x):
    out = {}
    for name, scale in [("plain", 1.0), ("wide", 15.0)]:
        for kind in ["k1", "k2", "k3"]:
            lp, rlp = leaf(x["lp"] * scale), x["rlp"] * scale
            d = lp - rlp
            inner = d.clamp(-20, 20) if name == "wide" else d
            value = {"k1": d, "k2": d ** 2 / 2, "k3": torch.exp(-inner) - 1 + inner}[kind]
            if name == "wide":
                value = value.clamp(-10, 10)
            (inner ** 2 / 2).sum().backward()
            out |= {f"{name}.{kind}": value, f"grad.{name}.{kind}": lp.grad}
    return out


def advantages(x, dtype):
    mask = mask_of(LENGTHS, dtype)
    mask[0, 2] = 0
    out = {"mask": mask}
    for name, gamma, lam in [("a", 1.0, 0.95), ("b", 1.0, 1.0), ("c", 0.99, 0.9)]:
        out[f"{name}.advantages"], out[f"{name}.returns"] = gae(x["rewards"], x["values"], mask, gamma, lam)
    return out


def whitening(x, dtype):
    mask = mask_of(LENGTHS, dtype)
    chosen = x["advantages"][mask > 0]
    out = {"mask": mask}
    for name, unbiased, shift in [("unbiased", True, True), ("biased", False, True), ("kept", True, False)]:
        white = (chosen - chosen.mean()) / torch.sqrt(chosen.var(unbiased=unbiased) + 1e-8)
        result = torch.zeros_like(mask)
        result[mask > 0] = white if shift else white + chosen.mean()
        out[name] = result
    return out


def policy_losses(x, dtype):
    mask, a = mask_of(LENGTHS, dtype), x["advantages"]
    out = {"mask": mask}
    for name, low, high, dual in [("clip", 0.2, 0.2, None), ("higher", 0.2, 0.28, None), ("dual", 0.2, 0.2, 3.0)]:
        lp = leaf(x["lp"])
        ratio = torch.exp(lp - x["olp"])
        free, bounded = -a * ratio, -a * torch.clip(ratio, 1 - low, 1 + high)
        loss = torch.max(free, bounded)
        if dual:
            loss = torch.where(a < 0, torch.min(loss, -a * dual), loss)
        total = (loss * mask).sum() / mask.sum()
        total.backward()
        out |= {f"{name}.loss": total, f"grad.{name}": lp.grad,
                f"{name}.clipped": ((bounded > free) * mask).sum() / mask.sum()}
    lp = leaf(x["lp"])
    total = -(a * lp * mask).sum() / mask.sum()
    total.backward()
    return out | {"reinforce.loss": total, "grad.reinforce": lp.grad}


def sequence_ratio(x):
    """GSPO with one advantage a row; a mean over tokens, then over rows."""
    lp = leaf(x["lp"])
    losses = []
    for b, n in enumerate(LENGTHS):
        ratio = torch.exp((lp[b, :n] - x["olp"][b, :n]).mean())
        a = x["scores"][b]
        losses.append(torch.max(-a * ratio, -a * torch.clip(ratio, 1 - 3e-4, 1 + 4e-4)))
    total = torch.stack(losses).mean()
    total.backward()
    return {"loss": total, "grad": lp.grad}


def value_losses(x, dtype):
    mask = mask_of(LENGTHS, dtype)
    out = {}
    for name, clip in [("clipped", 0.2), ("free", None)]:
        v = leaf(x["values"])
        errors = (v - x["returns"]) ** 2
        if clip:
            bounded = torch.max(torch.min(v, x["old_values"] + clip), x["old_values"] - clip)
            errors = torch.max(errors, (bounded - x["returns"]) ** 2)
        total = 0.5 * (errors * mask).sum() / mask.sum()
        total.backward()
        out |= {f"{name}.loss": total, f"grad.{name}": v.grad}
    return out


def aggregations(x, dtype):
    lengths = [6, 3, 0, 1]
    rows = [x["advantages"][b, :n] for b, n in enumerate(lengths) if n]
    return {"mask": mask_of(lengths, dtype),
            "token_mean": torch.cat(rows).mean(),
            "sequence_mean_token_mean": torch.stack([r.mean() for r in rows]).mean(),
            "constant_norm": torch.stack([r.sum() / 9 for r in rows]).mean(),
            "sequence_mean_token_sum": torch.stack([r.sum() for r in rows]).mean()}


def groups(x):
    r = x["group"]
    known = torch.cat([r[:2], r[3:]])

    def spread(k, values, eps):
        return (values - values.mean()) / (values.std() + eps) if k else values - values.mean()

    def leave_one_out(values):
        return torch.stack([v - torch.cat([values[:i], values[i + 1:]]).mean() for i, v in enumerate(values)])

    out = {"grpo.1e-4": spread(1, r, 1e-4), "grpo.1e-6": spread(1, r, 1e-6), "dr_grpo": spread(0, r, 0),
           "rloo": leave_one_out(r)}
    for name, values in [("grpo", spread(1, known, 1e-6)), ("rloo", leave_one_out(known))]:
        out[f"{name}.without_third"] = torch.cat([values[:2], torch.zeros(1, dtype=r.dtype), values[2:]])
    return out


def pairs(x):
    out = {}
    preference = torch.tensor([1, 1, 0.5, 1, 0.5], dtype=x["margin"].dtype)
    margin = x["margin"] * (preference == 1)
    for name, m, p, w, c in [
        ("plain", 0 * margin, torch.ones_like(margin), torch.ones_like(margin), 0.0),
        ("margin", x["margin"], torch.ones_like(margin), torch.ones_like(margin), 0.0),
        ("centred", 0 * margin, torch.ones_like(margin), torch.ones_like(margin), 0.01),
        ("ties", margin, preference, x["weight"], 0.0),
    ]:
        chosen, rejected = leaf(x["chosen"]), leaf(x["rejected"])
        d = chosen - rejected - m
        losses = -(p * torch.log(torch.sigmoid(d)) + (1 - p) * torch.log(torch.sigmoid(-d)))
        total = (w * (losses + c * (chosen + rejected) ** 2)).sum() / w.sum()
        total.backward()
        out |= {f"{name}.loss": total, f"grad.{name}.chosen": chosen.grad, f"grad.{name}.rejected": rejected.grad}
    return out | {"preference": preference, "margin": margin}


def steps(x):
    logits = leaf(x["step_logits"])
    labels = torch.tensor([1, -100, 0, 1, -100, -100, 1, 0, -100])
    kept = labels >= 0
    total = -torch.log_softmax(logits[kept], -1)[torch.arange(int(kept.sum())), labels[kept]].mean()
    total.backward()
    p = torch.softmax(logits[kept], -1)[:, 1]
    return {"labels": labels, "loss": total, "grad": logits.grad, "probabilities": p, "minimum": p.min(),
            "product": p.prod(), "last": p[-1]}


def direct(x, dtype):
    mask = mask_of(LENGTHS, dtype)
    out = {"mask": mask}
    for name in ["dpo", "cdpo", "ipo.sum", "ipo.mean"]:
        chosen, rejected = leaf(x["lp"]), leaf(x["olp"])

        def total_of(tokens):
            rows = [tokens[b, :n] for b, n in enumerate(LENGTHS)]
            return torch.stack([r.mean() if name == "ipo.mean" else r.sum() for r in rows])

        delta = total_of(chosen) - total_of(x["ref_chosen"]) - total_of(rejected) + total_of(x["ref_rejected"])
        if name.startswith("ipo"):
            losses = (delta - 1 / (2 * 0.1)) ** 2
        else:
            s = 0.1 if name == "cdpo" else 0.0
            losses = -(1 - s) * F.logsigmoid(0.1 * delta) - s * F.logsigmoid(-0.1 * delta)
        losses.mean().backward()
        out |= {f"{name}.loss": losses.mean(), f"grad.{name}.chosen": chosen.grad,
                f"grad.{name}.rejected": rejected.grad}
    return out


def controller():
    beta, divergences, trace = 0.15, [2.0, 5.5, 6.5, 20.0, 0.0, 6.0, 7.1], []
    for kl in divergences:
        error = min(max(kl / 6.0 - 1, -0.2), 0.2)
        beta *= 1 + error * 512 / 10000
        trace.append(beta)
    return {"divergences": torch.tensor(divergences, dtype=torch.float64),
            "trace": torch.tensor(trace, dtype=torch.float64)}


def low_rank(x):
    out = {}
    for name, scale in [("plain", 16 / 2), ("stabilized", 16 / math.sqrt(2))]:
        a, b = leaf(x["A"]), leaf(x["Bm"])
        y = x["x"] @ x["W"].T + x["bias"] + scale * (x["x"] @ a.T @ b.T)
        (y ** 2).sum().backward()
        out |= {f"{name}.y": y, f"grad.{name}.A": a.grad, f"grad.{name}.B": b.grad}
    return out


def truncation():
    tokens = torch.tensor([[5, 1, 2, 4, 2, 0], [4, 4, 4, 4, 4, 4], [3, 1, 1, 1, 1, 1], [6, 5, 4, 0, 0, 0]])
    lengths = torch.tensor([6, 6, 6, 3])
    kept, padded = [], []
    for row, n in zip(tokens.tolist(), lengths.tolist()):
        stop = next((i + 1 for i, token in enumerate(row[:n]) if token in (2, 3)), n)
        kept.append(stop)
        padded.append(row[:stop] + [0] * (T - stop))
    first = [next((i for i, token in enumerate(row) if token == 1), T) for row in tokens.tolist()]
    return {"tokens": tokens, "lengths": lengths, "kept": torch.tensor(kept), "padded": torch.tensor(padded),
            "first_one": torch.tensor(first)}


def placement(x):
    out = {}
    for name, offset in [("last", 0), ("after", 1)]:
        rewards = torch.zeros(B, T, dtype=x["lp"].dtype)
        for b, n in enumerate(LENGTHS):
            rewards[b, :n] = -0.05 * (x["lp"][b, :n] - x["rlp"][b, :n])
            rewards[b, min(n - 1 + offset, T - 1)] += x["scores"][b]
        out[name] = rewards
    return out


def importance(x, dtype):
    mask = mask_of(LENGTHS, dtype)
    d = (x["olp"] - x["sampler"]) * mask
    sequence = torch.exp(d.sum(1, keepdim=True)).expand(B, T)
    return {"mask": mask, "token": torch.exp(d).clamp(max=2.0) * mask,
            "sequence": torch.where((sequence >= 0.5) & (sequence <= 5), sequence, 0 * sequence) * mask}


fixture = {}
for label, dtype in [("f64", torch.float64), ("f32", torch.float32)]:
    x = {name: tensor.to(dtype) for name, tensor in draws().items()}
    cases = {
        "input": x, "distribution": distributions(x), "divergence": divergences(x), "gae": advantages(x, dtype),
        "whitening": whitening(x, dtype), "policy": policy_losses(x, dtype), "sequence_ratio": sequence_ratio(x),
        "value": value_losses(x, dtype), "aggregation": aggregations(x, dtype), "group": groups(x), "pair": pairs(x),
        "step": steps(x), "direct": direct(x, dtype), "controller": controller(), "low_rank": low_rank(x),
        "truncation": truncation(), "placement": placement(x), "importance": importance(x, dtype),
    }
    for case, values in cases.items():
        fixture |= {f"{label}/{case}/{name}": value.detach().clone().contiguous() for name, value in values.items()}

FILE.parent.mkdir(parents=True, exist_ok=True)
save_file(fixture, FILE, metadata={"torch": torch.__version__})
print(FILE.stat().st_size, "bytes")
