"""Runs layers after passes."""

import re
import subprocess

from .runner import main, moe_run


def moe_opt(text, *passes):
    done = subprocess.run(["moe-opt", *passes], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return done.stdout


def functions(text):
    """The functions of a module by name, without the kernels that passes add."""
    parts = re.split(r"\n  func\.func ", text)[1:]
    return {re.search(r"@(\w+)", part).group(1): part for part in parts}


def main_after(make_cases, *passes):
    """The command line of a test whose cases are run after passes; says how many of them the passes changed."""
    changed, batches = [], []

    def run(text, inputs, outputs, arguments):
        batches.append(text)
        before, rewritten = moe_opt(text), moe_opt(text, *passes)
        after = functions(rewritten)
        changed.extend(name for name, body in functions(before).items() if after.get(name) != body)
        return moe_run(rewritten, inputs, outputs, arguments)

    try:
        main(make_cases, run)
    finally:
        if batches:
            print(f"{len(changed)} cases changed")
