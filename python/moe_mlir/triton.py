"""Compiles launch plans of moe-translate by the Triton package, and loads them on a device.

    moe-translate --moe-to-launch-plan layer.mlir -o layer.json
    python -m moe_mlir.triton compile layer.json -o layer --arch 90

makes a folder that `Layer` and the C interface of moe-runtime/CUDA.h load: `plan.json`, and for
each kernel the files of an entry of Triton's cache (NAME.ttir … NAME.ptx, NAME.cubin, NAME.json).
No GPU is needed for that.
"""

import argparse
import ctypes
import json
import os
import sys

TRITON_VERSION = "3.9"
# The PTX version that a driver of CUDA 13.0 reads; Triton would write a later one.
PTX_VERSION = 90


def compile_kernel(folder, kernel, arch):
    """Compiles one kernel of a plan; returns Triton's CompiledKernel."""
    os.environ.setdefault("TRITON_DEFAULT_FP_FUSION", "1")
    import triton
    from triton.backends.compiler import GPUTarget

    if not triton.__version__.startswith(TRITON_VERSION + "."):
        raise RuntimeError(
            f"kernels are written for Triton {TRITON_VERSION}, this is {triton.__version__}"
        )
    path = os.path.join(folder, kernel["name"] + ".ttir")
    with open(path, "w") as file:
        file.write(kernel["ttir"])
    options = {"num_warps": kernel["num_warps"], "num_stages": kernel["num_stages"]}
    if kernel.get("launch_pdl"):
        options["launch_pdl"] = True
    if arch >= 90:
        options["ptx_version"] = PTX_VERSION
    return triton.compile(path, target=GPUTarget("cuda", arch, 32), options=options)


def write_kernel(folder, kernel, arch):
    """Compiles one kernel into files of `folder`; what its entry in the plan becomes."""
    compiled = compile_kernel(folder, kernel, arch)
    name, metadata = kernel["name"], compiled.metadata
    for kind, text in compiled.asm.items():
        if kind in ("ttir", "ttgir", "llir", "ptx", "cubin"):
            mode = "wb" if isinstance(text, bytes) else "w"
            with open(os.path.join(folder, f"{name}.{kind}"), mode) as file:
                file.write(text)
    if metadata.profile_scratch_size:
        raise RuntimeError(f"kernel {name} is compiled for profiling")
    fields = metadata._asdict()
    fields["target"] = fields["target"].__dict__
    with open(os.path.join(folder, f"{name}.json"), "w") as file:
        json.dump(fields, file)
    entry = {key: value for key, value in kernel.items() if key != "ttir"}
    entry.update(shared=metadata.shared, binary=f"{name}.cubin", capability=arch,
                 scratch=metadata.global_scratch_size)
    return entry


def compile_plan(plan, folder, arch, used=None):
    """Compiles the kernels of a plan into `folder`, those in `used` if given."""
    os.makedirs(folder, exist_ok=True)
    kernels = [k for k in plan["kernels"] if used is None or k["name"] in used]
    jobs = min(len(kernels), len(os.sched_getaffinity(0)))
    if jobs > 1:
        import multiprocessing

        with multiprocessing.Pool(jobs) as pool:
            tasks = [(folder, kernel, arch) for kernel in kernels]
            kernels = pool.starmap(write_kernel, tasks, chunksize=1)
    else:
        kernels = [write_kernel(folder, kernel, arch) for kernel in kernels]
    plan["kernels"] = kernels
    with open(os.path.join(folder, "plan.json"), "w") as file:
        json.dump(plan, file)


def find_library():
    """libMoECUDA.so: MOE_CUDA_LIBRARY, else beside the build or the installed tools."""
    named = os.environ.get("MOE_CUDA_LIBRARY")
    if named:
        return named
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return os.path.join(root, "build", "release", "lib", "libMoECUDA.so")


class Error(RuntimeError):
    pass


class Layer:
    """A compiled function on a device. Tensors are PyTorch's, or whatever else has
    `data_ptr()` and `shape`."""

    def __init__(self, folder, function="", device=0, library=None):
        self.runtime = ctypes.CDLL(library or find_library())
        self.runtime.moeCUDAGetError.restype = ctypes.c_char_p
        for name in ("moeCUDALoad", "moeCUDABind"):
            getattr(self.runtime, name).restype = ctypes.c_void_p
        self.runtime.moeCUDAGetWorkspaceSize.restype = ctypes.c_uint64
        self.runtime.moeCUDAGetNumLaunches.restype = ctypes.c_size_t
        self.handle = ctypes.c_void_p(
            self.check_pointer(
                self.runtime.moeCUDALoad(folder.encode(), function.encode(), device)
            )
        )
        with open(os.path.join(folder, "plan.json")) as file:
            functions = json.load(file)["functions"]
        self.plan = next(f for f in functions if function in ("", f["name"]))

    def error(self):
        return Error(self.runtime.moeCUDAGetError().decode())

    def check_pointer(self, value):
        if not value:
            raise self.error()
        return value

    def check(self, status):
        if status:
            raise self.error()

    @staticmethod
    def pointers(tensors):
        return (ctypes.c_uint64 * len(tensors))(
            *(0 if t is None else t.data_ptr() for t in tensors)
        )

    def init(self, arguments, stream=0):
        """Packs weights; arguments that are no weights may be None."""
        self.check(
            self.runtime.moeCUDAInit(self.handle, self.pointers(arguments), ctypes.c_void_p(stream))
        )

    def bind(self, arguments):
        """A Binding for tensors of these shapes."""
        shapes = [tuple(a.shape) for a in arguments]
        sizes = [n for shape in shapes for n in shape]
        handle = self.runtime.moeCUDABind(
            self.handle,
            (ctypes.c_int64 * len(sizes))(*sizes),
            (ctypes.c_int32 * len(shapes))(*map(len, shapes)),
        )
        return Binding(self, ctypes.c_void_p(self.check_pointer(handle)))

    def __del__(self):
        if getattr(self, "handle", None):
            self.runtime.moeCUDAUnload(self.handle)


class Binding:
    """A layer for given sizes. Keeps its layer alive."""

    def __init__(self, layer, handle):
        self.layer, self.handle, self.runtime = layer, handle, layer.runtime

    def workspace_size(self):
        return self.runtime.moeCUDAGetWorkspaceSize(self.handle)

    def num_launches(self):
        return self.runtime.moeCUDAGetNumLaunches(self.handle)

    def run(self, arguments, results, stream=0):
        self.layer.check(
            self.runtime.moeCUDARun(
                self.handle, Layer.pointers(arguments), Layer.pointers(results),
                ctypes.c_void_p(stream),
            )
        )

    def capture(self, arguments, results):
        self.layer.check(
            self.runtime.moeCUDACapture(
                self.handle, Layer.pointers(arguments), Layer.pointers(results)
            )
        )

    def replay(self, stream=0):
        self.layer.check(self.runtime.moeCUDAReplay(self.handle, ctypes.c_void_p(stream)))

    def __del__(self):
        self.runtime.moeCUDAUnbind(self.handle)


def main():
    parser = argparse.ArgumentParser(prog="python -m moe_mlir.triton", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("compile", help="compile the kernels of a launch plan")
    command.add_argument("plan", help="JSON from moe-translate --moe-to-launch-plan")
    command.add_argument("-o", "--output", required=True, help="folder to write")
    command.add_argument("--arch", type=int, default=90, help="compute capability (default 90)")
    options = parser.parse_args()
    try:
        with open(options.plan) as file:
            plan = json.load(file)
        compile_plan(plan, options.output, options.arch)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"moe_mlir.triton: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
