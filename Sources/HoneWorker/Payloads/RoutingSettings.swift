import Foundation
public import HoneInference
import HoneModel

/// By which paths of a model requests are answered, as a payload says it:
/// `{"mode": "lossy", "cost": 0.3, "sureness": 0.9, "deep_tokens": 1}`, `{"mode": "lossless", "draft": 4}`, or one path
/// for all, `{"mode": "shallow"}`.
struct RoutingSettings: Decodable, Sendable, Hashable {
    enum Mode: String, Decodable, Sendable, CaseIterable {
        case lossy, lossless, shallow, deep, search
    }

    let mode: Mode
    /// What the deep path's computing counts beside an error; lossy alone.
    let cost: Double?
    /// The least probability of a token that the shallow path may write; lossy alone.
    let sureness: Double?
    /// Tokens that all layers write where it has less, before the exit is asked again; lossy alone.
    let deepTokenCount: Int?
    /// Tokens of a draft; lossless alone.
    let draft: Int?
    /// Answers of a search.
    let searchCount: Int?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case mode, cost, sureness, draft
        case deepTokenCount = "deep_tokens"
        case searchCount = "search_samples"
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseStrangers(CodingKeys.self)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        mode = try container.decode(Mode.self, forKey: .mode)
        cost = try container.decodeIfPresent(Double.self, forKey: .cost)
        sureness = try container.decodeIfPresent(Double.self, forKey: .sureness)
        deepTokenCount = try container.decodeIfPresent(Int.self, forKey: .deepTokenCount)
        draft = try container.decodeIfPresent(Int.self, forKey: .draft)
        searchCount = try container.decodeIfPresent(Int.self, forKey: .searchCount)
        let strangers = [
            (cost != nil && mode != .lossy, CodingKeys.cost), (sureness != nil && mode != .lossy, .sureness),
            (deepTokenCount != nil && mode != .lossy, .deepTokenCount), (draft != nil && mode != .lossless, .draft),
        ]
        for (isStranger, key) in strangers where isStranger {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: container.codingPath + [key],
                    debugDescription: "is nothing to the mode \(mode.rawValue)"))
        }
    }

    var plan: RoutingPlan {
        let mode: RoutingPlan.Mode =
            switch self.mode {
            case .lossy: .lossy(cost: cost ?? 0.2)
            case .lossless: .lossless(draft: draft ?? 4)
            case .shallow: .fixed(.shallow)
            case .deep: .fixed(.deep)
            case .search: .fixed(.search)
            }
        var plan = RoutingPlan(mode)
        if let searchCount { plan.searchCount = searchCount }
        if let sureness { plan.sureness = sureness }
        if let deepTokenCount { plan.deepTokenCount = deepTokenCount }
        return plan
    }

    /// As it is recorded beside samples.
    var recordedMode: String {
        switch mode {
        case .lossy, .lossless: mode.rawValue
        case .shallow, .deep, .search: "fixed"
        }
    }
}

extension RoutingPlan {
    /// Reads a payload's `routing` from the command line.
    /// - Throws: `WorkerError.payload`.
    public init(json: String) throws {
        let data = Data(json.utf8)
        do {
            self = try JSONDecoder().decode(RoutingSettings.self, from: data).plan
        } catch let error as DecodingError {
            throw MisfitNumber.find(behind: error, in: data, of: RoutingSettings.self)?.error ?? WorkerError(error)
        }
    }
}
