"""Runs Triton IR on the CPU, in NumPy, as far as convert-moe-to-triton emits it."""
