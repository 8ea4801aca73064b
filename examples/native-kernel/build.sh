#!/bin/sh
# Builds the native kernels c-avx512 and c-avx2 into build/ beside this script, or into the folder given.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=${1:-$here/build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
cd "$here"
cc=${CC:-gcc}

if ! command -v "$cc" >/dev/null 2>&1; then
    echo "build.sh: the C compiler '$cc' is not on the PATH; install gcc 11 or newer, or set CC to another compiler." >&2
    exit 3
fi
if [ "$(uname -m)" != x86_64 ]; then
    echo "build.sh: these kernels are for x86-64 CPUs, and this machine is $(uname -m)." >&2
    exit 3
fi

mkdir -p "$build"
# Contraction would fuse what the Java twin rounds twice.
flags='-std=c11 -O3 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno -fno-trapping-math -Wall -Wextra'
flags="$flags -I../../kernels/include"

# library ID, macro, instruction set
library() {
    # shellcheck disable=SC2086
    "$cc" $flags -D"$2" -c info.c -o "$build/$1-info.o"
    # shellcheck disable=SC2086
    "$cc" $flags $3 -shared bce.c cross_entropy.c "$build/$1-info.o" -lm -o "$build/liblanewise-$1.so"
    rm "$build/$1-info.o"
    echo "$build/liblanewise-$1.so"
}

library c-avx512 LANEWISE_AVX512 '-march=x86-64-v4 -mprefer-vector-width=512'
library c-avx2 LANEWISE_AVX2 '-march=x86-64-v3'
