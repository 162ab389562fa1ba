"""Greedy generation by transformers: what `hone-bench inference` sets beside Hone.

    python3 transformers_generation.py --model DIR --dtype int8 --batches 1,16,64 --prompt 32 --new 33 --threads 2

Needs torch and transformers. dtype is fp32, bf16, or int8, which is torch's dynamic quantization of every linear layer.
The loop is the one of `generate()` without its processors: the model with `past_key_values`, and argmax. The last line
is {"rows": [{"batch": b, "decode": tokens/s, "prefill": tokens/s, "first": [...]}, ...]}, medians of --repeats; "first"
are the tokens of the first sequence. With --invariance N, N random requests are answered alone and 16 at a time, and
the last line is {"tokens": ..., "differing_tokens": ..., "differing_bits": ...}, bits of float32 log-probabilities.
"""

import argparse
import json
import statistics
import time
import warnings

import torch
from invariance import count_differences, random_prompts
from transformers import AutoModelForCausalLM


def load(directory, dtype, device):
    kind = torch.bfloat16 if dtype == "bf16" else torch.float32
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=kind).eval().to(device)
    if dtype != "int8":
        return model
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)


def measure(model, batch, prompt, new):
    rows, columns = torch.arange(batch)[:, None], torch.arange(prompt)[None, :]
    ids = ((rows * 7919 + columns * 104729 + 17) % min(model.config.vocab_size, 256)).to(model.device)
    start = time.perf_counter()
    out = model(ids, use_cache=True, logits_to_keep=1)
    token = out.logits[:, -1:].argmax(-1)
    written = [token[0].item()]
    prefill = time.perf_counter() - start
    start = time.perf_counter()
    for _ in range(new - 1):
        out = model(token, past_key_values=out.past_key_values, use_cache=True)
        token = out.logits[:, -1:].argmax(-1)
        written.append(token[0].item())
    seconds = time.perf_counter() - start
    return batch * (new - 1) / seconds, batch * prompt / prefill, written


def answer(model, prompts, new):
    """The likeliest tokens of prompts that are read together, padded on the left, and their log-probabilities."""
    length = max(map(len, prompts))
    ids = torch.tensor([[0] * (length - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (length - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    tokens, scores, cache = [], [], None
    for _ in range(new):
        out = model(ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True,
                    logits_to_keep=1)
        cache, found = out.past_key_values, out.logits[:, -1].float().log_softmax(-1)
        ids = found.argmax(-1, keepdim=True)
        tokens.append(ids[:, 0].tolist())
        scores.append(found.gather(1, ids)[:, 0].tolist())
        mask = torch.cat([mask, torch.ones_like(ids)], 1)
        positions = positions[:, -1:] + 1
    return [([step[row] for step in tokens], [step[row] for step in scores]) for row in range(len(prompts))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--dtype", choices=("fp32", "bf16", "int8"), default="fp32")
    parser.add_argument("--batches", default="1,16,64")
    parser.add_argument("--prompt", type=int, default=32)
    parser.add_argument("--new", type=int, default=33)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--invariance", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    rows = []
    with torch.inference_mode():
        model = load(arguments.model, arguments.dtype, arguments.device)
        if arguments.invariance:
            prompts = random_prompts(arguments.invariance, model.config.vocab_size)
            print(json.dumps(count_differences(prompts, lambda part: answer(model, part, arguments.new))))
            return
        for batch in map(int, arguments.batches.split(",")):
            runs = [measure(model, batch, arguments.prompt, arguments.new) for _ in range(arguments.repeats + 1)][1:]
            rows.append({"batch": batch, "decode": statistics.median(run[0] for run in runs),
                         "prefill": statistics.median(run[1] for run in runs), "first": runs[0][2]})
    print(json.dumps({"rows": rows}))


main()
