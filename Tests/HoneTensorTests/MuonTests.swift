import HoneTensor
import Testing

@Suite struct MuonTests {
    private let names = ["tall", "twin", "wide"]

    private func parameters(_ golden: [String: Tensor]) throws -> [NamedParameter] {
        try names.map { name in
            let tensor = try #require(golden["before.\(name)"]).clone()
            tensor.requiresGrad = true
            return NamedParameter(name: name, tensor: tensor)
        }
    }

    private func step(
        _ muon: Muon, _ parameters: [NamedParameter], _ golden: [String: Tensor], _ steps: Range<Int>
    ) throws {
        for step in steps {
            for parameter in parameters {
                let gradient = try #require(golden["gradient.\(step).\(parameter.name)"])
                parameter.tensor.grad = gradient
            }
            muon.step()
        }
    }

    @Test func `ten steps agree with the method's formula in fp64`() throws {
        let golden = try fixture("muon")
        let parameters = try parameters(golden)
        try step(Muon(parameters), parameters, golden, 0..<10)
        for parameter in parameters {
            let expected = try #require(golden["after.\(parameter.name)"])
            #expect(parameter.tensor.detach().allClose(expected, rtol: 1e-5, atol: 1e-5), "\(parameter.name)")
        }
    }

    @Test func `a resumed optimizer ends bit by bit where an undisturbed one does`() throws {
        let golden = try fixture("muon")
        let whole = try parameters(golden)
        try step(Muon(whole), whole, golden, 0..<10)

        let parts = try parameters(golden)
        let first = Muon(parts)
        try step(first, parts, golden, 0..<4)
        let second = Muon(parts)
        try second.load(first.stateDictionary().mapValues { $0.clone() })
        try step(second, parts, golden, 4..<10)
        for (a, b) in zip(whole, parts) { #expect(a.tensor.equals(b.tensor), "\(a.name)") }
    }

    @Test func `matrices too large to be taken together move as each does alone`() {
        func parameters() -> [NamedParameter] {
            (0..<2).map { number in
                let matrix = Tensor.randn([1_100_000, 4], generator: Generator(seed: UInt64(number)))
                matrix.requiresGrad = true
                matrix.grad = Tensor.randn([1_100_000, 4], generator: Generator(seed: UInt64(number + 2)))
                return NamedParameter(name: "\(number)", tensor: matrix)
            }
        }
        let (together, apart) = (parameters(), parameters())
        Muon(together).step()
        for parameter in apart { Muon([parameter]).step() }
        for (a, b) in zip(together, apart) { #expect(a.tensor.equals(b.tensor), "\(a.name)") }
    }

    @Test func `a state of another network is refused by name`() throws {
        let golden = try fixture("muon")
        let muon = Muon(try parameters(golden))
        var state = muon.stateDictionary()
        state["wide.momentum"] = nil
        #expect(throws: TensorError.stateMismatch(name: "wide.momentum", fault: "is missing")) { try muon.load(state) }
    }
}
