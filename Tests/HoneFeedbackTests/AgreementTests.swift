import HoneTesting
import Testing

@testable import HoneFeedback

/// Agreement against values that others published or that a hand can follow.
@Suite struct AgreementTests {
    @Test func cohensKappaOfTheTextbookTableIsTwoFifths() throws {
        var kappa = CohenKappa<Bool>()
        for (first, second, count) in [(true, true, 20), (true, false, 5), (false, true, 10), (false, false, 15)] {
            for _ in 0..<count { kappa.add(first, second) }
        }
        #expect(abs(try #require(kappa.coefficient.value) - 0.4) < 1e-12)
    }

    /// Three observers, fifteen units, some left out: the example of the Python package `krippendorff`.
    @Test(arguments: [
        (KrippendorffAlpha.Level.nominal, 0.691358), (.ordinal, 0.806721), (.interval, 0.810845),
    ]) func krippendorffsAlphaIsThatOfThePublishedExample(_ level: KrippendorffAlpha.Level, _ expected: Double) throws {
        let observers: [[Double?]] = [
            [nil, nil, nil, nil, nil, 3, 4, 1, 2, 1, 1, 3, 3, nil, 3],
            [1, nil, 2, 1, 3, 3, 4, 3, nil, nil, nil, nil, nil, nil, nil],
            [nil, nil, 2, 1, 3, 4, 4, nil, 2, 1, 1, 3, 3, nil, 4],
        ]
        var alpha = KrippendorffAlpha()
        for unit in observers[0].indices { alpha.add(observers.compactMap { $0[unit] }) }
        #expect(abs(try #require(alpha.coefficient(level).value) - expected) < 1e-6)
    }

    /// Two observers on three units, ab, aa, bb: o_ab = 2, n = 6, n_a = n_b = 3, so alpha = 1 - 5 · 2 / 18.
    @Test func krippendorffsAlphaIsWhatAHandComputes() throws {
        var alpha = KrippendorffAlpha()
        for unit: [Double] in [[0, 1], [0, 0], [1, 1]] { alpha.add(unit) }
        #expect(abs(try #require(alpha.coefficient(.nominal).value) - 4.0 / 9) < 1e-12)
    }

    @Test func unanimousLabelsHaveNoCoefficientAndAReasonForIt() {
        var alpha = KrippendorffAlpha()
        for _ in 0..<10 { alpha.add([1, 1]) }
        #expect(alpha.coefficient(.nominal) == .undefined("all labels are the same, so that chance explains them"))
        #expect(KrippendorffAlpha().coefficient(.ordinal) == .undefined("no unit has two labels"))
        var kappa = CohenKappa<Int>()
        kappa.add(1, 1)
        #expect(kappa.coefficient.value == nil)
    }

    @Test func alphaOfOppositesIsBelowZero() throws {
        var alpha = KrippendorffAlpha()
        for _ in 0..<50 { alpha.add([0, 1]) }
        #expect(try #require(alpha.coefficient(.nominal).value) < 0)
    }
}
