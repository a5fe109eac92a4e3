#!/usr/bin/env bash
# Installs what is missing, builds, and runs the main job on a real model: shows
# its Mixture-of-Experts layer in the moe dialect, then compiles and runs it,
# with the error against ONNX Runtime's stored output and the time of a call.
#
# usage: scripts/demo.sh [folder with model.onnx and test_data_set_0]
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-examples/swiglu-moe-layer}
scripts/setup.sh
scripts/build.sh release moe-opt moe-run

show() {
  printf '\n$ %s\n' "$*"
  "$@"
}
show build/release/bin/moe-opt "$folder/model.onnx" --convert-onnx-to-moe
show build/release/bin/moe-run "$folder/model.onnx" \
  --test-data "$folder/test_data_set_0" --time 100
