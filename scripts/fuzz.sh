#!/usr/bin/env bash
# Fuzz the ONNX importer: scripts/fuzz.sh [SECONDS] [EXTRA_SEEDS…]
#
# Runs the libFuzzer target of the asan preset for SECONDS (1800 by default) on
# all cores but one. Seeds are tools/moe-onnx-fuzzer/seeds and the given
# folders; what is found to be interesting stays in build/asan/fuzz-corpus, a
# finding in build/asan/fuzz-findings.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-1800}
shift || true
build=build/asan
corpus=$build/fuzz-corpus
findings=$build/fuzz-findings/
[ -f $build/CMakeCache.txt ] || cmake --preset asan
cmake --build $build --target moe-onnx-fuzzer
mkdir -p "$corpus" "$findings"
jobs=$(($(nproc) > 1 ? $(nproc) - 1 : 1))
# MLIR's allocators keep memory for the life of a context; the fuzzer makes one
# per input, so leaks show as growth, which rss_limit_mb bounds.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}
exec $build/bin/moe-onnx-fuzzer -max_total_time="$seconds" -fork="$jobs" \
  -timeout=20 -rss_limit_mb=4096 -max_len=16384 \
  -dict=tools/moe-onnx-fuzzer/onnx.dict -artifact_prefix="$findings" \
  "$corpus" tools/moe-onnx-fuzzer/seeds "$@"
