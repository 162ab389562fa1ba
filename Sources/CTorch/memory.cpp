// Memory of tensors.
//
// A training takes and gives back the same few sizes over and over. The C library would map most of them anew, and the
// kernel fill each with zeros first, page by page: that took half as long again as a forward pass computes. So large
// blocks are kept for the next tensor, and being mappings of their own, they leave no holes between other things.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace {

constexpr size_t LARGE = 64 << 10;     // from here on blocks are ours
constexpr size_t HUGE_PAGE = 2 << 20;  // the kernel maps these at once where it is asked to

struct Block {
    void *start;
    size_t size;
};

/// Few different sizes, at most an eighth more than asked for.
size_t rounded(size_t size) {
    size_t step = std::bit_floor(size) / 8;
    return (size + step - 1) / step * step;
}

Block map(size_t size) {
    size_t slack = size >= HUGE_PAGE ? HUGE_PAGE : 0;
    void *mapped = mmap(nullptr, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TORCH_CHECK(mapped != MAP_FAILED, "no memory for ", size, " bytes: ", std::strerror(errno));
    if (slack == 0) return {mapped, size};
    auto begin = reinterpret_cast<uintptr_t>(mapped), aligned = (begin + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    if (aligned > begin) munmap(mapped, aligned - begin);
    if (size_t rest = begin + slack - aligned) munmap(reinterpret_cast<void *>(aligned + size), rest);
    auto *start = reinterpret_cast<void *>(aligned);
#ifdef MADV_HUGEPAGE
    madvise(start, size, MADV_HUGEPAGE);
#endif
    return {start, size};
}

/// Blocks that nobody uses, kept within bounds: blocks in use and these together are at most half more than the
/// most that was in use at once lately.
class Shelf {
public:
    void *take(size_t size) {
        std::lock_guard<std::mutex> lock(mutex_);
        Block block = find(size);
        taken_.emplace(block.start, block.size);
        in_use_ += block.size;
        most_ = std::max(most_, in_use_);
        count();
        return block.start;
    }

    /// False if the memory is not from here.
    bool give(void *start) {
        std::lock_guard<std::mutex> lock(mutex_);
        auto taken = taken_.find(start);
        if (taken == taken_.end()) return false;
        Block block{start, taken->second};
        taken_.erase(taken);
        in_use_ -= block.size;
        idle_ += block.size;
        blocks_.push_back(block);
        count();
        size_t most = std::max(most_, most_before_), limit = most + most / 2;
        size_t old = 0;
        for (; in_use_ + idle_ > limit && old < blocks_.size(); old++) {
            idle_ -= blocks_[old].size;
            munmap(blocks_[old].start, blocks_[old].size);
        }
        blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<ptrdiff_t>(old));
        return true;
    }

private:
    static constexpr int PERIOD = 1 << 14;  // blocks taken and given in what "lately" means, once or twice

    std::mutex mutex_;
    std::vector<Block> blocks_;  // in the order in which they were given back
    std::unordered_map<void *, size_t> taken_;
    size_t in_use_ = 0, idle_ = 0, most_ = 0, most_before_ = 0;
    int count_ = 0;

    /// The smallest that fits, of equal ones the one that was used last, or a new one.
    Block find(size_t size) {
        auto best = blocks_.end();
        for (auto block = blocks_.begin(); block != blocks_.end(); block++) {
            if (block->size >= size && block->size <= size + size / 2 &&
                (best == blocks_.end() || block->size <= best->size)) {
                best = block;
            }
        }
        if (best == blocks_.end()) return map(size);
        Block block = *best;
        blocks_.erase(best);
        idle_ -= block.size;
        return block;
    }

    void count() {
        if (++count_ < PERIOD) return;
        count_ = 0;
        most_before_ = most_;
        most_ = in_use_;
    }
};

/// Lives as long as the process: tensors may be given back while it ends.
Shelf &shelf() {
    static auto *shared = new Shelf;
    return *shared;
}

void give_back(void *data) { shelf().give(data); }

/// For who frees by address alone, as oneDNN's operators do.
void give_back_of_any_size(void *data) {
    if (!shelf().give(data)) c10::GetDefaultCPUAllocator()->raw_deallocate(data);
}

struct TensorMemory final : c10::Allocator {
    c10::DataPtr allocate(size_t size) override {
        if (size < LARGE) return c10::GetDefaultCPUAllocator()->allocate(size);
        void *data = shelf().take(rounded(size));
        return {data, data, give_back, c10::Device(c10::DeviceType::CPU)};
    }

    c10::DeleterFnPtr raw_deleter() const override { return give_back_of_any_size; }

    void copy_data(void *to, const void *from, size_t size) const override { default_copy_data(to, from, size); }
};

TensorMemory memory;
REGISTER_ALLOCATOR(c10::DeviceType::CPU, &memory);

}  // namespace
