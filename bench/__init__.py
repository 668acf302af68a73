"""Benchmarks: the real entry points at stated sizes, each beside a floor measured in the same run.

`python -m bench` prints a table and writes build/bench.json. A floor does only the unavoidable work with the bare
libraries: the same hashes, ciphers and signatures, the same rows in log, tables and index, the same durability.
Ratios are compared, never bare times, but where a bound is stated in seconds or bytes.
"""
