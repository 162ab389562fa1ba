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

// Linear layers in whole numbers: weights of 8 bits with a scale for every output, or of 4 with one for every 64 inputs
// of an output; rows of x are quantized to 8 bits by their greatest magnitude. A row's result has the same bits in any
// batch, with any number of threads, on any processor. No gradients.
//
// quantized_pack: values [out, in] int8 (-8 to 7 for 4 bits), scales [out], or [out, ceil(in / 64)] for 4 bits. Writes
// the packed weight and the packed scales to `results`.
bool ctorch_quantized_pack(ctorch_tensor values, ctorch_tensor scales, int32_t bits,
                           ctorch_tensor _Nullable *_Nonnull results);
// quantized_linear: x [..., in] float32, packed weight and scales, bias [out] -> [..., out].
ctorch_tensor _Nullable ctorch_quantized_linear(ctorch_tensor x, ctorch_tensor packed, ctorch_tensor scales,
                                                ctorch_tensor _Nullable bias, int64_t outputs, int32_t bits);
// The kernel in use, by its kind of processor: "avx512_vnni", "avx2" or "plain".
const char *ctorch_quantized_kernel(void);
// Takes another one; false where this processor has it not.
bool ctorch_quantized_use_kernel(const char *name);

// One token of every row of logits [rows, vocabulary], .float32 on the CPU. A row's token and log-probabilities have the
// same bits whatever rows and however many threads are beside it. In this order: of the tokens whose bits a mask sets,
// logits are adjusted, divided by the temperature, and cut by min_p, top_k and top_p; the row's uniform number then
// inverts the cumulative distribution, in falling order where top_k or top_p cut, else in the order of tokens.
typedef struct ctorch_pick_row {
    float temperature;  // 0 takes the likeliest; of equals, the first
    float uniform;      // in (0, 1]
    float top_p, min_p;  // 1 and 0 cut nothing
    int64_t top_k;       // 0 cuts nothing
    int64_t first_adjustment, adjustment_count;
    int64_t mask;            // which of the masks, or -1
    int32_t token;           // result
    float log_prob;          // result: under the logits as they are
    float picked_log_prob;   // result: under what it was drawn from; of the likeliest, at temperature 1
} ctorch_pick_row;
// The logit plus `bias`; then divided by `repetition` if above 0, else times it; then less `penalty`.
typedef struct ctorch_logit_adjustment {
    int32_t token;
    float bias, repetition, penalty;
} ctorch_logit_adjustment;
bool ctorch_pick(ctorch_tensor logits, ctorch_pick_row *rows, const ctorch_logit_adjustment *_Nullable adjustments,
                 const uint64_t *_Nullable masks);

// Threads inside one operator.
int32_t ctorch_thread_count(void);
void ctorch_set_thread_count(int32_t count);

// Keeps the memory of freed tensors for the next ones, where the C library can be told so.
void ctorch_keep_freed_memory(void);

#ifdef __cplusplus
}
#endif

#pragma clang assume_nonnull end
