#!/usr/bin/env bash
# Installs what is missing, builds, and runs all tests.
#
# usage: scripts/test.sh [release|debug|asan]
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
scripts/build.sh "${1:-release}" all check-moe
