"""Holds a JSON document against an OpenAPI 3.0 specification.

usage: validate.py SPECIFICATION 'POST /v2/video/generations' request|STATUS < document.json

Prints one violation a line and ends with 1; ends with 0 and silence when there is none, with 2 when it cannot tell.
"""

import json
import re
import sys

import jsonschema


def as_json_schema(node):
    """OpenAPI 3.0 says `nullable` where JSON Schema names the type null."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {key: as_json_schema(value) for key, value in node.items()}
    if schema.pop("nullable", False) is True:
        if isinstance(schema.get("type"), str):
            schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list):
            schema["enum"] = schema["enum"] + [None]
    return schema


def schema_of(document, operation, part):
    method, path = operation.split(" ")
    entry = document["paths"][path][method.lower()]
    holder = entry["requestBody"] if part == "request" else entry["responses"][part]
    return holder["content"]["application/json"]["schema"]


def main():
    specification, operation, part = sys.argv[1:]
    with open(specification, encoding="utf-8") as file:
        document = as_json_schema(json.load(file))
    formats = jsonschema.FormatChecker(formats=())
    formats.checks("uri")(lambda value: not isinstance(value, str) or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:\S+\Z", value))
    validator = jsonschema.Draft4Validator(
        schema_of(document, operation, part),
        resolver=jsonschema.RefResolver.from_schema(document),
        format_checker=formats,
    )
    violations = sorted(validator.iter_errors(json.load(sys.stdin)), key=lambda error: [str(p) for p in error.path])
    for violation in violations:
        where = ".".join(str(part) for part in violation.path) or "document"
        print(f"{where}: {violation.message[:300]}")
    return 1 if violations else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Exception as problem:  # anything unforeseen must not look like a verdict
        print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
        sys.exit(2)
