"""The peers by name."""

PEERS = {}


def peer(name, dtype, copies=1.0, tokens=None, low_router=False, **kw):
    """Registers a class under a name.

    copies: copies of the weights in memory, for the budget. tokens: the numbers
    of tokens that it is meant for. low_router: it routes in low precision, so
    single tokens may go elsewhere and the median of errors counts.
    """

    def register(cls):
        PEERS[name] = dict(cls=cls, dtype=dtype, copies=copies, tokens=tokens, low_router=low_router, kw=kw)
        return cls

    return register


class Peer:
    """load(): builds once per layer; prep(x): an input; run(): one timed call; out(): y."""

    def __init__(self, case, opts, **kw):
        self.c, self.opts, self.kw = case, opts, kw

    def prep(self, x):
        return x

    def out(self, y):
        return y
