/// The weight of the divergence penalty, which may follow a target.
public struct KLController: Codable, Sendable, Equatable {
    /// A divergence to be held, and how fast (Ziegler et al. 2019, arXiv:1909.08593, section 2.2).
    public struct Target: Codable, Sendable, Equatable {
        /// Nats of a whole response.
        public var divergence: Double
        /// Responses over which an error of one fifth or more changes the weight by one fifth.
        public var horizon: Double

        public init(divergence: Double, horizon: Double) {
            self.divergence = divergence
            self.horizon = horizon
        }

        enum CodingKeys: String, CodingKey, CaseIterable {
            case divergence, horizon
        }

        public init(from decoder: any Decoder) throws {
            let settings = try decoder.settings(CodingKeys.self)
            divergence = try settings.decode(Double.self, forKey: .divergence)
            horizon = try settings.decode(Double.self, forKey: .horizon)
        }
    }

    /// The weight now.
    public private(set) var coefficient: Double
    public let target: Target?

    /// A weight that stays, or one that starts at `coefficient` and follows a target.
    public init(coefficient: Double, target: Target? = nil) {
        self.coefficient = coefficient
        self.target = target
    }

    /// β ← β (1 + clip(KL/target - 1, -0.2, 0.2) · n/horizon).
    ///
    /// - Parameters:
    ///   - divergence: mean over responses, in nats of a whole response
    ///   - responseCount: responses that the mean is over
    mutating func update(divergence: Double, responseCount: Int) {
        guard let target else { return }
        let error = min(max(divergence / target.divergence - 1, -0.2), 0.2)
        coefficient *= 1 + error * Double(responseCount) / target.horizon
    }
}
