#!/usr/bin/env bash
# Installs what the build and the tests need: Debian packages, and Python
# packages into .venv. Does only what is missing; run it as often as you like.
#
# usage: scripts/setup.sh [--dev] [--torch] [--triton]
#   --dev    also clang-format, clang-tidy and pre-commit
#   --torch  also PyTorch (several GB), for comparisons with it
#   --triton also Triton (1 GB), which compiles GPU kernels
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools
  clang-22 lld-22 libclang-rt-22-dev libomp-22-dev
  cmake ninja-build libgtest-dev git)
requirements=(scripts/requirements.txt)
for option in "$@"; do
  case "$option" in
  --dev) packages+=(clang-format-22 clang-tidy-22 pre-commit) ;;
  --torch) requirements+=(scripts/requirements-torch.txt) ;;
  --triton) requirements+=(scripts/requirements-triton.txt) ;;
  *)
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    [ "$option" = --help ] || exit 2
    exit 0
    ;;
  esac
done

fail() {
  echo "setup: $*" >&2
  exit 1
}

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
# A Python from elsewhere than Debian brings these along.
python3 -c 'import ensurepip, venv' 2>/dev/null ||
  missing+=(python3 python3-venv)

# The header that the Python package's compiled half includes.
has_header='import os, sysconfig
folder = sysconfig.get_paths()["include"]
raise SystemExit(not os.path.exists(os.path.join(folder, "Python.h")))'
python3 -c "$has_header" || missing+=(python3-dev)

if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null ||
    fail "no apt-get here; install these by hand: ${missing[*]}"
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "not root and no sudo; ask for these packages: ${missing[*]}"
    as_root=(sudo)
  fi
  echo "setup: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -q ||
    fail "apt-get update failed; packages still missing: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}" ||
    fail "apt-get could not install: ${missing[*]} (LLVM 22 is needed)"
fi

version=$(cmake --version | sed -n '1s/[^0-9]*//p')
[ "$(printf '3.25\n%s\n' "$version" | sort -V | head -n 1)" = 3.25 ] ||
  fail "cmake $version is too old: 3.25 or newer is needed"

if [ ! -x .venv/bin/python ]; then
  echo "setup: creating .venv"
  python3 -m venv .venv
fi
for file in "${requirements[@]}"; do
  stamp=.venv/$(basename "$file")
  if ! cmp -s "$file" "$stamp"; then
    echo "setup: installing the Python packages of $file"
    .venv/bin/python -m pip install -q --disable-pip-version-check -r "$file" ||
      fail "pip could not install $file"
    cp "$file" "$stamp"
  fi
done
echo "setup: complete"
