"""Writes a small Llama with random weights as GGUF, for trying the remote engine against llama.cpp's server: FILE.

Needs the packages gguf and numpy. The words of its vocabulary are the 256 bytes and three marks.
"""

import sys

import numpy as np
from gguf import GGUFWriter

path = sys.argv[1]
vocabulary, width, inner, layers, heads = 259, 64, 128, 2, 4
random = np.random.default_rng(7)
writer = GGUFWriter(path, "llama")
writer.add_name("random")
writer.add_context_length(256)
writer.add_embedding_length(width)
writer.add_block_count(layers)
writer.add_feed_forward_length(inner)
writer.add_head_count(heads)
writer.add_head_count_kv(heads)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_rope_dimension_count(width // heads)
writer.add_vocab_size(vocabulary)
writer.add_tokenizer_model("llama")
writer.add_token_list([b"<unk>", b"<s>", b"</s>"] + [f"<0x{byte:02X}>".encode() for byte in range(256)])
writer.add_token_scores([0.0] * vocabulary)
writer.add_token_types([2, 3, 3] + [6] * 256)
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)
writer.add_unk_token_id(0)


def weights(name, *shape):
    writer.add_tensor(name, (random.standard_normal(shape) / np.sqrt(shape[-1])).astype(np.float32))


weights("token_embd.weight", vocabulary, width)
weights("output.weight", vocabulary, width)
writer.add_tensor("output_norm.weight", np.ones(width, dtype=np.float32))
for layer in range(layers):
    block = f"blk.{layer}."
    for part in ["attn_q", "attn_k", "attn_v", "attn_output"]:
        weights(f"{block}{part}.weight", width, width)
    weights(f"{block}ffn_gate.weight", inner, width)
    weights(f"{block}ffn_up.weight", inner, width)
    weights(f"{block}ffn_down.weight", width, inner)
    for part in ["attn_norm", "ffn_norm"]:
        writer.add_tensor(f"{block}{part}.weight", np.ones(width, dtype=np.float32))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
