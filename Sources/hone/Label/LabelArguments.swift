public import ArgumentParser
public import HoneFeedback

extension LabelKind: ExpressibleByArgument {}
extension LabelSource: ExpressibleByArgument {}
extension LabelFormat: ExpressibleByArgument {}
extension LabellerWeighting: ExpressibleByArgument {}
extension Judgement.Choice: ExpressibleByArgument {}
