"""Counts the lines of a file whose text fits its regex or JSON schema, by Python's `re` and jsonschema.

    pip install jsonschema
    python3 Tests/Oracles/structured_check.py answers.jsonl

A line is {"regex": …, "text": …} or {"schema": …, "text": …}, the schema as a text. Called by `hone-bench structured`.
"""

import json
import re
import sys

from jsonschema import Draft202012Validator

validators = {}


def fits(line):
    if "regex" in line:
        return re.fullmatch(line["regex"], line["text"], re.ASCII) is not None
    if line["schema"] not in validators:
        validators[line["schema"]] = Draft202012Validator(
            json.loads(line["schema"]), format_checker=Draft202012Validator.FORMAT_CHECKER)
    try:
        return validators[line["schema"]].is_valid(json.loads(line["text"]))
    except ValueError:
        return False


count = 0
for number, text in enumerate(open(sys.argv[1]), 1):
    line = json.loads(text)
    if fits(line):
        count += 1
    else:
        print(f"line {number}: {line}", file=sys.stderr)
print(count)
