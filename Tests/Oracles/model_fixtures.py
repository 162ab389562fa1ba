"""Writes Tests/Fixtures/models: tiny random models and what transformers computes with them, for HoneModelTests.

    python Tests/Oracles/model_fixtures.py

Each folder is a Hugging Face directory with one more file, expected.safetensors: token ids, logits, loss, the gradient
of every parameter and every parameter after ten AdamW steps.
"""

import pathlib

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

FOLDER = pathlib.Path(__file__).parent.parent / "Fixtures" / "models"
SHAPE = dict(vocab_size=61, hidden_size=24, intermediate_size=40, num_hidden_layers=2, max_position_embeddings=48,
             bos_token_id=1, eos_token_id=2, pad_token_id=0)
MODELS = {
    "llama": (LlamaForCausalLM, LlamaConfig(
        **SHAPE, num_attention_heads=4, num_key_value_heads=2, head_dim=8, rms_norm_eps=1e-5,
        rope_theta=10000.0, tie_word_embeddings=False)),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(
        **SHAPE, num_attention_heads=3, num_key_value_heads=3, rms_norm_eps=1e-6, rope_theta=1000000.0,
        tie_word_embeddings=True)),
}


def expected(model):
    ids = torch.randint(3, SHAPE["vocab_size"], (3, 17))
    labels = ids.clone()
    labels[:, :5] = -100
    output = model(ids, labels=labels)
    output.loss.backward()
    record = {"ids": ids, "labels": labels, "logits": output.logits.detach(), "loss": output.loss.detach()}
    record |= {f"grad.{name}": p.grad.clone() for name, p in model.named_parameters()}
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.1)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = model(ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.detach())
    record["losses"] = torch.stack(losses)
    return record | {f"after.{name}": p.detach().clone() for name, p in model.named_parameters()}


for name, (kind, config) in MODELS.items():
    torch.manual_seed(3)
    model = kind(config).train()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    model.save_pretrained(FOLDER / name)
    save_file(expected(model), FOLDER / name / "expected.safetensors")
