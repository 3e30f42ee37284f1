#!/bin/sh
# Usage: scripts/build_dlib.sh [-h] [--into VENV] [--wheel FOLDER [--machine M]]
#
# Compiles dlib against OpenBLAS, with the vector instructions its face detector is fast with, and puts it in the place
# of dlib-bin; then scripts/inspect_dlib.py proves both of the module. The image is built with this very script.
# Takes 6 to 10 minutes on two cores. Run it again when scripts/setup.sh has installed anew.
#
#   --into VENV      the virtual environment that gets it (default: .venv, which scripts/setup.sh makes)
#   --wheel FOLDER   only make the wheel, with that environment's Python, and leave it there: nothing is installed
#   --machine M      the wheel is for x86_64 or aarch64, compiled here with Debian's cross compiler (default: this one)
#
# Needs a C++ compiler, make, OpenBLAS and Python with their headers, and objdump; pip brings the cmake.

set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
usage() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }
say() { echo "build_dlib: $*" >&2; }

version=20.0.1 # requirements-dev.txt has the same as dlib-bin
venv=$root/.venv wheel='' machine=$(uname -m) compiler=c++
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --into | --wheel | --machine) [ $# -gt 1 ] || { say "$1 needs a value"; exit 2; } ;;
    *) usage >&2; exit 2 ;;
    esac
    case $1 in
    --into) venv=$2 ;;
    --wheel) wheel=$2 ;;
    --machine) machine=$2 ;;
    esac
    shift 2
done
python=$venv/bin/python
if [ "$machine" != "$(uname -m)" ]; then
    case $machine in
    x86_64 | aarch64) compiler=$machine-linux-gnu-g++ ;;
    *) say "--machine is x86_64 or aarch64, not $machine"; exit 2 ;;
    esac
    [ -n "$wheel" ] || { say "a dlib for another machine cannot be installed here: add --wheel FOLDER"; exit 2; }
fi

# dlib's own build asks for AVX at most (-mavx). Without AVX2 the compiler takes the detector's selects apart, lane by
# lane with branches: slower than no AVX at all. On arm64 NEON is always there and used. docs/image.md has the proof.
case $machine in
x86_64) flags='-O3 -march=haswell' ;;
*) flags='-O3' ;;
esac

# What is missing, all of it at once.
missing=''
lack() { missing="$missing
  - $*"; }
knows() { echo "#include <$2>" | "$compiler" -E -x c++ "-I$1" - >/dev/null 2>&1; }
headers=/usr/include openblas=''
if command -v brew >/dev/null && openblas=$(brew --prefix openblas 2>/dev/null); then
    headers=$openblas/include
    export CMAKE_PREFIX_PATH="$openblas" PKG_CONFIG_PATH="$openblas/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
fi
if [ ! -x "$python" ]; then
    lack "the virtual environment $venv: run scripts/setup.sh, or python3 -m venv $venv"
elif ! knows "$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')" Python.h; then
    lack "the headers of $("$python" --version) (Debian: apt-get install python3-dev)"
fi
if ! command -v "$compiler" >/dev/null || ! command -v make >/dev/null; then
    lack "a C++ compiler, $compiler, and make (Debian: apt-get install g++ make; macOS: xcode-select --install)"
elif ! knows "$headers" cblas.h; then
    lack "OpenBLAS with its headers (Debian: apt-get install libopenblas-dev; macOS: brew install openblas)"
fi
[ -n "$wheel" ] || command -v objdump >/dev/null || lack "objdump (Debian: apt-get install binutils; macOS: xcode-select --install)"
if [ -n "$missing" ]; then
    say "missing:$missing"
    exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wheels=${wheel:-$work}

# Another machine's: CMake is told of the compiler, pip of the wheel's name; the module's own name says no machine.
if [ "$compiler" != c++ ]; then
    cat >"$work/toolchain.cmake" <<END
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR $machine)
set(CMAKE_C_COMPILER $machine-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER $compiler)
set(PYBIND11_PYTHONLIBS_OVERWRITE OFF CACHE BOOL "")
set(PYTHON_MODULE_EXTENSION .so CACHE STRING "")
END
    export CMAKE_TOOLCHAIN_FILE="$work/toolchain.cmake"
    set -- --config-settings "--build-option=--plat-name=linux_$machine"
fi

# pip's cache would give back a module that other flags made. We have no use for dlib's CUDA and windows; without its
# PNG and JPEG the module does not even load.
say "compiling dlib $version for $machine with $flags: minutes"
CXXFLAGS=$flags DLIB_USE_CUDA=OFF DLIB_NO_GUI_SUPPORT=ON \
    "$python" -m pip wheel --no-cache-dir --no-deps --no-binary dlib --wheel-dir "$wheels" "$@" "dlib==$version" >&2
[ -z "$wheel" ] || exit 0
"$python" -m pip uninstall --quiet --yes dlib-bin dlib >&2 # both bring the same files
"$python" -m pip install --quiet --no-deps "$wheels"/dlib-*.whl >&2
"$python" "$root/scripts/inspect_dlib.py"
