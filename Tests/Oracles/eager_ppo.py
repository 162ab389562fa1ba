"""A whole iteration of PPO in eager PyTorch and transformers, the opponent of `hone-bench ppo`.

    python Tests/Oracles/eager_ppo.py --model DIR --samples 256 --prompt 16 --new 32 --threads 1

It does what TRL's PPOTrainer did before it was taken out: answers by `generate`, log-probabilities of policy and
reference and values of a critic by whole passes, a reward at the last token, the divergence in the reward, GAE,
whitening, and epochs of clipped updates of policy and critic by AdamW. A reward costs nothing here, on either side.
The last line is one JSON object: {"tokens": sampled, "seconds": s, "sampling_s": s, "learning_s": s}.
"""

import argparse
import json
import time

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--samples", type=int, default=256)
parser.add_argument("--prompt", type=int, default=16)
parser.add_argument("--new", type=int, default=32)
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--per-update", type=int, default=128)
parser.add_argument("--iterations", type=int, default=3)
parser.add_argument("--threads", type=int, default=1)
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)
torch.manual_seed(0)


def load():
    return AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32)


policy, reference, backbone = load(), load().eval().requires_grad_(False), load()
head = torch.nn.Linear(policy.config.hidden_size, 1)
torch.nn.init.zeros_(head.weight)
policy_optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-6, eps=1e-5, weight_decay=0)
critic_parameters = list(backbone.model.parameters()) + list(head.parameters())
critic_optimizer = torch.optim.AdamW(critic_parameters, lr=1e-6, eps=1e-5, weight_decay=0)
prompts = torch.randint(48, 58, (arguments.samples, arguments.prompt))
P, N = arguments.prompt, arguments.new


def log_probs(model, ids):
    logits = model(ids).logits[:, P - 1 : -1]
    return torch.gather(F.log_softmax(logits, -1), 2, ids[:, P:, None]).squeeze(-1)


def values(ids):
    return head(backbone.model(ids).last_hidden_state[:, P - 1 : -1]).squeeze(-1)


def sample():
    with torch.no_grad():
        return policy.generate(
            prompts, attention_mask=torch.ones_like(prompts), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
            min_new_tokens=N, max_new_tokens=N, pad_token_id=0)


def learn(ids):
    with torch.no_grad():
        rows = range(0, len(ids), 64)
        old = torch.cat([log_probs(policy, ids[i : i + 64]) for i in rows])
        ref = torch.cat([log_probs(reference, ids[i : i + 64]) for i in rows])
        before = torch.cat([values(ids[i : i + 64]) for i in rows])
        rewards = -0.02 * (old - ref)
        rewards[:, -1] += (ids[:, -1] % 2).float()
        last, advantages = torch.zeros(len(ids)), []
        for t in reversed(range(N)):
            following = before[:, t + 1] if t + 1 < N else 0.0
            last = rewards[:, t] + following - before[:, t] + 0.95 * last
            advantages.insert(0, last)
        advantages = torch.stack(advantages, 1)
        returns = advantages + before
        advantages = (advantages - advantages.mean()) * torch.rsqrt(advantages.var() + 1e-8)
    for _ in range(arguments.epochs):
        for rows in torch.randperm(len(ids)).split(arguments.per_update):
            policy_optimizer.zero_grad()
            critic_optimizer.zero_grad()
            ratio = torch.exp(log_probs(policy, ids[rows]) - old[rows])
            a = advantages[rows]
            loss = torch.max(-a * ratio, -a * ratio.clamp(0.8, 1.2)).mean()
            v = values(ids[rows])
            clipped = before[rows] + (v - before[rows]).clamp(-0.2, 0.2)
            value_loss = 0.5 * torch.max((v - returns[rows]) ** 2, (clipped - returns[rows]) ** 2).mean()
            (loss + value_loss).backward()
            torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
            torch.nn.utils.clip_grad_norm_(critic_parameters, 1.0)
            policy_optimizer.step()
            critic_optimizer.step()


sampling, learning = [], []
for iteration in range(arguments.iterations + 1):
    start = time.perf_counter()
    ids = sample()
    middle = time.perf_counter()
    learn(ids)
    if iteration > 0:
        sampling.append(middle - start)
        learning.append(time.perf_counter() - middle)
print(json.dumps({
    "tokens": arguments.samples * N * arguments.iterations, "seconds": sum(sampling) + sum(learning),
    "sampling_s": sum(sampling), "learning_s": sum(learning)}))
