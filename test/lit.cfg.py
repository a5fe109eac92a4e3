"""How lit runs the tests: substitutions, features, environment."""

import os
import subprocess

import lit.formats

config.name = "MoE"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".py"]
config.excludes = ["Inputs", "lit.cfg.py", "lit.site.cfg.py"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.moe_obj_root, "test")


def find_python():
    """The interpreter of the project's virtual environment, if there is one."""
    named = lit_config.params.get("python") or os.environ.get("MOE_PYTHON")
    if named:
        return named
    own = os.path.join(config.moe_src_root, ".venv", "bin", "python")
    return own if os.path.exists(own) else "python3"


def python_features(python):
    """Those of the optional Python packages that `python` can import."""
    script = (
        "from importlib.util import find_spec\n"
        "for name in ('numpy', 'onnx', 'onnxruntime', 'ml_dtypes', 'torch', 'triton'):\n"
        "    if find_spec(name): print(name)"
    )
    found = subprocess.run([python, "-c", script], capture_output=True, text=True)
    return found.stdout.split()


def cpu_features():
    """The instruction sets of this machine that tests ask for."""
    wanted = {"avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16"}
    try:
        with open("/proc/cpuinfo") as cpuinfo:
            for line in cpuinfo:
                if line.startswith("flags"):
                    return wanted & set(line.split())
    except OSError:
        pass
    return set()


python = find_python()
config.available_features.update(python_features(python))
config.available_features.update(cpu_features())
if any(name.startswith("nvidia") for name in os.listdir("/dev")):
    config.available_features.add("cuda")
if config.moe_sanitized:
    config.available_features.add("asan")

config.substitutions += [
    ("%python", python),
    ("%moe_src_root", config.moe_src_root),
    ("%moe_obj_root", config.moe_obj_root),
    ("%moe_tools_dir", config.moe_tools_dir),
    ("%moe_lib_dir", config.moe_lib_dir),
    ("%llvm_tools_dir", config.llvm_tools_dir),
    ("%cmake", config.cmake),
    ("%host_cc", config.c_compiler),
    ("%host_cxx", config.cxx_compiler),
]

package = os.path.join(config.moe_obj_root, "python")
has_package = any(
    name.startswith("_compiler.")
    for _, _, names in os.walk(os.path.join(package, "moe_mlir"))
    for name in names
)
if has_package and not config.moe_sanitized:
    config.available_features.add("python-package")

path = [config.moe_tools_dir, config.llvm_tools_dir, os.environ.get("PATH", "")]
config.environment["PATH"] = os.pathsep.join(path)
config.environment["FILECHECK_OPTS"] = "--enable-var-scope"
config.environment["PYTHONPATH"] = os.pathsep.join(
    [
        os.path.join(config.test_source_root, "Inputs"),
        # With its compiled half, where there is one.
        package if has_package else os.path.join(config.moe_src_root, "python"),
    ]
)
config.environment["MOE_CUDA_LIBRARY"] = os.path.join(
    config.moe_lib_dir, "libMoECUDA.so"
)
config.environment["TRITON_CACHE_DIR"] = os.path.join(
    config.test_exec_root, "triton-cache"
)
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
# Compiled code is cached below the build, never in the user's own cache.
config.environment["XDG_CACHE_HOME"] = os.path.join(config.test_exec_root, "cache")
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
if config.moe_sanitized:
    config.environment["ASAN_SYMBOLIZER_PATH"] = os.path.join(
        config.llvm_tools_dir, "llvm-symbolizer"
    )
    config.environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
