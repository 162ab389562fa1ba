import Testing

@testable import HoneGrammar

@Suite struct SchemaErrorTests {
    private func message(_ format: AnswerFormat) -> String {
        do throws(FormatError) {
            _ = try Machine(format.rules())
            return "nothing"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        (
            ##"{"type":"object","properties":{"a":{"type":"string","minLength":1,"pattern":"x"}}}"##,
            "#/properties/a has"
        ),
        (##"{"type":"array","uniqueItems":true}"##, "# has \"uniqueItems\", which is not supported"),
        (##"{"type":"object","patternProperties":{}}"##, "\"patternProperties\""),
        (##"{"not":{}}"##, "\"not\""),
        (##"{"allOf":[{"type":"string"},{"maxLength":3}]}"##, "#/allOf has 2 schemas"),
        (##"{"type":"string","minimum":3}"##, "#/minimum does not apply to string"),
        (##"{"type":"text"}"##, "#/type is \"text\", not one of object"),
        (##"{"$ref":"#/$defs/a"}"##, "#/$ref names #/$defs/a, which is not there"),
        (##"{"$ref":"https://example.com/s"}"##, "#/$ref names no place of this schema"),
        (##"{"$defs":{"a":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}"##, "no answer of finite length"),
        (
            ##"{"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}},"$ref":"#/$defs/a"}"##,
            "leads back to itself"
        ),
        (##"{"type":"object","properties":{"x":{"$ref":"#"}},"required":["x"]}"##, "no answer of finite length"),
        (##"{"type":"object","properties":{},"required":["x"]}"##, "#/required names \"x\""),
        (##"{"oneOf":[{"type":"integer"},{"type":"number"}]}"##, "#/oneOf may have 0 and 1 match the same answer"),
        (##"{"oneOf":[{"type":"object","properties":{"a":{}}},{"type":"object","properties":{"b":{}}}]}"##, "#/oneOf"),
        (##"{"type":"integer","minimum":5,"maximum":4}"##, "no number between its bounds"),
        (##"{"type":"number","exclusiveMinimum":5,"maximum":5}"##, "no number between its bounds"),
        (##"{"type":"string","minLength":5,"maxLength":4}"##, "a minimum of 5 above its maximum of 4"),
        (##"{"type":"string","maxLength":-1}"##, "#/maxLength is -1.0, not a whole number of 0 or more"),
        (##"{"type":"string","format":"email"}"##, "\"email\", and only date, date-time, time, uuid"),
        (##"{"type":"string","pattern":"a(?=b)"}"##, "#/pattern has a look at what follows at character 2"),
        (##"{"enum":[12345678901234567890]}"##, "beyond 2^53"),
        (##"{"enum":[1],"type":"string"}"##, "lists no value that it accepts"),
        (##"{"type":"string","minLength":1000000}"##, "too large, it has more than 100000 states"),
        (##"{"type":"##, "is no JSON"), (##"[]"##, "not a schema"), (##"false"##, "not a schema"),
    ]) func aSchemaThatIsNotFollowedIsRefusedByItsPlace(schema: String, wanted: String) {
        #expect(message(.jsonSchema(schema)).contains(wanted), "\(message(.jsonSchema(schema)))")
    }

    @Test(arguments: [
        (#"a(?!b)"#, "a look at what follows at character 2"), (#"a$b"#, "'$' inside it at character 2"),
        (#"(a"#, "'(' without its ')' at character 1"), (#"a++"#, "a possessive repetition at character 1"),
        (#"a\b"#, #"'\b' at character 2"#), (#"(a{1000}){1000}"#, "more than 100000 states"),
        (#"(?P<n>a)"#, "'(?P' at character 1"), (##"[b-a]"##, "a range that ends before it starts"),
        (#"a\1"#, #"'\1' at character 2"#), (##"[[:alpha:]]"##, "a class inside a class"),
    ]) func aPatternThatIsNotFollowedIsRefusedByItsPlace(pattern: String, wanted: String) {
        #expect(message(.regex(pattern)).contains(wanted), "\(message(.regex(pattern)))")
    }

    @Test(arguments: [
        ##"{"title":"T","description":"d","default":1,"$schema":"x","type":"integer"}"##, "{}", "true",
        ##"{"oneOf":[{"properties":{"a":{}},"required":["a"]},{"properties":{"b":{}},"required":["b"]}]}"##,
        ##"{"oneOf":[{"const":1},{"const":2},{"type":"string"}]}"##,
        ##"{"type":"object","properties":{"next":{"$ref":"#"}}}"##,
    ]) func whatChangesNothingIsPassedOver(schema: String) {
        #expect(message(.jsonSchema(schema)) == "nothing")
    }
}
