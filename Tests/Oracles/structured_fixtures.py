"""Regular expressions and JSON schemas with texts that Python says match or do not: fixtures for FormatOracleTests.swift.

    pip install jsonschema
    python3 Tests/Oracles/structured_fixtures.py Tests/Fixtures/structured

A regex's text matches where `re.fullmatch` says so, with `re.ASCII`: then both mean the same by `\\w`. A schema's text
is compact JSON with members in the order of `required` and then by name, which is how answers are written; it is valid
where jsonschema (draft 2020-12) says so.
"""

import json
import random
import re
import sys

from jsonschema import Draft202012Validator

REGEXES = [
    r"abc", r"a|b|", r"(ab|a)(c|bcd)?", r"[a-c]{2,4}x?", r"(ab){2}", r"(?:a|bc)*d", r"^a+$", r"(^a|^b)$", r"\d{3}-\d{4}",
    r"[^a-z]{1,3}", r"\w+@\w+\.(com|org)", r"-?(0|[1-9]\d*)(\.\d+)?", r"a.c", r"[é-ü]+", r"(日|本)+語?", r"\s*x\s*",
    r"[\w.-]+", r"a{0}b", r"a{2,}", r"(a*)*b", r"((a|b)c?){0,3}", r"\x41\u00e9", r"[\]\\^-]+", r"(?i:ab)c", r"a*?b+?",
    r"yes|no|maybe", r"\[\d\]", r"[🙂-🙄]{1,2}", r"(a|ab)(bc|c)", r"\S+ \S+", r"[^\d\s]+",
]


def random_regex(r, depth=0):
    kind = r.random()
    if depth > 3 or kind < 0.35:
        return r.choice(["a", "b", "c", "é", "日", "[ab]", "[^a]", r"\d", ".", "[b-é]", r"\w", "1"])
    if kind < 0.6:
        return "".join(random_regex(r, depth + 1) for _ in range(r.randint(1, 3)))
    if kind < 0.8:
        return "(" + "|".join(random_regex(r, depth + 1) for _ in range(r.randint(1, 3))) + ")"
    inner = random_regex(r, depth + 1)
    return f"({inner})" + r.choice(["*", "+", "?", "{2}", "{1,2}", "{0,3}", "??", "{2,}"])


def regex_cases(r):
    alphabet = list("abcdx1290 -.@é日本語🙂\n")
    for pattern in REGEXES + [random_regex(r) for _ in range(120)]:
        compiled = re.compile(pattern, re.ASCII)
        seeds = ["", "abc", "abcd", "555-1234", "me@site.com", "-12.50", "yes", "[3]", "aaab", "日本語", "ABc", "Aé", "🙂🙃", "x y"]
        texts = set(seeds)
        for _ in range(40):
            texts.add("".join(r.choice(alphabet) for _ in range(r.randint(0, 6))))
        matching = [t for t in texts if compiled.fullmatch(t)]
        for text in matching[:10]:
            at = r.randint(0, len(text))
            texts.add(text[:at] + r.choice(alphabet) + text[at:])
            texts.add(text[:at] + text[at + 1:])
            texts.add(text + text)
        rows = [[t, bool(compiled.fullmatch(t))] for t in sorted(texts)]
        yes = [row for row in rows if row[1]][:12]
        no = [row for row in rows if not row[1]][:12]
        yield {"pattern": pattern, "texts": yes + no}


SCHEMAS = [
    {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0, "maximum": 130}},
     "required": ["name", "age"], "additionalProperties": False},
    {"type": "object", "properties": {"b": {"type": "boolean"}, "a": {"type": "null"}, "c": {"enum": ["x", 2, None]}},
     "additionalProperties": False},
    {"type": "object", "properties": {"z": {"const": "v"}, "a": {"type": "number"}}, "required": ["z"]},
    {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3},
    {"type": "array", "items": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2}},
    {"type": "string", "minLength": 2, "maxLength": 4},
    {"type": "string", "pattern": "^[A-Z]{2}-\\d+$"},
    {"type": "string", "pattern": "b+"},
    {"type": "string", "enum": ["red", "green", "a\"b\\", "é\n"]},
    {"type": "integer", "minimum": -12, "maximum": 345},
    {"type": "integer", "exclusiveMinimum": 99, "exclusiveMaximum": 1001},
    {"type": "integer", "maximum": -7},
    {"type": "number", "minimum": 0, "maximum": 1},
    {"type": "number", "exclusiveMinimum": 0, "maximum": 12.25},
    {"type": "number", "minimum": -1.5, "exclusiveMaximum": 3.07},
    {"type": "number", "minimum": 0.001, "maximum": 0.0125},
    {"type": ["string", "null"]},
    {"anyOf": [{"type": "integer", "minimum": 5, "maximum": 9}, {"type": "string", "maxLength": 1}]},
    {"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}, "x": {"type": "integer"}}, "required": ["kind", "x"],
                "additionalProperties": False},
               {"type": "object", "properties": {"kind": {"const": "b"}, "y": {"type": "boolean"}}, "required": ["kind", "y"],
                "additionalProperties": False}]},
    {"$defs": {"node": {"type": "object", "properties": {"value": {"type": "integer"},
                                                         "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
                        "required": ["value", "next"], "additionalProperties": False}}, "$ref": "#/$defs/node"},
    {"$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}, "maxItems": 2}}, "$ref": "#/$defs/tree"},
    {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
    {"type": "object", "properties": {"when": {"type": "string", "format": "date"}}, "required": ["when"],
     "additionalProperties": False},
    {"allOf": [{"type": "boolean"}]},
    {"const": {"a": [1, "x", None, True], "b": 1.5}},
]

STRINGS = ["", "a", "ab", "bbb", "hello", "AB-12", "XY-7", "red", "a\"b\\", "é\n", "日本", "🙂", "2024-02-28", "2024-13-01", "x"]
NUMBERS = [-100, -13, -12, -8, -7, -6, -2, -1.5, -1.49, -1, -0.5, 0, 0.001, 0.0009, 0.0125, 0.01251, 0.3, 0.999, 1, 1.0001, 2,
           3.06, 3.07, 3.069, 5, 9, 10, 12.25, 12.26, 12.3, 99, 100, 130, 131, 345, 346, 1000, 1001, 99999]


def order_of(schema):
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    return required + sorted(n for n in properties if n not in required)


def instance(r, schema, root, depth=0):
    """A value near to what the schema wants, often not quite."""
    if not isinstance(schema, dict) or r.random() < 0.06:
        return r.choice([None, True, 3, "q", [], {}, -0.5])
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].split("/")[1:]:
            target = target[part]
        return instance(r, target, root, depth)
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            branch = r.choice(schema[word]) if depth < 4 else schema[word][-1]
            return instance(r, branch, root, depth)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return r.choice(schema["enum"])
    kind = schema.get("type")
    kind = r.choice(kind) if isinstance(kind, list) else kind
    if kind == "object":
        names = order_of(schema)
        chosen = [n for n in names if r.random() < (0.93 if n in schema.get("required", []) else 0.5)]
        made = {n: instance(r, schema["properties"][n], root, depth + 1) for n in chosen}
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            made = {k: instance(r, more, root, depth + 1) for k in r.sample(["k", "é", "two words"], r.randint(0, 3))}
        return made
    if kind == "array":
        return [instance(r, schema.get("items"), root, depth + 1) for _ in range(r.randint(0, 4 if depth < 3 else 0))]
    if kind == "string":
        return r.choice(STRINGS)
    if kind in ("integer", "number"):
        return r.choice(NUMBERS)
    return {"boolean": r.random() < 0.5, "null": None}.get(kind)


def schema_cases(r):
    for schema in SCHEMAS:
        validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        rows = {}
        for _ in range(150):
            value = instance(r, schema, schema)
            rows[json.dumps(value, ensure_ascii=False, separators=(",", ":"))] = validator.is_valid(value)
        if schema.get("type") in ("integer", "number"):
            for value in NUMBERS:
                rows[json.dumps(value)] = validator.is_valid(value)
        rows = sorted(rows.items())
        yes = [list(row) for row in rows if row[1]][:20]
        no = [list(row) for row in rows if not row[1]][:24]
        assert yes and no, schema
        yield {"schema": json.dumps(schema, ensure_ascii=False), "texts": yes + no}


def main(folder):
    r = random.Random(11)
    for name, cases in (("regexes", list(regex_cases(r))), ("schemas", list(schema_cases(r)))):
        with open(f"{folder}/{name}.json", "w") as file:
            json.dump(cases, file, ensure_ascii=False, separators=(",", ":"))
        texts = sum(len(case["texts"]) for case in cases)
        print(f"{name}: {len(cases)} with {texts} texts, {sum(t[1] for c in cases for t in c['texts'])} of which fit")


main(sys.argv[1])
