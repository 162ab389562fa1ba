/// The calculator beside a model, as GSM8K's authors have one (Cobbe et al. 2021, arXiv:2110.14168, section 4): where
/// the model has written `expression=`, the exact value is put in for it.
public enum Calculator {
    /// What comes after `text`, if its last line is an expression of numbers with an equals sign: the expression's
    /// value and the line's end. Nil where there is nothing to calculate.
    public static func continuation(of text: String) -> String? {
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
        guard line.last == "=" else { return nil }
        do {
            return "\(try ExpressionParser.parse(String(line.dropLast())).value().stepText)\n"
        } catch {
            return nil  // words, an unknown, a division by zero: the model goes on by itself
        }
    }
}
