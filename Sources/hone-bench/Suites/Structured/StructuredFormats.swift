import HoneGrammar

/// Formats as people ask for them; the texts in them have bounds, since a model of random weights writes on and on.
enum StructuredFormats {
    static let all: [(name: String, format: AnswerFormat)] = [
        ("person", .jsonSchema(person)), ("order", .jsonSchema(order)), ("events", .jsonSchema(events)),
        ("list", .jsonSchema(list)), ("judgement", .jsonSchema(judgement)),
        ("date", .regex(#"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])( at ([01]\d|2[0-3]):[0-5]\d)?"#)),
        ("equation", .regex(#"(\d{1,4} [-+*/] ){1,4}\d{1,4} = -?\d{1,6}"#)),
    ]

    private static let person = """
        {"type": "object", "required": ["name", "age", "email"], "additionalProperties": false, "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 40},
          "age": {"type": "integer", "minimum": 0, "maximum": 130},
          "email": {"type": "string", "pattern": "^[a-z]{1,12}@[a-z]{1,12}\\\\.(com|org)$"},
          "nickname": {"type": ["string", "null"], "maxLength": 12}}}
        """

    private static let order = """
        {"type": "object", "required": ["id", "lines", "paid"], "additionalProperties": false, "properties": {
          "id": {"type": "string", "pattern": "^[A-Z]{2}-\\\\d{4}$"},
          "lines": {"type": "array", "minItems": 1, "maxItems": 4, "items": {
            "type": "object", "required": ["article", "count", "price"], "additionalProperties": false, "properties": {
              "article": {"enum": ["bolt", "nut", "washer", "gear \\"M3\\""]},
              "count": {"type": "integer", "minimum": 1, "maximum": 500},
              "price": {"type": "number", "minimum": 0.05, "maximum": 99.5}}}},
          "paid": {"type": "boolean"}}}
        """

    private static let events = """
        {"type": "array", "minItems": 1, "maxItems": 3, "items": {"oneOf": [
          {"type": "object", "required": ["kind", "text"], "additionalProperties": false, "properties": {
            "kind": {"const": "message"}, "text": {"type": "string", "maxLength": 60}}},
          {"type": "object", "required": ["kind", "when"], "additionalProperties": false, "properties": {
            "kind": {"const": "reminder"}, "when": {"type": "string", "format": "date-time"}}}]}}
        """

    /// A list through references, as deep as the model has it.
    private static let list = """
        {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "required": ["value", "next"],
          "additionalProperties": false, "properties": {
            "value": {"type": "integer", "minimum": -99, "maximum": 99},
            "next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]}}}}}
        """

    private static let judgement = """
        {"type": "object", "required": ["reason", "verdict", "confidence"], "properties": {
          "reason": {"type": "string", "minLength": 10, "maxLength": 120},
          "verdict": {"enum": ["right", "wrong", "unclear"]},
          "confidence": {"type": "number", "minimum": 0, "maximum": 1}}}
        """
}
