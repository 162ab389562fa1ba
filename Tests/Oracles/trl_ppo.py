"""Whole iterations of TRL's published PPOTrainer, a peer of `hone-bench training` beside eager_ppo.py.

    python Tests/Oracles/trl_ppo.py --model DIR --workload FILE --threads 1

Needs TRL with `trl.experimental.ppo`.
"""

import argparse
import json
import os
import tempfile
import time
import types

os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", TRL_EXPERIMENTAL_SILENCE="1")

import torch
from torch import nn
from transformers import (
    AutoModelForCausalLM, AutoModelForSequenceClassification, PrinterCallback, StoppingCriteria, StoppingCriteriaList,
    TrainerCallback)
from trl.experimental.ppo import PPOConfig, PPOTrainer

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--workload", required=True)
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--per-update", type=int, default=128)
parser.add_argument("--per-pass", type=int, default=64, help="rows that are answered, and of a pass that records nothing")
parser.add_argument("--micro", type=int, default=0)
parser.add_argument("--nocache", action="store_true")
parser.add_argument("--iterations", type=int, default=3)
parser.add_argument("--threads", type=int, default=1)
arguments = parser.parse_args()
torch.set_num_threads(arguments.threads)

with open(arguments.workload) as file:
    workload = json.load(file)
lengths = {tuple(prompt): length for prompt, length in zip(workload["prompts"], workload["lengths"])}
R = len(workload["prompts"])


def load(kind, **options):
    return kind.from_pretrained(arguments.model, dtype=torch.float32, **options)


class EndsAtLength(StoppingCriteria):
    eos_token_id = None  # `generate` fills ended rows with padding where a criterion has such a name

    def __init__(self, width, ends):
        self.width, self.ends = width, ends

    def __call__(self, input_ids, scores, **ignored):
        return input_ids.shape[1] - self.width >= self.ends


policy, reference = load(AutoModelForCausalLM), load(AutoModelForCausalLM)
value_model = load(AutoModelForSequenceClassification, num_labels=1)
END, PAD = policy.config.vocab_size - 2, policy.config.vocab_size - 1
policy.generation_config.pad_token_id = PAD
policy.generation_config.suppress_tokens = [PAD]
transformers_generate = policy.generate
spent = [0.0]


def generate(input_ids, attention_mask, **options):
    start = time.perf_counter()
    ends = torch.tensor([lengths[tuple(row[seen].tolist())] for row, seen in zip(input_ids, attention_mask.bool())])
    ended = StoppingCriteriaList([EndsAtLength(input_ids.shape[1], ends)])
    answered = transformers_generate(
        input_ids=input_ids, attention_mask=attention_mask, stopping_criteria=ended, **options)
    spent[0] += time.perf_counter() - start
    return answered


policy.generate = generate
if arguments.nocache:
    for m in (policy, reference, value_model):
        m.config.use_cache = False


class ParityReward(nn.Module):
    base_model_prefix = "backbone"

    def backbone(self, input_ids, **ignored):
        return types.SimpleNamespace(hidden_states=[input_ids.remainder(2).float().unsqueeze(-1)])

    def score(self, hidden):
        return hidden


def left_filled(rows):
    width = max(len(row["input_ids"]) for row in rows)
    return {"input_ids": torch.tensor([[PAD] * (width - len(row["input_ids"])) + row["input_ids"] for row in rows])}


class Clock(TrainerCallback):
    def __init__(self):
        self.marks = []

    def on_step_end(self, *positional, **named):
        self.marks.append((time.perf_counter(), spent[0]))


clock = Clock()
micro = arguments.micro or R
with tempfile.TemporaryDirectory() as folder:
    settings = PPOConfig(
        output_dir=folder, total_episodes=R * (arguments.iterations + 1), per_device_train_batch_size=micro,
        gradient_accumulation_steps=R // micro, num_mini_batches=R // arguments.per_update,
        num_ppo_epochs=arguments.epochs, local_rollout_forward_batch_size=arguments.per_pass,
        response_length=max(workload["lengths"]), temperature=1.0, kl_coef=0.02, vf_coef=1.0, learning_rate=1e-6,
        optim="adamw_torch_fused", gradient_checkpointing=False, bf16=False, use_cpu=True, num_sample_generations=0,
        save_strategy="no", eval_strategy="no", report_to=[], disable_tqdm=True, dataloader_pin_memory=False)
    trainer = PPOTrainer(
        args=settings, processing_class=types.SimpleNamespace(pad_token_id=PAD, eos_token_id=END), model=policy,
        ref_model=reference, reward_model=ParityReward(), value_model=value_model, data_collator=left_filled,
        train_dataset=[{"input_ids": prompt} for prompt in workload["prompts"]], callbacks=[clock])
    if micro < arguments.per_update:
        trainer.accelerator.gradient_accumulation_steps = arguments.per_update // micro
        trainer.accelerator.gradient_state.plugin_kwargs.update({"sync_with_dataloader": False})
    trainer.train()
(start, sampled), (end, sampled_in_all) = clock.marks[0], clock.marks[-1]
print(json.dumps({
    "tokens": sum(workload["lengths"]) * arguments.iterations, "seconds": end - start,
    "sampling_s": sampled_in_all - sampled, "learning_s": end - start - (sampled_in_all - sampled)}))
