"""Layers that are compiled for a GPU here and run there: where there is one, the same machine."""
