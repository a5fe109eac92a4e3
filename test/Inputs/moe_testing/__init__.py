"""What the execution tests share: layers, their definition in NumPy, a runner."""
