"""Greedy generation with a preallocated KV cache in eager PyTorch: what `hone-bench generate` is compared with.

    python3 eager_generation.py --model DIR --batch 64 --prompt 32 --new 64 --threads 1

DIR is a Hugging Face directory (config.json, model.safetensors) of a Llama or Qwen2 layout. The loop is the one a
careful PyTorch user writes: inference mode, a cache allocated once, scaled_dot_product_attention on the filled part,
argmax on the last position. Prompts are the same pseudo-random tokens as in `hone-bench generate`; no row ends early.
The last line is {"tokens": n, "seconds": s, "prefill_s": p, "cpu_s": c, "checksum": k}, the best of --repeats;
equal checksums mean equal tokens.
"""

import argparse
import json
import pathlib
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file


class Decoder:
    def __init__(self, directory):
        self.config = json.loads((directory / "config.json").read_text())
        self.weights = load_file(directory / "model.safetensors")
        c = self.config
        self.layers = c["num_hidden_layers"]
        self.heads = c["num_attention_heads"]
        self.kv_heads = c.get("num_key_value_heads", self.heads)
        self.head_dim = c.get("head_dim") or c["hidden_size"] // self.heads
        self.eps = c["rms_norm_eps"]
        theta = c.get("rope_theta") or c["rope_parameters"]["rope_theta"]
        inverse = 1.0 / theta ** (torch.arange(0, self.head_dim, 2).float() / self.head_dim)
        angles = torch.outer(torch.arange(c["max_position_embeddings"]).float(), inverse)
        self.cos = torch.cat((angles.cos(), angles.cos()), dim=-1)
        self.sin = torch.cat((angles.sin(), angles.sin()), dim=-1)

    def linear(self, x, name):
        return F.linear(x, self.weights[name + ".weight"], self.weights.get(name + ".bias"))

    def norm(self, x, name):
        return F.rms_norm(x, (x.shape[-1],), self.weights[name + ".weight"], self.eps)

    def rotate(self, x, cos, sin):
        a, b = x.chunk(2, dim=-1)
        return x * cos + torch.cat((-b, a), dim=-1) * sin

    def heads_of(self, x, count):
        return x.view(x.shape[0], x.shape[1], count, self.head_dim).transpose(1, 2)

    def forward(self, ids, start, cache):
        batch, length = ids.shape
        cos, sin = self.cos[start : start + length], self.sin[start : start + length]
        h = F.embedding(ids, self.weights["model.embed_tokens.weight"])
        for i, (keys, values) in enumerate(cache):
            p = f"model.layers.{i}."
            x = self.norm(h, p + "input_layernorm")
            q = self.rotate(self.heads_of(self.linear(x, p + "self_attn.q_proj"), self.heads), cos, sin)
            k = self.rotate(self.heads_of(self.linear(x, p + "self_attn.k_proj"), self.kv_heads), cos, sin)
            keys[:, :, start : start + length] = k
            values[:, :, start : start + length] = self.heads_of(
                self.linear(x, p + "self_attn.v_proj"), self.kv_heads)
            a = F.scaled_dot_product_attention(
                q, keys[:, :, : start + length], values[:, :, : start + length],
                is_causal=length > 1, enable_gqa=self.kv_heads != self.heads)
            a = a.transpose(1, 2).reshape(batch, length, self.heads * self.head_dim)
            h = h + self.linear(a, p + "self_attn.o_proj")
            x = self.norm(h, p + "post_attention_layernorm")
            gate = F.silu(self.linear(x, p + "mlp.gate_proj"))
            h = h + self.linear(gate * self.linear(x, p + "mlp.up_proj"), p + "mlp.down_proj")
        h = self.norm(h[:, -1], "model.norm")
        head = "lm_head.weight" if "lm_head.weight" in self.weights else "model.embed_tokens.weight"
        return F.linear(h, self.weights[head])


def generate(model, prompts, new):
    batch, length = prompts.shape
    shape = (batch, model.kv_heads, length + new, model.head_dim)
    start, cpu = time.perf_counter(), time.process_time()
    cache = [(torch.zeros(shape), torch.zeros(shape)) for _ in range(model.layers)]
    token = model.forward(prompts, 0, cache).argmax(-1, keepdim=True)
    prefill = time.perf_counter() - start
    tokens = [token]
    for position in range(length, length + new - 1):
        token = model.forward(token, position, cache).argmax(-1, keepdim=True)
        tokens.append(token)
    cpu = time.process_time() - cpu
    return torch.cat(tokens, dim=1), time.perf_counter() - start, prefill, cpu


def prompt_tokens(batch, length, vocabulary):
    rows, columns = torch.arange(batch)[:, None], torch.arange(length)[None, :]
    return (rows * 7919 + columns * 104729 + 17) % min(vocabulary, 256)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--prompt", type=int, default=32)
    parser.add_argument("--new", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with torch.inference_mode():
        model = Decoder(arguments.model)
        prompts = prompt_tokens(arguments.batch, arguments.prompt, model.config["vocab_size"])
        runs = [generate(model, prompts, arguments.new) for _ in range(arguments.repeats)]
    tokens, seconds, prefill, cpu = min(runs, key=lambda run: run[1])
    checksum = int((tokens * (torch.arange(tokens.numel()).view_as(tokens) % 1009 + 1)).sum())
    result = {"tokens": tokens.numel(), "seconds": seconds, "prefill_s": prefill, "cpu_s": cpu, "checksum": checksum}
    print(json.dumps(result))


main()
