"""Whole iterations of PPO by TRL's own PPOTrainer, a peer of `hone-bench training` beside eager_ppo.py.

    pip install trl==1.12.0 accelerate datasets        # the last release that has PPOTrainer
    python Tests/Oracles/trl_ppo.py --model DIR --workload FILE --threads 1

FILE is the one that eager_ppo.py reads. TRL's code runs as it was published, its `train` from the first line to the
last: `generate` with its cache, passes of reference and critic, the reward, GAE, whitening, epochs of updates, its own
metrics. It takes the log-probabilities of the policy from `generate`, and clips no gradients. What it is given:

- The policy's `generate`, with a criterion that ends each answer after its tokens in the file. Ended rows go on as
  padding, which TRL looks for; so that no answer draws it, its logit is suppressed there. There is no end token.
- Prompts as tokens, filled up on the left to the longest of the iteration.
- A critic with the policy's backbone and a head for one number, of transformers.
- A reward that costs nothing: in the place of a reward model's backbone stands the parity of the last token.
- Updates of 128 answers in one piece (no accumulation), fp32, the fused AdamW, no dropout, no recomputing of
  activations, no evaluation, nothing saved, nobody reported to.
- All rows to be answered at once, and to be passed at once where nothing is recorded: of 32, 64, 128 and 256 rows the
  last was the fastest, or as fast as any. Updates in smaller pieces, or passes without caches, were not faster.

An iteration lasts from one end of a step to the next; the first one warms up and does not count. Tokens are counted in
what `generate` returned. The last line is one JSON object: {"tokens": sampled, "seconds": s, "sampling_s": s,
"learning_s": s}.
"""

import argparse
import json
import os
import tempfile
import time
from types import SimpleNamespace

os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TRL_EXPERIMENTAL_SILENCE="1")

import torch
from transformers import (
    AutoModelForCausalLM, AutoModelForSequenceClassification, StoppingCriteria, StoppingCriteriaList, TrainerCallback)
from trl.experimental.ppo import PPOConfig, PPOTrainer

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--workload", required=True)
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--per-update", type=int, default=128)
parser.add_argument("--per-pass", type=int, default=256, help="rows that are answered, or passed, together")
parser.add_argument("--iterations", type=int, default=3)
parser.add_argument("--threads", type=int, default=1)
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)

with open(arguments.workload) as file:
    workload = json.load(file)
prompts, lengths = workload["prompts"], workload["lengths"]
R = len(prompts)
length_of = {}
for prompt, length in zip(prompts, lengths):
    if length_of.setdefault(tuple(prompt), length) != length:
        parser.error(f"{arguments.workload}: a prompt stands there with two lengths of answers")


def load(kind, **options):
    return kind.from_pretrained(arguments.model, dtype=torch.float32, **options)


policy, reference = load(AutoModelForCausalLM), load(AutoModelForCausalLM)
critic = load(AutoModelForSequenceClassification, num_labels=1)
END, PAD = policy.config.vocab_size - 2, policy.config.vocab_size - 1
policy.generation_config.pad_token_id = PAD
policy.generation_config.suppress_tokens = [PAD]


class EndsAtLength(StoppingCriteria):
    eos_token_id = None  # where a criterion has this name, `generate` goes on with padding in ended rows

    def __init__(self, width, lengths):
        self.width, self.lengths = width, lengths

    def __call__(self, input_ids, scores, **ignored):
        return input_ids.shape[1] - self.width >= self.lengths


class Answers:
    """The policy's `generate`, with the lengths of the file; it adds up its time and its tokens."""

    def __init__(self):
        self.generate = policy.generate
        self.tokens, self.seconds = 0, 0.0

    def __call__(self, input_ids, attention_mask, **options):
        start = time.perf_counter()
        rows = zip(input_ids, attention_mask.bool())
        width, ends = input_ids.shape[1], torch.tensor([length_of[tuple(row[seen].tolist())] for row, seen in rows])
        answered = self.generate(
            input_ids=input_ids, attention_mask=attention_mask,
            stopping_criteria=StoppingCriteriaList([EndsAtLength(width, ends)]), **options)
        self.tokens += int((answered.sequences[:, width:] != PAD).sum())
        self.seconds += time.perf_counter() - start
        return answered


class ParityReward(torch.nn.Module):
    base_model_prefix = "backbone"

    def backbone(self, input_ids, **ignored):
        return SimpleNamespace(hidden_states=[input_ids.remainder(2).float().unsqueeze(-1)])

    def score(self, hidden):
        return hidden


class Marks(TrainerCallback):
    """Where the clock and the answers stand after each iteration."""

    def __init__(self, answers):
        self.answers, self.all = answers, []

    def on_step_end(self, *positional, **named):
        self.all.append((time.perf_counter(), self.answers.seconds, self.answers.tokens))


def filled_on_the_left(rows):
    width = max(map(len, rows))
    return {"input_ids": torch.tensor([[PAD] * (width - len(row)) + row for row in rows])}


policy.generate = Answers()
marks = Marks(policy.generate)
with tempfile.TemporaryDirectory() as folder:
    settings = PPOConfig(
        output_dir=folder, total_episodes=R * (arguments.iterations + 1), per_device_train_batch_size=R,
        gradient_accumulation_steps=1, num_mini_batches=R // arguments.per_update, num_ppo_epochs=arguments.epochs,
        local_rollout_forward_batch_size=arguments.per_pass, response_length=max(lengths), temperature=1.0,
        kl_coef=0.02, cliprange=0.2, cliprange_value=0.2, vf_coef=1.0, gamma=1.0, lam=0.95, learning_rate=1e-6,
        optim="adamw_torch_fused", bf16=False, use_cpu=True, gradient_checkpointing=False, num_sample_generations=0,
        save_strategy="no", eval_strategy="no", report_to=[], disable_tqdm=True, dataloader_pin_memory=False)
    PPOTrainer(
        args=settings, processing_class=SimpleNamespace(pad_token_id=PAD, eos_token_id=END), model=policy,
        ref_model=reference, reward_model=ParityReward(), value_model=critic, data_collator=filled_on_the_left,
        train_dataset=prompts, callbacks=[marks]).train()
(started, sampled_before, tokens_before), (ended, sampled, tokens) = marks.all[0], marks.all[-1]
print(json.dumps({
    "tokens": tokens - tokens_before, "seconds": ended - started, "sampling_s": sampled - sampled_before,
    "learning_s": ended - started - (sampled - sampled_before)}))
