// The C face of libtorch: opaque handles, one generic operator call, and the little that operators do not cover.
//
// No exception crosses this boundary. A function that can fail returns false or NULL, and `ctorch_last_error` then
// holds the first line of what libtorch said, on the same thread until its next failure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ctorch_tensor_s *ctorch_tensor;        // owns one reference; free with ctorch_tensor_release
typedef struct ctorch_generator_s *ctorch_generator;  // owned; free with ctorch_generator_release
typedef const struct ctorch_operator_s *ctorch_operator;  // lives as long as the process

// What a value holds. Lists keep `count` items behind `items`: int64_t, double or ctorch_tensor (NULL allowed in
// CTORCH_OPTIONAL_TENSORS). A string is `count` bytes. A device is (type << 8 | index) in `integer`.
typedef enum ctorch_kind {
    CTORCH_NONE,
    CTORCH_TENSOR,
    CTORCH_INTEGER,
    CTORCH_REAL,
    CTORCH_BOOLEAN,
    CTORCH_INTEGERS,
    CTORCH_REALS,
    CTORCH_TENSORS,
    CTORCH_OPTIONAL_TENSORS,
    CTORCH_STRING,
    CTORCH_DEVICE,
    CTORCH_GENERATOR,
} ctorch_kind;

typedef struct ctorch_value {
    ctorch_kind kind;
    int32_t count;
    union {
        int64_t integer;
        double real;
        void *_Nullable handle;
        const void *_Nullable items;
    };
} ctorch_value;

const char *ctorch_last_error(void);
const char *ctorch_version(void);

// Operators, found once by name and overload ("aten::add", "Tensor") and called through the boxed dispatcher, which
// records autograd. Arguments beyond `argument_count` take their schema's defaults; a list result is flattened.
// Returns the number of results, or -1. Tensors among the results are owned by the caller.
ctorch_operator _Nullable ctorch_find_operator(const char *name, const char *overload);
int32_t ctorch_call(ctorch_operator op, const ctorch_value *arguments, int32_t argument_count, ctorch_value *results,
                    int32_t result_capacity);

// Tensors.
ctorch_tensor ctorch_tensor_retain(ctorch_tensor tensor);
void ctorch_tensor_release(ctorch_tensor tensor);
int64_t ctorch_tensor_dimension(ctorch_tensor tensor);
const int64_t *ctorch_tensor_sizes(ctorch_tensor tensor);  // valid until the tensor changes its shape
const int64_t *ctorch_tensor_strides(ctorch_tensor tensor);
int64_t ctorch_tensor_count(ctorch_tensor tensor);
// A contiguous tensor on the CPU over memory that lives until `release(owner)`.
ctorch_tensor _Nullable ctorch_tensor_over(void *data, const int64_t *shape, int32_t dimensions, int32_t dtype,
                                           void *owner, void (*release)(void *_Nullable));
// From here on `tensor` has the memory of `source`, of the same type and shape.
bool ctorch_tensor_adopt(ctorch_tensor tensor, ctorch_tensor source);
int32_t ctorch_tensor_dtype(ctorch_tensor tensor);  // c10::ScalarType
int64_t ctorch_tensor_device(ctorch_tensor tensor);
bool ctorch_tensor_is_contiguous(ctorch_tensor tensor);
void *_Nullable ctorch_tensor_data(ctorch_tensor tensor);  // NULL for an empty tensor, or where there is no storage

// Autograd.
bool ctorch_tensor_requires_grad(ctorch_tensor tensor);
bool ctorch_tensor_set_requires_grad(ctorch_tensor tensor, bool enabled);
ctorch_tensor _Nullable ctorch_tensor_grad(ctorch_tensor tensor);
void ctorch_tensor_set_grad(ctorch_tensor tensor, ctorch_tensor _Nullable gradient);
void ctorch_tensor_bump_version(ctorch_tensor tensor);  // for operators that write without saying so
bool ctorch_backward(ctorch_tensor root, ctorch_tensor _Nullable gradient, bool retain_graph);
bool ctorch_grad_enabled(void);
void ctorch_set_grad_enabled(bool enabled);
void *ctorch_inference_begin(void);  // until the matching end, on the same thread, innermost first
void ctorch_inference_end(void *guard);

// Random numbers. A state is a uint8 tensor.
ctorch_generator _Nullable ctorch_generator_create(int64_t device, uint64_t seed);
ctorch_generator _Nullable ctorch_generator_default(int64_t device);
void ctorch_generator_release(ctorch_generator generator);
void ctorch_generator_seed(ctorch_generator generator, uint64_t seed);
ctorch_tensor _Nullable ctorch_generator_state(ctorch_generator generator);
bool ctorch_generator_set_state(ctorch_generator generator, ctorch_tensor state);

// Kernels of our own for .float32 on the CPU, where libtorch's are slower; elsewhere they call libtorch's. All record
// autograd, and give the same bits for a row whatever rows and however many threads are beside it.
//
// linear: x [..., in], weight [out, in], bias [out] -> [..., out].
ctorch_tensor _Nullable ctorch_linear(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor _Nullable bias);
// Whether linear is our kernel on this processor: then a row has the same bits in training and in decoding.
bool ctorch_linear_is_rowwise(void);

// rms_norm: x / rms(x) * weight over the last dimension; weight [size].
ctorch_tensor _Nullable ctorch_rms_norm(ctorch_tensor x, ctorch_tensor weight, double eps);
// add_rms_norm: x + change, and that normalized, as two `results`.
bool ctorch_add_rms_norm(ctorch_tensor x, ctorch_tensor change, ctorch_tensor weight, double eps,
                         ctorch_tensor _Nullable *_Nonnull results);
// take_rows: rows of x [rows, size] at places [count] int64 -> [count, size].
ctorch_tensor _Nullable ctorch_take_rows(ctorch_tensor x, ctorch_tensor places);
// token_distribution: of logits [rows, size] over temperature, the targets' [rows] int64 log-probabilities, log Σ exp
// and entropies, as three `results`; no gradient goes through the second.
bool ctorch_token_distribution(ctorch_tensor logits, ctorch_tensor targets, double temperature,
                               ctorch_tensor _Nullable *_Nonnull results);
// swiglu: silu(first half) * second half of the last dimension.
ctorch_tensor _Nullable ctorch_swiglu(ctorch_tensor x);
// self_attention: causal attention within each of `count` sequences of `lengths` tokens, which stand one behind the
// other in qkv [N, (heads + 2 * kv_heads) * D], queries first; queries and keys are turned by the angles of their
// positions, whose cosines and sines are [positions, D / 2]. -> [N, heads * D]. With a cache, `pasts` says how many
// tokens each sequence has there already, in the rows from `first_row` on; the new ones are put behind them, and no
// gradient is recorded. Keys are [rows, kv_heads, D, tokens], tokens a multiple of 16; values [rows, kv_heads, tokens,
// D].
typedef struct ctorch_attention_cache {
    ctorch_tensor keys, values;
    int64_t first_row;
} ctorch_attention_cache;
ctorch_tensor _Nullable ctorch_self_attention(ctorch_tensor qkv, ctorch_tensor cosines, ctorch_tensor sines,
                                              const int64_t *lengths, const int64_t *_Nullable pasts, int64_t count,
                                              int64_t heads, int64_t kv_heads,
                                              const ctorch_attention_cache *_Nullable cache);

// windowed_attention: as self_attention, but a token sees only itself and the `window` - 1 tokens before it; with
// `summaries`, besides, the summaries of all earlier blocks of `block` tokens and the tokens of `selected` blocks, each
// of these branches multiplied by the sigmoid of its gate. Summaries [blocks * kv_heads, D] stand sequence by sequence
// and have keys that are not turned yet; gates are [N, branches * heads]. With a cache, sequences are whole and fill
// it, or single tokens that follow `pasts` others; these need no summaries beside those in the cache.
typedef struct ctorch_summaries {
    ctorch_tensor _Nullable keys, values;
    ctorch_tensor gates;
    int64_t block, selected;
} ctorch_summaries;
typedef struct ctorch_window_cache {
    ctorch_tensor ring_keys, ring_values;               // [rows, kv_heads, D, ring], [rows, kv_heads, ring, D]
    ctorch_tensor _Nullable open_keys, open_values;     // [rows, kv_heads, block, D]
    ctorch_tensor _Nullable block_keys, block_values;   // [rows, kv_heads, D, blocks], [rows, kv_heads, blocks, D]
    ctorch_tensor _Nullable token_keys, token_values;   // [rows, kv_heads, tokens, D]
    int64_t first_row;
} ctorch_window_cache;
ctorch_tensor _Nullable ctorch_windowed_attention(ctorch_tensor qkv, ctorch_tensor cosines, ctorch_tensor sines,
                                                  const int64_t *lengths, const int64_t *_Nullable pasts,
                                                  int64_t count, int64_t heads, int64_t kv_heads, int64_t window,
                                                  const ctorch_summaries *_Nullable summaries,
                                                  const ctorch_window_cache *_Nullable cache);
// block_rows: the keys and the values of complete blocks to `results`, each [blocks * kv_heads, block * D].
bool ctorch_block_rows(ctorch_tensor qkv, const int64_t *lengths, int64_t count, int64_t heads, int64_t kv_heads,
                       int64_t block, ctorch_tensor _Nullable *_Nonnull results);
// keep_summaries: puts summaries [count * kv_heads, D] of blocks that single tokens completed into rows of the cache.
bool ctorch_keep_summaries(ctorch_tensor keys, ctorch_tensor values, ctorch_tensor cosines, ctorch_tensor sines,
                           const int64_t *rows, const int64_t *blocks, int64_t count, int64_t block,
                           const ctorch_window_cache *cache);

// Linear layers packed for the processor, with weights in 32, 16, 8 or 4 bits. A row's result has the same bits in any
// batch and with any number of threads. No gradients.
//
// matrix_pack: a weight [out, in], float32 for 32 and 16 bits; int8 for 8, and -8 to 7 for 4, with scales [out], or
// [out, ceil(in / 64)] for 4; a bias [out]. In 16 bits and fewer, rows of x are rounded too: to 16 bits, or to 8 by
// their greatest magnitude, whose products are summed in whole numbers and have the same bits on any processor.
typedef struct ctorch_matrix_s *ctorch_matrix;  // owned; free with ctorch_matrix_release
ctorch_matrix _Nullable ctorch_matrix_pack(ctorch_tensor weight, ctorch_tensor _Nullable scales,
                                           ctorch_tensor _Nullable bias, int32_t bits);
void ctorch_matrix_release(ctorch_matrix matrix);
int64_t ctorch_matrix_byte_count(ctorch_matrix matrix);
// From here on inputs nearer to 0 than `threshold` count as 0, in 8 bits; a single row does not read their weights, of
// which a second copy is kept for it.
bool ctorch_matrix_skip_small_inputs(ctorch_matrix matrix, float threshold);
// x [..., in] float32 -> [..., out].
ctorch_tensor _Nullable ctorch_matrix_multiply(ctorch_matrix matrix, ctorch_tensor x);
// The kernel in use, by its kind of processor: "avx512_vnni", "avx2" or "plain".
const char *ctorch_matrix_kernel(void);
// Takes another one; false where this processor has it not.
bool ctorch_matrix_use_kernel(const char *name);

// Weights in whole numbers of up to ±limit, a scale for every `width` inputs of an output.
//
// find_scales: of 1, 0.975, ... 0.5 times the greatest magnitude over the limit, rounded to 16 bits, the scale that
// leaves the least squared error, each input's counted by its `importance` [in]. weight [out, in] float32, scales
// [out, groups]. round_by_scales: the nearest whole numbers, values [out, in] int8.
bool ctorch_find_scales(ctorch_tensor weight, ctorch_tensor _Nullable importance, int64_t width, int32_t limit,
                        ctorch_tensor scales);
bool ctorch_round_by_scales(ctorch_tensor weight, ctorch_tensor scales, int64_t width, int32_t limit,
                            ctorch_tensor values);

// The row engine: a decoder-only transformer over packed matrices whose step is one call. A step takes new tokens of
// some sequences, one sequence behind the other, each looking back at its own tokens in pages of 16. What a row computes
// has the same bits whatever rows are beside it, with any number of threads, and however its sequence is cut into steps.
typedef struct ctorch_layer {
    ctorch_tensor input_norm, post_norm;                     // [hidden]
    ctorch_tensor _Nullable query_norm;                      // [head_size], of single heads
    ctorch_tensor _Nullable key_norm;
    ctorch_matrix qkv, output, gate_up, down;
    int64_t window;  // a token looks at itself and so many less one before it; 0 is all of them
} ctorch_layer;

typedef struct ctorch_network_parts {
    int64_t heads, kv_heads, head_size, inner_size;
    double eps;
    ctorch_tensor embedding;  // [vocabulary, hidden]
    ctorch_tensor norm;
    ctorch_matrix head;
    const ctorch_layer *layers;
    int64_t layer_count;
} ctorch_network_parts;

typedef struct ctorch_network_s *ctorch_network;  // owned; keeps its parts; for one thread at a time
ctorch_network _Nullable ctorch_network_create(const ctorch_network_parts *parts);
void ctorch_network_release(ctorch_network network);
// The same network on another device (its code as a CTORCH_DEVICE's), with copies of all its parts; fails where the
// device cannot hold them and `reserve` bytes besides.
ctorch_network _Nullable ctorch_network_on(ctorch_network network, int64_t device, int64_t reserve);

// Pages of keys and values, in float32 or in 8 bits with scales.
typedef struct ctorch_pages_s *ctorch_pages;  // owned
int64_t ctorch_page_byte_count(int64_t layers, int64_t kv_heads, int64_t head_size, bool in_8_bits);
ctorch_pages _Nullable ctorch_pages_create(int64_t layers, int64_t kv_heads, int64_t head_size, int64_t count,
                                           bool in_8_bits, int64_t device);
void ctorch_pages_release(ctorch_pages pages);
bool ctorch_pages_copy(ctorch_pages pages, int32_t from, int32_t to);

typedef struct ctorch_step {
    const int32_t *tokens;
    const int32_t *lengths;  // new tokens of each sequence
    const int32_t *pasts;    // tokens that it has in its pages already
    const int32_t *tables;   // the numbers of its pages, `table_step` for each sequence
    int64_t table_step, sequence_count;
    const int32_t *read;  // the rows whose logits are wanted, rising
    int64_t read_count;
    ctorch_tensor cosines, sines;  // of the angles of positions, [positions, head_size / 2]
} ctorch_step;
// Writes logits [read, vocabulary]; on a device they may be left there instead, until the next step.
bool ctorch_network_step(ctorch_network network, ctorch_pages pages, const ctorch_step *step,
                         ctorch_tensor _Nullable logits);
// Of logits that were left on a device: those of some of the rows that were read, and their likeliest tokens.
bool ctorch_network_logits(ctorch_network network, const int32_t *rows, int64_t count, ctorch_tensor logits);
struct ctorch_pick;
bool ctorch_network_likeliest(ctorch_network network, const int32_t *rows, int64_t count, struct ctorch_pick *picks);
// A step in two halves. begin: the layers before `end`; what comes of every row stays in its page. finish: the layers
// from `first` on, of rows that a network of the same first layers has begun, in this step or before. hidden: what was
// left of a step's rows, [rows, hidden].
bool ctorch_network_begin(ctorch_network network, ctorch_pages pages, const ctorch_step *step, int64_t end);
bool ctorch_network_finish(ctorch_network network, ctorch_pages pages, const ctorch_step *step, int64_t first,
                           ctorch_tensor logits);
bool ctorch_pages_hidden(ctorch_pages pages, const ctorch_step *step, ctorch_tensor hidden);

// How one row's next token is picked: the likeliest at temperature 0; else a draw from softmax(logits / temperature),
// of the likeliest `top_k` tokens (0: all), of those that together first reach `top_p` (1: all), and of those that
// reach `min_p` of the likeliest's probability (0: all), in the order of the vocabulary, or falling where it is cut.
typedef struct ctorch_draw {
    float temperature, top_p, min_p;
    int32_t top_k;
    float uniform;  // in (0, 1]: where in the cumulative distribution
    int32_t adjustment_count;  // of the logits, before all else
    bool is_masked;            // whether only the tokens whose bits a mask sets are there to be picked
} ctorch_draw;
// A token's logit is divided by `divisor` where it is above 0 and multiplied with it below, and `amount` is added.
typedef struct ctorch_adjustment {
    int32_t token;
    float amount, divisor;
} ctorch_adjustment;
typedef struct ctorch_pick {
    int32_t token;
    float log_prob;        // under softmax(logits)
    float drawn_log_prob;  // under the distribution that it was drawn from; 0 for the likeliest
} ctorch_pick;
// logits [rows, vocabulary] float32 on the CPU; adjustments of all rows one behind the other, and masks of those that
// have one, each a bit for every token in words of 64. A row that holds what is no number, or whose mask sets no bit,
// has NaN for its log-probabilities.
bool ctorch_pick_tokens(ctorch_tensor logits, const ctorch_draw *draws, const ctorch_adjustment *adjustments,
                        const uint64_t *masks, ctorch_pick *picks);

// Devices that networks are moved to: a device's name, which opens it, NULL where it cannot be used; and what it can do
// at most, measured: bytes that it reads from its memory a second, and products in 32, 16, 8 or 4 bits.
const char *_Nullable ctorch_device_name(int64_t device);
bool ctorch_device_limits(int64_t device, int32_t bits, double *bytes_per_second, double *products_per_second);

// Threads inside one operator.
int32_t ctorch_thread_count(void);
void ctorch_set_thread_count(int32_t count);
// Runs `task(context, i)` for i < count on those threads, the next as soon as one is free; operators inside of a task use
// its thread alone. Tasks record gradients as the caller does.
void ctorch_run_tasks(int32_t count, void *context, void (*task)(void *context, int32_t number));

// Keeps the memory of freed tensors for the next ones, where the C library can be told so.
void ctorch_keep_freed_memory(void);

#ifdef __cplusplus
}
#endif

#pragma clang assume_nonnull end
