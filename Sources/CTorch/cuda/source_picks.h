R"cuda(
// The likeliest token of a row of logits, the first of equals, and its log-probability; NaN where the row holds what is
// no number. As `ctorch_pick`.
struct Pick {
    int token;
    float log_prob, drawn_log_prob;
};

extern "C" __global__ void likeliest(const float *logits, const int *rows, int size, Pick *picks) {
    __shared__ float values[WARPS];
    __shared__ int places[WARPS];
    await_earlier();
    const float *row = logits + (size_t)rows[blockIdx.x] * size;
    float value = NOTHING, faults = 0;
    int place = 0x7FFFFFFF;
    for (int i = threadIdx.x; i < size; i += THREADS) {
        if (row[i] != row[i]) faults = 1;
        if (row[i] > value || place == 0x7FFFFFFF) {
            value = row[i];
            place = i;
        }
    }
    auto take = [&](float other, int at) {
        if (at != 0x7FFFFFFF && (place == 0x7FFFFFFF || other > value || (other == value && at < place))) {
            value = other;
            place = at;
        }
    };
    for (int step = 16; step > 0; step /= 2) {
        float other = __shfl_xor_sync(~0u, value, step);
        int at = __shfl_xor_sync(~0u, place, step);
        take(other, at);
    }
    if (threadIdx.x % 32 == 0) {
        values[threadIdx.x / 32] = value;
        places[threadIdx.x / 32] = place;
    }
    __syncthreads();
    for (int w = 0; w < WARPS; w++) take(values[w], places[w]);
    float sum = 0;
    for (int i = threadIdx.x; i < size; i += THREADS) sum += expf(row[i] - value);
    sum = sum_of_block(sum);
    faults = sum_of_block(faults);
    if (threadIdx.x > 0) return;
    float nan = __uint_as_float(0x7FC00000);
    picks[blockIdx.x] = {place, faults > 0 ? nan : -logf(sum), faults > 0 ? nan : 0.0f};
}
)cuda"
