"""Cases of other tests, and what modules of them say; for tests of what is written and read again."""

import importlib.util
import re
from pathlib import Path

CPU = Path(__file__).parents[2] / "Integration" / "CPU"


def load_cases(name, seed):
    """The cases that test/Integration/CPU/NAME.py makes."""
    spec = importlib.util.spec_from_file_location("cases_" + name, CPU / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make_cases(seed)


def gates(text):
    """What the gates of a module say, without values and their types."""
    return [re.sub(r"%[\w#]+( : [^)]*)?", "%", gate) for gate in re.findall(r"= moe\.gate (.*) : ", text)]
