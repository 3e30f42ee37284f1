"""Whether the installed dlib is the fast one: OpenBLAS under its embeddings, vector instructions in its face detector.

It reads what the module says of itself and what the compiler made of it (objdump), and times nothing: the answer is
the same on a busy machine and under emulation. It must run without the project: the image's build has only this file.
The surprising rule: `dlib.USE_AVX_INSTRUCTIONS` is no proof. dlib's own build asks for AVX without AVX2, and GCC 12
then takes the detector's 256-bit selects apart, lane by lane: slower than without AVX (docs/image.md).
"""

from __future__ import annotations

import importlib
import platform
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vectors:
    """What shows that a module was compiled for whole vectors, on one kind of processor.

    `attribute` is the module's own word for it; `compare` matches, in objdump's lines, the instruction by which the
    detector picks the strongest of 18 directions. The module is stripped, so it is looked for in all of it: everything
    is compiled with the same flags. Builds without AVX2 have none; ours have 160 (x86-64) and 48 (arm64).
    """

    attribute: str
    compare: re.Pattern[str]
    least: int


VECTORS = {
    "x86_64": Vectors("USE_AVX_INSTRUCTIONS", re.compile(r"\tvpcmpgtd\s.*ymm"), 50),
    "aarch64": Vectors("USE_NEON_INSTRUCTIONS", re.compile(r"\tfcmgt\s+v\d+\.4s"), 20),
}


def faults(machine: str, built: dict[str, bool], libraries: str, disassembly: Iterable[str]) -> list[str]:
    """What is wrong with a module, in words; nothing when it is the fast one.

    `built` holds the module's attributes, `libraries` the output of `objdump -p` (Linux or macOS), `disassembly` the
    lines of `objdump -d`. A `machine` other than x86_64 and aarch64 (platform.machine()) is judged by its BLAS alone.
    """
    wrong = [f"dlib.{name} is false" for name in ("DLIB_USE_BLAS", "DLIB_USE_LAPACK") if not built.get(name)]
    if not re.search(r"(NEEDED|name)\s+\S*libopenblas", libraries):
        wrong.append("the module is not linked with libopenblas")
    vectors = VECTORS.get(machine)
    if vectors is None:
        return wrong
    if not built.get(vectors.attribute):
        wrong.append(f"dlib.{vectors.attribute} is false")
    found = sum(1 for line in disassembly if vectors.compare.search(line))
    if found < vectors.least:
        wrong.append(f"{found} vector compares in the code, {vectors.least} expected: the face detector will be slow")
    return wrong


def main() -> int:
    """Inspects the dlib that this Python imports; 0 when it is the fast one, else 1 with every reason on stderr."""
    module = importlib.import_module("_dlib_pybind11")
    names = ("DLIB_USE_BLAS", "DLIB_USE_LAPACK", *(vectors.attribute for vectors in VECTORS.values()))
    built = {name: bool(getattr(module, name, False)) for name in names}
    libraries = _objdump("-p", str(module.__file__))
    wrong = faults(platform.machine(), built, libraries, _objdump("-d", str(module.__file__)).splitlines())
    for fault in wrong:
        print(f"inspect_dlib: {fault}", file=sys.stderr)
    if wrong:
        print("inspect_dlib: build it with scripts/build_dlib.sh", file=sys.stderr)
        return 1
    print(f"inspect_dlib: {module.__file__} has OpenBLAS and a vectorised face detector", file=sys.stderr)
    return 0


def _objdump(*arguments: str) -> str:
    return subprocess.run(["objdump", *arguments], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
