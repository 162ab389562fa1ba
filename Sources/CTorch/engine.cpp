// The C face of the row engine.
#include "boundary.h"
#include "cuda/device_network.h"
#include "cuda/limits.h"
#include "network.h"

#include <stdexcept>

using namespace ctorch;

namespace {

/// A network and what computes its steps.
struct Engine {
    Network network;
    std::unique_ptr<Computer> computer;
};

void expect(bool holds, const char *what) {
    if (!holds) throw std::invalid_argument(what);
}

at::Tensor plain(ctorch_tensor handle, int64_t size, const char *what) {
    at::Tensor tensor = borrowed(handle).detach().contiguous();
    expect(tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && tensor.numel() == size, what);
    return tensor;
}

const matrix::Matrix &matrix_of(ctorch_matrix handle, int64_t inputs, int64_t outputs, const char *what) {
    const auto &found = *reinterpret_cast<const matrix::Matrix *>(handle);
    expect(found.inputs == inputs && found.outputs == outputs, what);
    return found;
}

NetworkLayer layer_of(const ctorch_layer &parts, const HeadShape &heads, int64_t hidden, int64_t inner) {
    const char *fault = "a layer's parts have other shapes than its network";
    NetworkLayer layer;
    layer.input_norm = plain(parts.input_norm, hidden, fault);
    layer.post_norm = plain(parts.post_norm, hidden, fault);
    if (parts.query_norm && parts.key_norm) {
        layer.query_norm = plain(parts.query_norm, heads.size, fault);
        layer.key_norm = plain(parts.key_norm, heads.size, fault);
    }
    layer.qkv = matrix_of(parts.qkv, hidden, heads.width(), fault);
    layer.output = matrix_of(parts.output, heads.query * heads.size, hidden, fault);
    layer.gate_up = matrix_of(parts.gate_up, hidden, 2 * inner, fault);
    layer.down = matrix_of(parts.down, inner, hidden, fault);
    layer.window = parts.window;
    return layer;
}

Engine &engine_of(ctorch_network handle) { return *reinterpret_cast<Engine *>(handle); }
PageMemory &pages_of(ctorch_pages handle) { return *reinterpret_cast<PageMemory *>(handle); }

/// The index of a CUDA device, or -1 for the processor.
int cuda_index(int64_t device) {
    expect(device >> 8 == 0 || device >> 8 == 1, "networks are computed on the processor and on CUDA devices");
    return device >> 8 == 0 ? -1 : static_cast<int>(device & 0xFF);
}

/// A step's rows, where its parts fit together.
StepRows rows_of(const ctorch_step &step, const HeadShape &heads) {
    at::Tensor cosines = borrowed(step.cosines), sines = borrowed(step.sines);
    int64_t half = heads.size / 2, rows = 0, longest = 0;
    for (int64_t s = 0; s < step.sequence_count; s++) {
        rows += step.lengths[s];
        longest = std::max<int64_t>(longest, step.pasts[s] + step.lengths[s]);
    }
    expect(cosines.is_contiguous() && sines.is_contiguous() && cosines.numel() >= longest * half &&
               sines.numel() >= longest * half,
           "the angles do not reach as far as the longest sequence");
    expect(longest <= step.table_step * Pages::TOKENS, "a sequence has fewer pages than tokens");
    for (int64_t i = 0; i < step.read_count; i++) {
        expect(step.read[i] < rows && (i == 0 || step.read[i] > step.read[i - 1]), "rows to read must rise");
    }
    return {step.tokens,     step.lengths, step.pasts,      step.tables,
            step.table_step, step.sequence_count, step.read, step.read_count,
            cosines.const_data_ptr<float>(), sines.const_data_ptr<float>(), cosines.numel() / half};
}

cuda::DeviceStepper &device_stepper_of(Computer &computer) {
    auto *stepper = dynamic_cast<cuda::DeviceStepper *>(&computer);
    expect(stepper, "the processor leaves no logits behind");
    return *stepper;
}

/// What computes halves of steps.
Stepper &stepper_of(Computer &computer) {
    auto *stepper = dynamic_cast<Stepper *>(&computer);
    expect(stepper, "halves of steps are computed on the processor");
    return *stepper;
}

/// Where halves of steps meet.
Pages &pages_of_halves(ctorch_pages handle) {
    auto *pages = dynamic_cast<Pages *>(&pages_of(handle));
    expect(pages, "halves of steps are computed on the processor");
    return *pages;
}

/// The numbers of a tensor `[rows, width]`.
float *matrix_data(ctorch_tensor handle, int64_t rows, int64_t width, const char *what) {
    at::Tensor tensor = borrowed(handle);
    expect(tensor.is_contiguous() && tensor.scalar_type() == at::kFloat && tensor.numel() == rows * width, what);
    return tensor.mutable_data_ptr<float>();
}

}  // namespace

ctorch_network ctorch_network_create(const ctorch_network_parts *parts) {
    return guarded<ctorch_network>(nullptr, [&] {
        auto engine = std::make_unique<Engine>();
        Network &network = engine->network;
        network.heads = {parts->heads, parts->kv_heads, parts->head_size};
        network.eps = parts->eps;
        at::Tensor embedding = borrowed(parts->embedding).detach();
        expect(embedding.dim() == 2, "an embedding is [vocabulary, hidden]");
        int64_t hidden = embedding.size(1);
        network.embedding = plain(parts->embedding, embedding.numel(), "an embedding is float32 on the CPU");
        network.norm = plain(parts->norm, hidden, "the last norm has another shape");
        network.head = matrix_of(parts->head, hidden, embedding.size(0), "the output layer has another shape");
        for (int64_t i = 0; i < parts->layer_count; i++) {
            network.layers.push_back(layer_of(parts->layers[i], network.heads, hidden, parts->inner_size));
        }
        expect(!network.layers.empty(), "a network has layers");
        network.byte_count = network.head.byte_count();
        for (const NetworkLayer &layer : network.layers) network.byte_count += layer.byte_count();
        engine->computer = std::make_unique<Stepper>(network);
        return reinterpret_cast<ctorch_network>(engine.release());
    });
}

ctorch_network ctorch_network_on(ctorch_network source, int64_t device, int64_t reserve) {
    return guarded<ctorch_network>(nullptr, [&] {
        const Network &network = engine_of(source).network;
        expect(!network.layers.empty(), "a network that is on a device already stays there");
        int index = cuda_index(device);
        expect(index >= 0, "a network is on the processor as it is");
        auto engine = std::make_unique<Engine>();
        // What checks of a step ask for; the rest lies on the device.
        engine->network.heads = network.heads;
        engine->network.head.outputs = network.head.outputs;
        engine->computer = std::make_unique<cuda::DeviceStepper>(index, network, static_cast<size_t>(reserve));
        return reinterpret_cast<ctorch_network>(engine.release());
    });
}

const char *ctorch_device_name(int64_t device) {
    return guarded<const char *>(nullptr, [&] {
        int index = cuda_index(device);
        return index < 0 ? "the processor" : cuda::Device::get(index).name().c_str();
    });
}

bool ctorch_device_limits(int64_t device, int32_t bits, double *bytes_per_second, double *products_per_second) {
    return guarded(false, [&] {
        int index = cuda_index(device);
        expect(index >= 0, "the processor's limits are measured by its own operators");
        cuda::Limits limits = cuda::limits_of(index, bits);
        *bytes_per_second = limits.bytes_per_second;
        *products_per_second = limits.products_per_second;
        return true;
    });
}

void ctorch_network_release(ctorch_network network) { delete reinterpret_cast<Engine *>(network); }

int64_t ctorch_page_byte_count(int64_t layers, int64_t kv_heads, int64_t head_size, bool in_8_bits) {
    return Pages::page_bytes(layers, {kv_heads, kv_heads, head_size}, in_8_bits);
}

ctorch_pages ctorch_pages_create(int64_t layers, int64_t kv_heads, int64_t head_size, int64_t count, bool in_8_bits,
                                 int64_t device) {
    return guarded<ctorch_pages>(nullptr, [&] {
        HeadShape heads{kv_heads, kv_heads, head_size};
        int index = cuda_index(device);
        PageMemory *made = index < 0 ? static_cast<PageMemory *>(new Pages(layers, heads, count, in_8_bits))
                                     : new cuda::DevicePages(index, layers, heads, count, in_8_bits);
        return reinterpret_cast<ctorch_pages>(made);
    });
}

void ctorch_pages_release(ctorch_pages pages) { delete &pages_of(pages); }

bool ctorch_pages_copy(ctorch_pages pages, int32_t from, int32_t to) {
    return guarded(false, [&] {
        pages_of(pages).copy(from, to);
        return true;
    });
}

bool ctorch_network_step(ctorch_network network, ctorch_pages pages, const ctorch_step *step, ctorch_tensor logits) {
    return guarded(false, [&] {
        auto &[parts, computer] = engine_of(network);
        StepRows rows = rows_of(*step, parts.heads);
        expect(logits || dynamic_cast<cuda::DeviceStepper *>(computer.get()), "the processor's logits need room");
        float *out = nullptr;
        if (logits) out = matrix_data(logits, rows.read_count, parts.head.outputs, "the logits have another shape");
        computer->step(rows, pages_of(pages), out, ctorch_thread_count());
        return true;
    });
}

bool ctorch_network_logits(ctorch_network network, const int32_t *rows, int64_t count, ctorch_tensor logits) {
    return guarded(false, [&] {
        auto &[parts, computer] = engine_of(network);
        float *out = matrix_data(logits, count, parts.head.outputs, "the logits have another shape");
        device_stepper_of(*computer).copy_logits(rows, count, out);
        return true;
    });
}

bool ctorch_network_likeliest(ctorch_network network, const int32_t *rows, int64_t count, ctorch_pick *picks) {
    return guarded(false, [&] {
        device_stepper_of(*engine_of(network).computer).pick_likeliest(rows, count, picks);
        return true;
    });
}

bool ctorch_network_begin(ctorch_network network, ctorch_pages pages, const ctorch_step *step, int64_t end) {
    return guarded(false, [&] {
        auto &[parts, computer] = engine_of(network);
        expect(end >= 0 && end < static_cast<int64_t>(parts.layers.size()), "half a step leaves layers");
        StepRows rows = rows_of(*step, parts.heads);
        stepper_of(*computer).begin(rows, pages_of_halves(pages), end, ctorch_thread_count());
        return true;
    });
}

bool ctorch_pages_hidden(ctorch_pages pages, const ctorch_step *step, ctorch_tensor hidden) {
    return guarded(false, [&] {
        const Pages &memory = pages_of_halves(pages);
        int64_t size = memory.hidden_size(), count = 0;
        expect(size > 0, "no half of a step was left in these pages");
        for (int64_t s = 0; s < step->sequence_count; s++) count += step->lengths[s];
        float *out = matrix_data(hidden, count, size, "the hidden rows have another shape");
        for (int64_t s = 0; s < step->sequence_count; s++) {
            const int32_t *table = step->tables + s * step->table_step;
            for (int64_t t = step->pasts[s]; t < step->pasts[s] + step->lengths[s]; t++, out += size) {
                std::copy_n(memory.hidden(table[t / Pages::TOKENS], t % Pages::TOKENS), size, out);
            }
        }
        return true;
    });
}

bool ctorch_network_finish(ctorch_network network, ctorch_pages pages, const ctorch_step *step, int64_t first,
                           ctorch_tensor logits) {
    return guarded(false, [&] {
        auto &[parts, computer] = engine_of(network);
        auto layers = static_cast<int64_t>(parts.layers.size());
        expect(first >= 0 && first < layers, "a step goes on at one of the network's layers");
        StepRows rows = rows_of(*step, parts.heads);
        const Pages &memory = pages_of_halves(pages);
        expect(memory.hidden_size() == parts.hidden(), "these pages hold no half of a step of this network");
        float *out = matrix_data(logits, rows.read_count, parts.head.outputs, "the logits have another shape");
        stepper_of(*computer).finish(rows, memory, first, out, ctorch_thread_count());
        return true;
    });
}
