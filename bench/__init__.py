"""The benchmarks behind docs/benchmarks.md, one program a question; `scripts/bench.sh` runs them.

They measure and never judge: no time is asserted here, and nothing of the evaluation data is kept in the repository.
"""
