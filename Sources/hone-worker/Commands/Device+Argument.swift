public import ArgumentParser
public import HoneTensor

extension Device: ExpressibleByArgument {
    public init?(argument: String) { self.init(name: argument) }

    public var defaultValueDescription: String { "\(self)" }
}
