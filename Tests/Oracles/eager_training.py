"""Training speed of a tiny Llama in eager PyTorch, the opponent of `hone-bench train`.

    python Tests/Oracles/eager_training.py --model DIR --batch 32 --length 128 --threads 1

The last line is one JSON object: {"tokens": n, "seconds": s, "loss": x}.
"""

import argparse
import json
import time

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

parser = argparse.ArgumentParser()
parser.add_argument("--model", help="a Hugging Face directory; without it a fresh model of the sizes below")
parser.add_argument("--vocabulary", type=int, default=260)
parser.add_argument("--hidden", type=int, default=192)
parser.add_argument("--intermediate", type=int, default=512)
parser.add_argument("--layers", type=int, default=6)
parser.add_argument("--heads", type=int, default=6)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--length", type=int, default=128)
parser.add_argument("--steps", type=int, default=10)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--fused", action="store_true", help="AdamW's fused kernel, which PyTorch does not choose itself")
arguments = parser.parse_args()

torch.set_num_threads(arguments.threads)
torch.manual_seed(0)
if arguments.model:
    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32)
else:
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=arguments.vocabulary, hidden_size=arguments.hidden, intermediate_size=arguments.intermediate,
        num_hidden_layers=arguments.layers, num_attention_heads=arguments.heads, max_position_embeddings=1024,
        tie_word_embeddings=True))
model.train()
optimizer = torch.optim.AdamW(
    model.parameters(), lr=3e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=arguments.fused or None)
ids = torch.randint(0, model.config.vocab_size, (arguments.batch, arguments.length))


def step():
    optimizer.zero_grad()
    loss = model(ids, labels=ids).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


for _ in range(2):
    step()
times, processor_times = [], []
for _ in range(arguments.steps):
    start, processor_start = time.perf_counter(), time.process_time()
    loss = step()
    processor_times.append(time.process_time() - processor_start)
    times.append(time.perf_counter() - start)
tokens = arguments.batch * arguments.length
print(json.dumps({
    "tokens": tokens * arguments.steps, "seconds": sum(times), "best_tokens_per_second": tokens / min(times),
    "median_tokens_per_second": tokens / sorted(times)[len(times) // 2], "loss": loss,
    "best_processor_ms": 1000 * min(processor_times),
    "parameters": sum(p.numel() for p in model.parameters()), "threads": arguments.threads}))
