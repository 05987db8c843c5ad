"""Small experiments with a known answer, for the tests (coarse) and for `benchmarks.truth` (at a decent resolution)."""
