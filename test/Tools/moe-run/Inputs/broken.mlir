func.func @main() { return % }
