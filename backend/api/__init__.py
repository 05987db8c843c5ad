"""The contract between Blender and the worker: parameters and messages. Standard library only."""
