"""Whole iterations of PPO in eager PyTorch and transformers, the opponent of `hone-bench training`.

    python Tests/Oracles/eager_ppo.py --model DIR --workload FILE --threads 1

FILE is {"prompts": [[token, …], …], "lengths": [tokens of each answer, …]}; `hone-bench training` writes it. It does
what TRL's PPOTrainer did before it was taken out, with care: prompts filled up on the left and answered together by
`generate` with its cache until the last answer has ended, log-probabilities of policy and reference and values of a
critic by whole passes, a reward at the last token, the divergence in the reward, GAE, whitening, and epochs of clipped
updates of policy and critic by the fused AdamW. Rows of a pass are filled up on the right, to the longest of the pass,
so that no mask is needed; no pass keeps a cache; logits are computed of the answers' tokens alone. Each answer ends
after its tokens in the file. A reward costs nothing here, on either side.
The last line is one JSON object: {"tokens": sampled, "seconds": s, "sampling_s": s, "learning_s": s}.
"""

import argparse
import json
import time

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, StoppingCriteria, StoppingCriteriaList

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--workload", required=True)
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--per-update", type=int, default=128)
parser.add_argument("--per-pass", type=int, default=64, help="rows of a pass that records nothing")
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
policy_optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-6, eps=1e-5, weight_decay=0, fused=True)
critic_parameters = list(backbone.model.parameters()) + list(head.parameters())
critic_optimizer = torch.optim.AdamW(critic_parameters, lr=1e-6, eps=1e-5, weight_decay=0, fused=True)

with open(arguments.workload) as file:
    workload = json.load(file)
prompts = [torch.tensor(prompt) for prompt in workload["prompts"]]
lengths = torch.tensor(workload["lengths"])
prompt_lengths = torch.tensor([len(prompt) for prompt in prompts])
R, P, W = len(prompts), int(prompt_lengths.max()), int(lengths.max())
PAD = 0
left_filled = torch.full((R, P), PAD)
for row, prompt in enumerate(prompts):
    left_filled[row, P - len(prompt) :] = prompt
is_prompt = (torch.arange(P) >= P - prompt_lengths[:, None]).long()
mask = torch.arange(W) < lengths[:, None]


class EndsAtLength(StoppingCriteria):
    def __call__(self, input_ids, scores, **ignored):
        return input_ids.shape[1] - P >= lengths


def sample():
    with torch.no_grad():
        ids = policy.generate(
            left_filled, attention_mask=is_prompt, do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
            max_new_tokens=W, eos_token_id=None, pad_token_id=PAD,
            stopping_criteria=StoppingCriteriaList([EndsAtLength()]))
    return [ids[row, P : P + length] for row, length in enumerate(lengths.tolist())]


class Rows:
    """Prompts with their answers, filled up on the right, and where the answers' tokens are predicted."""

    def __init__(self, numbers, answers):
        self.numbers = numbers
        texts = [torch.cat((prompts[n], answers[n]))[:-1] for n in numbers.tolist()]
        self.ids = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True, padding_value=PAD)
        column = torch.arange(self.ids.shape[1])
        first = prompt_lengths[numbers, None] - 1
        self.predicts = (column >= first) & (column < first + lengths[numbers, None])
        self.targets = torch.cat([answers[n] for n in numbers.tolist()])
        self.mask = mask[numbers]

    def log_probs(self, model):
        hidden = model.model(self.ids, use_cache=False).last_hidden_state[self.predicts]
        return -F.cross_entropy(model.lm_head(hidden), self.targets, reduction="none")

    def values(self):
        return head(backbone.model(self.ids, use_cache=False).last_hidden_state[self.predicts]).squeeze(-1)


def spread(flat, of):
    whole = torch.zeros(of.shape)
    whole[of] = flat
    return whole


def gather(answers):
    passes = [Rows(rows, answers) for rows in torch.arange(R).split(arguments.per_pass)]
    old = spread(torch.cat([rows.log_probs(policy) for rows in passes]), mask)
    ref = spread(torch.cat([rows.log_probs(reference) for rows in passes]), mask)
    before = spread(torch.cat([rows.values() for rows in passes]), mask)
    rewards = -0.02 * (old - ref)
    ends = torch.arange(R), lengths - 1
    rewards[ends] += torch.stack([answer[-1] for answer in answers]).remainder(2).float()
    last, advantages = torch.zeros(R), []
    for t in reversed(range(W)):
        following = before[:, t + 1] if t + 1 < W else 0.0
        last = (rewards[:, t] + following - before[:, t] + 0.95 * last) * mask[:, t]
        advantages.insert(0, last)
    advantages = torch.stack(advantages, 1)
    returns = advantages + before
    count = lengths.sum()
    mean = advantages[mask].mean()
    advantages = (advantages - mean) * torch.rsqrt(((advantages - mean)[mask] ** 2).sum() / (count - 1) + 1e-8)
    return old, before, advantages, returns


def learn(answers):
    with torch.no_grad():
        old, before, advantages, returns = gather(answers)
    for _ in range(arguments.epochs):
        for numbers in torch.randperm(R).split(arguments.per_update):
            rows = Rows(numbers, answers)
            was, a, v_was, r = (whole[numbers][rows.mask] for whole in (old, advantages, before, returns))
            policy_optimizer.zero_grad()
            critic_optimizer.zero_grad()
            ratio = torch.exp(rows.log_probs(policy) - was)
            loss = torch.max(-a * ratio, -a * ratio.clamp(0.8, 1.2)).mean()
            v = rows.values()
            clipped = v_was + (v - v_was).clamp(-0.2, 0.2)
            value_loss = 0.5 * torch.max((v - r) ** 2, (clipped - r) ** 2).mean()
            (loss + value_loss).backward()
            torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
            torch.nn.utils.clip_grad_norm_(critic_parameters, 1.0)
            policy_optimizer.step()
            critic_optimizer.step()


sampling, learning = [], []
for iteration in range(arguments.iterations + 1):
    start = time.perf_counter()
    answers = sample()
    middle = time.perf_counter()
    learn(answers)
    if iteration > 0:
        sampling.append(middle - start)
        learning.append(time.perf_counter() - middle)
print(json.dumps({
    "tokens": int(lengths.sum()) * arguments.iterations, "seconds": sum(sampling) + sum(learning),
    "sampling_s": sum(sampling), "learning_s": sum(learning)}))
