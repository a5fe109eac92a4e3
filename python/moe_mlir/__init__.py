"""Python side of moe-mlir."""
