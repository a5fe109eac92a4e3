"""Reads MLIR in its generic form (moe-opt --mlir-print-op-generic)."""

import re

TOKEN = re.compile(
    r'\s*(?:("(?:[^"\\]|\\.)*")|([%^@#!]?[\w$.\-]+(?:#\d+)?(?::\d+)?)|(->|\S))'
)


class Operation:
    def __init__(self, name, operands, results, attributes, regions, types):
        self.name, self.operands, self.results = name, operands, results
        self.attributes, self.regions = attributes, regions
        self.operand_types, self.result_types = types


class Block:
    def __init__(self, arguments, types):
        self.arguments, self.types, self.operations = arguments, types, []


def split_top(text, separator=","):
    """Splits at separators outside of brackets and strings."""
    parts, depth, start, quoted = [], 0, 0, False
    for i, c in enumerate(text):
        if c == '"' and (i == 0 or text[i - 1] != "\\"):
            quoted = not quoted
        elif quoted:
            continue
        elif c in "([{<":
            depth += 1
        elif c in ")]}" or (c == ">" and text[i - 1] != "-"):
            depth -= 1
        elif c == separator and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    last = text[start:].strip()
    return parts + ([last] if last else [])


def matching(text, start):
    """The place after the bracket that closes the one at `start`."""
    depth, quoted = 0, False
    for i in range(start, len(text)):
        c = text[i]
        if c == '"' and text[i - 1] != "\\":
            quoted = not quoted
        elif quoted:
            continue
        elif c in "([{<":
            depth += 1
        elif c in ")]}" or (c == ">" and text[i - 1] != "-"):
            depth -= 1
            if depth == 0:
                return i + 1
    raise ValueError("a bracket is not closed")


class Parser:
    """A recursive descent over the text of one operation and its regions."""

    def __init__(self, text):
        # Aliases of attributes and maps are not used by kernels or launches.
        self.text, self.at = text, 0

    def skip(self):
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def peek(self, word):
        self.skip()
        return self.text.startswith(word, self.at)

    def accept(self, word):
        if not self.peek(word):
            return False
        self.at += len(word)
        return True

    def expect(self, word):
        if not self.accept(word):
            raise ValueError(f"expected {word} at {self.text[self.at:self.at + 60]!r}")

    def bracketed(self):
        """What stands between the bracket here and the one that closes it."""
        self.skip()
        end = matching(self.text, self.at)
        inside = self.text[self.at + 1 : end - 1]
        self.at = end
        return inside

    def word(self):
        self.skip()
        found = re.compile(r'"(?:[^"\\]|\\.)*"|[%^@]?[\w$.\-]+(?:[#:]\d+)?').match(
            self.text, self.at
        )
        if not found:
            raise ValueError(f"expected a name at {self.text[self.at:self.at + 60]!r}")
        self.at = found.end()
        return found.group()

    def type(self):
        """One type, as text."""
        self.skip()
        if self.text[self.at] == "(":
            end = matching(self.text, self.at)
            result = self.text[self.at : end]
            self.at = end
            return result
        found = re.compile(r"!?[\w.]+").match(self.text, self.at)
        end = found.end()
        if end < len(self.text) and self.text[end] == "<":
            end = matching(self.text, end)
        result = self.text[self.at : end]
        self.at = end
        return result

    def operation(self):
        results = []
        if self.peek("%"):
            while True:
                name = self.word()
                base, _, count = name.partition(":")
                results += [base] if not count else [f"{base}#{i}" for i in range(int(count))]
                if not self.accept(","):
                    break
            self.expect("=")
        name = self.word().strip('"')
        operands = split_top(self.bracketed())
        attributes = {}
        if self.accept("["):  # Successors: none in structured code.
            raise ValueError("control flow between blocks is not read")
        if self.peek("<{"):
            attributes.update(parse_attributes(self.bracketed()[1:-1]))
        regions = []
        if self.peek("(") and not self.peek("()"):
            self.expect("(")
            while True:
                regions.append(self.region())
                if not self.accept(","):
                    break
            self.expect(")")
        elif self.accept("()"):
            pass
        if self.peek("{"):
            attributes.update(parse_attributes(self.bracketed()))
        self.expect(":")
        operand_types = split_top(self.bracketed())
        self.expect("->")
        result_type = self.type()
        result_types = (
            split_top(result_type[1:-1]) if result_type.startswith("(") else [result_type]
        )
        return Operation(
            name, operands, results, attributes, regions, (operand_types, result_types)
        )

    def region(self):
        self.expect("{")
        block = Block([], [])
        if self.accept("^"):
            self.word()
            if self.peek("("):
                for argument in split_top(self.bracketed()):
                    name, _, kind = argument.partition(":")
                    block.arguments.append(name.strip())
                    block.types.append(kind.strip())
            self.expect(":")
        while not self.accept("}"):
            block.operations.append(self.operation())
        return block


def parse_attributes(text):
    result = {}
    for item in split_top(text):
        name, _, value = item.partition("=")
        result[name.strip().strip('"')] = value.strip()
    return result


def parse(text):
    return Parser(text).operation()
