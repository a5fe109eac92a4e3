#!/usr/bin/env bash
# Builds, then compiles random layers of experts for this machine's GPU, runs them
# and compares them with float64. Needs a CUDA driver, PyTorch and Triton
# (scripts/setup.sh --torch --triton).
#
# usage: scripts/test-gpu.sh
set -euo pipefail
cd "$(dirname "$0")/.."

[ -e /dev/nvidia0 ] || {
  echo "test-gpu: there is no NVIDIA device" >&2
  exit 1
}
scripts/setup.sh --torch --triton
scripts/build.sh release moe-opt moe-translate MoECUDA
cmake --build --preset release --target moe-test-depends
lit=$(llvm-config-22 --bindir)/lit
"$lit" -v build/release/test --filter='Integration/(CUDA|Triton)|Target/Triton'
