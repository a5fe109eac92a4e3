"""Models whose external data must be refused."""

import os

from onnx import TensorProto
from bad_models import finish

MODELS = {}


def external(name, prepare=lambda home: None, **entries):
    def make(home):
        prepare(home)
        tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2],
                             data_location=TensorProto.EXTERNAL)
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=value)
        return finish(initializers=[tensor])
    MODELS[name] = make


def data(home):
    (home / "data").write_bytes(bytes(16))


def link(home):
    (home.parent / "outside").write_bytes(bytes(8))
    if not os.path.lexists(home / "link"):
        os.symlink("../outside", home / "link")


def fifo(home):
    if not (home / "fifo").exists():
        os.mkfifo(home / "fifo")


external("no_location")
external("absolute", location="/etc/passwd")
external("parent", location="sub/../../data")
external("zero_byte", location="da\0ta")
external("missing", location="gone")
external("link", link, location="link")
external("folder", lambda home: (home / "sub").mkdir(exist_ok=True), location="sub")
external("fifo", fifo, location="fifo")
external("offset_text", data, location="data", offset="-8")
external("length_text", data, location="data", length="eight")
external("length_huge", data, location="data", length="99999999999999999999")
external("offset_end", data, location="data", offset="17")
external("length_end", data, location="data", offset="12", length="8")
external("length_wrong", data, location="data", length="4")
external("rest_wrong", data, location="data", offset="4")
