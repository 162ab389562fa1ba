import HoneTensor
import Testing

/// Linear layers in whole numbers. One after the other, since the kernel in use is the whole process's.
@Suite(.serialized) struct PackedMatrixTests {
    private let random = Generator(seed: 11)

    private func normal(_ shape: Int...) -> Tensor { Tensor.randn(shape, generator: random) }

    /// Whole numbers from -limit to limit, as floats.
    private func whole(_ rows: Int, _ columns: Int, limit: Double) -> Tensor {
        (Tensor.randn([rows, columns], generator: random) * (limit / 3)).round().clamp(min: -limit, max: limit)
    }

    private static let supported = MatrixKernel.allCases.filter { kernel in
        let current = MatrixKernel.current
        defer { _ = current.map(MatrixKernel.use) }
        return MatrixKernel.use(kernel)
    }

    /// Runs `body` by one kernel and puts the former one back.
    private func with<Result>(_ kernel: MatrixKernel, _ body: () throws -> Result) throws -> Result {
        let former = try #require(MatrixKernel.current)
        defer { _ = MatrixKernel.use(former) }
        #expect(MatrixKernel.use(kernel))
        return try body()
    }

    @Test(arguments: supported, [(1, 768, 130), (6, 64, 64), (7, 100, 61), (33, 201, 300), (3, 5, 2)])
    func `products of whole numbers are exact`(kernel: MatrixKernel, shape: (Int, Int, Int)) throws {
        let (rows, inputs, outputs) = shape
        for precision in QuantizedValues.Precision.allCases {
            // A row whose greatest magnitude is 127 is its own quantization; scales are powers of two.
            let x = whole(rows, inputs, limit: 127)
            x.select(1, 0).copyInPlace(Tensor.full([rows], 127))
            let values = whole(outputs, inputs, limit: Double(precision.limit))
            let groups = (inputs + QuantizedValues.groupSize - 1) / QuantizedValues.groupSize
            let scales = precision == .int8 ? Tensor.full([outputs], 0.25) : Tensor.full([outputs, groups], 0.25)
            let bias = whole(1, outputs, limit: 100).view(outputs)
            let weight = PackedMatrix(
                QuantizedValues(values: values.to(.int8), scales: scales, precision: precision), bias: bias)
            let y = try with(kernel) { weight(x) }
            let expected = x.to(.float64).matmul(values.to(.float64).transpose(0, 1)) * 0.25 + bias.to(.float64)
            #expect(y.toArray(Float.self) == expected.to(.float32).toArray(Float.self), "\(precision)")
        }
    }

    @Test(arguments: supported, QuantizedValues.Precision.allCases)
    func `every kernel gives the same bits`(kernel: MatrixKernel, precision: QuantizedValues.Precision) throws {
        let weight = PackedMatrix(QuantizedValues(nearest: normal(150, 320), precision: precision))
        let x = normal(23, 320)
        let plain = try with(.plain) { weight(x) }
        let other = try with(kernel) { weight(x) }
        #expect(other.toArray(Float.self) == plain.toArray(Float.self))
    }

    @Test(arguments: QuantizedValues.Precision.allCases)
    func `a row has the same bits in any batch and with any number of threads`(
        precision: QuantizedValues.Precision
    ) {
        let weight = PackedMatrix(QuantizedValues(nearest: normal(640, 512), precision: precision))
        let x = normal(67, 512)
        let threads = Threads.intraOp
        defer { Threads.set(intraOp: threads) }
        Threads.set(intraOp: 1)
        let alone = (0..<67).map { weight(x.narrow(0, start: $0, length: 1)).toArray(Float.self) }
        for count in [1, 2] {
            Threads.set(intraOp: count)
            for (start, length) in [(0, 67), (3, 5), (10, 16), (1, 64)] {
                let rows = weight(x.narrow(0, start: start, length: length)).toArray(Float.self)
                #expect(rows == alone[start..<start + length].flatMap { $0 }, "\(length) rows, \(count) threads")
            }
        }
    }

    @Test(arguments: [(QuantizedValues.Precision.int8, 0.012), (.int4, 0.11)])
    func `the product is near the one of the weight as it was`(
        precision: QuantizedValues.Precision, bound: Double
    ) {
        let matrix = normal(256, 512)
        let x = normal(16, 512)
        let values = QuantizedValues(nearest: matrix, precision: precision)
        let exact = x.matmul(matrix.transpose(0, 1))
        func distance(_ y: Tensor) -> Double {
            let square: Double = ((y - exact).pow(2).sum() / exact.pow(2).sum()).item()
            return square.squareRoot()
        }
        #expect(distance(PackedMatrix(values)(x)) < bound)
        #expect(distance(x.matmul(values.dequantized.transpose(0, 1))) < bound)
    }

    @Test(arguments: supported)
    func `a row that holds no number gives none, and its neighbours are as they were`(kernel: MatrixKernel) throws {
        let weight = PackedMatrix(QuantizedValues(nearest: normal(70, 96), precision: .int8))
        let x = normal(3, 96)
        x.select(0, 2).copyInPlace(Tensor.zeros([96]))
        let before = try with(kernel) { weight(x) }
        for value in [Double.nan, .infinity] {
            x.select(0, 1).narrow(0, start: 95, length: 1).copyInPlace(Tensor.full([1], value))
            let y = try with(kernel) { weight(x) }
            #expect(y.select(0, 1).toArray(Float.self).allSatisfy { $0.isNaN })
            for row in [0, 2] {
                #expect(y.select(0, row).toArray(Float.self) == before.select(0, row).toArray(Float.self))
            }
        }
    }
}
