"""The fast dlib passes, and every way of not being it is named. The lines are objdump's, of dlib 20.0.1 builds."""

from __future__ import annotations

import pytest
from inspect_dlib import VECTORS, faults

BUILT = {"DLIB_USE_BLAS": True, "DLIB_USE_LAPACK": True, "USE_AVX_INSTRUCTIONS": True, "USE_NEON_INSTRUCTIONS": True}
LINKED = "Dynamic Section:\n  NEEDED               libopenblas.so.0\n  NEEDED               libstdc++.so.6\n"
WITHOUT_BLAS = "Dynamic Section:\n  NEEDED               libpthread.so.0\n  NEEDED               libstdc++.so.6\n"
AVX2 = "  357cd5:\tc5 3d 66 fc          \tvpcmpgtd %ymm4,%ymm8,%ymm15"  # -march=haswell
AVX = "    bacd:\tc4 e3 79 16 f9 03    \tvpextrd $0x3,%xmm7,%ecx"  # -mavx, GCC 12
AVX_OF_THE_WHEEL = "  356389:\tc5 f1 66 f7          \tvpcmpgtd %xmm7,%xmm1,%xmm6"  # dlib-bin
NEON = "  40e8fc:\t6eaae483 \tfcmgt\tv3.4s, v4.4s, v10.4s"
SCALAR = "  4013e8:\t1e622130 \tfcmpe\td9, d2"
FAST = {"x86_64": [AVX2] * 160, "aarch64": [NEON] * 160}


@pytest.mark.parametrize("machine", sorted(FAST))
def test_the_fast_module_has_no_fault(machine: str) -> None:
    assert faults(machine, BUILT, LINKED, FAST[machine]) == []


@pytest.mark.parametrize("attribute", ["DLIB_USE_BLAS", "DLIB_USE_LAPACK", "USE_AVX_INSTRUCTIONS"])
def test_what_the_module_says_it_lacks_is_a_fault(attribute: str) -> None:
    assert faults("x86_64", {**BUILT, attribute: False}, LINKED, FAST["x86_64"]) == [f"dlib.{attribute} is false"]


def test_an_attribute_of_the_other_processor_may_be_false() -> None:
    assert faults("x86_64", {**BUILT, "USE_NEON_INSTRUCTIONS": False}, LINKED, FAST["x86_64"]) == []


def test_a_module_without_neon_is_a_fault_on_arm64() -> None:
    wrong = faults("aarch64", {**BUILT, "USE_NEON_INSTRUCTIONS": False}, LINKED, FAST["aarch64"])
    assert wrong == ["dlib.USE_NEON_INSTRUCTIONS is false"]


def test_blas_by_word_alone_is_a_fault() -> None:
    wrong = faults("x86_64", BUILT, WITHOUT_BLAS, FAST["x86_64"])
    assert wrong == ["the module is not linked with libopenblas"]


@pytest.mark.parametrize(
    ("machine", "line"),
    [("x86_64", AVX), ("x86_64", AVX_OF_THE_WHEEL), ("x86_64", NEON), ("aarch64", SCALAR), ("aarch64", AVX2)],
)
def test_code_without_whole_vector_compares_is_a_fault_whatever_the_attributes_say(machine: str, line: str) -> None:
    (wrong,) = faults(machine, BUILT, LINKED, [line] * 1000)
    assert wrong.startswith("0 vector compares in the code")


def test_as_many_compares_as_are_asked_for_are_enough_and_one_fewer_is_not() -> None:
    least = VECTORS["x86_64"].least
    assert faults("x86_64", BUILT, LINKED, [AVX2] * least) == []
    assert faults("x86_64", BUILT, LINKED, [AVX2] * (least - 1)) != []


def test_every_fault_is_named_at_once() -> None:
    assert len(faults("x86_64", {}, WITHOUT_BLAS, [])) == 5


def test_on_another_processor_only_the_blas_is_judged() -> None:
    on_a_mac = "cmd LC_LOAD_DYLIB\n         name /opt/homebrew/opt/openblas/lib/libopenblas.0.dylib (offset 24)\n"
    assert faults("arm64", BUILT, on_a_mac, []) == []
    assert faults("arm64", BUILT, "", []) == ["the module is not linked with libopenblas"]
