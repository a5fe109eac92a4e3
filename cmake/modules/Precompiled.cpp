// Builds the precompiled header that all MLIR-using targets reuse.
