"""Greedy generation by llama.cpp on the weights of a Hugging Face directory: what `hone-bench inference` sets beside
Hone.

    python3 llama_generation.py --model DIR --dtype q8_0 --batches 1,16,64 --prompt 32 --new 33 --threads 2

Needs llama-cpp-python, gguf, numpy and safetensors. DIR is a Llama layout in float32, without a tokenizer: the weights
are written as a GGUF file, once per dtype (f32, bf16, q8_0, q4_0), beside the model. All sequences take their step in
one `llama_decode`. The likeliest tokens are taken outside of the measured time, which favours this side. The last line
is {"rows": [{"batch": b, "decode": tokens/s, "prefill": tokens/s, "first": [...]}, ...]}, medians of --repeats; "first"
are the tokens of the first sequence. With --invariance N, N random requests are answered alone and 16 at a time, and
the last line is {"tokens": ..., "differing_tokens": ..., "differing_bits": ...}, bits of float32 log-probabilities.
"""

import argparse
import json
import pathlib
import statistics
import time

import gguf
import llama_cpp
import numpy
from invariance import TOGETHER, count_differences, random_prompts
from safetensors.numpy import load_file

QUANTIZATIONS = {name: gguf.GGMLQuantizationType[name.upper()] for name in ("f32", "bf16", "q8_0", "q4_0")}


def interleaved(weight, heads):
    """llama.cpp turns neighbours, Hugging Face a head's two halves."""
    return weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


def write_gguf(directory, dtype, path):
    config = json.loads((directory / "config.json").read_text())
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config.get("rope_theta") or config["rope_parameters"]["rope_theta"])
    writer.add_rope_dimension_count(config["hidden_size"] // heads)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("none")
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
    for name, weight in load_file(directory / "model.safetensors").items():
        if name.endswith("q_proj.weight"):
            weight = interleaved(weight, heads)
        if name.endswith("k_proj.weight"):
            weight = interleaved(weight, kv_heads)
        kind = QUANTIZATIONS[dtype] if weight.ndim == 2 else QUANTIZATIONS["f32"]
        data = gguf.quants.quantize(weight.astype(numpy.float32), kind)
        writer.add_tensor(names.get_name(name, (".weight",)), data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def open_context(path, batch, length, threads):
    model_parameters = llama_cpp.llama_model_default_params()
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), model_parameters)
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx = batch * length
    parameters.n_batch, parameters.n_ubatch = 2048, 512
    parameters.n_seq_max = batch
    parameters.n_threads = parameters.n_threads_batch = threads
    return model, llama_cpp.llama_init_from_model(model, parameters)


def decode(context, batch, entries):
    """One call for (token, position, sequence, reads) entries."""
    batch.n_tokens = len(entries)
    for i, (token, position, sequence, reads) in enumerate(entries):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.logits[i] = token, position, 1, reads
        batch.seq_id[i][0] = sequence
    start = time.perf_counter()
    if llama_cpp.llama_decode(context, batch) != 0:
        raise SystemExit("llama_decode failed")
    llama_cpp.llama_get_logits_ith(context, len(entries) - 1)  # waits for the result
    return time.perf_counter() - start


def likeliest(context, places, vocabulary):
    rows = [numpy.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(context, i), (vocabulary,)) for i in places]
    return [int(row.argmax()) for row in rows]


def measure(context, sequences, prompt, new, vocabulary):
    batch = llama_cpp.llama_batch_init(2048, 0, 1)
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
    per_call, prefill, tokens = max(1, 2048 // prompt), 0.0, []
    for first in range(0, sequences, per_call):
        rows = range(first, min(sequences, first + per_call))
        entries = [((r * 7919 + p * 104729 + 17) % min(vocabulary, 256), p, r, p == prompt - 1)
                   for r in rows for p in range(prompt)]
        prefill += decode(context, batch, entries)
        tokens += likeliest(context, [i for i, entry in enumerate(entries) if entry[3]], vocabulary)
    seconds, written = 0.0, [tokens[0]]
    for position in range(prompt, prompt + new - 1):
        seconds += decode(context, batch, [(t, position, r, True) for r, t in enumerate(tokens)])
        tokens = likeliest(context, range(sequences), vocabulary)
        written.append(tokens[0])
    llama_cpp.llama_batch_free(batch)
    return sequences * (new - 1) / seconds, sequences * prompt / prefill, written


def answer(context, prompts, new, vocabulary):
    """The likeliest tokens of prompts that are read together, and their log-probabilities."""
    batch = llama_cpp.llama_batch_init(2048, 0, 1)
    llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
    entries = [(token, place, row, place == len(prompt) - 1)
               for row, prompt in enumerate(prompts) for place, token in enumerate(prompt)]
    answers = [([], []) for _ in prompts]
    for step in range(new):
        decode(context, batch, entries)
        places = [place for place, entry in enumerate(entries) if entry[3]]
        for row, place in enumerate(places):
            logits = numpy.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(context, place), (vocabulary,))
            token = int(logits.argmax())
            above = numpy.exp(logits - logits[token], dtype=numpy.float32).sum(dtype=numpy.float32)
            answers[row][0].append(token)
            answers[row][1].append(float(-numpy.log(above)))
        entries = [(answers[row][0][-1], len(prompt) + step, row, True) for row, prompt in enumerate(prompts)]
    llama_cpp.llama_batch_free(batch)
    return answers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--dtype", choices=QUANTIZATIONS, default="f32")
    parser.add_argument("--batches", default="1,16,64")
    parser.add_argument("--prompt", type=int, default=32)
    parser.add_argument("--new", type=int, default=33)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--invariance", type=int, default=0)
    arguments = parser.parse_args()
    path = arguments.model / f"{arguments.dtype}.gguf"
    if not path.exists():
        write_gguf(arguments.model, arguments.dtype, path)
    quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(quiet, None)
    vocabulary = json.loads((arguments.model / "config.json").read_text())["vocab_size"]
    if arguments.invariance:
        model, context = open_context(path, TOGETHER, 64 + arguments.new, arguments.threads)
        prompts = random_prompts(arguments.invariance, vocabulary)
        print(json.dumps(
            count_differences(prompts, lambda part: answer(context, part, arguments.new, vocabulary))))
        return
    rows = []
    for batch in map(int, arguments.batches.split(",")):
        model, context = open_context(path, batch, arguments.prompt + arguments.new, arguments.threads)
        runs = [measure(context, batch, arguments.prompt, arguments.new, vocabulary)
                for _ in range(arguments.repeats + 1)][1:]
        rows.append({"batch": batch, "decode": statistics.median(run[0] for run in runs),
                     "prefill": statistics.median(run[1] for run in runs), "first": runs[0][2]})
        llama_cpp.llama_free(context)
        llama_cpp.llama_model_free(model)
    print(json.dumps({"rows": rows}))


main()
