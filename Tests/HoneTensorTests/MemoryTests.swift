import HoneTensor
import Testing

/// Blocks of memory are used again by other tensors (`Sources/CTorch/memory.cpp`).
@Suite struct MemoryTests {
    @Test func `a tensor keeps its numbers while others come and go around it`() {
        var held: [(number: Int, tensor: Tensor)] = []
        for number in 0..<600 {
            if held.count > 12 { held.remove(at: number * 7919 % held.count) }
            // From 4 bytes to 4 MiB, most of them not a whole number of pages.
            let count = 1 << (number * 104_729 % 20)
            held.append((number, Tensor.full([count + number * 613 % count], Double(number))))
            for (number, tensor) in held.suffix(3) + held.prefix(3) {
                let ends = (tensor.min().item(), tensor.max().item())
                #expect(ends.0 == Double(number) && ends.1 == Double(number))
            }
        }
    }

    /// oneDNN's operators free by address alone.
    @Test(arguments: [8, 256]) func `memory is freed that no tensor holds`(size: Int) throws {
        let reorder = Operator("mkldnn::_reorder_linear_weight")
        let weight = Tensor.full([size, size], 2)
        for _ in 0..<3 { _ = reorder(.tensor(weight), .int(16)) }
        #expect(weight.sum().item() == Double(2 * size * size))
    }

    @Test func `a tensor that no memory is left for is refused, and the next one is made`() {
        let make = Operator("aten::empty", "memory_format")
        let tooLarge = #expect(throws: TensorError.self) {
            try make.attempt(.ints([1 << 46]), .none, .none, .none, .none, .none)
        }
        #expect(tooLarge?.description.contains("bytes") == true)
        #expect(Tensor.full([1 << 16], 3).sum().item() == 3 * Double(1 << 16))
    }
}
