#!/usr/bin/env python3
"""Checks that every label of docs/Spec.md is enforced and tested.

A label is a list item `- **(G1)** …`. Unless the item goes on with
*semantic*, a source of lib/Dialect/MoE/IR must cite `(G1)`; in any case some
test must. Sources and tests may cite no label that the page does not define.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEFINITION = re.compile(r"^- \*\*\(([A-Z]\d+)\)\*\*( \*semantic\*)?", re.MULTILINE)
CITATION = re.compile(r"\(([A-Z]\d+)\)")
RANGE = re.compile(r"\(([A-Z])(\d+)-\1?(\d+)\)")
# Elsewhere `(F7)` and the like mean other things.
TESTS = ("test/Dialect/MoE", "test/Conversion/MoEToCPU", "test/Integration/CPU",
         "test/Integration/Triton",
         "test/Inputs/moe_testing", "unittests")
SUFFIXES = {".cpp", ".h", ".mlir", ".py", ".test"}


def cited(*folders):
    """The labels that comments below folders cite, each with its files."""
    labels = {}
    for path in sorted(p for folder in folders for p in (ROOT / folder).rglob("*")):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        for line in path.read_text(errors="replace").splitlines():
            comment = re.search(r"(//|# |\"\"\").*", line)
            if not comment:
                continue
            text = comment.group()
            found = CITATION.findall(text)
            for letter, first, last in RANGE.findall(text):
                found += [f"{letter}{n}" for n in range(int(first), int(last) + 1)]
            for label in found:
                labels.setdefault(label, set()).add(path.relative_to(ROOT))
    return labels


def main():
    spec = (ROOT / "docs" / "Spec.md").read_text()
    definitions = DEFINITION.findall(spec)
    names = [name for name, _ in definitions]
    errors = [f"({name}) is defined twice" for name in names if names.count(name) > 1]
    sources = cited("lib/Dialect/MoE/IR")
    tests = cited(*TESTS)
    for name, semantic in definitions:
        if not semantic and name not in sources:
            errors.append(f"({name}) has no verifier")
        if name not in tests:
            errors.append(f"({name}) has no test")
    for place in (sources, tests):
        for name, files in place.items():
            if name not in names:
                errors.append(f"({name}), cited in {min(files)}, is not in the page")
    for error in sorted(set(errors)):
        print(f"docs/Spec.md: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
