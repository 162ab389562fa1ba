"""Writes Tests/Fixtures/imported: tiny random models in every layout that Hone imports, with transformers' results.

    python Tests/Oracles/imported_model_fixtures.py
    python Tests/Oracles/imported_model_fixtures.py --check DIR [--against DIR]

Each folder is a Hugging Face directory with one more file, expected.safetensors: token ids, their logits in float32,
and greedy continuations of prompts. `instruct` is a whole directory, with a tokenizer and a chat template; its
expected.json is what transformers answers in a conversation. With --check, loads a directory (one that Hone exported, say) and compares the
logits of random ids with those of the other directory, or with expected.safetensors.
"""

import argparse
import json
import pathlib
import shutil

import torch
from safetensors.torch import load_file, save_file
from transformers import (AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM,
                          Qwen3Config, Qwen3ForCausalLM)

FOLDER = pathlib.Path(__file__).parent.parent / "Fixtures" / "imported"
SHAPE = dict(vocab_size=48, hidden_size=16, intermediate_size=24, num_hidden_layers=2, max_position_embeddings=64,
             bos_token_id=1, eos_token_id=2, pad_token_id=0, num_attention_heads=4, num_key_value_heads=2)
torch.manual_seed(0)
MODELS = {
    # name: model, type of the file's weights, size of a shard
    "llama-3": (LlamaForCausalLM(LlamaConfig(
        **SHAPE | dict(eos_token_id=[2, 3]), rms_norm_eps=1e-5, rope_parameters=dict(
            rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=16))), torch.bfloat16, "8KB"),
    "llama-linear-biased": (LlamaForCausalLM(LlamaConfig(
        **SHAPE, attention_bias=True, mlp_bias=True, tie_word_embeddings=True, head_dim=6,
        rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=2.5))), torch.float32, "1GB"),
    "llama-yarn": (LlamaForCausalLM(LlamaConfig(
        **SHAPE | dict(num_key_value_heads=4), rope_parameters=dict(
            rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=16, beta_fast=16.0,
            beta_slow=2.0, mscale=0.7, mscale_all_dim=0.4, truncate=False))), torch.float16, "1GB"),
    "qwen2-yarn-sliding": (Qwen2ForCausalLM(Qwen2Config(
        **SHAPE, use_sliding_window=True, sliding_window=7, max_window_layers=1, rope_parameters=dict(
            rope_type="yarn", rope_theta=1000000.0, factor=4.0, original_max_position_embeddings=16))),
        torch.float16, "6KB"),
    "qwen3": (Qwen3ForCausalLM(Qwen3Config(
        **SHAPE, head_dim=8, attention_bias=True, tie_word_embeddings=True,
        rope_parameters=dict(rope_type="default", rope_theta=1000000.0))), torch.bfloat16, "1GB"),
    "qwen3-sliding": (Qwen3ForCausalLM(Qwen3Config(
        **SHAPE | dict(num_hidden_layers=3), head_dim=4, use_sliding_window=True, sliding_window=5,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        rope_parameters=dict(rope_type="default", rope_theta=10000.0))), torch.float16, "1GB"),
}


def greedy(model, prompt, count):
    """The likeliest tokens, each from a full forward pass; the end token is a token like any other. None at a tie."""
    ids = list(prompt)
    for _ in range(count):
        logits = model(torch.tensor([ids])).logits[0, -1]
        best = logits.topk(2).values
        if best[0] - best[1] < 1e-3:
            return None
        ids.append(int(logits.argmax()))
    return ids[len(prompt):]


@torch.no_grad()
def write(name, model, dtype, shard):
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    for parameter in model.parameters():
        parameter.add_(torch.randn_like(parameter) * (0.4 if parameter.dim() > 1 else 0.2))
    model.to(dtype).save_pretrained(folder, max_shard_size=shard)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.randint(3, SHAPE["vocab_size"], (2, 40))
    candidates = torch.randint(3, SHAPE["vocab_size"], (20, 9))
    answered = [(prompt, greedy(model, prompt.tolist(), 40)) for prompt in candidates]
    prompts, continued = zip(*[(prompt, answer) for prompt, answer in answered if answer][:3])
    save_file({"ids": ids, "logits": model(ids).logits, "prompts": torch.stack(prompts),
               "greedy": torch.tensor(continued)},
              folder / "expected.safetensors")


@torch.no_grad()
def write_instruct():
    folder = FOLDER / "instruct"
    shutil.rmtree(folder, ignore_errors=True)
    model = Qwen3ForCausalLM(Qwen3Config(
        **SHAPE | dict(vocab_size=576, hidden_size=8, num_hidden_layers=1, max_position_embeddings=128,
                       bos_token_id=None, eos_token_id=[556, 554], pad_token_id=557), head_dim=8, tie_word_embeddings=True))
    for parameter in model.parameters():
        parameter.add_(torch.randn_like(parameter) * (0.6 if parameter.dim() > 1 else 0.2))
    model.generation_config.update(do_sample=True, temperature=0.7, top_p=0.8)
    model.to(torch.bfloat16).save_pretrained(folder)
    shutil.copy(FOLDER.parent / "imported-tokenizers" / "qwen2" / "tokenizer.json", folder)
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>", "pad_token": "<pad>",
        "add_bos_token": False}))
    (folder / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}\n"
        "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}\n")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    turns = [{"role": "user", "content": "How many apples are 12 * 7?"}]
    ids = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=True)["input_ids"]
    answer = model.generate(torch.tensor([ids]), do_sample=False, max_new_tokens=24)[0, len(ids):].tolist()
    (folder / "expected.json").write_text(json.dumps({
        "prompt": turns[0]["content"], "ids": ids, "answer": answer,
        "text": tokenizer.decode(answer, skip_special_tokens=True)}) + "\n")


@torch.no_grad()
def check(directory, against):
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    if against:
        other = AutoModelForCausalLM.from_pretrained(against, dtype=torch.float32).eval()
        ids = torch.randint(0, model.config.vocab_size, (2, 32))
        expected = other(ids).logits
    else:
        record = load_file(pathlib.Path(directory) / "expected.safetensors")
        ids, expected = record["ids"], record["logits"]
    print("largest difference of logits:", float((model(ids).logits - expected).abs().max()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--check")
    parser.add_argument("--against")
    arguments = parser.parse_args()
    if arguments.check:
        check(arguments.check, arguments.against)
    else:
        for number, (name, (model, dtype, shard)) in enumerate(MODELS.items()):
            torch.manual_seed(number)
            write(name, model, dtype, shard)
        torch.manual_seed(40)
        write_instruct()
